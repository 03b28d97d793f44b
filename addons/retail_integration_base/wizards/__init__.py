from . import retail_exception_close, retail_fix, retail_recover, retail_replay
