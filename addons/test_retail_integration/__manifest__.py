{
    "name": "Retail Integration Tests",
    "summary": "The smallest entity there is, for the tests and benchmarks of the framework",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Retail Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["retail_integration_base"],
    "data": ["security/ir.model.access.csv"],
}
