"""Fetch customers and products whole."""

from . import batches, shapes

#: Variants fetched with the batch; a product with more is completed by pages of its own.
VARIANTS = 20


def fetch_customers(client, gids):
    """Fetch customers by id with all their addresses.

    :return: dict gid → node, ``None`` where there is none, or the :class:`RetailError` that concerns this one alone
    :raises RetailError: nothing was fetched
    """
    found = batches.fetch_nodes(client, "customers_by_ids", gids)
    return _complete_all(client, found, "CUSTOMER", "customer_addresses", "addressesV2")


def fetch_products(client, gids):
    """Fetch products by id with all their variants.

    :return: ``(dict as of fetch_customers, str currency of the shop)``
    """
    currencies = []
    found = batches.fetch_nodes(
        client,
        "products_by_ids",
        gids,
        {"variants": VARIANTS},
        read=lambda data: currencies.append(data["shop"]["currencyCode"]),
    )
    return _complete_all(client, found, "PRODUCT", "product_variants", "variants"), (currencies or [""])[0]


def _complete_all(client, found, shape, document, key):
    def complete(client, node):
        shapes.check(node, shape)
        return dict(node, **{key: dict(node[key], nodes=batches.complete(client, document, node, key))})

    return batches.complete_each(client, found, complete)
