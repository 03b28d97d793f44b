"""Gives a business record the button that opens its timeline."""

from odoo import fields, models


class RetailTimelineMixin(models.AbstractModel):
    """To be inherited by models whose records channels have a part in.

    Add the button to the form (see ``retail_integration_sale``) and, where a record belongs to others, extend
    :meth:`_get_retail_related`.
    """

    _name = "retail.timeline.mixin"
    _description = "Timeline across systems"

    has_retail_timeline = fields.Boolean(
        compute="_compute_has_retail_timeline", groups="retail_integration_base.group_retail_auditor"
    )

    def _get_retail_related(self):
        """Return the recordsets whose story is part of this one's, itself first.

        :return: list of recordsets of models that inherit this one; what the user may not read is left out later
        """
        return [self]

    def _compute_has_retail_timeline(self):
        """For forms: a handful of indexed queries per record."""
        entries = self.env["retail.timeline.entry"]
        for record in self:
            record.has_retail_timeline = bool(record.id) and not entries._get_scope(record).is_empty()

    def action_view_retail_timeline(self):
        """Open all that happened to this record, in Odoo and in the channels."""
        self.ensure_one()
        return self.env["retail.timeline.entry"]._action_timeline(
            self.display_name, [("record", "=", "%s,%d" % (self._name, self.id))]
        )
