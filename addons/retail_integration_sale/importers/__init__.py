from . import (
    address_book,
    importer_customer,
    importer_order,
    importer_product,
    order_builder,
    order_reader,
    order_taxes,
    order_totals,
    order_updater,
    partner_matcher,
    product_creator,
    product_matcher,
)
