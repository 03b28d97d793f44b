"""Say which product a line of the channel is."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailFixProduct(models.TransientModel):
    _name = "retail.fix.product"
    _inherit = "retail.fix"
    _description = "Link product"

    mode = fields.Selection(
        [("link", "Link to a product"), ("create", "Create a product")], required=True, default="link"
    )
    product_id = fields.Many2one(
        "product.product",
        domain="[('company_id', 'in', (False, company_id))]",
    )
    candidate_ids = fields.Many2many("product.product", compute="_compute_candidate_ids")
    title = fields.Char("Sold As", compute="_compute_title")
    sku = fields.Char("SKU", compute="_compute_title")
    barcode = fields.Char(compute="_compute_title")

    @api.depends("exception_id")
    def _compute_title(self):
        for wizard in self:
            facts = wizard._get_facts()
            wizard.title, wizard.sku, wizard.barcode = facts.get("title"), facts.get("sku"), facts.get("barcode")

    @api.depends("exception_id")
    def _compute_candidate_ids(self):
        for wizard in self:
            ids = wizard._get_facts().get("candidate_ids") or []
            wizard.candidate_ids = self.env["product.product"].browse(ids).exists()

    def _check(self):
        if self.mode == "link" and not self.product_id:
            raise UserError(self.env._("Choose the product that is sold as “%s”.", self.title))

    def _prepare(self):
        if self.mode == "create":
            self.product_id = self.env["retail.product.creator"]._create_from_facts(self._get_facts())
            self.mode = "link"

    def _mend(self, exceptions):
        for exception in exceptions:
            self._link(exception)

    def _get_note(self):
        return self.env._(
            "“%(title)s” is %(product)s.", title=self.title or self.sku, product=self.product_id.display_name
        )

    def _link(self, exception):
        """Remember the answer: a link where the channel named a variant and the product has none, else an alias."""
        facts, backend = exception.facts or {}, exception.backend_id
        variant_id = facts.get("variant_external_id")
        bindings = self.env["retail.binding.product"]
        if variant_id:
            same = bindings.search([("backend_id", "=", backend.id), ("external_id", "=", variant_id)])
            if same:
                same.product_id = self.product_id
                return
            if not bindings.search_count(
                [("backend_id", "=", backend.id), ("product_id", "=", self.product_id.id)], limit=1
            ):
                bindings.create(
                    {
                        "backend_id": backend.id,
                        "external_id": variant_id,
                        "product_external_id": facts.get("product_external_id") or False,
                        "product_id": self.product_id.id,
                    }
                )
                return
        for key in (facts.get("keys") or [])[:1]:
            self._set_alias(backend, key)

    def _set_alias(self, backend, key):
        aliases = self.env["retail.product.alias"]
        alias = aliases.search([("backend_id", "=", backend.id), ("key", "=", key)])
        if alias:
            alias.product_id = self.product_id
        else:
            aliases.create({"backend_id": backend.id, "key": key, "product_id": self.product_id.id})
