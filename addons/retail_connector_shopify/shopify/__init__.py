"""Shopify in pure Python: signature, client, documents, mappers. No Odoo import.

Import the submodules by name (``from odoo.addons.retail_connector_shopify.shopify import client``).
"""
