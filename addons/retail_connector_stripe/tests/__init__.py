from . import test_connection, test_money, test_settlements, test_signatures, test_webhook_policy
