from . import (
    retail_connector_notes,
    retail_exporter_note,
    retail_importer_note,
    test_retail_job,
    test_retail_note,
)
