"""Stripe's events about payments, in pure Python."""
