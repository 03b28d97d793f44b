from . import retail_exception_close
