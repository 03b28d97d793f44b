"""An attempt whose worker died is in the log, whatever becomes of its message before somebody claims it again."""

from .common import RetailCase


class TestLostAttempts(RetailCase):
    def let_its_worker_die(self, message, minutes=0):
        """Leave ``message`` as a killed worker does: claimed. It is due again in ``minutes``."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE retail_inbox_work SET claimed_at = now() AT TIME ZONE 'UTC', attempts = 1, "
            "not_before = now() AT TIME ZONE 'UTC' + make_interval(mins => %s) WHERE inbox_id = %s",
            (minutes, message.id),
        )

    def outcomes(self, message):
        return message.log_ids.sorted("id").mapped("outcome")

    def test_it_is_logged_by_the_next_claim(self):
        message = self.bring("n1")
        self.let_its_worker_die(message)
        self.drain()
        self.assertEqual(self.outcomes(message), ["lost", "done"])

    def test_it_is_logged_when_a_newer_message_stands_for_its_own(self):
        older = self.bring("n1", version=1)
        self.let_its_worker_die(older, minutes=60)
        newer = self.bring("n1", version=2)
        self.drain()
        self.assertEqual((older.state, newer.state), ("superseded", "done"))
        self.assertEqual(sorted(self.outcomes(older)), ["lost", "superseded"])
        lost = older.log_ids.filtered(lambda line: line.outcome == "lost")
        self.assertEqual((lost.attempt, lost.trace_id), (1, older.trace_id))

    def test_it_is_logged_when_a_person_replays_meanwhile(self):
        message = self.bring("n1")
        self.let_its_worker_die(message, minutes=60)
        message.action_replay()
        self.drain()
        self.assertEqual(self.outcomes(message), ["lost", "done"])
        self.assertEqual(self.notes().effects, 1)
