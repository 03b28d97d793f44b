from . import retail_importer_note, test_retail_note
