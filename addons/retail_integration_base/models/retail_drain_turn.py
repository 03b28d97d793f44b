"""Which work a worker does next. After every batch it looks where the most urgent work is.

A job is ordered for a group of lanes, but does not shut its eyes to the others: where another lane of its direction
holds something more urgent than its own do, that goes first. So a realtime message waits for the batch under way and
at most one more, however much else there is. Up to one batch in :data:`AGED_TURN` is for what has waited longest,
whatever is more urgent, so that nothing waits for ever.

A worker that has found something stays a moment longer for what comes next, in any group of its direction: to end a job
and to order another takes longer than most messages do, and under a steady trickle that was most of the work.

What comes in is taken from all lanes of the group at once: a batch costs two dozen milliseconds before its first
message, which a trickle over many lanes would pay for each of them.
"""

import random
import time
from dataclasses import dataclass

from odoo import api, models, modules

from ..engine import lock_sql, telemetry
from ..engine.lanes import group_of, is_out, lanes_beside, lanes_of
from ..engine.messages import PRIORITY
from . import retail_drain  # noqa: F401 the model this file goes on with has to be there

#: One batch in so many is for what has waited for longer than ``claim_sql.AGE``.
AGED_TURN = 4
#: Looking for the most urgent, and for the oldest, take at most this share of the time each; between two looks a worker
#: stays where it is.
_LOOK_SHARE = 0.1
#: How long a worker with nothing to do stays for what comes next; how long it does so at all, since jobs of other kinds
#: wait for its place; how often it looks.
_LINGER_SECONDS, _LINGER_AT_MOST, _LINGER_LOOK_SECONDS = 0.2, 1.0, 0.01


@dataclass
class Place:
    """Where a worker takes its next batch from.

    :param list[int] lanes: of one group; one alone where they lead out, so that a slow vendor keeps only its own
    :param int least: leave out what is more urgent than this priority
    :param int floor: of this priority, leave out work with smaller ids. Between two looks a worker goes on from where
        its last batch began: while somebody holds an old snapshot, PostgreSQL would read all that is finished once more
        each time.
    """

    lanes: list
    least: int = 0
    floor: int = 0


class RetailDrain(models.AbstractModel):
    _inherit = "retail.drain"

    @api.model
    def _drain_group(self, group, seconds, is_roaming=False):
        """Work off what is due in the lanes of ``group`` for at most about ``seconds``; return how many messages.

        :param bool is_roaming: look after more urgent work of other groups, too
        """
        deadline = time.monotonic() + seconds
        turn = random.randrange(AGED_TURN)  # noqa: S311 jitter is no secret
        place, look_after, look_aged_after, usual_seconds, total = None, 0.0, 0.0, 0.0, 0
        while time.monotonic() < deadline:
            turn += 1
            done = 0
            if turn % AGED_TURN == 0 and time.monotonic() >= look_aged_after:
                done, _place, look_seconds = self._drain_found(self._find_aged, group, is_roaming, is_aged=True)
                look_aged_after = time.monotonic() + look_seconds / _LOOK_SHARE
            elif place and time.monotonic() < look_after:
                done = self._go_on(group, place, is_roaming)
            if not done:
                done, place, look_seconds = self._drain_found(self._find, group, is_roaming)
                # One look that took long may have had to wait for the processor; two say that there is much to read.
                look_after = time.monotonic() + min(look_seconds, usual_seconds) / _LOOK_SHARE
                usual_seconds = look_seconds
                if is_out(lanes_of(group)[0]):
                    place = None  # intents are few: looking costs nothing beside calling a vendor
            if not done:
                break
            total += done
        return total

    def _go_on(self, group, place, is_roaming):
        """Work off the next batch of ``place``, unless something more urgent is there: of that there is little to read.

        :return: number of messages
        """
        if place.least > PRIORITY["realtime"]:
            done, _place, _seconds = self._drain_found(self._find_urgent, group, is_roaming, place.least)
            if done:
                return done
        return self._drain_lanes(place)

    def _linger(self, group):
        """Work off what comes within a moment, whichever group it belongs to; return how many messages."""
        if is_out(lanes_of(group)[0]) or modules.module.current_test:
            return 0  # what goes out waits for a vendor anyway; inside a test, nobody else adds anything
        now = time.monotonic()
        leave_at, end_at, total = now + _LINGER_SECONDS, now + _LINGER_AT_MOST, 0
        while now < min(leave_at, end_at):
            time.sleep(_LINGER_LOOK_SECONDS)
            done, _place, look_seconds = self._drain_found(self._find_anywhere, group)
            total += done
            now = time.monotonic()
            if done:
                leave_at = now + _LINGER_SECONDS
            elif look_seconds > _LINGER_LOOK_SECONDS:
                break  # somebody holds an old snapshot: looking is dear
        return total

    def _drain_found(self, find, *arguments, is_aged=False):
        """Work off one batch of what ``find`` finds.

        :param find: returns ``(lane, priority)`` in the order in which they should be worked at
        :param bool is_aged: leave out what is more urgent than what was found
        :return: ``(number of messages, the :class:`Place` they were at, seconds that looking took)``
        """
        started = time.monotonic()
        found = find(*arguments)
        self._commit()
        seconds = time.monotonic() - started
        for place in self._places(found, is_aged):
            done = self._drain_lanes(place)
            if done:
                return done, place, seconds
        return 0, None, seconds

    # ---------------------------------------------------------------- where work is

    def _find(self, group, is_roaming):
        """The most urgent first."""
        return _shuffled(self._own_or_more_urgent(group, is_roaming, "_look"))

    def _find_aged(self, group, is_roaming):
        """What has waited for long, the longest first."""
        return self._own_or_more_urgent(group, is_roaming, "_look_aged")

    def _own_or_more_urgent(self, group, is_roaming, look):
        """What other groups hold is their jobs' work, unless it is more urgent."""
        own, beside = lanes_of(group), lanes_beside(group) if is_roaming else []
        found = getattr(self._processor_of(own[0]), look)(own + beside, self._armed_ids())
        most_urgent = min((priority for lane, priority in found if lane in own), default=0)
        return [place for place in found if place[0] in own or place[1] < most_urgent]

    def _find_urgent(self, group, is_roaming, below):
        """What is more urgent than ``below``, wherever it is."""
        own, beside = lanes_of(group), lanes_beside(group) if is_roaming else []
        return _shuffled(self._processor_of(own[0])._look_urgent(own + beside, self._armed_ids(), below))

    def _find_anywhere(self, group):
        """Whatever there is, whichever group it belongs to."""
        lanes = lanes_of(group) + lanes_beside(group)
        return _shuffled(self._processor_of(lanes[0])._look(lanes, self._armed_ids()))

    def _armed_ids(self):
        return self.env["retail.backend"]._armed().ids

    def _places(self, found, is_aged):
        """Yield the :class:`Place` to go to, one after the other."""
        together = {}
        for lane, priority in found:
            if is_aged or is_out(lane):
                yield Place([lane], priority if is_aged else 0)
            else:
                together.setdefault(group_of(lane), []).append(lane)
        for lanes in together.values():
            yield Place(lanes)

    def _drain_lanes(self, place):
        """Work off one batch of those lanes of ``place`` that nobody else is at; return how many messages that were."""
        cr = self.env.cr
        self._commit()
        lanes = lock_sql.try_lock_lanes(cr, place.lanes)
        if not lanes:
            return 0
        try:
            # A snapshot from before the lock would not show what its last holder did.
            self._commit()
            processor = self._processor_of(lanes[0])
            step = telemetry.Step("claim", [], cr.dbname)
            step.rows = processor._claim(lanes, place.least, place.floor)
            self._commit()
            if step.rows:
                step.end()
                place.least, place.floor = min((row["priority"], row["work_id"]) for row in step.rows)
                processor._process(step.rows)
                self.env.invalidate_all()
            return len(step.rows)
        except BaseException:
            self._rollback()
            raise
        finally:
            lock_sql.unlock_lanes(cr, lanes)
            self._commit()


def _shuffled(found):
    """Return ``(lane, priority)`` by priority; several workers should not queue up at the same lane."""
    return sorted(random.sample(found, len(found)), key=lambda place: place[1])
