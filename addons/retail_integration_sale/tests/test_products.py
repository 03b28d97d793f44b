"""Products of a channel are linked to Odoo's, or made."""

from odoo.tests import tagged

from odoo.addons.retail_integration_base.canonical import registry

from .common import RetailSaleCase, line, money, order


def variant(external_id="V1", sku="MUG", **more):
    return {"external_id": external_id, "sku": sku, **more}


def product_document(external_id="PR1", version=1, variants=None, **more):
    return registry.validate(
        {
            "schema": "product.v1",
            "external_id": external_id,
            "version": version,
            "title": "Blue mug",
            "status": "active",
            "variants": variants or [variant()],
            **more,
        }
    )


@tagged("post_install", "-at_install")
class TestProducts(RetailSaleCase):
    def import_products(self, *documents):
        return self.import_documents(*documents, entity="product")

    def binding(self, external_id):
        return self.env["retail.binding.product"].search([("external_id", "=", external_id)])

    def test_variants_are_linked_by_sku_or_barcode(self):
        self.plate.barcode = "4006381333931"
        [result] = self.import_products(
            product_document(
                variants=[variant("V1", inventory_item_id="I1"), variant("V2", sku="?", barcode="4006381333931")]
            )
        )
        self.assertEqual(result.outcome, "created")
        self.assertEqual((self.binding("V1").product_id, self.binding("V2").product_id), (self.mug, self.plate))
        self.assertEqual(self.binding("V1").inventory_external_id, "I1")
        self.assertEqual(self.binding("V1").product_external_id, "PR1")

    def test_a_product_shared_between_companies_matches(self):
        other_company = self.make_company("Red Plate Ltd")
        self.env.user.company_ids |= other_company
        backend = self.make_backend("Red Shop", company=other_company)
        self.import_products(product_document())
        self.import_documents(product_document(), backend=backend, entity="product")
        bindings = self.env["retail.binding.product"].sudo().search([("external_id", "=", "V1")])
        self.assertEqual(bindings.product_id, self.mug)
        self.assertEqual(bindings.backend_id, self.backend | backend)

    def test_an_empty_field_in_the_channel_wipes_nothing_in_odoo(self):
        self.mug.write({"barcode": "4006381333931", "weight": 0.4})
        self.import_products(product_document(variants=[variant(barcode="", weight_kg=None)]))
        self.import_products(product_document(version=2, variants=[variant(barcode=None, weight_kg="0", sku="")]))
        self.assertEqual((self.mug.barcode, self.mug.weight, self.mug.default_code), ("4006381333931", 0.4, "MUG"))

    def test_what_is_empty_in_odoo_is_filled_and_the_rest_left_alone(self):
        self.plate.barcode = "111"
        self.import_products(
            product_document(
                variants=[variant(barcode="222", weight_kg="0.350"), variant("V2", "PLATE", barcode="333")]
            )
        )
        self.assertEqual((self.mug.barcode, self.mug.weight), ("222", 0.35))
        self.assertEqual(self.plate.barcode, "111")

    def test_a_barcode_that_another_product_has_blocks_nothing(self):
        self.plate.barcode = "222"
        [result] = self.import_products(product_document(variants=[variant(barcode="222")]))
        self.assertEqual(result.outcome, "created")
        self.assertFalse(self.mug.barcode)

    def test_a_variant_recreated_with_a_new_id_is_linked_anew(self):
        self.import_products(product_document())
        self.import_products(product_document(version=2, variants=[variant("V9")]))
        self.assertEqual(
            self.env["retail.binding.product"].search([("product_id", "=", self.mug.id)]).external_id, "V9"
        )

    def test_versions_of_a_product_apply_in_order(self):
        self.import_products(product_document(version=5))
        outcomes = [
            self.import_products(document)[0].outcome
            for document in (
                product_document(version=5),
                product_document(version=4, title="Old mug"),
                product_document(version=6, title="New mug"),
            )
        ]
        self.assertEqual(outcomes, ["unchanged", "superseded", "updated"])
        self.assertEqual(self.mug.name, "Blue mug")

    def test_an_ambiguous_sku_is_an_exception_for_that_product_alone(self):
        self.make_product("MUG")
        results = self.import_products(
            product_document(), product_document("PR2", variants=[variant("V2", sku="PLATE")])
        )
        self.assertEqual([result.outcome for result in results], ["failed", "created"])
        self.assertEqual(results[0].error.kind, "product_ambiguous")
        self.assertFalse(self.binding("V1"))

    def test_an_unknown_product_is_ignored_with_the_reason_unless_it_is_to_be_created(self):
        [result] = self.import_products(product_document(variants=[variant(sku="NEW")]))
        self.assertEqual(result.outcome, "ignored")
        self.assertIn("Blue mug", result.note)

    def test_a_missing_product_is_created_where_the_backend_says_so(self):
        self.backend.product_create = True
        [result] = self.import_products(
            product_document(
                title="Teapot",
                variants=[
                    variant(
                        sku="POT",
                        barcode="4006381333931",
                        price=money("25.00"),
                        weight_kg="1.2",
                        options=[{"name": "Title", "value": "Default Title"}],
                    )
                ],
            )
        )
        product = self.binding("V1").product_id
        self.assertEqual(result.outcome, "created")
        self.assertEqual((product.name, product.default_code, product.barcode), ("Teapot", "POT", "4006381333931"))
        self.assertEqual((product.list_price, product.weight, product.is_storable), (25.0, 1.2, True))
        self.assertFalse(product.attribute_line_ids)
        self.assertEqual(self.import_order(lines=[line(sku="POT")]).order_line.product_id, product)

    def test_a_product_with_variants_is_created_with_just_those(self):
        self.backend.product_create = True

        def shirt(number, size, colour):
            options = [{"name": "Size", "value": size}, {"name": "Colour", "value": colour}]
            return variant("V%d" % number, sku="SHIRT-%d" % number, options=options)

        self.import_products(
            product_document(
                title="Shirt", variants=[shirt(1, "S", "Red"), shirt(2, "M", "Red"), shirt(3, "M", "Blue")]
            )
        )
        products = [self.binding("V%d" % number).product_id for number in (1, 2, 3)]
        template = products[0].product_tmpl_id
        self.assertEqual(len(template.product_variant_ids), 3)
        self.assertEqual([product.default_code for product in products], ["SHIRT-1", "SHIRT-2", "SHIRT-3"])
        names = products[2].product_template_attribute_value_ids.mapped("name")
        self.assertEqual(sorted(names), ["Blue", "M"])

    def test_a_product_message_and_an_order_agree_on_the_variant(self):
        self.import_products(product_document())
        sale = self.import_order(order(lines=[line(sku="?", variant_external_id="V1")]))
        self.assertEqual(sale.order_line.product_id, self.mug)
