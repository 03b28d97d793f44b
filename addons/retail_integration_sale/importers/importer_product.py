"""Links the products of any channel to Odoo's."""

from decimal import Decimal

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from .importer_order import IMPORT_CONTEXT
from .product_matcher import clean


class RetailImporterProduct(models.AbstractModel):
    """Link each variant of a channel's product by link, SKU or barcode; create it if the backend says so.

    Odoo owns its products. What it does not know (barcode, SKU, weight) is filled in; what it knows is never
    overwritten, and least of all by a field the channel left empty.
    """

    _name = "retail.importer.product"
    _inherit = "retail.importer"
    _description = "Product importer"

    # Bindings are per variant, documents per product: versions are compared on the variants' links.

    def _import_batch(self, backend, documents):
        """See :meth:`retail.importer._import_batch`; documents are ``product.v1``."""
        self = self.with_context(**IMPORT_CONTEXT)
        backend = backend.with_env(self.env)
        variants = {document["external_id"]: self._get_lines(document) for document in documents}
        matcher = self.env["retail.product.matcher"]
        ids = [line["variant_external_id"] for lines in variants.values() for line in lines]
        before = self.env["retail.binding.product"]._find_by_external(backend, ids, lock=True)
        table = matcher._load(backend, [line for lines in variants.values() for line in lines])
        plans = [self._plan(backend, document, variants[document["external_id"]], table) for document in documents]
        matcher._link_found(backend, table)
        bindings = self.env["retail.binding.product"]._find_by_external(backend, ids)
        return [
            plan
            if isinstance(plan, ImportResult)
            else self._apply(backend, document, variants[document["external_id"]], plan, bindings, before)
            for document, plan in zip(documents, plans, strict=True)
        ]

    def _get_lines(self, document):
        """Return the variants in the form the matcher reads."""
        return [
            {
                **variant,
                "variant_external_id": variant["external_id"],
                "product_external_id": document["external_id"],
                "title": document["title"],
                "variant_title": variant.get("title"),
            }
            for variant in document["variants"]
        ]

    def _plan(self, backend, document, lines, table):
        """Return dict variant id → product for those found, or the document's result where it ends here."""
        found = {}
        for line in lines:
            product, candidates = table.find(line)
            if candidates:
                for other in lines:  # nothing of a product that needs a person is linked yet
                    table.found.pop(other["variant_external_id"], None)
                subject = self.env._("Product %s", document["title"])
                error = self.env["retail.product.matcher"]._ambiguous(subject, line, candidates)
                return ImportResult.failed(error)
            if product:
                found[line["variant_external_id"]] = product
        return found

    def _apply(self, backend, document, lines, found, bindings, before):
        """Bring one document to Odoo.

        :param dict found: variant id → product
        :param dict bindings: variant id → link, the new ones included
        :param dict before: variant id → link, as they were
        """
        known = [bindings[line["variant_external_id"]] for line in lines if line["variant_external_id"] in bindings]
        versions = [binding.external_version for binding in known]
        if versions and max(versions) > document["version"]:
            return ImportResult("superseded", known[0].product_id, self.env._("A newer version is in Odoo."))
        checksum = registry.checksum(document)
        is_known = len(known) == len(lines) and all(binding.checksum == checksum for binding in known)
        if is_known and not self._reapplies(document):
            self._note_agreement(known, document, checksum)
            return ImportResult("unchanged", known[0].product_id)
        missing = [line for line in lines if line["variant_external_id"] not in found]
        if missing and backend.product_create:
            self.env["retail.product.creator"]._create(backend, document, missing, found)
            bindings = self.env["retail.binding.product"]._find_by_external(
                backend, [line["variant_external_id"] for line in lines]
            )
        elif missing and not found:
            return ImportResult(
                "ignored",
                note=self.env._(
                    "No Odoo product carries a SKU or barcode of “%s”, and the backend does not create products.",
                    document["title"],
                ),
            )
        self._enrich(lines, found)
        known = [bindings[line["variant_external_id"]] for line in lines if line["variant_external_id"] in bindings]
        self._note_inventory_ids(lines, bindings)
        self._note_agreement(known, document, checksum)
        note = ""
        if missing and not backend.product_create:
            note = self.env._("Not in Odoo: %s", ", ".join(line.get("sku") or line["title"] for line in missing))
        is_known = any(line["variant_external_id"] in before for line in lines)
        return ImportResult("updated" if is_known else "created", next(iter(found.values()), None), note)

    def _enrich(self, lines, found):
        """Fill what Odoo's products have not got."""
        free = self._find_free_barcodes(lines, found)
        for line in lines:
            product = found.get(line["variant_external_id"])
            if not product:
                continue
            values = {}
            sku, barcode, weight = clean(line.get("sku")), clean(line.get("barcode")), line.get("weight_kg")
            if sku and not product.default_code:
                values["default_code"] = sku
            if barcode and not product.barcode and barcode in free:
                values["barcode"] = barcode
                free.discard(barcode)
            if weight and Decimal(weight) and not product.weight:
                values["weight"] = float(Decimal(weight))
            if values:
                product.write(values)

    def _find_free_barcodes(self, lines, found):
        """Return the barcodes of ``lines`` that no product has: Odoo refuses a second one."""
        wanted = {
            clean(line.get("barcode"))
            for line in lines
            if line["variant_external_id"] in found and not found[line["variant_external_id"]].barcode
        } - {""}
        if not wanted:
            return set()
        taken = self.env["product.product"].with_context(active_test=False)
        return wanted - set(taken.search([("barcode", "in", sorted(wanted))]).mapped("barcode"))

    def _note_inventory_ids(self, lines, bindings):
        for line in lines:
            binding, inventory_id = bindings.get(line["variant_external_id"]), line.get("inventory_item_id")
            if binding and inventory_id and binding.inventory_external_id != inventory_id:
                binding.inventory_external_id = inventory_id

    def _note_agreement(self, bindings, document, checksum):
        self.env["retail.binding.product"].concat(*bindings).write(
            {
                "external_version": document["version"],
                "checksum": checksum,
                "product_external_id": document["external_id"],
                "synced_at": self.env.cr.now(),
            }
        )
