"""Brings an order that exists to what its channel says now."""

from dataclasses import dataclass, field

from odoo import models
from odoo.fields import Command
from odoo.tools import float_compare

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater
from odoo.addons.retail_integration_base.engine.money import to_decimal

from .order_reader import write_changes
from .order_work import LineSpec

_PRICE_DIGITS = 6


@dataclass
class _Changes:
    """What has to happen to the lines of one order."""

    new: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    gone: list = field(default_factory=list)

    def __bool__(self):
        return bool(self.new or self.changed or self.gone)


class RetailOrderUpdater(models.AbstractModel):
    """What was delivered or invoiced is history: no message of a channel rewrites it; a person decides.

    Until then the order follows its channel: lines, quantities, addresses, cancellation. Notes, tags, statuses and
    payments follow always.

    A cancelled order keeps its lines: a channel says that nothing is left of them, people want to see what was ordered.
    """

    _name = "retail.order.updater"
    _description = "Order updater"

    def _update(self, backend, work, lookups):
        """Bring ``work.order`` to ``work.document``.

        :return: whether anything changed
        :raises NeedsHuman: ``order_changed_after_delivery``; nothing was written
        :raises RetryLater: its refunds have to be booked first; nothing was written
        """
        order, ledger = work.order, self.env["retail.refund.ledger"]
        ledger._recall(backend, work)
        if not order._follows_channel():
            return self._write_head(work, lookups)
        mapping = self.env["retail.order.mapping"]._compare(backend, work)
        changes = self._compare_lines(order, work.lines, work.is_remapped) if work.takes_lines else _Changes()
        addresses = self._compare_addresses(work)
        cancels = bool(work.document["cancelled_at"]) and order.state != "cancel"
        reopens = order.state == "cancel" and not work.document["cancelled_at"]
        has_left = order._has_left_the_shelf() and not order._is_refunded_away()
        work.has_effects = has_effects = order._has_effects()
        if changes and has_effects and ledger._explains(backend, work):
            # Its lines stay as they are: the refunds are booked by a flow of their own.
            changes = _Changes()
            work.note = self.env._("Its refunds explain what changed.")
        if cancels and has_left and ledger._find_coming(backend, work):
            raise RetryLater(self.env._("The cancellation waits for the order's refunds."))
        if (changes and has_effects) or ((addresses or cancels) and has_left):
            raise self._too_late(work, changes, addresses, cancels)
        has_new_head = self._write_head(work, lookups)
        with_lock = order.locked
        if with_lock:
            order.action_unlock()
        if cancels:
            order._action_cancel()
        if reopens:
            order.action_draft()
        self._write_addresses(order, addresses)
        self._write_lines(work, changes)
        if mapping.values:
            order.write(mapping.values)
        if (reopens and backend.order_confirm) or mapping.confirms:
            order.action_confirm()
        if with_lock:
            order.action_lock()
        return bool(has_new_head or changes or addresses or cancels or reopens or mapping)

    def _write_head(self, work, lookups):
        reader, order = self.env["retail.order.reader"], work.order
        commands = reader._get_tag_commands(
            work.document, lookups, order
        )  # compares with the tags the channel had before
        is_changed = write_changes(order, reader._get_values(work.document, lookups))
        if commands:
            order.tag_ids = commands
        return is_changed or bool(commands)

    # ---------------------------------------------------------------- lines

    def _compare_lines(self, order, specs, with_products=False):
        """Return the :class:`_Changes` between the order's lines of the channel and ``specs``.

        Lines that somebody added in Odoo are not the channel's and stay.

        :param bool with_products: a line that is booked with another product now is replaced
        """
        known = {
            (line.retail_line_type, line.retail_external_id): line
            for line in order.order_line
            if line.retail_external_id and line.retail_line_type != "refund"
        }
        changes = _Changes()
        for spec in specs:
            line = known.pop(spec.key, None)
            if line is None:
                changes.new.append(spec)
                continue
            if with_products and line.product_id != spec.product:
                changes.gone.append(line)
                changes.new.append(spec)
                continue
            values = self._get_line_changes(line, spec)
            if values:
                changes.changed.append((line, values))
        changes.gone += [line for line in known.values() if line.product_uom_qty or not self._stays(line)]
        return changes

    def _get_line_changes(self, line, spec: LineSpec):
        values = {}
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        if float_compare(line.product_uom_qty, float(spec.quantity), precision_digits=digits):
            values["product_uom_qty"] = float(spec.quantity)
        if float_compare(line.price_unit, float(spec.price_unit), precision_digits=_PRICE_DIGITS):
            values["price_unit"] = float(spec.price_unit)
        if line.discount:
            values["discount"] = 0.0
        if line.tax_ids != spec.taxes:
            values["tax_ids"] = [Command.set(spec.taxes.ids)]
        return values

    def _stays(self, line):
        """Return whether a line the channel took away can only be set to zero: Odoo keeps those of confirmed orders."""
        return bool(line._check_line_unlink())

    def _write_lines(self, work, changes):
        if not changes:
            return
        order = work.order
        last = max(order.order_line.mapped("sequence"), default=0)
        kept = [line for line in changes.gone if self._stays(line)]
        commands = [Command.update(line.id, values) for line, values in changes.changed]
        new = {spec.key for spec in changes.new}
        commands += [Command.update(line.id, self._get_gone_values(line, new)) for line in kept]
        commands += [Command.create(spec.to_values(last + 10 * index)) for index, spec in enumerate(changes.new, 1)]
        removed = self.env["sale.order.line"].concat(*changes.gone) - self.env["sale.order.line"].concat(*kept)
        carrier = order.carrier_id
        # Before the new ones: a discount whose taxes changed is taken away and added under one title.
        removed.unlink()
        order.write({"order_line": commands})
        order.carrier_id = carrier if work.is_remapped else work.carrier or carrier
        order._message_log(body=self.env._("Changed by the channel: %s", self._describe(changes)))

    def _get_gone_values(self, line, new):
        """Return what becomes of a line that can only be set to zero; one that is replaced leaves its name to another.

        :param set new: keys of the lines that are added
        """
        values = {"product_uom_qty": 0.0}
        if (line.retail_line_type, line.retail_external_id) in new:
            values["retail_external_id"] = "%s|%d" % (line.retail_external_id, line.id)
        return values

    def _describe(self, changes):
        parts = []
        for line, values in changes.changed:
            parts.append("%s: %s" % (self._first_line(line.name), ", ".join(sorted(values))))
        parts += [self.env._("%s: removed", self._first_line(line.name)) for line in changes.gone if line.exists()]
        parts += [self.env._("%s: added", self._first_line(spec.name)) for spec in changes.new]
        return "; ".join(parts)

    def _first_line(self, text):
        return (text or "").partition("\n")[0]

    # ---------------------------------------------------------------- addresses

    def _compare_addresses(self, work):
        values = {}
        if work.has_new("billing") and work.invoice_partner != work.order.partner_invoice_id:
            values["partner_invoice_id"] = work.invoice_partner.id
        if work.has_new("shipping") and work.shipping_partner != work.order.partner_shipping_id:
            values["partner_shipping_id"] = work.shipping_partner.id
        return values

    def _write_addresses(self, order, values):
        if values:
            # The context key makes the open transfers follow.
            order.with_context(update_delivery_shipping_partner=True).write(values)

    # ---------------------------------------------------------------- too late

    def _too_late(self, work, changes, addresses, cancels):
        order, document = work.order, work.document
        wanted = []
        if cancels:
            wanted.append(self.env._("cancel the order"))
        if addresses:
            wanted.append(self.env._("change the address"))
        if changes:
            wanted.append(self.env._("change lines"))
        return NeedsHuman(
            self.env._(
                "%(order)s (%(name)s) is delivered or invoiced at least in part, and now its channel wants to "
                "%(wanted)s. Make a return or a credit note if needed, then keep the order as it is.",
                order=order.name,
                name=document["name"],
                wanted=", ".join(wanted),
            ),
            kind="order_changed_after_delivery",
            cause_key="order:%s" % document["external_id"],
            cause_title=self.env._("Order %s changed after it was delivered or invoiced", document["name"]),
            amount=(to_decimal(document["totals"]["total"]), document["currency"]),
            facts={
                "order_id": order.id,
                "is_cancelled": cancels,
                "address_changed": bool(addresses),
                "lines": [
                    *(
                        {
                            "line_id": line.id,
                            "name": self._first_line(line.name),
                            "ordered": line.product_uom_qty,
                            "delivered": line.qty_delivered,
                            "invoiced": line.qty_invoiced,
                            "wanted": values.get("product_uom_qty", line.product_uom_qty),
                        }
                        for line, values in [
                            *changes.changed,
                            *((line, {"product_uom_qty": 0}) for line in changes.gone),
                        ]
                    ),
                    *({"name": self._first_line(spec.name), "wanted": float(spec.quantity)} for spec in changes.new),
                ],
            },
        )
