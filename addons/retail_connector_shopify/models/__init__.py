from . import (
    retail_backend,
    retail_connector_shopify,
    retail_connector_shopify_check,
    retail_connector_shopify_webhooks,
    retail_credential,
)
