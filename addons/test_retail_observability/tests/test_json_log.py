"""JSON lines: complete, parseable, and without what nobody may read."""

import json
import logging

from odoo.tests import BaseCase, tagged

from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_observability.engine import json_log
from odoo.addons.retail_integration_observability.engine.mask import mask

ROW = {"backend_id": 3, "flow_id": 5, "entity": "order", "inbox_id": 7, "trace_id": "a" * 32}


@tagged("post_install", "-at_install")
class TestJsonLog(BaseCase):
    def line(self, message, *args, **kwargs):
        record = logging.getLogger("odoo.addons.x").makeRecord(
            "odoo.addons.x", logging.WARNING, "x.py", 1, message, args, kwargs.get("exc_info")
        )
        text = json_log.JsonFormatter().format(record)
        self.assertNotIn("\n", text)
        return json.loads(text)

    def test_a_line_has_time_level_logger_and_message(self):
        line = self.line("Order %s\nis “odd”", "#1042")
        self.assertEqual((line["level"], line["logger"]), ("WARNING", "odoo.addons.x"))
        self.assertEqual(line["message"], "Order #1042\nis “odd”")
        self.assertRegex(line["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertNotIn("trace_id", line)

    def test_a_line_names_the_message_that_is_under_way_and_the_batch(self):
        with telemetry.Step("apply", [ROW], "db"):
            line = self.line("x")
        self.assertEqual({name: line[name] for name in ROW}, ROW)
        self.assertEqual(line["step"], "apply")
        other = dict(ROW, inbox_id=8, trace_id="b" * 32)
        with telemetry.Step("import", [ROW, other], "db"), telemetry.Step("fetch", [ROW, other], "db"):
            line = self.line("x")
        self.assertEqual((line["inbox_ids"], line["flow_id"], line["step"]), ([7, 8], 5, "fetch"))
        self.assertNotIn("inbox_id", line)
        self.assertNotIn("step", self.line("x"))

    def test_a_traceback_is_a_field_of_the_line(self):
        try:
            raise ValueError("no e-mail of ada@example.org")
        except ValueError as error:
            line = self.line("x", exc_info=(type(error), error, error.__traceback__))
        self.assertIn("ValueError", line["exception"])
        self.assertNotIn("ada@", line["exception"])

    def test_a_record_that_cannot_be_formatted_is_a_line_all_the_same(self):
        self.assertIn("could not be formatted", self.line("%d", "no number")["message"])

    def test_secrets_and_personal_data_are_masked(self):
        for text, secret in (
            ("POST /retail/Zk3vYq0LwXn7PbRt5sUa/webhook HTTP/1.1", "Zk3vYq0LwXn7PbRt5sUa"),
            ("Authorization: Bearer rm_0123456789abcdef", "0123456789abcdef"),
            ("key whsec_a2tra2tra2tra2tr", "a2tra2tra2tra2tr"),
            ("X-Shopify-Access-Token=shpat_0123456789abcdef", "0123456789abcdef"),
            ("{'password': 'hunter22', 'x': 1}", "hunter22"),
            ("mail to ada.lovelace+x@example.co.uk", "lovelace"),
            ("DETAIL:  Key (name, street)=(Ada Lovelace, 12 St James) already exists.", "Lovelace"),
            ("DETAIL:  Failing row contains (1, Ada, (x)).", "Ada"),
        ):
            masked = mask(text)
            self.assertNotIn(secret, masked)
            self.assertIn("•••", masked)

    def test_what_is_no_secret_stays(self):
        for text in ("GET /retail/metrics HTTP/1.1", "Message 7 of order #1042 (SKU MUG-L) failed", "token: None"):
            self.assertEqual(mask(text), text)

    def test_installing_changes_the_format_and_nothing_else(self):
        root, handler = logging.getLogger(), logging.StreamHandler()
        handler.setLevel(logging.ERROR)

        class PostgreSQLHandler(logging.Handler):
            """Has the name of Odoo's."""

        into_database = PostgreSQLHandler()
        before = {each: each.formatter for each in root.handlers}
        for each in (handler, into_database):
            root.addHandler(each)
        try:
            json_log.install()
            self.assertIsInstance(handler.formatter, json_log.JsonFormatter)
            self.assertEqual(handler.level, logging.ERROR)
            self.assertIsNone(into_database.formatter)
        finally:
            for each in (handler, into_database):
                root.removeHandler(each)
            for each, formatter in before.items():
                each.setFormatter(formatter)
