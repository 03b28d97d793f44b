"""Canonical documents of settlements, registered when the addon is loaded."""

from . import payout_v1, settlement_line_v1

__all__ = ["payout_v1", "settlement_line_v1"]
