from . import payment_provider, payment_transaction, retail_connector_stripe, retail_stripe_payment_gate
