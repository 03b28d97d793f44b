"""Stripe's API in pure Python: signatures, money, lists, documents. No Odoo models."""
