"""How fast the balance transactions of an account of Stripe become posted entries, from the first list of all of them.

    .local/venv/bin/python -m benchmarks.settlements [--short] [--transactions 5000]

Stripe is its simulator, in this process. Every entry is compared with its transaction; then everything is listed again,
which has to write nothing.
"""

import sys
import time

from setup.odoo_rpc import OdooClient
from simulators.stripe import StripeSimulator

from .note_world import started
from .options import parse
from .verdicts import Verdict, report, table

TARGET_MS = 60
_BOOKED = """
SELECT line.external_id, entry.amount
FROM retail_settlement_line line JOIN account_bank_statement_line entry ON entry.id = line.statement_line_id
JOIN account_move move ON move.id = entry.move_id AND move.state = 'posted'
"""
_WRITTEN = "SELECT (SELECT count(*) FROM account_move_line), (SELECT count(*) FROM retail_inbox)"


class Account:
    """One account of Stripe, connected with an Odoo that has none of it yet."""

    def __init__(self, server, sql, simulator):
        self.server, self.sql, self.simulator = server, sql, simulator
        # The account is as fast as we are: Stripe's rate is not what is measured.
        simulator.world.bucket.configure(10**6, 10**6)

    def fill(self, count):
        account, clock = self.simulator.world.account, self.simulator.world.clock
        charges = []
        while len(account.all("balance_transaction")) < count:
            charges.append(account.pay(1000 + len(charges)))
            if len(charges) % 10 == 0:
                account.refund(charges[-5], 500)
                clock.advance(600)

    def connect(self):
        odoo = self.odoo = OdooClient(self.server.url, self.server.database)
        (currency,) = odoo.call("res.currency", "search", [("name", "=", "EUR")], context={"active_test": False})
        odoo.call("res.currency", "write", [currency], {"active": True})
        company = odoo.create("res.company", name="Harbour & Vale GmbH", currency_id=currency)
        (user,) = odoo.call("res.users", "search", [("login", "=", "admin")])
        odoo.call("res.users", "write", [user], {"company_ids": [(4, company)], "company_id": company})
        self.backend = odoo.create(
            "retail.backend",
            name="Stripe",
            connector="stripe",
            company_id=company,
            stripe_account=self.simulator.world.account.id,
            stripe_api_url=self.simulator.url,
        )
        odoo.create(
            "retail.credential", backend_id=self.backend, kind="stripe_restricted_key", value="rk_test_simulated"
        )
        odoo.call("retail.backend", "action_arm", [self.backend])
        setup = odoo.create("retail.settlement.setup", backend_id=self.backend)
        odoo.call("retail.settlement.setup", "action_create", [setup])
        (self.flow,) = odoo.call(
            "retail.flow", "search", [("backend_id", "=", self.backend), ("entity", "=", "settlement_line")]
        )
        odoo.call("retail.flow", "action_live", [self.flow])

    def import_all(self):
        """Return the seconds from the order to list until all is booked."""
        begun = time.perf_counter()
        self.odoo.call("retail.flow", "action_poll", [self.flow])
        wanted = len(self.theirs())
        while self.sql.one("SELECT count(*) FROM retail_settlement_line") < wanted:
            if time.perf_counter() - begun > wanted:
                raise TimeoutError(f"not booked after {wanted} s")
            time.sleep(0.1)
        return time.perf_counter() - begun

    def theirs(self):
        return {one["id"]: one["net"] for one in self.simulator.world.account.all("balance_transaction")}

    def count_wrong(self):
        booked, theirs = {key: round(amount * 100) for key, amount in self.sql(_BOOKED)}, self.theirs()
        return sum(booked.get(key) != theirs.get(key) for key in booked.keys() | theirs.keys())

    def count_written_again(self):
        """Let everything be listed again; return how many rows that adds."""
        before = self.sql(_WRITTEN)
        self.odoo.call("retail.flow", "write", [self.flow], {"watermark": "2020-01-01 00:00:00"})
        self.odoo.call("retail.flow", "action_poll", [self.flow])
        asked = sum(self.simulator.world.requests.values())
        deadline = time.perf_counter() + 120
        while time.perf_counter() < deadline:
            time.sleep(2)
            now = sum(self.simulator.world.requests.values())
            if now == asked:
                break
            asked = now
        return sum(after - was for after, was in zip(self.sql(_WRITTEN)[0], before[0], strict=True))


def main(arguments=None):
    options = parse(__doc__, arguments, transactions=(5000, 300))
    addons = ["retail_connector_stripe"]
    with (
        StripeSimulator() as simulator,
        started("settlements", addons=addons, workers=4) as (server, sql),
    ):
        account = Account(server, sql, simulator)
        account.fill(options.transactions)
        account.connect()
        simulator.world.requests.clear()
        seconds = account.import_all()
        asked = sum(simulator.world.requests.values())
        count, wrong = len(account.theirs()), account.count_wrong()
        again = account.count_written_again()
    rows = [[count, f"{seconds:.1f}", f"{1000 * seconds / count:.1f}", asked]]
    print(f"\n{table(['transactions', 's', 'ms each', 'requests'], rows)}")
    verdicts = [
        Verdict("entries that are not their transaction's", wrong, 0, "", at_most=True),
        Verdict("rows written when all is listed again", again, 0, "", at_most=True),
        Verdict("requests", asked, -(-count // 100) + 3, "", at_most=True),
    ]
    if not options.short:
        verdicts.append(Verdict("a transaction", 1000 * seconds / count, TARGET_MS, "ms", at_most=True))
    return report(verdicts)


if __name__ == "__main__":
    sys.exit(main())
