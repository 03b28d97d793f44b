{
    "name": "Retail Connector: Stripe, Odoo's own payments",
    "summary": "No unsigned event of Stripe reaches a payment transaction, and none is forgotten",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "license": "LGPL-3",
    "author": "Retail Integration Suite contributors",
    "depends": ["retail_connector_stripe", "account_payment", "payment_stripe"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
}
