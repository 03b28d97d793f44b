"""The circuit breaker of a backend's API, and what the drain asks it."""

from datetime import timedelta

from odoo import fields, models

from ..engine import circuit_sql
from ..engine.errors import BudgetSpent, RateLimited, VendorUnavailable
from ..engine.text import clean_text
from . import retail_flow  # noqa: F401 the model this file goes on with has to be there

#: Where the vendor asks to slow down and does not say for how long.
_THROTTLE_DELAY = timedelta(seconds=2)
_REASON_CHARACTERS = 500


class RetailCircuit(models.Model):
    """Written by ``engine/circuit_sql.py`` alone; a backend that never failed has none."""

    _name = "retail.circuit"
    _description = "Retail circuit breaker"
    _log_access = False
    _rec_name = "endpoint"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, index=True, ondelete="cascade")
    endpoint = fields.Char(required=True, readonly=True)
    failures = fields.Integer(required=True, readonly=True, help="Calls without an answer since the last one.")
    opened_at = fields.Datetime("No answer since", readonly=True)
    wait_until = fields.Datetime("Tried again", readonly=True, help="Nobody calls before.")
    last_error = fields.Char(readonly=True)

    _unique_circuit = models.Constraint("UNIQUE(backend_id, endpoint)", "A backend has one circuit per endpoint.")

    def _admit(self, flow):
        """Return how much of the work of ``flow`` that is claimed may go on: all (``None``), one as a probe, or 0."""
        key = flow.backend_id.id, flow.endpoint
        _failures, is_open, is_waiting = circuit_sql.state(self.env.cr, *key)
        if not is_open:
            return 0 if is_waiting else None
        with self.env["retail.drain"]._apart() as cr:
            return 1 if circuit_sql.take_probe(cr, *key) else 0

    def _note(self, flow, errors):
        """Note how a call for ``flow`` ended.

        :param list errors: one per document: an exception, or anything else where it was answered
        """
        key = flow.backend_id.id, flow.endpoint
        # What our own budget did not allow was not sent, and says nothing about the vendor.
        errors = [error for error in errors if not isinstance(error, BudgetSpent)]
        if not errors:
            return
        throttles = [error for error in errors if isinstance(error, RateLimited)]
        if throttles:
            delay = max(error.delay or _THROTTLE_DELAY for error in throttles)
            with self.env["retail.drain"]._apart() as cr:
                circuit_sql.throttle(cr, *key, delay)
        elif all(isinstance(error, VendorUnavailable) for error in errors):
            with self.env["retail.drain"]._apart() as cr:
                circuit_sql.fail(cr, *key, clean_text(str(errors[0]))[:_REASON_CHARACTERS])
        elif circuit_sql.state(self.env.cr, *key)[0]:
            with self.env["retail.drain"]._apart() as cr:
                circuit_sql.succeed(cr, *key)
            # What waited behind the open circuit is due, and no new message may come to wake anybody.
            self.env["retail.drain"]._wake_all()


class RetailFlow(models.Model):
    _inherit = "retail.flow"

    endpoint = fields.Char(
        required=True, readonly=True, default="api", help="Which API of the channel it calls: what fails together."
    )
    silent_since = fields.Datetime("No answer since", compute="_compute_circuit")
    wait_until = fields.Datetime("Tried again", compute="_compute_circuit")
    circuit_error = fields.Char(compute="_compute_circuit")

    def _compute_circuit(self):
        circuits = {
            (circuit.backend_id, circuit.endpoint): circuit
            for circuit in self.env["retail.circuit"].sudo().search([("backend_id", "in", self.backend_id.ids)])
        }
        now = fields.Datetime.now()
        for flow in self:
            circuit = circuits.get((flow.backend_id, flow.endpoint), self.env["retail.circuit"])
            flow.silent_since = circuit.opened_at
            flow.wait_until = circuit.wait_until and circuit.wait_until > now and circuit.wait_until
            flow.circuit_error = circuit.last_error

    def action_try_now(self):
        """Ask the channel whether it is back, without waiting for the next probe."""
        self.backend_id.check_access("read")
        self.env["retail.exception"]._check_operator()
        with self.env["retail.drain"]._apart() as cr:
            cr.execute(
                "UPDATE retail_circuit SET wait_until = now() AT TIME ZONE 'UTC' WHERE backend_id = ANY(%s)",
                (self.backend_id.ids,),
            )
        self.env["retail.drain"]._wake_all()
        return True
