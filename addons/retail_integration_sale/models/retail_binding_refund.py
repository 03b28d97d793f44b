"""The link between what a channel refunded and what Odoo made of it."""

from odoo import api, fields, models

from . import retail_binding_fulfilment, retail_binding_order, retail_order_payment  # noqa: F401 have to be there

STATES = [
    ("booked", "Booked"),
    ("with_order", "Part of the Order's Lines"),
    ("agreed", "Credited in Odoo"),
]


class RetailBindingRefund(models.Model):
    """One refund of the channel. An order may have many, so there is no ``UNIQUE(backend_id, order_id)``.

    Its credit note, transfers and order lines point to it; each exists once, by constraint.
    """

    _name = "retail.binding.refund"
    _inherit = "retail.binding"
    _description = "Refund in a channel"
    _order = "refunded_at desc, id desc"
    _rec_name = "display_name"

    _record_field = "order_id"

    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="order_id.currency_id")
    state = fields.Selection(
        STATES,
        "Booking",
        required=True,
        readonly=True,
        help="Booked: what was delivered or invoiced is credited and returned by documents of its own. Part of the "
        "order's lines: nothing had been, so that the lines changed instead. Credited in Odoo: the credit "
        "note was there first; somebody made it by hand, or the channel paid back because of it.",
    )
    refunded_at = fields.Datetime("Refunded", readonly=True)
    note = fields.Char("Reason", readonly=True)
    return_external_id = fields.Char("Return in the Channel", index="btree_not_null", readonly=True)
    amount = fields.Monetary(readonly=True, help="What the customer owes less, taxes included.")
    booked_amount = fields.Monetary(readonly=True, help="What booking it took off the order's total.")
    paid_amount = fields.Monetary("Paid Back", compute="_compute_paid_amount")
    payment_ids = fields.One2many("retail.order.payment", "refund_id", "Payments", readonly=True)
    line_ids = fields.One2many("retail.refund.line", "refund_id", "Lines", readonly=True)
    credit_ids = fields.One2many("account.move", "retail_refund_id", "Credit Note", readonly=True)
    picking_ids = fields.One2many("stock.picking", "retail_refund_id", "Returns", readonly=True)

    @api.depends("refunded_at", "order_id")
    def _compute_display_name(self):
        for refund in self:
            refund.display_name = self.env._("Refund of %s", refund.order_id.name)

    @api.depends("payment_ids.amount", "payment_ids.status")
    def _compute_paid_amount(self):
        for refund in self:
            done = refund.payment_ids.filtered(lambda one: one.status == "success" and one.kind == "refund")
            refund.paid_amount = sum(done.mapped("amount"))

    def _find_known(self, backend, order_external_id, external_ids):
        """Return the set of those refunds of an order that Odoo has booked, or need not book."""
        known = set(self._find_by_external(backend, external_ids))
        order = self.env["retail.binding.order"]._find_by_external(backend, [order_external_id]).get(order_external_id)
        known.update(order.refunds_taken or [] if order else [])
        ignored = self.env["retail.inbox"].search(
            [
                ("backend_id", "=", backend.id),
                ("subject_key", "in", ["refund:%s" % external_id for external_id in external_ids]),
                ("state", "=", "ignored"),
            ]
        )
        known.update(message.subject_key.partition(":")[2] for message in ignored)
        return known & set(external_ids)

    def action_view_credit(self):
        """Open the credit note."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.credit_ids[:1].id,
            "view_mode": "form",
        }


class RetailRefundLine(models.Model):
    """What became of the units of one order line in one refund."""

    _name = "retail.refund.line"
    _description = "Line of a refund in a channel"
    _rec_name = "sale_line_id"

    refund_id = fields.Many2one("retail.binding.refund", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="refund_id.company_id", store=True)
    sale_line_id = fields.Many2one("sale.order.line", required=True, index=True, ondelete="restrict", readonly=True)
    product_id = fields.Many2one(related="sale_line_id.product_id")
    quantity = fields.Float("Refunded", digits="Product Unit", readonly=True, required=True)
    cancelled_quantity = fields.Float(
        "Cancelled", digits="Product Unit", readonly=True, help="Units that are not delivered any more."
    )
    returned_quantity = fields.Float(
        "Returned", digits="Product Unit", readonly=True, help="Units that came back with this refund."
    )
    credited_quantity = fields.Float(
        "Credited", digits="Product Unit", readonly=True, help="Delivered units that had been invoiced."
    )

    _line_unique = models.Constraint("UNIQUE(refund_id, sale_line_id)", "A refund names each line of its order once.")


class SaleOrder(models.Model):
    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    retail_refund_ids = fields.One2many(
        "retail.binding.refund", "order_id", "Refunds in Channel", readonly=True, copy=False
    )
    # What a person has decided for this order: it outlives the exception, and the next attempt reads it.
    retail_refund_goods = fields.Selection(
        [("return", "They come back"), ("keep", "The customer keeps them")],
        "Goods Cancelled after Delivery",
        readonly=True,
        copy=False,
    )
    retail_refund_accepted = fields.Json(
        readonly=True, copy=False, help="Ids of refunds whose difference somebody accepted."
    )
    retail_refund_apart = fields.Json(
        readonly=True, copy=False, help="Ids of refunds of which somebody knows that the lines do not contain them."
    )

    def _has_effects(self):
        """Return whether the lines of one order stay as they are from now on.

        Something was delivered or invoiced once, even if all of it was returned and credited since, or a refund has
        documents of its own.
        """
        self.ensure_one()
        order = self.sudo()
        return (
            order._has_left_the_shelf()
            or any(refund.state != "with_order" for refund in order.retail_refund_ids)
            or any(move.state != "cancel" for move in order.invoice_ids)
        )

    def _is_refunded_away(self):
        """Return whether refunds left nothing of one order: nothing to deliver, nothing to pay, nothing out."""
        self.ensure_one()
        return (
            any(refund.state == "booked" for refund in self.sudo().retail_refund_ids)
            and not any(line.product_uom_qty or line.qty_delivered for line in self._get_retail_lines().values())
            and not any(picking.state == "done" for picking in self.picking_ids)
            and self.currency_id.is_zero(self.amount_total)
        )


class RetailBindingOrder(models.Model):
    _inherit = "retail.binding.order"

    refunds_taken = fields.Json(
        readonly=True,
        help="Ids of the refunds that the order's lines contain already, because they follow the channel.",
    )
    # An empty list and none at all are one to the database.
    is_refunds_known = fields.Boolean(
        readonly=True, help="Not of an order that was imported before this was noted, until it is read once more."
    )


class RetailOrderPayment(models.Model):
    _inherit = "retail.order.payment"

    refund_id = fields.Many2one("retail.binding.refund", index="btree_not_null", ondelete="set null", readonly=True)
    account_payment_id = fields.Many2one("account.payment", "Booked As", ondelete="set null", readonly=True, copy=False)

    _account_payment_unique = models.Constraint(
        "UNIQUE(account_payment_id)", "A payment of Odoo stands for one payment of the channel."
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    retail_refund_id = fields.Many2one(
        "retail.binding.refund", "Refund in Channel", ondelete="restrict", readonly=True, copy=False
    )

    _retail_refund_unique = models.UniqueIndex(
        "(retail_refund_id) WHERE retail_refund_id IS NOT NULL AND state != 'cancel'",
        "This refund of the channel is credited already.",
    )


class StockPicking(models.Model):
    _inherit = "stock.picking"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    retail_refund_id = fields.Many2one(
        "retail.binding.refund",
        "Refund in Channel",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
