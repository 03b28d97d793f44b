from . import test_measured, test_metrics, test_probes, test_roles
