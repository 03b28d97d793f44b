"""What belongs to another account, or to another mode, is never booked here."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.retail_connector_stripe.stripe import const

from .common import StripeCase


@tagged("post_install", "-at_install")
class TestOtherAccounts(StripeCase):
    def refused(self):
        self.account.pay(500)
        self.flow()._job_poll()
        self.drain()
        self.assertFalse(self.messages())
        return self.flow().poll_error

    def test_the_key_of_another_account_brings_nothing(self):
        self.backend.stripe_account = "acct_1Other"
        self.assertIn("acct_1Simulated", self.refused())

    def test_a_key_of_the_other_mode_brings_nothing(self):
        self.backend.stripe_is_live = True
        self.assertIn("other mode", self.refused())

    def test_a_key_that_no_header_can_carry_is_never_sent_and_never_shown(self):
        self.backend._set_secret(const.KEY_KIND, "rk_test_simu\r\nlated")
        self.world.requests.clear()
        with self.assertLogs("odoo", "DEBUG") as logged:
            text = self.refused()
        self.assertNotIn("lated", text)
        self.assertNotIn("rk_test_simu", "\n".join(logged.output))
        self.assertFalse(self.world.requests)

    def test_once_booked_a_backend_stays_with_its_account(self):
        self.account.pay(500)
        self.poll()
        for values in ({"stripe_account": "acct_1Other"}, {"stripe_is_live": True}):
            with self.assertRaises(UserError):
                self.backend.write(values)
        self.backend.write({"stripe_account": "acct_1Simulated", "name": "Stripe, the shop"})

    def test_an_account_has_one_backend_an_archived_one_included(self):
        self.backend.active = False
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.backend.copy({"stripe_account": "acct_1Simulated"})
            self.env.flush_all()
