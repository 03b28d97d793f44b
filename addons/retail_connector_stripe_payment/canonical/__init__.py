"""Canonical documents of payment events, registered when the addon is loaded."""

from . import payment_event_v1

__all__ = ["payment_event_v1"]
