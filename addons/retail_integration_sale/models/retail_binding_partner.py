"""The link between a contact and a channel's customer."""

from odoo import fields, models


class RetailBindingPartner(models.Model):
    """A channel's customer, and the contact that stands for them in Odoo.

    The one binding **without** ``UNIQUE(backend_id, record)``. One contact can rightly be several customers of one
    channel: a person who signed up twice, with a new e-mail address or as a guest first; two channel accounts of one
    contact after somebody merged the duplicates in Odoo (the merge re-points these rows, and a constraint would make
    Odoo refuse it). What has to be unique is the other way round, and is: a channel's customer is one contact.

    Refusing the second link would force a duplicate contact, or lose which account an order came from. A later export
    to the channel that needs one account takes the link synchronised last.

    ``external_id`` is the channel's customer id, or ``email:<address>`` where a person chose the contact of a guest:
    the choice is remembered, and the next order of that address does not ask again.
    """

    _name = "retail.binding.partner"
    _inherit = "retail.binding"
    _description = "Link of a contact to a channel"
    _order = "id desc"

    _record_field = "partner_id"

    partner_id = fields.Many2one("res.partner", "Contact", required=True, index=True, ondelete="cascade")
