from . import retail_health, retail_metrics, retail_metrics_series, retail_metrics_token
