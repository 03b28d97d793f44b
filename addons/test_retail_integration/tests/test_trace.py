"""One trace from the message that came to the record, and to the call that goes out; kept as the caller gave it."""

from odoo.addons.retail_integration_base.engine import inbox_sql
from odoo.addons.retail_integration_base.engine.messages import WebhookRequest
from odoo.addons.retail_integration_base.engine.receive import receive
from odoo.addons.retail_integration_base.engine.trace import serving

from .common import note_body, signed_headers
from .outbox_common import OutboxCase

CALLERS = "4bf92f3577b34da6a3ce929d0e0e4736"


def ids(traceparents):
    return [value.split("-")[1] for value in traceparents]


class TestTrace(OutboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from .common import SIGNING_KEY

        cls.env["retail.credential"].create(
            {"backend_id": cls.channel.id, "kind": "signing_key", "value": SIGNING_KEY, "state": "active"}
        )

    def post(self, external_id, traceparent=None):
        """Receive a signed webhook; return its message."""
        body = note_body(external_id)
        headers = signed_headers(body, "msg_" + external_id)
        if traceparent:
            headers["traceparent"] = traceparent
        answer = receive(
            WebhookRequest(self.channel.sudo().token, "webhook", headers, body),
            lambda _token: self.channel._make_endpoint(),
            lambda code: self.env["retail.connector.%s" % code]._webhook_policy,
            lambda row: inbox_sql.insert_message(self.env.cr, row),
        )
        self.assertEqual(answer.status, 200)
        return self.env["retail.inbox"].browse(answer.inbox_id)

    def test_the_callers_trace_goes_from_the_webhook_to_the_record_and_out_again(self):
        message = self.post("n1", "00-%s-00f067aa0ba902b7-01" % CALLERS)
        self.drain()
        self.commit()
        self.drain()
        self.assertEqual((message.state, message.trace_id), ("done", CALLERS))
        self.assertEqual(message._get_record(), self.notes())
        # What the import changed is told to the channel in the same trace, …
        self.assertEqual((self.intents().state, self.intents().trace_id), ("done", CALLERS))
        # … and the vendor saw it at each call.
        self.assertEqual(ids(self.vendor.traces["GET /v1/status"]), [CALLERS])
        self.assertEqual(ids(self.vendor.traces["PUT /v1/notes"]), [CALLERS])
        lines = self.env["retail.sync.log"].search([("trace_id", "=", CALLERS)])
        self.assertEqual(sorted(lines.mapped("direction")), ["in", "out"])
        self.assertFalse(any(lines.mapped("batch_trace_id")))

    def test_messages_worked_on_at_once_share_a_trace_that_each_log_line_names(self):
        messages = self.env["retail.inbox"].union(*(self.post("n%d" % number) for number in range(30)))
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        calls = set(ids(self.vendor.traces["GET /v1/status"]))
        for message in messages:
            line = message.log_ids
            self.assertEqual(line.trace_id, message.trace_id)
            self.assertIn(line.batch_trace_id or line.trace_id, calls)
        self.assertEqual(len(set(messages.mapped("trace_id"))), 30)
        shared = [line for line in messages.log_ids if line.batch_trace_id]
        self.assertTrue(shared)
        self.assertFalse({line.batch_trace_id for line in shared} & set(messages.mapped("trace_id")))

    def test_each_command_of_a_call_of_its_own_carries_its_own_trace(self):
        note = self.make_notes("hello")
        with serving(["a" * 32]):
            self.order_parcel(note, "1")
        with serving(["b" * 32]):
            self.order_parcel(note, "2")
        self.drain()
        self.assertEqual(ids(self.vendor.traces["POST /v1/parcels"]), ["a" * 32, "b" * 32])

    def test_what_a_person_changes_in_one_go_is_one_new_trace(self):
        note = self.make_notes("hello")
        self.env.cr.postcommit.data.clear()
        note.text = "changed"
        parcel = self.order_parcel(note)
        self.commit()
        self.drain()
        trace_id = self.intents().trace_id
        self.assertEqual(parcel.trace_id, trace_id)
        self.assertRegex(trace_id, "^[0-9a-f]{32}$")
        self.env.cr.postcommit.data.clear()
        note.text = "changed again"
        self.commit()
        self.drain()
        self.assertNotEqual(self.intents().trace_id, trace_id)

    def test_a_failure_names_the_trace_the_vendor_saw(self):
        self.vendor.add_fault(fault="status", count=1)
        self.make_notes("hello")
        self.drain()
        line = self.intents().log_ids
        self.assertEqual([line.evidence["trace_id"]], ids(self.vendor.traces["PUT /v1/notes"]))

    def test_a_poll_that_fails_is_logged_under_the_trace_of_its_calls(self):
        flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")

        def list_changes(handler, backend, _flow, _since):
            handler._http(backend).request("GET", "/v1/status")
            raise ConnectionError

        self.patch(type(self.env["retail.connector.test_notes"]), "_list_changes", list_changes)
        flow._job_poll()
        line = self.env["retail.sync.log"].search([("flow_id", "=", flow.id)])
        self.assertEqual([line.trace_id], ids(self.vendor.traces["GET /v1/status"]))
