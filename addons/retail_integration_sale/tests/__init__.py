from . import (
    test_order_batches,
    test_order_import,
    test_order_interleavings,
    test_order_partners,
    test_order_taxes,
    test_order_updates,
)
