"""OpenTelemetry spans of what the framework does, each in the trace of its message.

Off unless an endpoint is configured and ``opentelemetry-sdk`` and ``opentelemetry-exporter-otlp-proto-http`` are
installed. Spans go into a bounded queue that a thread sends in batches; while the collector is away they are dropped.
"""

import hashlib
import os

#: What a step hangs below: claim and import below receive, the rest below what works on the batch.
_BELOW_BATCH = frozenset(("fetch", "apply", "push"))
_QUEUE_SPANS, _BATCH_SPANS, _DELAY_MILLIS, _EXPORT_MILLIS = 4096, 512, 2000, 5000


class Spans:
    """Makes spans and hands them to the exporter.

    :param str endpoint: the collector's, e.g. ``http://collector:4318/v1/traces``
    :param float ratio: share of the messages that are traced, 0 … 1; decided by the trace id, so that each is traced
        as a whole
    :raises ImportError: a package is missing
    """

    def __init__(self, endpoint, ratio=1.0):
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk import resources
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.status import Status, StatusCode

        self._trace, self._span_class = trace, ReadableSpan
        self._failed = Status(StatusCode.ERROR)
        self._flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        self._limit = int(ratio * 2**64)

        class Resource(resources.Resource):
            """The process's only one. The exporter asks for its hash with every span; the SDK computes it anew."""

            __eq__, __hash__ = object.__eq__, object.__hash__

        known = resources.Resource.create(
            {resources.SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or "odoo-retail"}
        )
        self._resource = Resource(known.attributes, known.schema_url)
        self._processor = BatchSpanProcessor(
            OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_MILLIS / 1000),
            max_queue_size=_QUEUE_SPANS,
            schedule_delay_millis=_DELAY_MILLIS,
            max_export_batch_size=_BATCH_SPANS,
            export_timeout_millis=_EXPORT_MILLIS,
        )

    def received(self, database, answer, way, started, ended):
        """The gateway stored a message."""
        if answer.inbox_id is None or answer.row is None:
            return
        row = {**answer.row, "inbox_id": answer.inbox_id}
        self._add("receive", row, database, int(started * 1e9), int(ended * 1e9), None, {"retail.way": way})

    def stepped(self, step):
        """A step on one or more messages is over: one span in the trace of each."""
        outer_ns = step.outer.started_ns if step.outer and step.name in _BELOW_BATCH else None
        extra = {"retail.batch_size": len(step.rows)}
        for row in step.rows:
            self._add(step.name, row, step.database, step.started_ns, step.ended_ns, step.error, extra, step, outer_ns)

    def flush(self):
        """Send what there is, and wait for it."""
        self._processor.force_flush(_EXPORT_MILLIS)

    def _add(self, name, row, database, started_ns, ended_ns, error, extra, step=None, outer_ns=None):
        trace_id = row.get("trace_id")
        if not trace_id or int(trace_id[16:], 16) >= self._limit:
            return
        key = _key(row)
        attributes = {"retail.database": database or "", **extra}
        for label in ("backend_id", "flow_id", "entity", "inbox_id", "outbox_id"):
            if row.get(label) is not None:
                attributes["retail." + label] = row[label]
        if error is not None:
            attributes["error.type"] = type(error).__name__  # its text may name a person
        if name == "receive":
            span_id, parent_id = _span_id(database, key, "receive", 0), None
        else:
            span_id = _span_id(database, key, name, started_ns)
            if outer_ns:
                parent_id = _span_id(database, key, step.outer.name, outer_ns)
            else:
                parent_id = _span_id(database, key, "receive", 0) if row.get("origin") == "webhook" else None
        self._processor.on_end(
            self._span_class(
                name="retail." + name,
                context=self._context(trace_id, span_id),
                parent=parent_id and self._context(trace_id, parent_id),
                resource=self._resource,
                attributes=attributes,
                start_time=started_ns,
                end_time=ended_ns,
                **({"status": self._failed} if error is not None else {}),
            )
        )

    def _context(self, trace_id, span_id):
        return self._trace.SpanContext(int(trace_id, 16), span_id, is_remote=False, trace_flags=self._flags)


def _key(row):
    return "in%s" % row["inbox_id"] if row.get("inbox_id") else "out%s" % row.get("outbox_id")


def _span_id(database, key, name, started_ns):
    """Return a span's id: computed, so that spans of one message find each other across processes."""
    text = "%s:%s:%s:%s" % (database, key, name, started_ns)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1
