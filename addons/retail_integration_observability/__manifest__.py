{
    "name": "Retail Integration Observability",
    "summary": "Figures for Prometheus, health checks, JSON logs, OpenTelemetry traces",
    "version": "19.0.1.0.0",
    "category": "Retail",
    "author": "Retail Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["retail_integration_base"],
    "external_dependencies": {"python": ["prometheus_client"]},
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/retail_metrics_token_views.xml",
    ],
    "post_load": "post_load",
}
