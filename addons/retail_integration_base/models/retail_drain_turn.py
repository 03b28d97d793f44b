"""Which work a worker does next. After every batch it looks where the most urgent work is.

A job is ordered for a group of lanes, but does not shut its eyes to the others: where another lane of its direction
holds something more urgent than its own do, that goes first. So a realtime message waits for the batch under way and
at most one more, however much else there is. One batch in :data:`AGED_TURN` is for what has waited longest, whatever is
more urgent, so that nothing waits for ever.

What comes in is taken from all lanes of the group at once: a batch costs two dozen milliseconds before its first
message, which a trickle over many lanes would pay for each of them.
"""

import random
import time
from dataclasses import dataclass

from odoo import api, models

from ..engine import lock_sql, telemetry
from ..engine.lanes import is_out, lanes_beside, lanes_of
from . import retail_drain  # noqa: F401 the model this file goes on with has to be there

#: One batch in so many is for what has waited for longer than ``claim_sql.AGE``.
AGED_TURN = 4
#: Looking takes at most this share of the time; between two looks a worker stays where it is.
_LOOK_SHARE = 0.1


@dataclass
class Place:
    """Where a worker takes its next batch from.

    :param list[int] lanes: of one group; one alone where they lead out, so that a slow vendor keeps only its own
    :param int least: leave out what is more urgent than this priority
    :param int floor: leave out work with smaller ids. Between two looks a worker goes on from where its last batch
        began: while somebody holds an old snapshot, PostgreSQL would read all that is finished once more each time.
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
        place, look_after, total = None, 0.0, 0
        while time.monotonic() < deadline:
            turn += 1
            done = 0
            if turn % AGED_TURN == 0:
                done, _place, _seconds = self._drain_next(group, is_roaming, is_aged=True)
            elif place and time.monotonic() < look_after:
                done = self._drain_lanes(place)
            if not done:
                done, place, look_seconds = self._drain_next(group, is_roaming)
                look_after = time.monotonic() + look_seconds / _LOOK_SHARE
            if not done:
                break
            total += done
        return total

    def _drain_next(self, group, is_roaming, is_aged=False):
        """Work off one batch of what comes first.

        :return: ``(number of messages, the :class:`Place` they were at, seconds that looking took)``
        """
        started = time.monotonic()
        found = self._look(group, self.env["retail.backend"]._armed().ids, is_roaming, is_aged)
        self._commit()
        seconds = time.monotonic() - started
        for place in self._places(group, found, is_aged):
            done = self._drain_lanes(place)
            if done:
                return done, place, seconds
        return 0, None, seconds

    def _look(self, group, backend_ids, is_roaming, is_aged):
        """Return ``(lane, priority)`` in the order in which they should be worked at."""
        own, beside = lanes_of(group), lanes_beside(group) if is_roaming else []
        found = self._processor_of(own[0])._look(own + beside, backend_ids, is_aged)
        most_urgent = min((priority for lane, priority in found if lane in own), default=None)
        if most_urgent is None:
            return []
        # What others hold is their jobs' work, unless it is more urgent.
        found = [place for place in found if place[0] in own or place[1] < most_urgent]
        if is_aged:
            return found
        random.shuffle(found)  # several workers should not queue up at the same lane
        return sorted(found, key=lambda place: place[1])

    def _places(self, group, found, is_aged):
        """Yield the :class:`Place` to go to, one after the other.

        :param found: ``(lane, priority)`` in the order of :meth:`_look`
        """
        own = lanes_of(group)
        together = [] if is_aged or is_out(own[0]) else [lane for lane, priority in found if lane in own]
        for lane, priority in found:
            if lane not in together:
                yield Place([lane], priority if is_aged else 0)
            elif lane == together[0]:
                yield Place(together)

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
            place.floor = min((row["work_id"] for row in step.rows), default=0)
            if step.rows:
                step.end()
                processor._process(step.rows)
                self.env.invalidate_all()
            return len(step.rows)
        except BaseException:
            self._rollback()
            raise
        finally:
            lock_sql.unlock_lanes(cr, lanes)
            self._commit()
