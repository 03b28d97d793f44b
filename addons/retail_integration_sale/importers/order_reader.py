"""Reads what an order's document says about the order as a whole: dates, statuses, notes, tags, payments."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from odoo import models
from odoo.fields import Command

from odoo.addons.retail_integration_base.engine.money import to_decimal


def to_datetime(instant):
    """Return the naive UTC datetime of a canonical instant, to the second; ``False`` for none."""
    if not instant:
        return False
    return datetime.fromisoformat(instant.replace("Z", "+00:00")).replace(tzinfo=None, microsecond=0)


def digest(value):
    """Return a short digest of a JSON-like value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find_foreign_money(document):
    """Return the paths of amounts that are not in the document's currency, as ``totals.taxes: USD``.

    Two kinds may differ: what the customer saw (``presentment_…``), and payments, which are kept in their own currency.

    >>> find_foreign_money({"currency": "EUR", "duties": [{"price": {"amount": "1.00", "currency": "USD"}}]})
    ['duties.0.price: USD']
    """
    return [
        "%s: %s" % (path, currency)
        for path, currency in _walk_money({key: value for key, value in document.items() if key != "payments"}, "")
        if currency != document["currency"]
    ]


def _walk_money(value, path):
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        yield path, value["currency"]
        return
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if not str(key).startswith("presentment_"):
            yield from _walk_money(child, "%s.%s" % (path, key) if path else str(key))


def digests_of(document):
    """Return the digests of an order's parts, by which an update knows what the channel changed."""
    money = ("currency", "taxes_included", "lines", "shipping_lines", "duties", "totals")
    return {
        "lines": digest({key: document.get(key) for key in money}),
        "billing": digest(document.get("billing_address")),
        "shipping": digest(document.get("shipping_address")),
    }


@dataclass(frozen=True)
class Lookups:
    """Records that the documents of one batch name, read once."""

    #: name → ``crm.tag``
    tags: dict
    #: ISO code → active ``res.currency``
    currencies: dict
    #: (model, name) → id of a source, medium or campaign
    utm: dict


_UTM = (
    ("utm_source", "source_id", "utm.source"),
    ("utm_medium", "medium_id", "utm.medium"),
    ("utm_campaign", "campaign_id", "utm.campaign"),
)


class RetailOrderReader(models.AbstractModel):
    """Values of ``sale.order`` fields that need no decision."""

    _name = "retail.order.reader"
    _description = "Order reader"

    def _load(self, documents):
        """Return the :class:`Lookups` of ``documents``; tags and sources that are missing are created."""
        return Lookups(self._find_tags(documents), self._find_currencies(), self._find_utm(documents))

    def _get_values(self, document, lookups):
        """Return the field values that a later version of the document may always change.

        :param Lookups lookups: of the batch
        """
        totals = document["totals"]
        source = document.get("source") or {}
        presentment = totals.get("presentment_total")
        return {
            "retail_updated_at": to_datetime(document["updated_at"]),
            "retail_cancelled_at": to_datetime(document["cancelled_at"]),
            "retail_cancel_reason": document.get("cancel_reason") or False,
            "retail_financial_status": document.get("financial_status") or False,
            "retail_fulfilment_status": document.get("fulfilment_status") or False,
            "retail_source_name": source.get("name") or source.get("channel") or False,
            "retail_note": document.get("note") or False,
            "retail_attributes": self._get_attributes(document.get("attributes") or []) or False,
            "retail_tags": ", ".join(self._tag_names(document)) or False,
            "retail_total": float(to_decimal(totals["total"])),
            "retail_presentment_currency_id": self._get_presentment_currency(document, lookups).id,
            "retail_presentment_total": float(to_decimal(presentment)),
            **self._get_utm_values(source, lookups),
        }

    def _get_attributes(self, attributes):
        return "\n".join("%s: %s" % (attribute["name"], attribute.get("value") or "") for attribute in attributes)

    def _get_presentment_currency(self, document, lookups):
        presentment = document["totals"].get("presentment_total") or {}
        code = presentment.get("currency") or document.get("presentment_currency")
        return lookups.currencies.get(code, self.env["res.currency"])

    def _find_currencies(self):
        """Return dict ISO code → active currency."""
        return {currency.name: currency for currency in self.env["res.currency"].search_fetch([], ["name"])}

    def _find_utm(self, documents):
        """Return dict (model, name) → id; Odoo's own way to compare the names, once for each."""
        sources = [document.get("source") or {} for document in documents]
        named = {(model, (source.get(key) or "").strip()) for source in sources for key, _field, model in _UTM}
        mixin = self.env["utm.mixin"]
        return {(model, name): mixin._find_or_create_record(model, name).id for model, name in sorted(named) if name}

    def _get_utm_values(self, source, lookups):
        """Return source, medium and campaign; what the channel does not say is left as it is."""
        values = {}
        for key, field_name, model in _UTM:
            name = (source.get(key) or "").strip()
            if name:
                values[field_name] = lookups.utm[model, name]
        return values

    # ---------------------------------------------------------------- tags

    def _find_tags(self, documents):
        """Return dict name → ``crm.tag`` for all tags of ``documents``; missing ones are created."""
        names = {name for document in documents for name in self._tag_names(document)}
        if not names:
            return {}
        found = self.env["crm.tag"].search_fetch([("name", "in", sorted(names))], ["name"])
        tags = {tag.name: tag for tag in found}
        missing = sorted(names - tags.keys())
        tags.update(zip(missing, self.env["crm.tag"].create([{"name": name} for name in missing]), strict=True))
        return tags

    def _tag_names(self, document):
        return sorted({name.strip() for name in document.get("tags") or [] if name.strip()})

    def _get_tag_commands(self, document, lookups, order=None):
        """Return the commands that bring an order's tags to the channel's, and leave alone those people added."""
        wanted = {lookups.tags[name].id for name in self._tag_names(document)}
        if not order:
            return [Command.set(sorted(wanted))]
        before = set((order.retail_tags or "").split(", "))
        gone = {tag.id for tag in order.tag_ids if tag.name in before} - wanted
        new = wanted - set(order.tag_ids.ids)
        return [Command.unlink(tag_id) for tag_id in sorted(gone)] + [Command.link(tag_id) for tag_id in sorted(new)]

    # ---------------------------------------------------------------- payments

    def _write_payments(self, backend, works, lookups):
        """Record the payments of ``works``, new ones in one batch."""
        by_id = {
            payment["external_id"]: (work, payment) for work in works for payment in work.document.get("payments") or []
        }
        if not by_id:
            return
        model = self.env["retail.order.payment"]
        known = {
            payment.external_id: payment
            for payment in model.search([("backend_id", "=", backend.id), ("external_id", "in", list(by_id))])
        }
        journals = {line.gateway.strip().casefold(): line.journal_id for line in backend.payment_map_ids}
        new = []
        for external_id, (work, payment) in by_id.items():
            values = self._get_payment_values(payment, journals, lookups.currencies)
            if external_id in known:
                write_changes(known[external_id], values)
            else:
                new.append({**values, "backend_id": backend.id, "order_id": work.order.id, "external_id": external_id})
        model.create(new)

    def _get_payment_values(self, payment, journals, currencies):
        money = payment["amount"]
        currency = currencies.get(money["currency"]) or self.env["res.currency"].with_context(active_test=False).search(
            [("name", "=", money["currency"])], limit=1
        )
        return {
            "parent_external_id": payment.get("parent_external_id") or False,
            "gateway": payment["gateway"],
            "kind": payment["kind"],
            "status": payment["status"],
            "currency_id": currency.id,
            "amount": float(to_decimal(money)),
            "processed_at": to_datetime(payment.get("processed_at")),
            "is_gift_card": bool(payment.get("is_gift_card")),
            "journal_id": journals.get(payment["gateway"].strip().casefold(), self.env["account.journal"]).id,
        }


def write_changes(record, values):
    """Write those of ``values`` that differ from what ``record`` has. Return whether there were any."""
    changed = {}
    for name, value in values.items():
        field = record._fields[name]
        current = record[name].id if field.type == "many2one" else record[name]
        if field.type in ("monetary", "float"):
            if abs((current or 0.0) - (value or 0.0)) > 1e-7:
                changed[name] = value
        elif (current or False) != (value or False):
            changed[name] = value
    if changed:
        record.write(changed)
    return bool(changed)
