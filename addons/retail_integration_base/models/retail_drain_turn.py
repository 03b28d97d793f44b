"""Which work a worker does next. After every batch it looks where the most urgent work is.

A job is ordered for a group of lanes, but does not shut its eyes to the others: where another lane of its direction
holds something more urgent than its own do, that goes first. So a realtime message waits for the batch under way and
at most one more, however much else there is. One batch in :data:`AGED_TURN` is for what has waited longest, whatever is
more urgent, so that nothing waits for ever.
"""

import random
import time

from odoo import api, models

from ..engine import lock_sql, telemetry
from ..engine.lanes import lanes_beside, lanes_of
from . import retail_drain  # noqa: F401 the model this file goes on with has to be there

#: One batch in so many is for what has waited for longer than ``claim_sql.AGE``.
AGED_TURN = 4
#: Looking takes at most this share of the time; between two looks a worker stays where it is.
_LOOK_SHARE = 0.1


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
                done = self._drain_lane(*place)
            if not done:
                done, place, look_seconds = self._drain_next(group, is_roaming)
                look_after = time.monotonic() + look_seconds / _LOOK_SHARE
            if not done:
                break
            total += done
        return total

    def _drain_next(self, group, is_roaming, is_aged=False):
        """Work off one batch of what comes first.

        :return: ``(number of messages, what :meth:`_drain_lane` was given, seconds that looking took)``
        """
        started = time.monotonic()
        found = self._look(group, self.env["retail.backend"]._armed().ids, is_roaming, is_aged)
        self._commit()
        seconds = time.monotonic() - started
        for lane, priority in found:
            place = (lane, priority if is_aged else 0)
            done = self._drain_lane(*place)
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

    def _drain_lane(self, lane, least=0):
        """Work off one batch of a lane if nobody else is at it; return how many messages were worked through.

        :param int least: leave out what is more urgent than this priority
        """
        cr = self.env.cr
        self._commit()
        if not lock_sql.try_lock_lane(cr, lane):
            return 0
        try:
            # A snapshot from before the lock would not show what its last holder did.
            self._commit()
            processor = self._processor_of(lane)
            step = telemetry.Step("claim", [], cr.dbname)
            step.rows = processor._claim(lane, least)
            self._commit()
            if step.rows:
                step.end()
                processor._process(step.rows)
                self.env.invalidate_all()
            return len(step.rows)
        except BaseException:
            self._rollback()
            raise
        finally:
            lock_sql.unlock_lane(cr, lane)
            self._commit()
