from . import retail_credential, retail_backend, retail_connector_shopify, webhook_subscriptions, connection_check
