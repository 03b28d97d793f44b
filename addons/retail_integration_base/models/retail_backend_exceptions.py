"""What a backend says of its exceptions: when two people decide, and for how long a resolved one may come back."""

from odoo import fields, models


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    approval_limit = fields.Monetary(
        "Two people decide above",
        tracking=True,
        help="To resolve, ignore or mend exceptions that are worth more than this together needs a second person, an "
        "accountant. In the company's currency. 0: one person decides.",
    )
    regression_days = fields.Integer(
        "Reopen within (days)",
        default=14,
        help="An exception that was resolved and fails again within so many days is opened again, with its history. "
        "0: it is always a new one.",
    )

    _regression_days_positive = models.Constraint("CHECK(regression_days >= 0)", "Days cannot be negative.")
    _approval_limit_positive = models.Constraint("CHECK(approval_limit >= 0)", "The limit cannot be negative.")
