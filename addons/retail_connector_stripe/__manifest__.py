{
    "name": "Retail Connector: Stripe",
    "summary": "Balance transactions and payouts of a Stripe account, booked to the cent",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "license": "LGPL-3",
    "author": "Retail Integration Suite contributors",
    "depends": ["retail_integration_account"],
    "data": [
        "data/ir_cron.xml",
        "views/retail_backend_views.xml",
    ],
}
