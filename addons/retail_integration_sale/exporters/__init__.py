from . import exporter_fulfilment, exporter_stock_level, stock_reader
