from . import exporter_fulfilment, exporter_refund, exporter_stock_level, stock_reader
