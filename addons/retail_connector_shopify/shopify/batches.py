"""Fetch many objects by id with as few queries as their cost allows.

Nothing is estimated: the server's own figures of the last query say how many objects the next one may name.
"""

from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import RetailError, RetryLater, VendorChanged

from . import const
from .client import TooExpensive, connection_at

#: Stay this far below the limit: objects differ in size.
_HEADROOM = Decimal("0.8")


class ChangedMeanwhile(RetryLater):
    """An object changed between two of its pages. It concerns this object alone; any other can be read now."""


class BatchSizes:
    """How many objects one query of a document may name, learned per process."""

    def __init__(self):
        self._sizes = {}

    def get(self, name):
        return self._sizes.get(name, const.FIRST_BATCH)

    def learn(self, name, count, requested):
        """Note that ``count`` objects cost ``requested`` points."""
        if requested > 0:
            fitting = int(const.MAX_QUERY_COST * _HEADROOM * count / requested)
            self._sizes[name] = max(1, min(fitting, const.MAX_IDS_PER_QUERY))

    def shrink(self, name, count, share):
        """Note that ``count`` objects were too much; return the size to try, below ``count``."""
        self._sizes[name] = max(1, min(int(count * share * float(_HEADROOM)), count - 1))
        return self._sizes[name]


#: Shared by the threads of a process: a lost update costs one refused query.
sizes = BatchSizes()


def fetch_nodes(client, name, gids, variables=None, read=None):
    """Fetch the objects ``gids`` with the document ``name`` (variable ``$ids``, root field ``nodes``).

    :param read: called with the ``data`` of each answer, for what the document reads beside the nodes
    :return: dict gid → node (dict), ``None`` where the shop has no such object, or the :class:`RetailError` that kept
        it from being fetched after others were
    :raises RetailError: nothing was fetched
    """
    waiting = list(dict.fromkeys(gids))
    found = {}
    while waiting:
        batch = waiting[: sizes.get(name)]
        try:
            answer = client.run(name, dict(variables or {}, ids=batch), is_by_node=True)
            nodes = nodes_of(answer, name, batch)
        except TooExpensive as error:
            if len(batch) == 1:
                raise
            sizes.shrink(name, len(batch), error.share)
            continue
        except RetryLater as error:
            if not found:
                raise
            # What was fetched is not thrown away because the budget ended in between.
            found.update(dict.fromkeys(waiting, error))
            break
        if read:
            read(answer.data)
        sizes.learn(name, len(batch), answer.throttle.requested)
        found.update(zip(batch, nodes, strict=True))
        waiting = waiting[len(batch) :]
    return found


def nodes_of(answer, name, batch):
    """Return the nodes of an answer in the order of ``batch``, with a :class:`RetailError` for one that failed.

    :raises VendorChanged: they are not those that were asked for
    """
    nodes = answer.data.get("nodes")
    if not isinstance(nodes, list) or len(nodes) != len(batch):
        raise VendorChanged("The answer to %s has not one node per id." % name, differences=["nodes: wrong length"])
    nodes = [answer.failures.get(index, node) for index, node in enumerate(nodes)]
    for gid, node in zip(batch, nodes, strict=True):
        if isinstance(node, RetailError):
            continue
        if node is not None and (not isinstance(node, dict) or node.get("id") != gid):
            raise VendorChanged(
                "The answer to %s has another object in the place of %s." % (name, gid), differences=["nodes: order"]
            )
    return nodes


def complete_each(client, found, complete_one):
    """Complete what :func:`fetch_nodes` found, one object after the other; return ``found``.

    A throttle or a time-out ends it: the shop is not asked for every other object too, each to the end of its patience.
    What is whole already needs no further answer and goes through; the rest gets the same error.

    :param complete_one: function ``(client, node)`` → node
    """
    for gid, node in found.items():
        if isinstance(node, dict):
            try:
                found[gid] = complete_one(client, node)
            except RetailError as error:
                found[gid] = error
                if isinstance(error, RetryLater) and not isinstance(error, ChangedMeanwhile):
                    client = _Stopped(error)
    return found


class _Stopped:
    """Stands in for a client that is not to be used any more."""

    def __init__(self, error):
        self._error = error

    def run(self, *_args, **_options):
        raise self._error


def complete(client, name, owner, key, gid=None):
    """Fetch the pages after the first of the connection ``owner[key]`` with the document ``name``.

    The document has the variables ``$id`` and ``$after`` and the root field ``node``.

    :return: list of all nodes of the connection
    """
    connection = owner[key]
    nodes = list(connection["nodes"])
    cursor, seen = connection["pageInfo"].get("endCursor"), set()
    has_next = connection["pageInfo"]["hasNextPage"]
    while has_next:
        if not cursor or cursor in seen or len(seen) >= const.MAX_PAGES:
            raise VendorChanged("The pages of %s do not end." % name, differences=["%s.pageInfo: no new cursor" % key])
        seen.add(cursor)
        data = client.run(name, {"id": gid or owner["id"], "after": cursor}).data
        _require_same(owner, data.get("node"))
        page = connection_at(data, ("node", key), name)
        nodes.extend(page["nodes"])
        has_next, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"].get("endCursor")
    return nodes


def _require_same(owner, node):
    """Make sure that a later page is of the version that the first page is of.

    :raises ChangedMeanwhile: the object changed or went away while it was read
    """
    if node is None or node.get("updatedAt") != owner.get("updatedAt", node.get("updatedAt")):
        raise ChangedMeanwhile(
            "%s changed while it was read." % owner.get("id"), evidence={"external_id": owner.get("id")}
        )
