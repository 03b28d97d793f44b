"""The app that is installed in the shop, and its access tokens.

Source: Shopify, "Client credentials grant": a token lives 24 hours and a new one does not end the ones before it.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

TOKEN_LIFETIME = timedelta(seconds=86399)

DEFAULT_SCOPES = (
    "read_customers",
    "read_fulfillments",
    "read_inventory",
    "read_locations",
    "read_orders",
    "read_products",
    "read_returns",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_orders",
)


@dataclass
class App:
    """Credentials, granted scopes and live tokens of the one app that the simulator knows."""

    clock: object
    client_id: str = "retail-integration"
    client_secret: str = "shpss_simulated_secret"  # noqa: S105 the simulator's own
    title: str = "Retail Integration"
    webhook_version: str = "2026-07"
    #: where compliance topics go, as set in the app's own settings
    compliance_uri: str | None = None
    scopes: set = field(default_factory=lambda: set(DEFAULT_SCOPES))
    tokens: dict = field(default_factory=dict)

    def issue_token(self):
        """:return: the new token (str)"""
        token = f"shpat_{secrets.token_hex(16)}"
        self.tokens[token] = self.clock.now() + TOKEN_LIFETIME
        return token

    def accepts(self, token):
        expiry = self.tokens.get(token)
        return expiry is not None and self.clock.now() < expiry

    def revoke_tokens(self):
        self.tokens.clear()
