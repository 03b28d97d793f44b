"""Property: whatever order versions of an order arrive in, and however often, it ends the same."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common import RetailSaleCase, address, discount, line, money, order, payment, shipping

EXAMPLES = 15

_QUANTITIES = st.integers(min_value=0, max_value=3)


@st.composite
def histories(draw):
    """Return versions 1…n of one order: lines come and go, it may be cancelled, and taken up again."""
    versions = []
    for version in range(1, draw(st.integers(min_value=2, max_value=5)) + 1):
        lines, total = [], 0
        for external_id, sku in (("L1", "MUG"), ("L2", "PLATE"), ("L3", "MUG")):
            quantity = draw(_QUANTITIES)
            discounted = draw(st.booleans()) and quantity
            if quantity or draw(st.booleans()):
                discounts = [discount("2.50")] if discounted else []
                lines.append(line(external_id, sku=sku, quantity=quantity, discounts=discounts))
                total += 10 * quantity - (2.5 if discounted else 0)
        shipped = draw(st.booleans())
        versions.append(
            order(
                version=version,
                total="%.2f" % (total + (4.9 if shipped else 0)),
                totals={"shipping": money("4.90" if shipped else "0")},
                lines=lines,
                shipping_lines=[shipping()] if shipped else [],
                cancelled_at="2026-05-02T10:00:00Z" if draw(st.integers(0, 3)) == 0 else None,
                note=draw(st.sampled_from([None, "Ring", "Knock"])),
                tags=draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True)),
                shipping_address=address(street=draw(st.sampled_from(["Main Street 12", "Gift Road 7"]))),
                payments=[payment(status=draw(st.sampled_from(["pending", "success"])))],
            )
        )
    return versions


@st.composite
def deliveries(draw):
    """Return a history with an order of arrival: shuffled, with duplicates, the newest version at least once."""
    versions = draw(histories())
    arrivals = [*draw(st.lists(st.sampled_from(versions), min_size=0, max_size=5)), versions[-1]]
    random.Random(draw(st.integers(0, 10**6))).shuffle(arrivals)
    return versions, arrivals


@tagged("post_install", "-at_install")
class TestOrderInterleavings(RetailSaleCase):
    def outcome(self, documents):
        """Import ``documents`` one by one in a world of their own; return what Odoo has in the end."""
        with self.env.cr.savepoint() as savepoint:
            for document in documents:
                [result] = self.import_documents(document)
                self.assertNotEqual(result.outcome, "failed", result.note)
            sale = self.orders("1001")
            self.assertEqual(len(sale), 1)
            moves = sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel" and move.product_uom_qty)
            # What a cancelled order had before the cancellation is kept, so it depends on which versions were seen.
            lines = sale.order_line if sale.state != "cancel" else sale.order_line.browse()
            outcome = {
                "state": sale.state,
                "total": sum(lines.mapped("price_total")),
                "lines": sorted(
                    (booked.retail_line_type, booked.retail_external_id, booked.product_uom_qty, booked.price_unit)
                    for booked in lines
                    if booked.product_uom_qty
                ),
                "demand": sorted((move.product_id.default_code, move.product_uom_qty) for move in moves),
                "ship to": sale.partner_shipping_id.street,
                "note": sale.retail_note,
                "tags": sorted(sale.tag_ids.mapped("name")),
                "payments": sale.retail_payment_ids.mapped("status"),
                "version": self.env["retail.binding.order"].search([("order_id", "=", sale.id)]).external_version,
                "date": sale.date_order,
            }
            savepoint.rollback()
        self.env.invalidate_all()
        return outcome

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    )
    @given(deliveries())
    def check_any_interleaving(self, delivery):
        versions, arrivals = delivery
        expected = self.outcome(versions[-1:])
        self.assertEqual(self.outcome(arrivals), expected)
        self.assertEqual(self.outcome(versions), expected)

    def test_any_interleaving_of_versions_with_duplicates_ends_in_the_same_order(self):
        self.check_any_interleaving()
