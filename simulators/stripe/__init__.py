"""A faithful fake of Stripe's API for one account. See README.md beside this file."""

from .server import StripeSimulator

__all__ = ["StripeSimulator"]
