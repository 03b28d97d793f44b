from . import (
    retail_backend,
    retail_connector_shopify,
    retail_credential,
)
