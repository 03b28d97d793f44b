"""Field types Odoo lacks."""

from odoo import fields


class BigInteger(fields.Integer):
    """An Integer of 64 bits, for vendors' versions (microseconds since 1970 need 51)."""

    _column_type = ("int8", "int8")
