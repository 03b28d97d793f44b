from . import test_json_log, test_measured, test_metrics, test_outbound_metrics, test_probes, test_roles, test_spans
