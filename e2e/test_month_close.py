"""A month of an account of Stripe: taken in though the workers are killed, and closed in the browser."""

import os
import signal
import time

import pytest
from test_story import Screen

from conftest import log_in, serve
from setup import demo_world
from simulators.stripe import StripeSimulator

CHARGES = 320
PAGE_SECONDS = 4
DAY = 86400


class Month:
    """One account, and an Odoo that has none of it yet."""

    def __init__(self, odoo, simulator):
        self.odoo, self.simulator = odoo, simulator
        simulator.world.bucket.configure(10**6, 10**6)
        self.account, self.clock = simulator.world.account, simulator.world.clock

    def live(self):
        """Let a month happen: charges, refunds, a dispute, payouts, and something nobody has a rule for."""
        charges = []
        for number in range(CHARGES):
            charges.append(self.account.pay(1990 + 7 * number))
            if number % 12 == 11:
                self.account.refund(charges[-4], 500)
            if number % 40 == 39:
                self.clock.advance(3 * DAY)
                self.account.arrive(self.account.run_payout())
        self.account.dispute(charges[-1])
        self.account.book(
            "adjustment", -1250, "eur", reporting_category="other_adjustment", description="Terminal rental"
        )

    def theirs(self):
        return {one["id"]: one["net"] for one in self.account.all("balance_transaction")}

    def booked(self):
        rows = self.odoo.call("retail.settlement.line", "search_read", [], fields=["external_id", "net"])
        assert len({row["external_id"] for row in rows}) == len(rows)
        return {row["external_id"]: round(row["net"] * 100) for row in rows}

    def connect(self):
        odoo = self.odoo
        (currency,) = odoo.call("res.currency", "search", [("name", "=", "EUR")], context={"active_test": False})
        odoo.call("res.currency", "write", [currency], {"active": True})
        odoo.call("res.company", "write", [1], {"currency_id": currency, "name": "Harbour & Vale"})
        self.backend = odoo.create(
            "retail.backend",
            name="Stripe",
            connector="stripe",
            stripe_account=self.account.id,
            stripe_api_url=self.simulator.url,
        )
        odoo.create(
            "retail.credential", backend_id=self.backend, kind="stripe_restricted_key", value="rk_test_simulated"
        )
        odoo.call("retail.backend", "action_arm", [self.backend])

    def flow(self, entity="settlement_line"):
        (flow,) = self.odoo.call("retail.flow", "search", [("backend_id", "=", self.backend), ("entity", "=", entity)])
        return flow

    def poll(self, entity="settlement_line"):
        self.odoo.call("retail.flow", "action_poll", [self.flow(entity)])


@pytest.fixture(scope="module")
def month(ready):
    with StripeSimulator() as simulator, serve(ready, ["retail_connector_stripe"]) as odoo:
        month = Month(odoo, simulator)
        month.live()
        month.connect()
        yield month


@pytest.fixture
def screen(month, browser):
    log_in(browser, month.odoo)
    return Screen(browser, month.odoo.url)


def test_one_button_proposes_and_makes_the_journal_and_its_accounts(month, screen):
    screen.open(f"retail-backends/{month.backend}")
    screen.wait(".o_form_view .o_notebook")
    screen.picture("stripe-backend")
    screen.click("button[name=action_set_up_settlement]")
    screen.wait(".modal .o_data_row")
    screen.picture("settlement-setup")
    screen.click(".modal button[name=action_create]")
    demo_world.wait_until(
        lambda: month.odoo.call("retail.settlement", "search_count", [("backend_id", "=", month.backend)]) == 1,
        "the settlement account is there",
        60,
    )


def test_a_first_list_whose_workers_are_killed_books_everything_once(month):
    odoo, requests = month.odoo, month.simulator.world.requests
    odoo.call("retail.flow", "action_live", [month.flow()])
    month.simulator.world.faults.add("slow_body", count=10**6, path="/v1/balance_transactions", seconds=PAGE_SECONDS)
    month.poll()

    def is_nearly_listed():
        listed = odoo.sql("SELECT count(*) FROM retail_inbox WHERE entity = 'settlement_line'")
        checkpoints = odoo.sql("SELECT count(*) FROM retail_flow WHERE checkpoint IS NOT NULL")
        return int(listed.strip()) == 300 and int(checkpoints.strip()) == 1

    demo_world.wait_until(is_nearly_listed, "three pages of four are stored", 120)
    with open(f"/proc/{odoo.server.pid}/task/{odoo.server.pid}/children") as file:
        for worker in file.read().split():
            os.kill(int(worker), signal.SIGKILL)
    assert is_nearly_listed(), "it was killed in the middle"
    requests.clear()
    month.simulator.world.faults.clear()
    month.poll()
    demo_world.wait_until(lambda: len(month.booked()) == len(month.theirs()), "everything is booked", 300)
    assert month.booked() == month.theirs()
    # The last page, and the list of what is new after that; anew it would be all four besides.
    assert requests["GET /v1/balance_transactions"] <= 4, "what was stored is not listed again"
    assert odoo.sql("SELECT count(*) FROM retail_flow WHERE checkpoint IS NOT NULL").strip() == "0"


def test_a_month_is_closed_from_the_screens(month, screen):
    odoo = month.odoo
    odoo.call("retail.flow", "action_live", [month.flow("payout")])
    month.poll("payout")
    payouts = len(month.account.all("payout"))
    demo_world.wait_until(
        lambda: odoo.call("retail.payout", "search_count", []) == payouts, "the payouts are there", 60
    )
    (settlement,) = odoo.call("retail.settlement", "search", [])
    screen.open(f"retail-settlement/{settlement}")
    screen.click("button[name=action_prove]")

    def broken():
        rows = odoo.call("retail.settlement.proof", "search_read", [], fields=["code", "state"])
        return {row["code"] for row in rows if row["state"] != "kept"}

    # Nobody has registered the payments in Odoo. (The cron may have proved it before there was anything.)
    demo_world.wait_until(lambda: broken() == {"I5"}, "it is proved, and the payments are missing", 60)
    screen.wait("[name=proof_ids] .o_data_row.text-danger")
    screen.picture("settlement-proofs")
    screen.click(".o_notebook a[name=accounts]")
    screen.picture("settlement-accounts")
    for path, name in (
        ("retail-movements", "settlement-movements"),
        ("retail-payouts", "settlement-payouts"),
        ("retail-proofs", "settlement-proof-days"),
    ):
        screen.open(path)
        screen.wait(".o_list_view .o_data_row")
        screen.picture(name)
    (payout,) = odoo.call("retail.payout", "search", [("has_breakdown", "=", True)], limit=1)
    screen.open(f"retail-payouts/{payout}")
    screen.wait(".o_form_view .o_data_row")
    screen.picture("settlement-payout")
    screen.open("retail-exceptions")
    screen.wait(".o_kanban_record")
    screen.click(".o_kanban_record")
    screen.wait(".o_form_view")
    screen.picture("settlement-unidentified")
    time.sleep(1)
    screen.assert_no_error_in_the_console()
