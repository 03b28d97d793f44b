from . import test_retail_fix
