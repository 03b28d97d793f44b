from . import importer_payment_event
