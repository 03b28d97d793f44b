from . import (
    retail_backend,
    retail_connector,
    retail_exception,
    retail_payout,
    retail_settlement,
    retail_settlement_line,
    retail_settlement_matcher,
    retail_settlement_proof,
    retail_settlement_proof_again,
    retail_settlement_proof_fees,
    retail_settlement_rule,
)
