from . import (
    test_customers,
    test_fixes,
    test_order_batches,
    test_order_import,
    test_order_interleavings,
    test_order_partners,
    test_order_taxes,
    test_order_updates,
    test_products,
    test_reservation,
    test_reservation_failures,
    test_roles,
)
