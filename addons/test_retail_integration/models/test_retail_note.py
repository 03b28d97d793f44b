"""What notes become in Odoo."""

from odoo import fields, models


class TestRetailNote(models.Model):
    _name = "test.retail.note"
    _inherit = "retail.timeline.mixin"
    _description = "Note"

    name = fields.Char(required=True)
    text = fields.Char()
    effects = fields.Integer(help="How often a message took effect on this note.")
    history = fields.Char(default="", help="The versions applied, in order.")


class RetailBindingNote(models.Model):
    _name = "retail.binding.note"
    _inherit = "retail.binding"
    _description = "Note binding"
    _record_field = "note_id"

    note_id = fields.Many2one("test.retail.note", required=True, ondelete="cascade")

    _record_unique = models.Constraint("UNIQUE(backend_id, note_id)", "A note is linked once per backend.")
