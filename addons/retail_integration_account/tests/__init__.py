from . import (
    test_settlement_currencies,
    test_settlement_lines,
    test_settlement_matching,
    test_settlement_proofs,
    test_settlement_rules,
)
