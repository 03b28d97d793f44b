"""The benchmarks' own arithmetic."""

import os

import pytest

from benchmarks import cpu, order_documents, order_world, orders
from benchmarks.verdicts import Verdict, report, table


def test_a_target_that_was_not_measured_is_missed():
    assert not Verdict("rate", None, 1.0).is_met


@pytest.mark.parametrize(
    ("measured", "at_most", "is_met"), [(1.0, False, True), (0.9, False, False), (1.1, True, False)]
)
def test_a_target_is_a_lower_bound_unless_said_otherwise(measured, at_most, is_met):
    assert Verdict("rate", measured, 1.0, at_most=at_most).is_met is is_met


def test_one_missed_target_fails_the_run(capsys):
    assert report([Verdict("good", 2, 1), Verdict("bad", 0, 1)]) == 1
    assert report([Verdict("good", 2, 1)]) == 0
    assert report([]) == 1
    assert "MISSED  bad" in capsys.readouterr().out


def test_a_table_is_markdown():
    assert table(["a", "b"], [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |"


def test_both_sides_sell_the_same_products():
    skus = [f"S{number}" for number in range(50)]
    assert order_documents.skus_of(7, skus) == order_documents.skus_of(7, skus)
    document = order_documents.document("run", 7, skus, 5, "EUR")
    assert [line["sku"] for line in document["lines"]] == order_documents.skus_of(7, skus)


def test_lines_and_taxes_make_the_total():
    document = order_documents.document("run", 1, ["A", "B", "C"], 5, "EUR", quantities=[1, 2, 0])
    assert document["totals"]["total"]["amount"] == "35.70"
    assert document["totals"]["taxes"]["amount"] == "5.70"


def test_conflicts_are_counted_by_what_postgresql_says():
    log = "ERROR: could not serialize access due to concurrent update\nINFO fine\nERROR: deadlock detected"
    assert orders.count_conflicts(log) == 2


def test_a_database_armed_for_production_is_refused():
    class Odoo:
        def call(self, model, method, domain, fields):
            assert (model, method) == ("retail.backend", "search_read")
            assert ("environment", "=", "production") in domain
            return [{"name": "The shop"}]

    with pytest.raises(order_world.RefusedDatabase, match="The shop"):
        order_world.refuse_production(Odoo())


def test_ratios_are_of_what_was_measured():
    sides = {
        "bare 50": orders.Side("", None, orders=100, seconds=10),
        "bare 1": orders.Side("", None, orders=50, seconds=10),
        "one": orders.Side("", None, orders=90, seconds=10),
    }
    found = {verdict.name: verdict.is_met for verdict in orders.verdicts(sides)}
    assert found["1 worker / bare in batches of 50"] is False
    assert found["1 worker / bare one by one"] is False
    assert not any("2 workers" in name for name in found)


def test_the_cpu_time_of_this_process_is_found():
    sum(number * number for number in range(2_000_000))
    assert cpu.tree_seconds(os.getpid()) > 0
    assert cpu.group_seconds(os.getpgid(0)) > 0
