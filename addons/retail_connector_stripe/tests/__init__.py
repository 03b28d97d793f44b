from . import (
    test_connection,
    test_first_list,
    test_money,
    test_other_accounts,
    test_settlement_orders,
    test_settlements,
    test_signatures,
    test_webhook_policy,
)
