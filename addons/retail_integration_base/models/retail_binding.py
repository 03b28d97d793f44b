"""The link between an Odoo record and its id in a backend."""

from odoo import api, fields, models

from .fields import BigInteger


class RetailBinding(models.AbstractModel):
    """Base of the concrete bindings (``retail.binding.order``, …).

    A concrete model sets :attr:`_record_field` to its Many2one and declares
    ``models.Constraint("UNIQUE(backend_id, <record field>)")``.
    """

    _name = "retail.binding"
    _description = "Retail binding"
    _rec_name = "external_id"
    _check_company_auto = True

    #: Name of the Many2one to the Odoo record.
    _record_field = None

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    external_id = fields.Char(required=True, readonly=True, help="The record's id in the channel.")
    external_version = BigInteger(
        readonly=True, help="Version of the channel's record that was applied last; an older one is never applied."
    )
    checksum = fields.Char(readonly=True, help="Digest of what both sides last agreed on.")
    synced_at = fields.Datetime("Last sync", readonly=True)

    _external_unique = models.Constraint(
        "UNIQUE(backend_id, external_id)", "This channel record is linked already: one link per record and backend."
    )

    @api.model
    def _find_by_external(self, backend, external_ids, lock=False):
        """Return dict external id → binding for those that exist.

        :param bool lock: hold the rows until the end of the transaction, and read what is committed now, so that a
            version check made on them stays true
        """
        external_ids = [value for value in set(external_ids) if value]
        if not external_ids:
            return {}
        bindings = self.search_fetch(
            [("backend_id", "=", backend.id), ("external_id", "in", external_ids)],
            ["external_id", "external_version", "checksum", self._record_field],
        )
        if lock and bindings:
            bindings.lock_for_update()
        return {binding.external_id: binding for binding in bindings}

    def _record(self):
        """Return the Odoo record of one binding."""
        return self[self._record_field]
