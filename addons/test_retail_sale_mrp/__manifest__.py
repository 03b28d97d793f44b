{
    "name": "Retail Sale Manufacturing Tests",
    "summary": "Tests of channel orders where products are kits",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "author": "Retail Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["retail_integration_sale", "sale_mrp"],
}
