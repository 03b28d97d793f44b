"""A vendor that does not answer is left alone; one that asks to slow down is given time."""

from datetime import timedelta

from odoo import fields

from odoo.addons.retail_integration_base.engine import circuit_sql

from .outbox_common import OutboxCase


class TestCircuit(OutboxCase):
    def setUp(self):
        super().setUp()
        self.in_flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")

    def bring_notes(self, count, text="in"):
        return [self.bring("in%d" % number, text, backend=self.channel) for number in range(count)]

    def circuit(self):
        self.env.invalidate_all()
        return self.env["retail.circuit"].search([("backend_id", "=", self.channel.id)])

    def break_it(self):
        """Let calls fail until the circuit is open."""
        self.vendor.add_fault(fault="status")
        self.make_notes("x")
        for _call in range(circuit_sql.FAILURES_TO_OPEN):
            self.assertFalse(self.circuit().opened_at)
            self.drain()
            self.make_due()
        self.assertTrue(self.circuit().opened_at)

    def calls(self):
        return sum(self.vendor.calls.values())

    def test_after_calls_without_an_answer_nobody_calls_either_way(self):
        self.break_it()
        before = self.calls()
        messages = self.bring_notes(20)
        self.make_notes(*["more"] * 20)
        self.drain()
        self.assertEqual(self.calls(), before)
        self.assertEqual({message.attempts for message in messages}, {0}, "waiting costs no attempt")

    def test_one_message_is_tried_per_interval_however_many_wait(self):
        self.break_it()
        self.bring_notes(40)
        before = self.calls()
        for probe in range(1, 4):
            self.let_the_interval_pass()
            self.drain()
            self.assertEqual(self.calls(), before + probe)

    def test_the_interval_grows_up_to_its_most(self):
        self.break_it()
        waits = []
        for _probe in range(10):
            self.env.cr.execute(
                "SELECT EXTRACT(EPOCH FROM wait_until - clock_timestamp() AT TIME ZONE 'UTC') FROM retail_circuit"
            )
            waits.append(self.env.cr.fetchone()[0])
            circuit_sql.fail(self.env.cr, self.channel.id, "api", "again")
        self.assertLess(waits[0], 2 * circuit_sql.FIRST_INTERVAL_SECONDS)
        self.assertGreater(waits[-1], circuit_sql.MAX_INTERVAL_SECONDS * 0.99)
        self.assertLessEqual(waits[-1], circuit_sql.MAX_INTERVAL_SECONDS * 1.25)

    def test_only_one_of_several_workers_gets_the_probe(self):
        self.break_it()
        self.let_the_interval_pass()
        takes = [circuit_sql.take_probe(self.env.cr, self.channel.id, "api") for _worker in range(5)]
        self.assertEqual(takes, [True, False, False, False, False])

    def test_when_the_vendor_is_back_everything_goes_through_once(self):
        self.break_it()
        self.bring_notes(20)
        self.vendor.clear_faults()
        self.make_due()
        self.let_the_interval_pass()
        self.drain()
        self.assertFalse(self.circuit().opened_at)
        self.assertEqual(self.vendor.notes, dict({"n0": "x"}, **{"in%d" % n: "in" for n in range(20)}))
        self.assertEqual(set(self.notes().mapped("effects")) - {0}, {1})
        self.assertFalse(self.env["retail.inbox.work"].search([("backend_id", "=", self.channel.id)]))

    def test_other_backends_go_on(self):
        self.break_it()
        self.bring("elsewhere")
        self.drain()
        self.assertIn("elsewhere", self.notes().mapped("name"))

    def test_a_wish_to_slow_down_holds_all_work_of_the_channel_and_costs_no_attempt_of_the_rest(self):
        self.vendor.add_fault(fault="rate_limit", count=1, retry_after=60)
        self.make_notes("x")
        self.drain()
        waiting = self.bring_notes(5)
        self.drain()
        self.assertEqual(self.calls(), 1)
        self.assertEqual({message.attempts for message in waiting}, {0})
        self.assertTrue(self.circuit().wait_until)
        self.assertFalse(self.circuit().opened_at)
        self.let_the_interval_pass()
        self.make_due()
        self.drain()
        self.assertEqual(len(self.vendor.notes), 6)

    def test_an_answer_does_not_end_a_wish_to_slow_down(self):
        key = (self.env.cr, self.channel.id, "api")
        circuit_sql.fail(*key, "no answer")
        circuit_sql.throttle(*key, timedelta(minutes=1))
        circuit_sql.succeed(*key)
        self.assertEqual(circuit_sql.state(*key), (0, False, True))
        for _call in range(circuit_sql.FAILURES_TO_OPEN):
            circuit_sql.fail(*key, "no answer")
        self.assertGreater(self.circuit().wait_until, fields.Datetime.now() + timedelta(seconds=50))

    def test_the_group_is_woken_when_the_wait_is_over(self):
        self.break_it()
        self.bring_notes(1)
        processor = self.env["retail.inbox.processor"]
        seconds = processor._next_due(list(range(16)))
        self.assertGreater(seconds, 1)
        self.assertLess(seconds, 2 * circuit_sql.FIRST_INTERVAL_SECONDS)

    def test_the_flow_says_so_and_an_operator_may_try_now(self):
        self.break_it()
        self.env.invalidate_all()
        self.assertTrue(self.in_flow.silent_since and self.in_flow.wait_until)
        self.assertIn("503", self.in_flow.circuit_error)
        self.assertEqual(self.note_flow.backlog, 1)
        self.assertEqual(self.note_flow.action_view_messages()["res_model"], "retail.outbox")
        auditor = self.make_user("circuit auditor", "retail_integration_base.group_retail_auditor")
        with self.assertRaisesRegex(Exception, "Only operators"):
            self.in_flow.with_user(auditor).action_try_now()
        operator = self.make_user("circuit operator", "retail_integration_base.group_retail_operator")
        self.vendor.clear_faults()
        self.in_flow.with_user(operator).action_try_now()
        self.make_due()
        self.drain()
        self.env.invalidate_all()
        self.assertFalse(self.in_flow.silent_since)

    def test_a_poll_waits_too(self):
        self.break_it()
        self.assertEqual(self.in_flow._job_poll(), "the channel does not answer")
