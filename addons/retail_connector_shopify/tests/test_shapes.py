"""What the mappers read is checked the quick way."""

import pytest

from odoo.addons.retail_connector_shopify.shopify import shapes


@pytest.mark.parametrize("name", sorted(name for name in vars(shapes) if name.isupper() and name[0] != "_"))
def test_every_shape_has_the_quick_way(name):
    assert shapes._shape(name)._fits
