"""What changed in the shop since a watermark: references, oldest first."""

import json
from datetime import timezone

from odoo.addons.retail_integration_base.engine.messages import Change, MessageKey

from . import const, instants, shapes

_DOCUMENTS = {"order": "orders_changed", "customer": "customers_changed", "product": "products_changed"}


def list_changes(client, entity, since):
    """Yield ``(changes, watermark)`` per page.

    ``updated_at`` has a precision of a second, and Shopify's search index lags behind its records: at the watermark
    there may be more than was seen. So each poll begins :data:`const.POLL_OVERLAP` earlier and includes that instant;
    what is known already is told by its dedupe key (id and ``updatedAt``) or its version. The watermark is an
    ``updatedAt`` that Shopify itself stated, so a clock of ours that runs ahead can skip nothing.

    :param datetime since: naive UTC
    :return: iterator of ``(list of Change, naive UTC datetime)``; the watermark never falls behind ``since``
    """
    start = (since - const.POLL_OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = {"query": "updated_at:>='%s'" % start, "first": const.POLL_PAGE}
    document, watermark = _DOCUMENTS[entity], since
    for nodes in client.pages(document, variables, (entity + "s",)):
        changes = []
        for node in nodes:
            shapes.check(node, "CHANGED")
            moment = instants.parse_instant(node["updatedAt"])
            changes.append(_change(entity, node, moment))
            watermark = max(watermark, moment.astimezone(timezone.utc).replace(tzinfo=None))
        yield changes, watermark


def _change(entity, node, moment):
    key = MessageKey(
        topic="poll/%ss" % entity,
        entity=entity,
        subject_key="%s:%s" % (entity, node["id"]),
        dedupe_key="poll:%s:%s" % (node["id"], node["updatedAt"]),
        version=instants.to_micros(moment),
        occurred_at=moment.astimezone(timezone.utc).replace(tzinfo=None),
    )
    body = {"admin_graphql_api_id": node["id"], "updated_at": node["updatedAt"]}
    return Change(key, json.dumps(body).encode())


def list_parts(client, entity, document, parts_of, page, since):
    """Yield ``(changes, watermark)`` per page, as :func:`list_changes`, of what changes its order when it changes.

    :param str document: lists orders that changed, each with its parts
    :param parts_of: function order node → its parts, of the shape ``CHANGED``
    :param int page: orders per page
    """
    start = (since - const.POLL_OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables, watermark = {"query": "updated_at:>='%s'" % start, "first": page}, since
    for nodes in client.pages(document, variables, ("orders",)):
        changes = []
        for node in nodes:
            shapes.check(node, "CHANGED")
            watermark = max(watermark, _naive(instants.parse_instant(node["updatedAt"])))
            for part in parts_of(node):
                shapes.check(part, "CHANGED")
                changes.append(_change(entity, part, instants.parse_instant(part["updatedAt"])))
        yield changes, watermark


def _naive(moment):
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
