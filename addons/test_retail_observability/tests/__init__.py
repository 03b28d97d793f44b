from . import test_json_log
from . import test_measured
from . import test_metrics
from . import test_outbound_metrics
from . import test_probes
from . import test_roles
from . import test_spans
