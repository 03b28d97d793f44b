"""Pure Python of the framework: no Odoo import, driven by plain tests.

Import the submodules by name (``from odoo.addons.retail_integration_base.engine import errors``).
"""
