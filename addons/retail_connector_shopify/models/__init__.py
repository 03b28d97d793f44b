from . import connection_check, retail_backend, retail_connector_shopify, retail_credential, webhook_subscriptions
