"""How often the gateway said no, to whom and why."""

from odoo import fields, models


class RetailGatewayRefusal(models.Model):
    _name = "retail.gateway.refusal"
    _description = "Refused calls"
    _log_access = False
    _order = "day desc, count desc"
    _rec_name = "reason"

    backend_id = fields.Many2one("retail.backend", readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id")
    reason = fields.Char(required=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    last_at = fields.Datetime(readonly=True)

    # The upsert's key; calls to unknown addresses have no backend.
    _key_unique = models.UniqueIndex("(COALESCE(backend_id, 0), reason, day)")
