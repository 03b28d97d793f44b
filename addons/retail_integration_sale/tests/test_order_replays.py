"""A replay with another mapping: what it changes of an order whose channel changed nothing, and what stays."""

from odoo.tests import Form, tagged

from .common import RetailSaleCase, line, order, shipping, tax


@tagged("post_install", "-at_install")
class TestOrderReplays(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.map_taxes()
        self.document = order(total="14.90", lines=[line(taxes=[tax("0.19", "1.60")])], shipping_lines=[shipping()])

    def bring_order(self, document=None):
        [message] = self.bring(document or self.document)
        self.assertEqual((message.state, message.reason), ("done", "created"))
        return message, self.orders("1001")

    def replay(self, message):
        message.action_replay()
        self.drain()
        return message.reason

    def dry_run(self, message):
        action = self.env["retail.bulk.run"]._start_messages("dry_run", message)
        run = self.env["retail.bulk.run"].browse(action["res_id"])
        run._job_work()
        self.env.invalidate_all()
        self.assertEqual(run.state, "done", run.error)
        return run.item_ids

    def remap_tax(self):
        """19 % is booked with another tax of 19 % from now on."""
        other = self.make_tax(19, included=True, name="19 % (new account)")
        mapping = self.backend.tax_map_ids.filtered(lambda one: one.tax_ids == self.tax_included)
        mapping.tax_ids = other
        return other

    def item(self, sale):
        return sale.order_line.filtered(lambda one: one.retail_line_type == "item" and one.product_uom_qty)

    def test_a_replay_without_another_mapping_changes_nothing(self):
        message, sale = self.bring_order()
        before = sale.order_line.read(["product_id", "tax_ids", "price_unit", "product_uom_qty"])
        self.assertEqual(self.dry_run(message).outcome, "unchanged")
        self.assertEqual(self.replay(message), "unchanged")
        self.assertEqual(sale.order_line.read(["product_id", "tax_ids", "price_unit", "product_uom_qty"]), before)

    def test_another_tax_mapping_is_applied(self):
        message, sale = self.bring_order()
        other = self.remap_tax()
        self.assertEqual(self.replay(message), "updated")
        self.assertEqual(self.item(sale).tax_ids, other)
        self.assertEqual(sale.amount_total, 14.9)

    def test_a_message_that_comes_again_by_itself_applies_no_other_mapping(self):
        _message, sale = self.bring_order()
        self.remap_tax()
        [again] = self.bring(self.document)
        self.assertEqual((again.state, again.reason), ("done", "unchanged"))
        self.assertEqual(self.item(sale).tax_ids, self.tax_included)

    def test_another_carrier_is_applied_to_the_order_and_its_shipping_line(self):
        message, sale = self.bring_order()
        product = self.make_product("SHIP", on_hand=0, type="service", is_storable=False)
        carrier = self.env["delivery.carrier"].create({"name": "Pigeon", "product_id": product.id})
        self.backend.carrier_map_ids = [(0, 0, {"code": "STD", "carrier_id": carrier.id})]
        self.assertEqual(self.replay(message), "updated")
        self.assertEqual(sale.carrier_id, carrier)
        booked = sale.order_line.filtered(lambda one: one.retail_line_type == "shipping" and one.product_uom_qty)
        self.assertEqual((booked.product_id, booked.price_unit), (product, 4.9))
        self.assertEqual(sale.amount_total, 14.9)
        self.assertEqual(self.replay(message), "unchanged", "and it comes to rest")

    def test_another_product_replaces_the_line_and_its_goods(self):
        message, sale = self.bring_order()
        self.mug.default_code = "OLD-MUG"
        other = self.make_product("MUG", name="New mug")
        self.env["retail.binding.product"].search([]).sudo().unlink()
        self.assertEqual(self.replay(message), "updated")
        self.assertEqual(self.item(sale).product_id, other)
        self.assertEqual(sale.amount_total, 14.9)
        moves = sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel" and move.product_uom_qty)
        self.assertEqual(moves.product_id, other)
        self.assertEqual(self.replay(message), "unchanged", "and it comes to rest")

    def test_policies_of_today_are_applied(self):
        self.backend.order_confirm = False
        message, sale = self.bring_order()
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        team = self.env["crm.team"].create({"name": "Web", "company_id": self.company.id})
        self.backend.write({"order_confirm": True, "salesperson_id": seller.id, "team_id": team.id})
        self.assertEqual(self.replay(message), "updated")
        self.assertEqual((sale.state, sale.user_id, sale.team_id), ("sale", seller, team))

    def test_an_order_that_people_left_as_a_quotation_stays_one(self):
        message, sale = self.bring_order()
        sale._action_cancel()
        sale.action_draft()
        self.replay(message)
        self.assertEqual(sale.state, "draft")

    def test_lines_that_people_changed_stay_as_they_are(self):
        message, sale = self.bring_order()
        self.item(sale).tax_ids = self.reduced_included
        self.remap_tax()
        reason = self.replay(message)
        self.assertIn("Somebody changed its lines", reason)
        self.assertEqual(self.item(sale).tax_ids, self.reduced_included)

    def test_what_people_decided_about_the_order_stays(self):
        message, sale = self.bring_order()
        mine = self.make_user("mine", "sales_team.group_sale_salesman")
        sale.user_id = mine
        self.backend.salesperson_id = self.make_user("theirs", "sales_team.group_sale_salesman")
        other = self.remap_tax()
        self.replay(message)
        self.assertEqual(sale.user_id, mine)
        self.assertEqual(self.item(sale).tax_ids, other)

    def test_a_line_added_in_odoo_does_not_keep_the_mapping_away(self):
        message, sale = self.bring_order()
        sale.order_line = [(0, 0, {"product_id": self.plate.id, "product_uom_qty": 1, "price_unit": 1})]
        other = self.remap_tax()
        self.replay(message)
        self.assertEqual(self.item(sale).tax_ids, other)
        self.assertIn(self.plate, sale.order_line.product_id)

    def test_what_was_delivered_is_history_and_no_exception(self):
        message, sale = self.bring_order()
        self.deliver(sale)
        self.remap_tax()
        self.assertIn("delivered or invoiced", self.replay(message))
        self.assertEqual(self.item(sale).tax_ids, self.tax_included)
        self.assertFalse(self.env["retail.exception"].search([("backend_id", "=", self.backend.id)]))

    def test_an_older_message_never_undoes_a_newer_one(self):
        message, sale = self.bring_order()
        newer = order(
            version=2, total="24.90", lines=[line(quantity=2, taxes=[tax("0.19", "3.19")])], shipping_lines=[shipping()]
        )
        self.bring(newer)
        self.remap_tax()
        message.action_replay()
        self.drain()
        self.assertEqual(message.state, "superseded")
        self.assertEqual((self.item(sale).product_uom_qty, self.item(sale).tax_ids), (2, self.tax_included))

    def test_a_mapping_that_is_missing_now_is_an_exception_and_changes_nothing(self):
        message, sale = self.bring_order()
        self.backend.tax_map_ids.filtered(lambda one: one.tax_ids == self.tax_included).unlink()
        self.replay(message)
        self.assertEqual((message.state, message.exception_id.kind), ("held", "tax_unmapped"))
        self.assertEqual(self.item(sale).tax_ids, self.tax_included)

    # ---------------------------------------------------------------- dry run

    def test_a_dry_run_says_which_taxes_would_change_and_changes_none(self):
        message, sale = self.bring_order()
        self.remap_tax()
        item = self.dry_run(message)
        self.assertEqual(item.outcome, "changed")
        lines = [change for change in item.changes["records"] if change["model"] == "sale.order.line"]
        values = {one["label"]: (one["old"], one["new"]) for change in lines for one in change["fields"]}
        self.assertEqual(values["Taxes"], ("19% included", "19 % (new account)"))
        self.assertEqual(self.item(sale).tax_ids, self.tax_included)

    def test_a_dry_run_of_a_new_order_shows_its_lines_and_money_and_uses_up_no_number(self):
        self.backend._get_order_flow().state = "paused"
        [message] = self.bring(self.document)
        numbers = self.env["ir.sequence"].search([("code", "in", ("sale.order", "stock.picking"))]).sorted("id")
        before = numbers.mapped("number_next_actual")
        pickings = self.backend.warehouse_id.out_type_id.sequence_id
        next_picking = pickings.number_next_actual
        item = self.dry_run(message)
        self.assertEqual(item.outcome, "created", item.note)
        created = {change["model"]: change for change in item.changes["records"]}
        self.assertIn("sale.order", created)
        self.assertIn("stock.picking", created)
        money = [one["new"] for one in created["sale.order"]["fields"] if "14.90" in one["new"]]
        self.assertTrue(money and "€" in money[0], created["sale.order"])
        titles = [change["record"] for change in item.changes["records"] if change["model"] == "sale.order.line"]
        self.assertEqual(len(titles), 2)
        self.assertFalse(self.orders("1001"))
        self.env.invalidate_all()
        self.assertEqual(numbers.mapped("number_next_actual"), before)
        self.assertEqual(pickings.number_next_actual, next_picking)
        self.assertFalse(self.env["mail.mail"].search([("model", "=", "sale.order")]))

    def test_a_dry_run_names_no_person(self):
        self.backend._get_order_flow().state = "paused"
        [message] = self.bring(self.document)
        item = self.dry_run(message)
        text = str(item.changes) + (item.note or "")
        for word in ("Jane", "Doe", "jane@example.com", "Main Street", "1234567"):
            self.assertNotIn(word, text)

    def test_a_dry_run_says_which_exception_an_order_would_end_in(self):
        self.backend._get_order_flow().state = "paused"
        [message] = self.bring(order(lines=[line(sku="NOBODY-KNOWS")]))
        item = self.dry_run(message)
        self.assertEqual(item.outcome, "exception")
        self.assertIn("NOBODY-KNOWS", item.note)
        self.assertFalse(self.env["retail.exception"].search([("backend_id", "=", self.backend.id)]))


@tagged("post_install", "-at_install")
class TestOtherReplays(RetailSaleCase):
    def test_a_product_that_the_backend_may_create_now_is_created_by_a_replay(self):
        document = {
            "schema": "product.v1",
            "external_id": "P1",
            "version": 1,
            "title": "Compass",
            "status": "active",
            "variants": [
                {"external_id": "V1", "title": "Small", "sku": "MUG"},
                {"external_id": "V2", "title": "Large", "sku": "COMPASS-L"},
            ],
        }
        [message] = self.bring(document)
        self.assertIn("Not in Odoo", message.reason)
        self.backend.product_create = True
        message.action_replay()
        self.drain()
        self.assertTrue(self.env["product.product"].search([("default_code", "=", "COMPASS-L")]))

    def test_the_replay_wizard_opens_for_orders(self):
        messages = self.bring(order())
        action = messages.action_open_replay()
        with Form(self.env[action["res_model"]].browse(action["res_id"])) as form:
            self.assertIn("order", form.summary)
