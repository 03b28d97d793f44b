"""Customers of a channel become contacts."""

from odoo.tests import tagged

from odoo.addons.retail_integration_base.canonical import registry

from .common import RetailSaleCase, address, order


def customer_document(external_id="C1", version=1, **more):
    return registry.validate(
        {
            "schema": "customer.v1",
            "external_id": external_id,
            "version": version,
            "name": "Jane Doe",
            "email": "jane@example.com",
            "default_address": address(phone=None),
            **more,
        }
    )


@tagged("post_install", "-at_install")
class TestCustomers(RetailSaleCase):
    def import_customers(self, *documents):
        return self.import_documents(*documents, entity="customer")

    def test_a_customer_becomes_a_contact(self):
        [result] = self.import_customers(
            customer_document(tags=["wholesale"], language="en", company_name="ACME", phone="+49 30 1")
        )
        partner = result.record.with_env(self.env)
        self.assertEqual(result.outcome, "created")
        self.assertEqual((partner.name, partner.email, partner.city), ("Jane Doe", "jane@example.com", "Berlin"))
        self.assertEqual((partner.company_name, partner.lang), ("ACME", "en_US"))
        self.assertEqual(partner.category_id.mapped("name"), ["wholesale"])

    def test_the_order_and_the_customer_of_a_channel_meet_in_one_contact(self):
        sale = self.import_order(order())
        [result] = self.import_customers(customer_document(version=7))
        self.assertEqual((result.outcome, result.record.id), ("updated", sale.partner_id.id))

    def test_versions_of_a_customer_apply_in_order(self):
        self.import_customers(customer_document(version=5))
        outcomes = [
            self.import_customers(document)[0].outcome
            for document in (
                customer_document(version=5),
                customer_document(version=4, phone="+49 30 1"),
                customer_document(version=6, phone="+49 30 2222222"),
            )
        ]
        self.assertEqual(outcomes, ["unchanged", "superseded", "updated"])
        self.assertEqual(
            self.env["retail.binding.partner"].search([("external_id", "=", "C1")]).partner_id.phone, "+49 30 2222222"
        )

    def test_what_odoo_knows_is_never_overwritten_or_emptied(self):
        partner = self.env["res.partner"].create(
            {"name": "Jane D.", "email": "jane@example.com", "phone": "+49 30 1111111", "city": "Bonn"}
        )
        self.import_customers(customer_document(phone=None, name="Somebody", default_address=None))
        self.import_customers(customer_document(version=2, phone="+49 30 2222222"))
        self.assertEqual((partner.name, partner.phone, partner.city), ("Jane D.", "+49 30 1111111", "Bonn"))

    def test_a_backfill_duplicates_no_customer(self):
        known = self.env["res.partner"].create({"name": "Jane", "email": "JANE@example.com"})
        documents = [customer_document(str(number), email="c%d@example.com" % number) for number in range(20)]
        self.import_customers(customer_document(), *documents)
        self.import_customers(*documents)
        found = self.env["res.partner"].search([("email", "=ilike", "c%@example.com")])
        self.assertEqual(len(found), 20)
        self.assertEqual(self.env["res.partner"].search([("email_normalized", "=", "jane@example.com")]), known)

    def test_an_ambiguous_customer_stops_nobody_else(self):
        self.env["res.partner"].create([{"name": name, "email": "jane@example.com"} for name in "AB"])
        results = self.import_customers(customer_document(), customer_document("C2", email="joe@example.com"))
        self.assertEqual([result.outcome for result in results], ["failed", "created"])
        self.assertEqual(results[0].error.kind, "customer_ambiguous")
