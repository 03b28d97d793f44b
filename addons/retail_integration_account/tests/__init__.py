from . import test_settlement_lines, test_settlement_rules
