"""Finds the Odoo product of a channel's variant: by link, then SKU, then barcode."""

from collections import defaultdict

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

from .claims import claim

_FIELDS = ["default_code", "barcode", "company_id", "uom_id", "type"]


def clean(text):
    """Return a SKU or barcode without the space around it, ``""`` for none."""
    return (text or "").strip()


def line_title(line):
    """Return what people call a line: the product's title and the variant's."""
    title, variant = line.get("title") or "", line.get("variant_title") or ""
    return "%s / %s" % (title, variant) if variant and variant not in title else title or variant


def keys_of(line):
    """Return the keys that name the product of a line or variant, the surest first.

    :param dict line: with ``variant_external_id``, ``sku``, ``barcode`` and ``title`` where it has them
    """
    parts = (
        ("variant", clean(line.get("variant_external_id"))),
        ("sku", clean(line.get("sku"))),
        ("barcode", clean(line.get("barcode"))),
        ("title", line_title(line)),
    )
    return ["%s:%s" % part for part in parts if part[1]]


class ProductTable:
    """What the lines of one batch may refer to, read with one search per key."""

    def __init__(self, bindings, aliases, by_sku, by_barcode):
        self._bindings = bindings
        self._aliases = aliases
        self._by_sku = by_sku
        self._by_barcode = by_barcode
        #: external id of a variant → (product, its line): links found by SKU or barcode
        self.found = {}

    def find(self, line):
        """Return ``(product, candidates)``: one product, or the several that fit equally well, or neither."""
        variant_id = clean(line.get("variant_external_id"))
        if variant_id in self._bindings:
            return self._bindings[variant_id].product_id, None
        if variant_id in self.found:
            return self.found[variant_id][0], None
        for key in keys_of(line):
            if key in self._aliases:
                return self._aliases[key], None
        for table, value in ((self._by_sku, clean(line.get("sku"))), (self._by_barcode, clean(line.get("barcode")))):
            candidates = _own_first(table.get(value)) if value else None
            if candidates and len(candidates) > 1:
                return None, candidates
            if candidates:
                if variant_id:
                    self.found[variant_id] = (candidates, line)
                return candidates, None
        return None, None


def _own_first(products):
    """Prefer the company's own product to one shared by all."""
    if products and len(products) > 1:
        return products.filtered("company_id") or products
    return products


class RetailProductMatcher(models.AbstractModel):
    _name = "retail.product.matcher"
    _description = "Product matcher"

    def _load(self, backend, lines):
        """Return the :class:`ProductTable` for ``lines``.

        :param list[dict] lines: see :func:`keys_of`
        """
        variant_ids = [clean(line.get("variant_external_id")) for line in lines]
        bindings = self.env["retail.binding.product"]._find_by_external(backend, variant_ids)
        # Archived ones included: an order for a product no longer sold is still an order.
        self.env["product.product"].browse([binding.product_id.id for binding in bindings.values()]).fetch(_FIELDS)
        left = [line for line in lines if clean(line.get("variant_external_id")) not in bindings]
        if not left:
            return ProductTable(bindings, {}, {}, {})
        return ProductTable(
            bindings,
            self._search_aliases(backend, left),
            self._search_by(backend, "default_code", {clean(line.get("sku")) for line in left}),
            self._search_by(backend, "barcode", {clean(line.get("barcode")) for line in left}),
        )

    def _search_aliases(self, backend, lines):
        keys = sorted({key for line in lines for key in keys_of(line)})
        aliases = self.env["retail.product.alias"].search_fetch(
            [("backend_id", "=", backend.id), ("key", "in", keys)], ["key", "product_id"]
        )
        return {alias.key: alias.product_id for alias in aliases}

    def _search_by(self, backend, field_name, values):
        """Return dict value → products of the company or of all companies."""
        values = sorted(values - {""})
        found = defaultdict(lambda: self.env["product.product"])
        if values:
            domain = [(field_name, "in", values), ("company_id", "in", [False, backend.company_id.id])]
            for product in self.env["product.product"].search_fetch(domain, _FIELDS):
                found[product[field_name]] |= product
        return found

    def _link_found(self, backend, table, *, only_free=False):
        """Link the variants that were found by SKU or barcode.

        A product linked to another variant already is linked anew: the channel gave the variant a new id, as happens
        when it is deleted and made again, and the newest message knows the one that lives.

        :param bool only_free: leave out what a batch at the same time is linking or has just linked. When a shop is
            new, every batch sells the same products for the first time; without a link they are found by SKU again.
        """
        if only_free:
            self._drop_taken(backend, table.found)
        if not table.found:
            return
        model = self.env["retail.binding.product"]
        product_ids = [product.id for product, _line in table.found.values()]
        linked = {
            binding.product_id.id: binding
            for binding in model.search([("backend_id", "=", backend.id), ("product_id", "in", product_ids)])
        }
        new = {}
        for variant_id, (product, line) in table.found.items():
            values = {"external_id": variant_id, "product_external_id": line.get("product_external_id") or False}
            if product.id in linked:
                linked[product.id].write(values)
            else:
                new[product.id] = {**values, "backend_id": backend.id, "product_id": product.id}
        model.create(list(new.values()))
        table.found.clear()

    def _drop_taken(self, backend, found):
        """Drop the products that another transaction links now, or has linked since this one began."""
        if not found:
            return
        names = {"link:%d:%d" % (backend.id, product.id): product.id for product, _line in found.values()}
        taken = {names[name] for name in names.keys() - claim(self.env.cr, names)}
        with self.env.registry.cursor() as cr:  # what is committed by now, not by the start of our transaction
            cr.execute(
                "SELECT product_id, external_id FROM retail_binding_product"
                " WHERE backend_id = %s AND product_id = ANY(%s)",
                (backend.id, list(names.values())),
            )
            committed = dict(cr.fetchall())
        known = self.env["retail.binding.product"].search_fetch(
            [("backend_id", "=", backend.id), ("product_id", "in", list(names.values()))], ["product_id", "external_id"]
        )
        seen = {binding.product_id.id: binding.external_id for binding in known}
        taken |= {product_id for product_id, value in committed.items() if seen.get(product_id) != value}
        for variant_id in [key for key, (product, _line) in found.items() if product.id in taken]:
            del found[variant_id]

    # ---------------------------------------------------------------- what a person has to answer

    def _unknown(self, document, line, amount):
        """Return the :class:`NeedsHuman` of an order's line that no product carries."""
        sku, barcode, title = clean(line.get("sku")), clean(line.get("barcode")), line_title(line)
        if sku:
            known_by, cause_key = self.env._("SKU %s", sku), "sku:%s" % sku
        elif barcode:
            known_by, cause_key = self.env._("barcode %s", barcode), "barcode:%s" % barcode
        elif line.get("variant_external_id"):
            known_by = self.env._("variant %s", line["variant_external_id"])
            cause_key = "variant:%s" % line["variant_external_id"]
        else:
            known_by, cause_key = self.env._("no SKU"), "title:%s" % title
        return NeedsHuman(
            self.env._(
                "Order %(order)s has line “%(title)s” (%(known_by)s), which no product carries. Link it to a product, "
                "or create one.",
                order=document["name"],
                title=title,
                known_by=known_by,
            ),
            kind="product_unknown",
            cause_key=cause_key,
            cause_title=self.env._("No product carries “%(title)s” (%(known_by)s)", title=title, known_by=known_by),
            amount=amount,
            facts=self._facts(line),
        )

    def _ambiguous(self, subject, line, candidates, amount=None):
        """Return the :class:`NeedsHuman` of a SKU or barcode that several products carry."""
        sku = clean(line.get("sku")) or clean(line.get("barcode"))
        return NeedsHuman(
            self.env._(
                "%(subject)s: “%(title)s” has SKU %(sku)s, which several products carry: %(products)s. Link it to one "
                "of them.",
                subject=subject,
                title=line_title(line),
                sku=sku,
                products=", ".join(candidates.mapped("display_name")),
            ),
            kind="product_ambiguous",
            cause_key="sku:%s" % sku,
            cause_title=self.env._("Several products carry SKU %s", sku),
            amount=amount,
            facts={**self._facts(line), "candidate_ids": candidates.ids},
        )

    def _facts(self, line):
        price = line.get("unit_price") or line.get("price")
        return {
            "sku": clean(line.get("sku")),
            "barcode": clean(line.get("barcode")),
            "title": line_title(line),
            "variant_external_id": line.get("variant_external_id"),
            "product_external_id": line.get("product_external_id"),
            "price": price["amount"] if price else None,
            "keys": keys_of(line),
        }
