from . import retail_metrics_token_new
