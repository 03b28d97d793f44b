from . import test_payment_events, test_payment_webhook
