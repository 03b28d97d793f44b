"""What sales, stock and accounting add to the timeline: see ``timeline_sql.py`` of the base."""

from odoo.addons.retail_integration_base.engine.timeline_sql import Source, made, state_changes

_TRACKED = ("sale.order", "stock.picking", "account.move", "account.payment")

SALES = [
    made(8, "sale_order", "sale.order"),
    made(9, "stock_picking", "stock.picking"),
    made(10, "account_move", "account.move"),
    made(11, "account_payment", "account.payment"),
    state_changes(12, _TRACKED),
    Source(
        13,
        "done",
        "stock_picking x",
        37,
        # A transfer that is not done has no such moment.
        {"at": "x.date_done", "res_model": "'stock.picking'", "res_id": "x.id"},
    ),
    Source(
        14,
        "paid",
        "retail_order_payment x",
        25,
        {
            "at": "COALESCE(x.processed_at, x.create_date)",
            "backend_id": "x.backend_id",
            "res_model": "'sale.order'",
            "res_id": "x.order_id",
            "external_id": "x.external_id",
            "text": "concat_ws(' ', x.kind, x.status, x.amount, x.gateway)",
        },
    ),
    Source(
        15,
        "reserving",
        "retail_reservation x",
        36,
        {
            "at": "x.ordered_at",
            "backend_id": "x.backend_id",
            "res_model": "'stock.picking'",
            "res_id": "x.picking_id",
            "exception_id": "x.exception_id",
            "attempt": "x.attempts",
            "text": "x.reason",
        },
    ),
]
