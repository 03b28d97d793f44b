from . import (
    retail_fix_customer,
    retail_fix_difference,
    retail_fix_order,
    retail_fix_product,
    retail_fix_tax,
)
