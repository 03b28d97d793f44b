{
    "name": "Retail Connector: Shopify",
    "summary": "Orders, customers and products of a Shopify shop, and its stock levels from Odoo",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Retail Integration Suite contributors",
    "depends": ["retail_integration_sale"],
    "external_dependencies": {"python": ["cerberus"]},
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "data/flows.xml",
        "wizards/shopify_version_switch_views.xml",
        "views/retail_backend_views.xml",
    ],
}
