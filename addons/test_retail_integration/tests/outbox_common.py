"""The small world of the way out: a backend connected to the vendor of notes."""

from odoo.addons.retail_integration_base.engine import backoff
from odoo.addons.retail_integration_base.tests.timeouts import TimeoutPairs

from simulators.notes import NotesVendor

from .common import RetailCase


class OutboxCase(TimeoutPairs, RetailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel("Channel")
        cls.note_flow = cls.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "out")
        cls.parcel_flow = cls.channel.flow_ids.filtered(lambda flow: flow.entity == "parcel")

    @classmethod
    def make_channel(cls, name, company=None):
        backend = cls.env["retail.backend"].create(
            {"name": name, "connector": "test_notes", "company_id": (company or cls.env.company).id}
        )
        backend.action_arm()
        backend.flow_ids.write({"state": "live"})
        return backend

    def setUp(self):
        super().setUp()
        # Full jitter may draw a delay that has passed before the test looks.
        self.patch(backoff.random, "uniform", lambda _low, high: high)
        served = NotesVendor().start()
        self.addCleanup(served.stop)
        self.vendor = served.vendor
        self.channel.test_notes_url = served.url

    def make_notes(self, *texts):
        notes = self.env["test.retail.note"].create(
            [{"name": "n%d" % number, "text": text} for number, text in enumerate(texts)]
        )
        self.commit()
        return notes

    def commit(self):
        """What a commit does to what was marked."""
        self.env.cr.flush()

    def intents(self, flow=None):
        return self.env["retail.outbox"].search([("flow_id", "=", (flow or self.note_flow).id)], order="id")

    def order_parcel(self, note, key="1", text="a parcel"):
        return self.env["retail.outbox"]._command(
            self.parcel_flow, "send", str(note.id), {"text": text, "number": key}, record=note
        )

    def make_due(self):
        """Let the time pass until the next attempts."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_outbox_work SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'")

    def let_the_interval_pass(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_circuit SET wait_until = now() AT TIME ZONE 'UTC' - interval '1 second'")
