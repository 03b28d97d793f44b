"""A faithful fake of Shopify's Admin API. See README.md beside this file."""

from .server import ShopifySimulator

__all__ = ["ShopifySimulator"]
