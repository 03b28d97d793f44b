"""What reaches an OTLP receiver."""

import sys
import time

from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_base.engine.receive import Answer
from odoo.addons.retail_integration_observability.engine.spans import Spans
from odoo.addons.retail_integration_observability.install import Listener, _OwnSpans

from simulators.otlp import Receiver, attributes_of

from .common import MetricsCase


@tagged("post_install", "-at_install")
class TestSpans(MetricsCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)
        self.spans = Spans(self.receiver.url)
        listener = Listener(lambda: self.spans)
        telemetry.listen(listener)
        self.addCleanup(telemetry._listeners.remove, listener)

    def test_each_step_of_a_message_is_a_span_in_its_trace(self):
        first, second = self.bring("n1"), self.bring("n2", "needs human")
        self.drain()
        self.spans.flush()
        for message in (first, second):
            mine = {span.name: span for span in self.receiver.spans if span.trace_id == bytes.fromhex(message.trace_id)}
            self.assertEqual(set(mine), {"retail.claim", "retail.import", "retail.fetch", "retail.apply"})
            whole = mine["retail.import"]
            for name in ("retail.fetch", "retail.apply"):
                self.assertEqual(mine[name].parent_span_id, whole.span_id)
                self.assertGreaterEqual(mine[name].start_time_unix_nano, whole.start_time_unix_nano)
                self.assertLessEqual(mine[name].end_time_unix_nano, whole.end_time_unix_nano)
            attributes = attributes_of(whole)
            self.assertEqual(attributes["retail.inbox_id"], message.id)
            self.assertEqual(attributes["retail.backend_id"], self.backend.id)

    def test_receiving_is_the_root_that_the_import_hangs_below(self):
        row = {"backend_id": 1, "flow_id": 2, "entity": "note", "trace_id": "c" * 32, "origin": "webhook"}
        now = time.time()
        self.spans.received("db", Answer(200, "accepted", inbox_id=9, row=row), "fast_lane", now - 0.01, now)
        with telemetry.Step("import", [{**row, "inbox_id": 9}], "db"):
            pass
        self.spans.flush()
        root, below = self.receiver.spans
        self.assertEqual((root.name, root.parent_span_id), ("retail.receive", b""))
        self.assertEqual(below.parent_span_id, root.span_id)
        self.assertEqual(attributes_of(root)["retail.way"], "fast_lane")

    def test_a_step_that_fails_is_marked_without_the_text_of_its_error(self):
        with self.assertRaises(ValueError), telemetry.Step("fetch", [{"inbox_id": 1, "trace_id": "d" * 32}], "db"):
            raise ValueError("ada@example.org")
        self.spans.flush()
        (span,) = self.receiver.spans
        self.assertEqual(attributes_of(span)["error.type"], "ValueError")
        self.assertEqual(span.status.code, 2)
        self.assertNotIn("ada@", str(span))

    def test_the_ratio_takes_a_message_as_a_whole_or_not_at_all(self):
        sampled = Spans(self.receiver.url, ratio=0.5)
        for trace_id in ("0" * 15 + "1" + "0" * 16, "0" * 15 + "1" + "f" * 16):
            for name in ("claim", "import"):
                step = telemetry.Step(name, [{"inbox_id": 1, "trace_id": trace_id}], "db")
                step.ended_ns = step.started_ns + 1
                sampled.stepped(step)
        sampled.flush()
        self.assertEqual([span.trace_id[8:].hex() for span in self.receiver.spans], ["0" * 16, "0" * 16])

    def test_work_goes_on_and_spans_are_dropped_while_the_collector_is_away(self):
        self.receiver.stop()
        self.addCleanup(setattr, self.receiver, "stop", lambda: None)
        self.receiver.stop = lambda: None
        self.bring("n1")
        self.assertEqual(self.drain(), 1)
        self.assertEqual(self.notes().mapped("name"), ["n1"])

    def test_missing_packages_are_said_once_and_break_nothing(self):
        for name in list(sys.modules):
            if name.split(".")[0] == "opentelemetry":
                self.addCleanup(sys.modules.__setitem__, name, sys.modules.pop(name))
        self.addCleanup(sys.modules.pop, "opentelemetry", None)
        sys.modules["opentelemetry"] = None
        own = _OwnSpans("http://127.0.0.1:9/v1/traces", 1.0)
        with self.assertLogs("odoo.addons.retail_integration_observability.install", "WARNING") as logs:
            self.assertIsNone(own())
            self.assertIsNone(own())
        self.assertEqual(len(logs.output), 1)
        Listener(own).stepped(telemetry.Step("claim", [{"inbox_id": 1, "trace_id": "e" * 32}], "db"))

    def test_nothing_is_traced_unless_configured(self):
        self.assertIsNone(_OwnSpans("", 1.0)())
