"""What a channel is told of the stock that it sells: read when it is sent, less what it sold already."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.messages import ImportResult, Intent, Sent

from ..engine import stock_ledger
from .common import line, order
from .stock_common import StockLevelCase


@tagged("post_install", "-at_install")
class TestStockLevels(StockLevelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link(cls.mug, cls.plate)

    def set_on_hand(self, product, quantity, location=None):
        location = location or self.stock
        quants = self.env["stock.quant"]
        quants._update_available_quantity(
            product, location, quantity - quants._get_available_quantity(product, location)
        )

    # ---------------------------------------------------------------- the figure

    def test_available_is_on_hand_less_reserved(self):
        self.transfer(self.mug, 40)
        [document] = self.export(self.mug)
        self.assertEqual(registry.validate(document)["available"], 960)
        self.assertEqual((document["inventory_item_id"], document["location_id"]), ("I-MUG", "L1"))

    def test_several_odoo_locations_are_one_of_the_channel(self):
        annex = self.env["stock.location"].create(
            {"name": "Annex", "location_id": self.backend.warehouse_id.view_location_id.id}
        )
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": annex.id})
        self.env["stock.quant"]._update_available_quantity(self.mug, shelf, 5)
        self.map.location_ids = annex
        [document] = self.export(self.mug)
        self.assertEqual(document["available"], 1005)

    def test_one_odoo_location_feeds_one_location_of_the_channel_unless_a_person_allows_it(self):
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        with self.assertRaises(ValidationError):
            self.make_map("Store", "L2", location_ids=shelf.ids)
        self.map.is_shared = True
        store = self.make_map("Store", "L2", location_ids=shelf.ids, is_shared=True)
        self.assertTrue(store)

    def test_a_fraction_of_a_unit_is_not_offered(self):
        self.set_on_hand(self.mug, 2.9)
        self.assertEqual(self.export(self.mug)[0]["available"], 2)
        self.set_on_hand(self.mug, 0.1 + 0.2 + 2.7)
        self.assertEqual(self.export(self.mug)[0]["available"], 3, "a float's last digit costs no unit")

    def test_the_nearest_safety_stock_counts(self):
        rules = self.env["retail.stock.buffer"]
        parent = self.env["product.category"].create({"name": "Ware"})
        child = self.env["product.category"].create({"name": "Cups", "parent_id": parent.id})
        self.mug.categ_id = child
        self.set_on_hand(self.mug, 15)
        cases = [
            ({}, "units", 1, 14),
            ({"categ_id": parent.id}, "units", 2, 13),
            ({"categ_id": child.id}, "percent", 10, 13),  # 1.5 units are 2
            ({"product_id": self.mug.id}, "units", 20, -5),
        ]
        for scope, kind, value, available in cases:
            rules.create({"backend_id": self.backend.id, "kind": kind, "value": value, **scope})
            self.assertEqual(self.export(self.mug)[0]["available"], available, scope)
        self.assertEqual(self.level(self.mug).wanted_quantity, 0, "a channel is never told less than nothing")
        self.assertEqual(self.level(self.mug).odoo_quantity, 15, "the truth is kept")

    def test_a_rule_that_changes_marks_the_levels(self):
        self.export(self.mug, self.plate)
        self.marks()
        rule = self.env["retail.stock.buffer"].create({"backend_id": self.backend.id, "kind": "units", "value": 1})
        self.assertEqual(self.marks(), sorted([self.key(self.mug), self.key(self.plate)]))
        rule.value = 2
        self.assertEqual(len(self.marks()), 2)

    def test_what_the_channel_does_not_stock_or_that_is_mapped_no_more_is_not_told(self):
        bowl = self.make_product("BOWL")
        self.assertEqual(self.export(bowl), [None])
        self.map.active = False
        self.assertEqual(self.export(self.mug), [None])

    def test_a_batch_costs_as_many_statements_as_one(self):
        products = [self.make_product("P-%d" % number) for number in range(60)]
        self.link(*products)
        self.export(*products)  # their levels are there
        counts = []
        for batch in (products, products[:2], products):  # the first fills Odoo's caches
            self.env.flush_all()
            self.env.invalidate_all()
            with self.count_statements() as found:
                self.export(*batch)
                self.env.flush_all()
            counts.append(len(found))
        self.assertEqual(counts[1], counts[2], counts)

    # ---------------------------------------------------------------- what the channel sold

    def test_while_nobody_knows_what_is_in_flight_the_channel_is_only_lowered(self):
        [document] = self.export(self.mug)
        self.assertIsNone(document["given"])
        self.assertEqual(stock_ledger.wanted(document, 7), (7, 0))
        self.assertEqual(stock_ledger.wanted(document, 7000), (1000, 0))

    def test_a_sale_that_odoo_has_taken_in_is_looked_at_once_and_changes_nothing(self):
        self.settle(self.mug, 1000)
        self.import_order(order(lines=[line(quantity=3)], total="30.00"))
        [document] = self.export(self.mug)
        self.assertIsNone(document["expected"])
        self.assertEqual(stock_ledger.wanted(document, 997), (997, 0))
        # … unless it was sold from another place
        self.assertEqual(stock_ledger.wanted(document, 1000), (997, 0))
        self.accept(self.mug, document, 997)
        [end] = self.export(self.mug)
        self.assertIsInstance(end, ImportResult)
        self.assertEqual((end.outcome, self.level(self.mug).shop_quantity), ("unchanged", 997))

    def test_a_sale_in_flight_is_not_given_back_by_a_receipt(self):
        self.settle(self.mug, 1000)
        self.env["stock.quant"]._update_available_quantity(self.mug, self.stock, 50)
        [document] = self.export(self.mug)
        self.assertEqual(document["expected"], 1000)
        self.assertEqual(stock_ledger.wanted(document, 1000), (1050, 0))
        # … but it sold 4 that nobody told us of
        self.assertEqual(stock_ledger.wanted(document, 996), (1046, 4))

    def test_units_of_the_channels_order_count_as_taken_through_all_steps_of_a_delivery_and_back(self):
        self.backend.warehouse_id.delivery_steps = "pick_ship"
        self.settle(self.mug, 1000)
        sale = self.import_order(order(lines=[line(quantity=3)], total="30.00"))
        self.export(self.mug)
        self.assertEqual(self.level(self.mug).taken, 3, "reserved for the pick")
        for _step in range(3):
            for picking in sale.picking_ids.filtered(lambda one: one.state not in ("done", "cancel")):
                picking.action_assign()
                if picking.state == "assigned":
                    self.validate(picking)
            self.export(self.mug)
            self.assertEqual(self.level(self.mug).taken, 3, sale.picking_ids.mapped("state"))
        self.assertEqual(self.level(self.mug).odoo_quantity, 997)

    def test_an_order_without_goods_stays_in_flight(self):
        self.set_on_hand(self.mug, 0)
        self.settle(self.mug, -2, flying=2)  # two were sold beyond the stock
        self.import_order(order(lines=[line(quantity=2)], total="20.00"))
        [end] = self.export(self.mug)
        self.env["stock.quant"]._update_available_quantity(self.mug, self.stock, 5)
        [document] = self.export(self.mug)
        self.assertEqual(stock_ledger.wanted(document, -2), (3, 2), "what is received belongs to the order first")
        figures = self.env["retail.stock.reader"]._read(self.backend, self.level(self.mug))
        self.env["retail.stock.reader"]._read_not_reserved(self.backend, self.level(self.mug), figures)
        self.assertEqual(figures[self.level(self.mug).id].not_reserved, 2)
        self.assertTrue(end)

    def test_an_attempt_without_an_answer_unsettles_and_is_looked_into(self):
        self.settle(self.mug, 1000)
        self.map.reconcile_after = False
        [document] = self.export(self.mug, is_unknown=True)
        self.assertIsNone(document["given"])
        self.assertFalse(self.level(self.mug).is_settled)
        self.assertTrue(self.map.reconcile_after)

    # ---------------------------------------------------------------- what was agreed on

    def accept(self, product, document, shop):
        quantity = stock_ledger.wanted(document, shop)[0]
        answer = stock_ledger.agreement(document, shop, quantity)
        intent = Intent(1, "stock_level", self.key(product), "state", None, None, None, None)
        for _time in range(2):  # noting the same answer twice changes nothing
            self.env["retail.exporter.stock_level"]._accept(self.backend, self.flow, [(intent, Sent("x", answer))])
        return self.level(product)

    def test_three_values_are_kept_and_a_conflict_is_explained(self):
        self.settle(self.mug, 1000)
        self.env["stock.quant"]._update_available_quantity(self.mug, self.stock, 50)
        [document] = self.export(self.mug)
        level = self.accept(self.mug, document, 996)
        self.assertEqual((level.agreed_quantity, level.odoo_quantity, level.shop_quantity), (1046, 1050, 1046))
        self.assertEqual((level.in_flight, level.given, level.difference), (4, 1050, 0))
        self.assertIn("996", level.explanation)
        self.import_order(order(lines=[line(quantity=4)], total="40.00"))
        [end] = self.export(self.mug)
        self.assertEqual((end.outcome, level.wanted_quantity, level.in_flight), ("unchanged", 1046, 0))

    def test_a_figure_raised_by_hand_in_the_channel_is_set_back_and_hides_no_later_sale(self):
        self.settle(self.mug, 1000)
        self.env["stock.quant"]._update_available_quantity(self.mug, self.stock, -1)
        [document] = self.export(self.mug)
        level = self.accept(self.mug, document, 1200)
        self.assertEqual((level.shop_quantity, level.settled_at), (999, False))
        self.env["stock.quant"]._update_available_quantity(self.mug, self.stock, 1)
        [document] = self.export(self.mug)
        self.assertEqual(stock_ledger.wanted(document, 990), (991, 9))

    def test_a_proposal_is_made_by_name(self):
        other = self.env["stock.warehouse"].create({"name": "Hamburg", "code": "HH", "company_id": self.company.id})
        exact = self.make_map("hamburg", "L3")
        near = self.make_map("Warehouse Hamburg", "L4")
        self.assertEqual((exact.proposal_ids, exact.proposal_confidence), (other, 100))
        self.assertEqual(near.proposal_ids, other)
        self.assertLess(near.proposal_confidence, 100)
        exact.action_accept_proposal()
        self.assertEqual(exact.warehouse_ids, other)
