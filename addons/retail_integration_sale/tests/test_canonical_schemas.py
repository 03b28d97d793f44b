"""The schemas of this addon are made of rules that are checked without Cerberus."""

import pytest

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.shape import Shape
from odoo.addons.retail_integration_sale import canonical  # noqa: F401 registers them

ENTITIES = {"customer", "fulfilment", "order", "privacy_request", "product", "refund", "return", "stock_level"}


def test_all_are_registered():
    assert {name.partition(".")[0] for name in registry.names()} >= ENTITIES


@pytest.mark.parametrize("name", registry.names())
def test_every_schema_has_the_quick_way(name):
    assert Shape(registry.schema_of(name))._fits
