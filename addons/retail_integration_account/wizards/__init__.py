from . import retail_settlement_setup
