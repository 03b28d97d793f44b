"""Who an order is from, and where it is billed and shipped to."""

from odoo.tests import tagged

from .common import RetailSaleCase, address, customer, order


@tagged("post_install", "-at_install")
class TestOrderPartners(RetailSaleCase):
    def make_partner(self, **values):
        return self.env["res.partner"].create({"name": "Jane Doe", "email": "jane@example.com", **values})

    def import_all(self, *documents):
        results = self.import_documents(*documents)
        self.assertEqual({result.outcome for result in results}, {"created"}, results)
        return [result.record.with_env(self.env) for result in results]

    # ---------------------------------------------------------------- who it is

    def test_a_new_customer_becomes_a_contact_with_their_address(self):
        sale = self.import_order(order(customer=customer(phone="+49 30 999", language="en-US")))
        partner = sale.partner_id
        self.assertEqual((partner.name, partner.email, partner.phone), ("Jane Doe", "jane@example.com", "+49 30 999"))
        self.assertEqual((partner.street, partner.zip, partner.city), ("Main Street 12", "10115", "Berlin"))
        self.assertEqual((partner.country_id, partner.lang), (self.germany, "en_US"))
        self.assertEqual((sale.partner_invoice_id, sale.partner_shipping_id), (partner, partner))
        self.assertFalse(partner.is_company)

    def test_a_linked_customer_is_that_contact_whatever_the_email_says(self):
        first = self.import_order(order("1")).partner_id
        self.make_partner(email="new@example.com")
        second = self.import_order(order("2", customer=customer(email="new@example.com"))).partner_id
        self.assertEqual(first, second)
        self.assertEqual(second.email, "jane@example.com")

    def test_a_customer_is_matched_by_email_whatever_its_case_and_space(self):
        partner = self.make_partner(email="Jane@Example.com")
        sale = self.import_order(order(customer=customer(email=" JANE@example.COM ")))
        self.assertEqual(sale.partner_id, partner)
        binding = self.env["retail.binding.partner"].search([("partner_id", "=", partner.id)])
        self.assertEqual((binding.external_id, binding.backend_id), ("C1", self.backend))

    def test_an_address_of_somebody_is_no_customer(self):
        partner = self.make_partner(email="boss@example.com")
        self.make_partner(type="delivery", parent_id=partner.id)
        self.assertNotIn(self.import_order().partner_id, partner | partner.child_ids)

    def test_a_contact_of_another_company_never_matches(self):
        other_company = self.make_company("Red Plate Ltd")
        foreign = self.make_partner(company_id=other_company.id)
        own = self.make_partner(company_id=self.company.id)
        self.assertEqual(self.import_order().partner_id, own)
        self.assertNotEqual(self.import_order(order("2")).partner_id, foreign)

    def test_phone_only_breaks_a_tie(self):
        self.make_partner(phone="+49 30 1111111")
        right = self.make_partner(phone="030 / 222 22 22")
        sale = self.import_order(order(customer=customer(phone="+49 30 2222222")))
        self.assertEqual(sale.partner_id, right)
        other = self.import_order(order("2", customer=customer("C2", email="x@example.com", phone="030 2222222")))
        self.assertNotIn(other.partner_id, right)

    def test_several_equal_matches_are_an_exception_for_that_order_alone(self):
        candidates = self.make_partner() | self.make_partner(name="J. Doe")
        results = self.import_documents(order("1"), order("2", customer=customer("C2", email="joe@example.com")))
        self.assertEqual([result.outcome for result in results], ["failed", "created"])
        error = results[0].error
        self.assertEqual(error.kind, "customer_ambiguous")
        self.assertEqual(sorted(error.facts["candidate_ids"]), candidates.ids)
        self.assertEqual(error.facts["partner_key"], "C1")
        self.assertFalse(self.orders("1"))

    def test_two_orders_of_one_new_customer_in_a_batch_make_one_contact(self):
        one, two, three = self.import_all(order("1"), order("2"), order("3", customer=None, email="jane@example.com"))
        self.assertEqual(one.partner_id, two.partner_id)
        self.assertEqual(one.partner_id, three.partner_id)

    def test_one_contact_may_be_two_customers_of_a_channel(self):
        one, two = self.import_all(order("1"), order("2", customer=customer("C2")))
        self.assertEqual(one.partner_id, two.partner_id)
        bindings = self.env["retail.binding.partner"].search([("partner_id", "=", one.partner_id.id)])
        self.assertEqual(sorted(bindings.mapped("external_id")), ["C1", "C2"])

    # ---------------------------------------------------------------- guests

    def test_guests_never_share_a_contact(self):
        guest = {"customer": None, "billing_address": address(name="A"), "shipping_address": address(name="A")}
        sales = self.import_all(
            order("1", **guest),
            order("2", **guest),
            order("3", customer=None, billing_address=None, shipping_address=None),
            order("4", customer=None, billing_address=None, shipping_address=None),
        )
        self.assertEqual(len(self.env["res.partner"].concat(*(sale.partner_id for sale in sales))), 4)
        self.assertEqual(sales[2].partner_id.name, "Guest of order #3")

    def test_a_guest_is_matched_by_email(self):
        partner = self.make_partner()
        self.assertEqual(self.import_order(order(customer=None, email="jane@example.com")).partner_id, partner)
        self.assertFalse(self.env["retail.binding.partner"].search([("partner_id", "=", partner.id)]))

    def test_a_customer_without_name_or_email_works_and_takes_the_name_once_it_is_told(self):
        hidden = {"billing_address": None, "shipping_address": None}
        partner = self.import_order(order("1", customer=customer(name=None, email=None), **hidden)).partner_id
        self.assertEqual(partner.name, "Customer C1")
        again = self.import_order(order("2", customer=customer(name=None, email=None), **hidden)).partner_id
        self.assertEqual(again, partner)
        self.import_order(order("3", customer=customer(first_name="Jane", last_name="Doe", name=None), **hidden))
        self.assertEqual((partner.name, partner.email), ("Jane Doe", "jane@example.com"))

    # ---------------------------------------------------------------- enriched, never overwritten

    def test_a_matched_contact_is_enriched_where_it_is_empty_and_never_overwritten(self):
        partner = self.make_partner(name="Jane D.", street="Own Street 1", city="Bonn", phone=False)
        sale = self.import_order(order(customer=customer(phone="+49 30 5555555", vat="DE123456788")))
        self.assertEqual(sale.partner_id, partner)
        self.assertEqual((partner.name, partner.street, partner.city), ("Jane D.", "Own Street 1", "Bonn"))
        self.assertFalse(partner.zip, "half of another address leads nowhere")
        self.assertEqual(partner.phone, "+49 30 5555555")
        self.assertEqual(partner.vat, "DE123456788")

    def test_an_order_of_an_employee_goes_through_and_leaves_their_contact_alone(self):
        employee = self.make_user("employee")
        employee.partner_id.write({"email": "jane@example.com", "phone": False})
        sale = self.import_order(order(customer=customer(phone="+49 30 5555555", vat="DE123456788")))
        self.assertEqual(sale.partner_id, employee.partner_id)
        self.assertEqual((sale.partner_id.phone, sale.partner_id.vat, sale.partner_id.city), (False, False, False))
        self.assertEqual(sale.partner_shipping_id.city, "Berlin")
        self.assertEqual(sale.partner_shipping_id.parent_id, employee.partner_id)

    def test_what_the_channel_leaves_empty_wipes_nothing(self):
        partner = self.make_partner(phone="+49 30 1111111", street="Own Street 1", city="Bonn")
        self.import_order(order(customer=customer(phone="", name=None), billing_address=None, shipping_address=None))
        self.assertEqual((partner.name, partner.phone, partner.city), ("Jane Doe", "+49 30 1111111", "Bonn"))

    def test_a_matched_company_is_not_overwritten_by_a_person(self):
        company = self.make_partner(name="ACME", is_company=True, street="Works 1", city="Essen")
        sale = self.import_order()
        self.assertEqual(sale.partner_id, company)
        self.assertEqual((company.name, company.is_company), ("ACME", True))
        self.assertEqual(sale.partner_shipping_id.name, "Jane Doe")
        self.assertEqual(sale.partner_shipping_id.parent_id, company)

    def test_a_customer_known_by_company_alone_is_a_company(self):
        sale = self.import_order(order(customer=customer(name=None, company_name="ACME", email="a@acme.example")))
        self.assertEqual((sale.partner_id.name, sale.partner_id.is_company), ("ACME", True))

    # ---------------------------------------------------------------- addresses

    def test_ship_to_is_the_orders_own_address_never_the_customers_default(self):
        partner = self.make_partner(street="Main Street 12", zip="10115", city="Berlin", country_id=self.germany.id)
        sale = self.import_order(order(shipping_address=address(name="Joe Doe", street="Gift Road 7", city="Potsdam")))
        self.assertEqual(sale.partner_invoice_id, partner)
        shipping = sale.partner_shipping_id
        self.assertEqual((shipping.parent_id, shipping.type), (partner, "delivery"))
        self.assertEqual((shipping.name, shipping.street, shipping.city), ("Joe Doe", "Gift Road 7", "Potsdam"))
        self.assertEqual(sale.picking_ids.partner_id, shipping)

    def test_an_address_is_reused_however_it_is_spelled(self):
        gift = {"name": "Joe Doe", "street": "Gift Road 7", "street2": "2nd floor", "city": "Potsdam"}
        other = {
            "name": "JOE  DOE",
            "street": "Gift road 7, 2nd Floor",
            "street2": "",
            "city": "potsdam",
            "phone": None,
        }
        one, two = self.import_all(
            order("1", shipping_address=address(**gift)), order("2", shipping_address=address(**other))
        )
        self.assertEqual(one.partner_shipping_id, two.partner_shipping_id)
        three = self.import_order(order("3", shipping_address=address(**gift)))
        self.assertEqual(one.partner_shipping_id, three.partner_shipping_id)
        self.assertEqual(len(one.partner_id.child_ids), 1)

    def test_another_recipient_or_phone_is_another_address(self):
        one, two, three = self.import_all(
            order("1", shipping_address=address(name="Joe Doe")),
            order("2", shipping_address=address(name="Jim Doe")),
            order("3", shipping_address=address(name="Jim Doe", phone="+49 30 7654321")),
        )
        self.assertEqual(len((one | two | three).partner_shipping_id), 3)

    def test_billing_and_shipping_that_are_equal_are_one_new_address(self):
        self.make_partner(street="Old Street 1", city="Bonn", country_id=self.germany.id)
        sale = self.import_order()
        self.assertEqual(sale.partner_invoice_id, sale.partner_shipping_id)
        self.assertEqual(sale.partner_invoice_id.parent_id, sale.partner_id)

    def test_a_billing_address_of_its_own_becomes_an_invoice_contact(self):
        sale = self.import_order(order(billing_address=address(company_name="ACME", name="Accounts", city="Essen")))
        invoice = sale.partner_invoice_id
        if invoice != sale.partner_id:
            self.assertEqual((invoice.type, invoice.parent_id), ("invoice", sale.partner_id))
        self.assertEqual(invoice.name, "ACME, Accounts")
        self.assertEqual(invoice.city, "Essen")

    def test_a_region_is_found_by_code_or_name(self):
        california = self.env.ref("base.state_us_5")
        for number, region in enumerate(
            ({"region_code": "CA"}, {"region_name": "california"}, {"region_code": "California"})
        ):
            sale = self.import_order(
                order(str(number), shipping_address=address(country="US", street="Road %d" % number, **region))
            )
            self.assertEqual(sale.partner_shipping_id.state_id, california)

    def test_a_region_odoo_does_not_know_does_not_block_the_order(self):
        sale = self.import_order(order(shipping_address=address(country="DE", region_code="ZZ")))
        self.assertFalse(sale.partner_shipping_id.state_id)
