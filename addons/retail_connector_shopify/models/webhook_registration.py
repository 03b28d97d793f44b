"""Webhook subscriptions of a backend: created where missing, mended where they would not do, never stolen."""

from odoo import fields

from odoo.addons.retail_integration_base.engine.errors import Refused

from ..shopify import domains, subscriptions
from .shopify_access import open_client


def register(backend, topics):
    """Subscribe a backend's address to ``topics``. Safe to repeat.

    A repetition after a crash finds what was created before. Subscriptions to other addresses are left alone: they may
    be those of another server.

    :param retail.backend backend: one record
    :param list[str] topics: as in the header, ``orders/create``
    :return: str, what was done
    :raises Refused: disarmed, no public address, nothing to subscribe to, or Shopify does not accept it
    """
    backend = backend.sudo()
    client = open_client(backend)
    uri = backend.webhook_url
    require_callable(backend, uri)
    if not topics:
        raise Refused(
            backend.env._("All flows are off: there is nothing to subscribe to. Let a flow go live first."),
            reason="no_topics",
            status=403,
        )
    comparison = subscriptions.compare(subscriptions.list_all(client), topics, uri)
    for topic in comparison.missing:
        subscriptions.create(client, topic, uri)
    for topic, subscription in comparison.wrong.items():
        subscriptions.mend(client, topic, subscription, uri)
    backend.shopify_webhooks_at = fields.Datetime.now()
    return _report(backend.env._, comparison)


def require_callable(backend, uri):
    """Make sure that Shopify can call ``uri``; a simulator can call this machine too.

    :raises Refused: it is no public address with https
    """
    is_simulated = bool(backend.sudo().shopify_api_url)
    if domains.is_public_https(uri) or (is_simulated and domains.is_loopback(uri)):
        return
    raise Refused(
        backend.env._(
            "Shopify cannot call %s: it needs a public address with https. Set the system parameter web.base.url to "
            "the address this server has on the internet.",
            uri.split("/retail/")[0],
        ),
        reason="no_public_address",
        status=403,
    )


def _report(_, comparison):
    parts = [_("%s were there.", len(comparison.good))]
    if comparison.missing:
        parts.append(_("Created: %s.", ", ".join(comparison.missing)))
    if comparison.wrong:
        parts.append(_("Mended: %s.", ", ".join(comparison.wrong)))
    if comparison.foreign:
        parts.append(_("%s go to other addresses and were left alone.", len(comparison.foreign)))
    return " ".join(parts)
