"""Another API version is used only after the shop accepted all we send in it, and people hear of the end in time."""

from datetime import date
from unittest.mock import patch

import pytest

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.retail_connector_shopify.shopify import const, documents, version_test

from simulators.shopify import contract, schemas

from .common import ShopifyCase

NEW, OLD = const.API_VERSIONS


@pytest.mark.parametrize("version", const.API_VERSIONS)
@pytest.mark.parametrize("name", documents.names())
def test_each_document_can_be_tested_without_being_carried_out(name, version):
    checked = contract.read_document(version, version_test.tested_text(name))
    assert not checked.errors
    operation = contract.operation_of(checked.document, version_test.PROBE)
    assert (operation.operation.value, operation.name.value) == ("query", version_test.PROBE)


def _served(response, version):
    response.headers["X-Shopify-API-Version"] = version
    return response


@tagged("post_install", "-at_install")
class TestVersionSwitch(ShopifyCase):
    def setUp(self):
        super().setUp()
        self.world.app.scopes = set(const.SCOPES)
        self.backend.action_check_connection()
        self.env.invalidate_all()  # the token was written by a cursor of its own
        self.world.engine.operations.clear()

    def switch(self, version=OLD):
        wizard = self.env["retail.shopify.version.switch"].with_context(default_backend_id=self.backend.id)
        wizard = wizard.create({"version": version})
        wizard.action_switch()
        return wizard

    def test_a_version_is_used_once_every_document_was_accepted_and_nothing_is_carried_out(self):
        before = self.backend.message_ids
        wizard = self.switch()
        self.assertFalse(wizard.differences)
        self.assertEqual(self.backend.shopify_api_version, OLD)
        self.assertEqual(dict(self.world.engine.operations), {version_test.PROBE: len(documents.names())})
        self.assertIn("is used from now on", (self.backend.message_ids - before)[0].body)

    def test_a_version_without_something_we_ask_for_is_not_used_and_each_document_is_named(self):
        contract.read_document.cache_clear()
        self.addCleanup(contract.read_document.cache_clear)
        order = schemas.load(OLD).schema.type_map["Order"]
        self.addCleanup(order.fields.__setitem__, "displayFinancialStatus", order.fields.pop("displayFinancialStatus"))
        wizard = self.switch()
        self.assertIn("displayFinancialStatus", wizard.differences)
        for difference in wizard.differences.splitlines():
            self.assertIn(difference.partition(":")[0], documents.names())
        self.assertEqual(self.backend.shopify_api_version, NEW)
        self.assertIn("is not used", self.backend.message_ids[0].body)

    def test_a_version_that_the_shop_serves_no_more_is_not_used(self):
        # It answers as one it still has, and says so in a header; the simulator answers none it does not know.
        with patch("simulators.shopify.api._versioned", side_effect=lambda response, version: _served(response, NEW)):
            wizard = self.switch()
        self.assertIn(OLD, wizard.differences)
        self.assertEqual(len(wizard.differences.splitlines()), 1)
        self.assertEqual(self.backend.shopify_api_version, NEW)

    def test_a_test_that_cannot_be_finished_changes_nothing(self):
        with self.faults("http_500", count=100), self.assertRaisesRegex(UserError, "could not be finished"):
            self.switch()
        self.assertEqual(self.backend.shopify_api_version, NEW)

    def test_a_connected_shop_changes_its_version_in_no_other_way(self):
        for backend in (self.backend, self.backend.with_context(shopify_version=True)):
            with self.assertRaisesRegex(UserError, "tests a version first"):
                backend.shopify_api_version = OLD
        self.backend.write({"shopify_api_version": NEW, "name": "Renamed"})
        self.assertEqual(self.backend.name, "Renamed")
        self.backend.credential_ids.unlink()
        self.backend.shopify_api_version = OLD

    def test_only_a_manager_switches(self):
        operator = new_test_user(
            self.env,
            "operator",
            "retail_integration_base.group_retail_operator",
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.env["retail.shopify.version.switch"].with_user(operator).create(
                {"backend_id": self.backend.id, "version": OLD}
            )


@tagged("post_install", "-at_install")
class TestVersionEnd(ShopifyCase):
    def setUp(self):
        super().setUp()
        self.world.app.scopes = set(const.SCOPES)
        self.backend._shopify_use_version(OLD)

    def warn(self, day):
        with patch.object(fields.Date, "today", return_value=day):
            self.env["retail.backend"]._cron_shopify_version_end()
        return self.env["retail.exception"].search([("kind", "=", "api_version_ends")])

    def test_two_months_before_the_end_there_is_one_exception_with_the_end_as_its_deadline(self):
        self.assertFalse(self.warn(date(2027, 5, 1)))
        found = self.warn(date(2027, 5, 2))
        self.assertEqual(
            (found.backend_id, found.state, str(found.deadline)), (self.backend, "open", "2027-07-01 00:00:00")
        )
        self.assertIn("2026-07 until 2027-07-01", found.name)
        self.assertEqual(self.warn(date(2027, 5, 3)).occurrences, 1)

    def test_what_a_person_ignored_stays_ignored(self):
        self.warn(date(2027, 5, 2))._close("ignored", "We close the shop in June.")
        self.assertEqual(self.warn(date(2027, 5, 3)).mapped("state"), ["ignored"])

    def test_a_switch_closes_it(self):
        found = self.warn(date(2027, 5, 2))
        with patch.object(fields.Date, "today", return_value=date(2027, 5, 3)):
            self.backend._shopify_use_version(NEW)
        self.assertEqual((found.state, found.resolution), ("resolved", "API version 2026-10 is used now."))

    def test_a_disarmed_copy_says_nothing(self):
        self.backend.action_disarm()
        self.assertFalse(self.warn(date(2027, 5, 2)))
