"""What a connector of a payment service answers beside its documents."""

from odoo import models


class RetailConnector(models.AbstractModel):
    _inherit = "retail.connector"

    def _get_balance(self, backend, currency):
        """Return what the service keeps for the merchant in ``currency``, available or not yet.

        :param str currency: ISO 4217
        :return: Decimal, or ``None``: the service cannot be asked
        :raises RetailError: it does not answer
        """
        return
