from . import retail_exception_close, retail_fix
