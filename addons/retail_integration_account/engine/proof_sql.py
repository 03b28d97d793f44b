"""Which of all movements break a promise. A balance may have millions; each statement returns sums and a few lines."""

#: I2: sum of net, and of what is booked.
_SUMS = """
    SELECT COALESCE(SUM(line.net), 0), COALESCE(SUM(entry.amount), 0)
      FROM retail_settlement_line line
      JOIN account_bank_statement_line entry ON entry.id = line.statement_line_id
     WHERE line.settlement_id = %(settlement)s
"""

#: I2: movements whose figures do not add up, or whose entry is not posted or of another amount.
_BROKEN_LINES = """
    SELECT line.external_id, move.name, line.amount - line.fee <> line.net, COUNT(*) OVER ()
      FROM retail_settlement_line line
      JOIN account_bank_statement_line entry ON entry.id = line.statement_line_id
      JOIN account_move move ON move.id = entry.move_id
     WHERE line.settlement_id = %(settlement)s
       AND (line.amount - line.fee <> line.net OR entry.amount <> line.net OR move.state <> 'posted')
     ORDER BY line.id
     LIMIT %(limit)s
"""

#: I1: entries on the balance's account that book no movement of this settlement account.
_FOREIGN_MOVES = """
    SELECT move.name, COUNT(*) OVER ()
      FROM account_move_line item
      JOIN account_move move ON move.id = item.move_id
 LEFT JOIN retail_settlement_line line
        ON line.statement_line_id = move.statement_line_id AND line.settlement_id = %(settlement)s
     WHERE item.account_id = %(account)s AND item.company_id = %(company)s
       AND item.parent_state = 'posted' AND line.id IS NULL
     ORDER BY move.id DESC
     LIMIT %(limit)s
"""

#: I3: sum of the payouts that say what they carry, and of what they carry.
_PAYOUT_SUMS = """
    SELECT COALESCE(SUM(payout.amount), 0),
           COALESCE((SELECT SUM(line.net)
                       FROM retail_settlement_line line
                       JOIN retail_payout carrier ON carrier.id = line.payout_id
                      WHERE carrier.settlement_id = %(settlement)s AND carrier.has_breakdown), 0)
      FROM retail_payout payout
     WHERE payout.settlement_id = %(settlement)s AND payout.has_breakdown
"""

#: I3: payouts that are not the sum of what they carry, or that carry what is not booked.
_BROKEN_PAYOUTS = """
    SELECT payout.external_id, jsonb_array_length(payout.carried_ids) - COUNT(line.id),
           payout.amount - COALESCE(SUM(line.net), 0), COUNT(*) OVER ()
      FROM retail_payout payout
 LEFT JOIN retail_settlement_line line ON line.payout_id = payout.id
     WHERE payout.settlement_id = %(settlement)s AND payout.has_breakdown
  GROUP BY payout.id
    HAVING payout.amount <> COALESCE(SUM(line.net), 0)
        OR jsonb_array_length(payout.carried_ids) <> COUNT(line.id)
     ORDER BY payout.id DESC
     LIMIT %(limit)s
"""


def sums(cr, settlement_id):
    """Return ``(sum of net, sum of what is booked)``, Decimals."""
    cr.execute(_SUMS, {"settlement": settlement_id})
    return cr.fetchone()


def broken_lines(cr, settlement_id, limit):
    """Return ``(external id, name of its entry, whether its own figures are at fault, how many in all)`` rows."""
    cr.execute(_BROKEN_LINES, {"settlement": settlement_id, "limit": limit})
    return cr.fetchall()


def foreign_moves(cr, settlement_id, account_id, company_id, limit):
    """Return ``(name, how many in all)`` rows, the newest first."""
    cr.execute(
        _FOREIGN_MOVES, {"settlement": settlement_id, "account": account_id, "company": company_id, "limit": limit}
    )
    return cr.fetchall()


def payout_sums(cr, settlement_id):
    """Return ``(sum of payouts, sum of what they carry)``, Decimals."""
    cr.execute(_PAYOUT_SUMS, {"settlement": settlement_id})
    return cr.fetchone()


def broken_payouts(cr, settlement_id, limit):
    """Return ``(external id, movements missing, difference, how many in all)`` rows, the newest first."""
    cr.execute(_BROKEN_PAYOUTS, {"settlement": settlement_id, "limit": limit})
    return cr.fetchall()
