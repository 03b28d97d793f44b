"""From rows to what a scraper reads. Text and escaping are ``prometheus_client``'s."""

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from .buckets import cumulated

_CLASSES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}


def metric_family(family, rows):
    """Return the metric of ``prometheus_client`` that ``family`` and its rows make.

    :param Family family: see :mod:`.catalogue`
    :param list[tuple] rows: as its statement gives them
    """
    metric = _CLASSES[family.kind](family.name, family.help, labels=family.labels)
    width = len(family.labels)
    for row in rows:
        labels = [str(value) for value in row[:width]]
        if family.kind == "histogram":
            count, seconds, buckets = row[width:]
            metric.add_metric(labels, cumulated(family.bounds, buckets, count), seconds)
        else:
            metric.add_metric(labels, float(row[width]))
    return metric


def render(metrics, accept):
    """Return ``(bytes, content type)``.

    :param list metrics: from :func:`metric_family`
    :param str accept: the scraper's ``Accept`` header; OpenMetrics where it asks for it
    """
    encode, content_type = choose_encoder(accept)
    return encode(_Collected(metrics)), content_type


class _Collected:
    """What the encoders take for a registry."""

    def __init__(self, metrics):
        self._metrics = metrics

    def collect(self):
        return self._metrics
