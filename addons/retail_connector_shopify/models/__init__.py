from . import (
    retail_backend,
    retail_connector_shopify,
    retail_credential,
    shopify_backfill,
    shopify_fulfilment,
    shopify_privacy,
    shopify_refund,
    shopify_stock,
    shopify_version,
)
