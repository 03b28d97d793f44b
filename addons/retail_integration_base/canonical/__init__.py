"""Canonical documents: the one shape in which every channel speaks to the importers.

Schemas are data. An addon registers its entities when it is loaded::

    from odoo.addons.retail_integration_base.canonical import registry
    registry.register("order", 1, SCHEMA)
"""

from . import registry, types

__all__ = ["registry", "types"]
