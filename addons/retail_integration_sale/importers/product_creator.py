"""Makes an Odoo product out of what a channel says of it."""

from decimal import Decimal

from odoo import models
from odoo.fields import Command

from .product_matcher import clean


class RetailProductCreator(models.AbstractModel):
    _name = "retail.product.creator"
    _description = "Product creator"

    def _create(self, backend, document, lines, found):
        """Create the variants ``lines`` of a canonical product and link them.

        :param dict found: variant id → product of the variants Odoo has; the new ones are added
        """
        options = {line["variant_external_id"]: self._get_options(line) for line in document_lines(document)}
        template = self.env["product.product"].concat(*found.values()).product_tmpl_id[:1]
        if not template:
            template = self._create_template(backend, document, options)
        for line in lines:
            product = self._create_variant(template, options[line["variant_external_id"]])
            if product in found.values():
                # The template has no place for one more variant: it stands alone.
                product = self._create_template(backend, document, {}).product_variant_id
            product.write(self._get_variant_values(line))
            found[line["variant_external_id"]] = product
        self.env["retail.binding.product"].create(
            [
                {
                    "backend_id": backend.id,
                    "external_id": line["variant_external_id"],
                    "product_external_id": document["external_id"],
                    "product_id": found[line["variant_external_id"]].id,
                }
                for line in lines
            ]
        )

    def _create_from_facts(self, facts):
        """Create a product from what an order's line said (``facts`` of a ``product_unknown`` exception)."""
        values = {"name": facts.get("title"), "type": "consu", "is_storable": True}
        if facts.get("price"):
            values["list_price"] = float(Decimal(facts["price"]))
        product = self.env["product.product"].create(values)
        product.write(self._get_variant_values(facts))
        return product

    def _get_options(self, line):
        """Return the options that tell a variant from its siblings."""
        options = [(option["name"].strip(), option["value"].strip()) for option in line.get("options") or []]
        return [] if options == [("Title", "Default Title")] else options

    def _create_template(self, backend, document, options):
        variants = document["variants"]
        price = next((variant["price"]["amount"] for variant in variants if variant.get("price")), None)
        needs_shipping = any(variant.get("requires_shipping") is not False for variant in variants)
        values = {
            "name": document["title"],
            "description_ecommerce" if "description_ecommerce" in self.env["product.template"] else "description": (
                document.get("description_html") or False
            ),
            "type": "consu" if needs_shipping else "service",
            "is_storable": needs_shipping,
            "list_price": float(Decimal(price)) if price else 0.0,
            "attribute_line_ids": self._get_attribute_lines(options),
        }
        return self.env["product.template"].create(values)

    def _get_attribute_lines(self, options):
        names = list(dict.fromkeys(name for pairs in options.values() for name, _value in pairs))
        commands = []
        for name in names:
            attribute = self._find_attribute(name)
            values = list(dict.fromkeys(value for pairs in options.values() for other, value in pairs if other == name))
            commands.append(
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set([self._find_value(attribute, value).id for value in values])],
                    }
                )
            )
        return commands

    def _find_attribute(self, name):
        """Return the attribute ``name``. Only a dynamic one: others make a variant of each combination at once."""
        model = self.env["product.attribute"]
        return model.search([("name", "=", name), ("create_variant", "=", "dynamic")], limit=1) or model.create(
            {"name": name, "create_variant": "dynamic"}
        )

    def _find_value(self, attribute, name):
        model = self.env["product.attribute.value"]
        return model.search([("attribute_id", "=", attribute.id), ("name", "=", name)], limit=1) or model.create(
            {"attribute_id": attribute.id, "name": name}
        )

    def _create_variant(self, template, options):
        """Return the variant of ``template`` with ``options``, new or existing."""
        wanted = dict(options)
        values = template.attribute_line_ids.product_template_value_ids.filtered(
            lambda value: wanted.get(value.attribute_id.name) == value.name
        )
        if not template.attribute_line_ids:
            return template.product_variant_id
        if len(values) != len(template.attribute_line_ids):
            return template.product_variant_ids[:1]
        return template._get_variant_for_combination(values) or template._create_product_variant(values)

    def _get_variant_values(self, line):
        values = {"default_code": clean(line.get("sku")), "barcode": clean(line.get("barcode"))}
        taken = self.env["product.product"].with_context(active_test=False)
        if values["barcode"] and taken.search_count([("barcode", "=", values["barcode"])], limit=1):
            del values["barcode"]
        if line.get("weight_kg"):
            values["weight"] = float(Decimal(line["weight_kg"]))
        if line.get("cost"):
            values["standard_price"] = float(Decimal(line["cost"]["amount"]))
        return {name: value for name, value in values.items() if value}


def document_lines(document):
    """Return the variants of a canonical product, each with its ``variant_external_id``."""
    return [{**variant, "variant_external_id": variant["external_id"]} for variant in document["variants"]]
