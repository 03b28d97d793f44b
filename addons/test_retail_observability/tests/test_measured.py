"""What a process measures by itself."""

import psycopg2

from odoo.tests import BaseCase, tagged

from odoo.addons.retail_integration_observability.engine.buckets import bucket_of, cumulated
from odoo.addons.retail_integration_observability.engine.measured import Measured


@tagged("post_install", "-at_install")
class TestMeasured(BaseCase):
    def test_a_duration_on_a_bound_is_inside_it(self):
        bounds = (0.1, 1.0)
        self.assertEqual([bucket_of(bounds, seconds) for seconds in (0, 0.1, 0.11, 1.0, 5)], [0, 0, 1, 1, 2])
        self.assertEqual(cumulated(bounds, [1, 2, 4], 7), [("0.1", 1), ("1.0", 3), ("+Inf", 7)])

    def test_what_is_given_away_is_given_once(self):
        given = []
        measured = Measured(lambda database, rows: given.append((database, rows)))
        for seconds in (0.05, 0.5):
            measured.add("db", "ack", 1, "accepted", "routed", seconds, (0.1, 1.0))
        measured.add("db", "refusals", None, "bad_signature")
        measured.flush()
        measured.flush()
        ((database, rows),) = given
        self.assertEqual(database, "db")
        ack, refusals = rows
        self.assertEqual((ack["value"], ack["seconds"], ack["buckets"]), (2, 0.55, [1, 1, 0]))
        self.assertEqual((refusals["value"], refusals["label"], refusals["buckets"]), (1, "bad_signature", None))

    def test_what_could_not_be_written_is_written_with_what_comes_next(self):
        given, is_away = [], [True]

        def give(_database, rows):
            if is_away[0]:
                raise psycopg2.OperationalError("away")
            given.extend(rows)

        measured = Measured(give)
        measured.add("db", "ack", 1, "accepted", "routed", 0.5, (0.1, 1.0))
        with self.assertRaises(psycopg2.OperationalError):
            measured.flush()
        measured.add("db", "ack", 1, "accepted", "routed", 0.05, (0.1, 1.0))
        is_away[0] = False
        measured.flush()
        (row,) = given
        self.assertEqual((row["value"], row["buckets"]), (2, [1, 1, 0]))
