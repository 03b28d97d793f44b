"""Backfills of a backend: which of its flows have a history to be taken, and how far that is."""

from odoo import fields, models


class RetailFlow(models.Model):
    _inherit = "retail.flow"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    can_backfill = fields.Boolean(compute="_compute_can_backfill", help="The channel puts its history into a file.")

    def _compute_can_backfill(self):
        for flow in self:
            handler = "retail.connector.%s" % flow.backend_id.connector
            exported = self.env[handler]._exported_entities if handler in self.env else ()
            flow.can_backfill = flow.direction == "in" and flow.entity in exported

    def action_backfill(self):
        """Choose since when the history is counted, and then taken."""
        return self.env["retail.backfill.start"]._open(self)


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    backfill_ids = fields.One2many("retail.backfill", "backend_id", "Backfills", readonly=True)
    can_backfill = fields.Boolean(compute="_compute_can_backfill")

    def _compute_can_backfill(self):
        for backend in self:
            backend.can_backfill = any(backend.flow_ids.mapped("can_backfill"))

    def action_backfill(self):
        """Choose what of the channel's history is counted, and then taken."""
        return self.env["retail.backfill.start"]._open(self.flow_ids)
