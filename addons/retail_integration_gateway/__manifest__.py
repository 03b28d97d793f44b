{
    "name": "Retail Integration Gateway",
    "summary": "The fast lane: takes webhooks before Odoo's request stack",
    "version": "19.0.1.0.0",
    "category": "Retail",
    "author": "Retail Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["retail_integration_base"],
    "post_load": "post_load",
}
