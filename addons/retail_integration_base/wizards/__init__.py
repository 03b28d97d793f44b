from . import retail_backfill_start, retail_exception_close, retail_fix, retail_recover, retail_replay
