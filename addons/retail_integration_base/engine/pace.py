"""How many messages make a batch: as many as are worked off in about half a second, by what was measured.

What a batch costs by itself (some twenty statements, four commits) is shared by all its messages; what it claims is
repeated if its worker dies, and keeps more urgent work waiting. So batches of what is light are large, and batches of
orders stay small.
"""

#: Of a flow that was never measured, and the least of any.
LEAST = 50
MOST = 400
_SECONDS = 0.5


class Pace:
    """Seconds per message of each flow, as this process measured them. A flow that becomes slower is heeded at once."""

    def __init__(self):
        self._costs = {}

    def note(self, flow_id, count, seconds):
        """Note that ``count`` messages took ``seconds``. A few say what a batch costs, not what a message does."""
        if count >= LEAST // 2:
            cost = seconds / count
            known = self._costs.get(flow_id, cost)
            self._costs[flow_id] = max(cost, (cost + known) / 2)

    def cut(self, flow_ids):
        """Return how many of the next messages make a batch.

        :param flow_ids: the flow of each, in the order of their turn
        """
        seconds = 0.0
        for number, flow_id in enumerate(flow_ids):
            seconds += self._costs.get(flow_id, _SECONDS / LEAST)
            if number >= LEAST and seconds > _SECONDS:
                return number
        return len(flow_ids)
