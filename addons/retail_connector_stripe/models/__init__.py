from . import retail_backend, retail_connector_stripe, retail_credential
