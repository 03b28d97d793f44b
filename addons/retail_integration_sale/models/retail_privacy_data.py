"""The personal data of a contact: what is held, why it may have to stay, and how it goes."""

import json

from odoo import fields, models
from odoo.exceptions import UserError

#: What a contact is recognised and reached by; fields of addons that are not installed are left out.
_PERSONAL = (
    "email",
    "phone",
    "street",
    "street2",
    "zip",
    "city",
    "state_id",
    "vat",
    "ref",
    "website",
    "comment",
    "function",
    "company_name",
    "image_1920",
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    retail_redacted_at = fields.Datetime(
        "Redacted",
        readonly=True,
        copy=False,
        help="Somebody asked to be forgotten: no channel fills this contact again.",
    )


class RetailPrivacyData(models.AbstractModel):
    _name = "retail.privacy.data"
    _description = "Personal data of a channel's customer"

    def _get_reasons_to_keep(self, partner, backend):
        """Return what binds us to keep a contact that ``backend`` asks us to forget, as text; empty if nothing does."""
        if not partner:
            return ""
        everybody = self._get_all(partner)
        counts = (
            (self.env._("posted invoices or entries (%s)"), self._count_entries(everybody)),
            (
                self.env._("confirmed orders (%s)"),
                self.env["sale.order"].search_count([("partner_id", "in", everybody.ids), ("state", "=", "sale")]),
            ),
            (self.env._("other channels whose customer it is (%s)"), self._count_other_channels(everybody, backend)),
            (self.env._("bank accounts (%s)"), len(everybody.bank_ids)),
            (self.env._("users (%s)"), len(everybody.user_ids)),
        )
        return ", ".join(text % count for text, count in counts if count)

    def _count_entries(self, partners):
        return self.env["account.move"].search_count([("partner_id", "in", partners.ids), ("state", "=", "posted")])

    def _count_other_channels(self, partners, backend):
        bindings = self.env["retail.binding.partner"].search([("partner_id", "in", partners.ids)])
        return len(bindings.backend_id - backend)

    def _get_all(self, partner):
        """Return a contact with its addresses, also archived ones. Other people of a company are not the customer."""
        return partner.with_context(active_test=False).search(
            ["|", ("id", "=", partner.id), "&", ("id", "child_of", partner.id), ("type", "!=", "contact")]
        )

    def _redact(self, partner):
        """Take out of a contact and its addresses who it was; return what was done, as text.

        :raises UserError: the contact is somebody who works here
        """
        everybody = self._get_all(partner)
        if everybody.user_ids:
            raise UserError(self.env._("%s has a user in Odoo. Archive the user first.", partner.display_name))
        names = [name for name in _PERSONAL if name in everybody._fields]
        nothing = {**dict.fromkeys(names, False), "active": False, "retail_redacted_at": fields.Datetime.now()}
        for one in everybody.with_context(mail_notrack=True, tracking_disable=True):
            one.write({**nothing, "name": self.env._("Redacted %s", one.id)})
        everybody.bank_ids.unlink()
        # What was noted about changes holds the values from before.
        everybody.message_ids.sudo().unlink()
        bindings = self.env["retail.binding.partner"].search([("partner_id", "in", everybody.ids)])
        bindings.filtered(lambda one: one.external_id.startswith("email:")).unlink()
        return self.env._(
            "Redacted and archived: the contact %(id)s with %(count)s addresses.",
            id=partner.id,
            count=len(everybody) - 1,
        )

    def _export(self, partner, orders):
        """Return what is held about a contact and its orders, as JSON."""
        everybody = self._get_all(partner) if partner else partner
        return json.dumps(
            {
                "contacts": [self._describe_contact(one) for one in everybody],
                "orders": [self._describe_order(order) for order in orders],
            },
            ensure_ascii=False,
            indent=2,
            default=str,
        )

    def _describe_contact(self, partner):
        return {
            "name": partner.name,
            "kind": partner.type,
            "email": partner.email or None,
            "phone": partner.phone or None,
            "address": partner._display_address(without_company=True).strip() or None,
            "vat": partner.vat or None,
            "notes": partner.comment or None,
        }

    def _describe_order(self, order):
        return {
            "order": order.retail_external_name or order.name,
            "date": order.date_order,
            "currency": order.currency_id.name,
            "total": order.amount_total,
            "invoice_address": order.partner_invoice_id._display_address().strip(),
            "delivery_address": order.partner_shipping_id._display_address().strip(),
            "lines": [
                {"name": line.name, "quantity": line.product_uom_qty, "total": line.price_total}
                for line in order.order_line
            ],
            "payments": [
                {"kind": one.kind, "gateway": one.gateway, "amount": one.amount, "date": one.processed_at}
                for one in order.sudo().retail_payment_ids
            ],
        }
