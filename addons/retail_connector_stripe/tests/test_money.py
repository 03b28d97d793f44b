"""Minor units go to decimals and back without a float and without a loss."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.retail_connector_stripe.stripe import money
from odoo.addons.retail_integration_base.engine.errors import VendorChanged

CASES = {
    "eur": (1234, "12.34"),
    "jpy": (1234, "1234"),
    "kwd": (1234, "1.234"),
    "isk": (1200, "12.00"),
    "ugx": (1200, "12.00"),
    "mga": (1234, "1234"),
}


class TestMoney(BaseCase):
    def test_each_currency_has_stripes_own_minor_unit(self):
        for currency, (minor, text) in CASES.items():
            self.assertEqual(money.from_minor(minor, currency), {"amount": text, "currency": currency.upper()})
            self.assertEqual(money.to_minor(text, currency), minor)

    @settings(deadline=None)
    @given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(CASES)))
    def test_every_amount_comes_back(self, minor, currency):
        self.assertEqual(money.to_minor(money.from_minor(minor, currency)["amount"], currency), minor)

    def test_what_is_no_integer_or_too_fine_is_refused(self):
        for value in (1.0, "100", True, None):
            with self.assertRaises(VendorChanged):
                money.from_minor(value, "eur")
        with self.assertRaises(ValueError):
            money.to_minor(Decimal("0.001"), "eur")
