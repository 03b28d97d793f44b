"""A backend in its own company, a simulated account, and the gateway between them."""

from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase

from odoo.addons.retail_connector_stripe.stripe import const
from odoo.addons.retail_integration_base.engine import inbox_sql
from odoo.addons.retail_integration_base.engine.messages import WebhookRequest
from odoo.addons.retail_integration_base.engine.receive import receive
from odoo.addons.retail_integration_base.tests.draining import drain_all
from odoo.addons.retail_integration_base.tests.timeouts import TimeoutPairs


class StripeCase(TimeoutPairs, TransactionCase):
    """One simulator per class, begun anew for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from simulators.stripe import StripeSimulator

        cls.simulator = StripeSimulator().start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.env.ref("base.EUR").active = True
        cls.company = cls.env["res.company"].create(
            {
                "name": "Harbour & Vale GmbH",
                "currency_id": cls.env.ref("base.EUR").id,
                "country_id": cls.env.ref("base.de").id,
            }
        )
        cls.env.user.company_ids |= cls.company
        cls.env.user.company_id = cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.backend = cls.env["retail.backend"].create(
            {
                "name": "Stripe",
                "connector": "stripe",
                "company_id": cls.company.id,
                "stripe_account": "acct_1Simulated",
                "stripe_api_url": cls.simulator.url,
            }
        )
        cls.backend._set_secret(const.KEY_KIND, "rk_test_simulated")
        cls.backend.action_arm()
        setup = cls.env["retail.settlement.setup"].create({"backend_id": cls.backend.id})
        cls.settlement = cls.env["retail.settlement"].browse(setup.action_create()["res_id"])
        cls.backend.flow_ids.action_live()
        cls.backend.flow_ids.write({"watermark": fields.Datetime.now() - timedelta(days=1)})

    def setUp(self):
        super().setUp()
        self.world = self.simulator.world
        self.world.reset()
        self.world.bucket.configure(10**6, 10**6)
        self.account = self.world.account
        self.registry_enter_test_mode()

    def subscribe(self):
        self.backend.action_stripe_register_webhook()

    def letters(self):
        """Return the webhooks Stripe has sent since the last time, as requests to the gateway."""
        found = []
        for url, headers, body in self.world.sender.take():
            token, endpoint = url.split("/")[-2:]
            found.append(WebhookRequest(token, endpoint, headers, body, url))
        return found

    def let_in(self, letters):
        """Put webhooks through the gateway; return its answers."""
        backends = self.env["retail.backend"].sudo()

        def find_endpoint(token):
            try:
                return backends._endpoint_of(token)
            except KeyError:
                return None

        return [
            receive(
                letter,
                find_endpoint,
                lambda connector: self.env["retail.connector.%s" % connector]._webhook_policy,
                lambda row: inbox_sql.insert_message(self.env.cr, row),
            )
            for letter in letters
        ]

    def drain(self):
        return drain_all(self.env)

    def poll(self, entity="settlement_line"):
        flow = self.flow(entity)
        result = flow._job_poll()
        self.assertFalse(flow.poll_error)
        self.drain()
        return result

    def flow(self, entity="settlement_line"):
        return self.backend.flow_ids.filtered(lambda flow: flow.entity == entity)

    def messages(self):
        return self.env["retail.inbox"].search([("backend_id", "=", self.backend.id)])

    def booked(self):
        """Return dict balance transaction id → net in minor units."""
        return {
            line.external_id: round(line.net * 100)
            for line in self.env["retail.settlement.line"].search([("backend_id", "=", self.backend.id)])
        }

    def theirs(self):
        return {one["id"]: one["net"] for one in self.account.all("balance_transaction")}

    def proofs(self):
        self.env["retail.settlement.proof"]._prove(self.settlement, asks=True)
        return {proof.code: proof for proof in self.settlement.proof_ids}
