"""What a backend has to know to book orders: where to ship from, in which prices, and how exact a total must be."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Field of the backend that overrides the service product of a kind → the product's XML id
SERVICE_PRODUCTS = {
    "custom_product_id": "retail_integration_sale.product_custom",
    "tip_product_id": "retail_integration_sale.product_tip",
    "duty_product_id": "retail_integration_sale.product_duty",
    "gift_card_product_id": "retail_integration_sale.product_gift_card",
    "discount_product_id": "retail_integration_sale.product_discount",
    "rounding_product_id": "retail_integration_sale.product_rounding",
    "shipping_product_id": "retail_integration_sale.product_shipping",
}


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    warehouse_id = fields.Many2one(
        "stock.warehouse",
        check_company=True,
        compute="_compute_warehouse_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Orders of this channel are delivered from here.",
    )
    pricelist_ids = fields.Many2many(
        "product.pricelist",
        "retail_backend_pricelist_rel",
        string="Pricelists",
        check_company=True,
        help="One per currency the channel sells in. Orders in the company's own currency need none.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", check_company=True)
    salesperson_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Empty: the contact's own salesperson, if there is one.",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term", "Payment Terms", check_company=True, help="Empty: the contact's own terms."
    )
    order_currency = fields.Selection(
        [("shop", "The shop's currency")],
        "Book Orders In",
        required=True,
        default="shop",
        help="What the customer saw in another currency is kept on the order for information.",
    )
    order_confirm = fields.Boolean(
        "Confirm Orders", default=True, help="Otherwise orders of this channel stay quotations until somebody confirms."
    )
    order_naming = fields.Selection(
        [("sequence", "Odoo's sequence"), ("channel", "The channel's order name")],
        "Order Number",
        required=True,
        default="sequence",
    )
    order_prefix = fields.Char(help="Put in front of the channel's order name, so that two shops' #1001 differ.")
    order_import_tests = fields.Boolean(
        "Import Test Orders", help="Orders that the channel marks as a test. Otherwise they are recorded as ignored."
    )
    rounding_tolerance = fields.Float(
        default=0.05,
        digits=(16, 4),
        help="In the order's currency. A difference between Odoo's total and the channel's up to this becomes a "
        "rounding line; a larger one an exception.",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier",
        "Default Carrier",
        check_company=True,
        help="For shipping that no carrier mapping names.",
    )
    product_create = fields.Boolean(
        "Create Missing Products", help="A product of the channel that no Odoo product matches is created."
    )
    custom_product_id = fields.Many2one("product.product", "Product for Custom Lines", check_company=True)
    tip_product_id = fields.Many2one("product.product", "Product for Tips", check_company=True)
    duty_product_id = fields.Many2one("product.product", "Product for Duties", check_company=True)
    gift_card_product_id = fields.Many2one("product.product", "Product for Gift Cards Sold", check_company=True)
    discount_product_id = fields.Many2one("product.product", "Product for Discounts", check_company=True)
    rounding_product_id = fields.Many2one("product.product", "Product for Rounding", check_company=True)
    shipping_product_id = fields.Many2one(
        "product.product", "Product for Shipping", check_company=True, help="Where no carrier is known."
    )
    tax_map_ids = fields.One2many("retail.tax.map", "backend_id", "Tax Mappings")
    carrier_map_ids = fields.One2many("retail.carrier.map", "backend_id", "Carrier Mappings")
    payment_map_ids = fields.One2many("retail.payment.map", "backend_id", "Payment Mappings")
    sale_order_count = fields.Integer("Orders", compute="_compute_sale_order_count")

    @api.depends("company_id")
    def _compute_warehouse_id(self):
        for backend in self:
            if not backend.warehouse_id or backend.warehouse_id.company_id != backend.company_id:
                backend.warehouse_id = self.env["stock.warehouse"].search(
                    [("company_id", "=", backend.company_id.id)], limit=1
                )

    def _compute_sale_order_count(self):
        counts = dict(
            self.env["sale.order"]._read_group(
                [("retail_backend_id", "in", self.ids)], ["retail_backend_id"], ["__count"]
            )
        )
        for backend in self:
            backend.sale_order_count = counts.get(backend, 0)

    @api.constrains("pricelist_ids")
    def _check_one_pricelist_per_currency(self):
        for backend in self:
            if len(backend.pricelist_ids.currency_id) != len(backend.pricelist_ids):
                raise ValidationError(
                    self.env._("%s has two pricelists of one currency: keep one of them.", backend.display_name)
                )

    @api.constrains("rounding_tolerance")
    def _check_rounding_tolerance(self):
        if any(backend.rounding_tolerance < 0 for backend in self):
            raise ValidationError(self.env._("A rounding tolerance cannot be negative."))

    def action_view_sale_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        return {**action, "domain": [("retail_backend_id", "=", self.id)], "context": {}}

    def _get_service_product(self, field):
        """Return the product that stands for what has no product of its own.

        :param str field: a key of :data:`SERVICE_PRODUCTS`
        """
        return self[field] or self.env.ref(SERVICE_PRODUCTS[field])

    def _get_pricelist(self, currency):
        """Return the pricelist orders in ``currency`` are booked with: possibly empty."""
        return self.pricelist_ids.filtered(lambda pricelist: pricelist.currency_id == currency)[:1]

    def _get_order_flow(self):
        """Return the flow that brings this backend's orders into Odoo, possibly empty."""
        return self.sudo().flow_ids.filtered(lambda flow: flow.entity == "order" and flow.direction == "in")
