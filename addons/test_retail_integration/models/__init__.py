from . import test_retail_note, retail_importer_note
