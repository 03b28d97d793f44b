{
    "name": "Retail Observability Tests",
    "summary": "Tests of the observability addon on the framework's smallest entity",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Retail Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["test_retail_integration", "retail_integration_observability"],
}
