from . import exporter_stock_level, stock_reader
