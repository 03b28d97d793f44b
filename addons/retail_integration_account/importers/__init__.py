from . import importer_payout, importer_settlement_line
