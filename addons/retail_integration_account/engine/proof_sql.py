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

#: I8: the fees that the service states for what was booked in a period: those kept from movements, and those that are
#: movements themselves. A rule may send a category to the fees, or away from them.
_FEES_STATED = """
    SELECT COALESCE(SUM(line.fee - CASE WHEN line.category = ANY(%(toward)s)
                                          OR (line.role = 'fee' AND line.category <> ALL(%(away)s))
                                        THEN line.amount ELSE 0 END), 0)
      FROM retail_settlement_line line
      JOIN account_bank_statement_line entry ON entry.id = line.statement_line_id
      JOIN account_move move ON move.id = entry.move_id
     WHERE line.settlement_id = %(settlement)s AND move.state = 'posted'
       AND move.date BETWEEN %(first)s AND %(last)s
"""

#: I8: what is on the accounts of the fees in a period, by movements of this settlement account and by other entries
#: than movements. The account of the VAT is everybody's: only what movements put there counts.
_FEES_BOOKED = """
    SELECT COALESCE(SUM(item.amount_currency) FILTER (WHERE line.settlement_id = %(settlement)s), 0),
           COALESCE(SUM(item.amount_currency) FILTER (WHERE line.id IS NULL AND item.account_id = %(fees)s), 0),
           (ARRAY_AGG(move.name ORDER BY move.id)
              FILTER (WHERE line.id IS NULL AND item.account_id = %(fees)s))[:%(limit)s]
      FROM account_move_line item
      JOIN account_move move ON move.id = item.move_id
 LEFT JOIN retail_settlement_line line ON line.statement_line_id = item.statement_line_id
     WHERE item.account_id = ANY(%(accounts)s) AND item.company_id = %(company)s AND item.currency_id = %(currency)s
       AND item.parent_state = 'posted' AND item.date BETWEEN %(first)s AND %(last)s
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


def fees_stated(cr, settlement_id, first, last, toward, away):
    """Return what the service states, a Decimal.

    :param date first: and ``last``, of the period
    :param list[str] toward: categories that a rule sends to the fees; ``away``: from them to another account
    """
    values = {"settlement": settlement_id, "first": first, "last": last, "toward": toward, "away": away}
    cr.execute(_FEES_STATED, values)
    return cr.fetchone()[0]


def fees_booked(cr, settlement, first, last, limit):
    """Return ``(by movements, by other entries on A6, names of those or None)``; Decimals.

    :param settlement: ``retail.settlement``, one record
    """
    values = {
        "settlement": settlement.id,
        "fees": settlement.fee_account_id.id,
        "accounts": (settlement.fee_account_id | settlement.fee_tax_account_id).ids,
        "company": settlement.company_id.id,
        "currency": settlement.currency_id.id,
        "first": first,
        "last": last,
        "limit": limit,
    }
    cr.execute(_FEES_BOOKED, values)
    return cr.fetchone()


def broken_payouts(cr, settlement_id, limit):
    """Return ``(external id, movements missing, difference, how many in all)`` rows, the newest first."""
    cr.execute(_BROKEN_PAYOUTS, {"settlement": settlement_id, "limit": limit})
    return cr.fetchall()
