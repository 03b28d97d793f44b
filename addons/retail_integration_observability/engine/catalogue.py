"""Every figure there is: name, meaning, labels and the statement that gives it. One place.

A statement gives one row per series: the labels' values in their order, then the value (``value, seconds, buckets`` for
a histogram). Labels have few values: backends, flows, states; never subjects. All statements read small tables or
partial indexes; ``retail_inbox`` is met by primary key only, at most once per flow.
"""

# The statements are made of this file's own constants.
# ruff: noqa: S608

from dataclasses import dataclass

from .buckets import ACK_BOUNDS, PROCESSING_BOUNDS

BACKEND = ("backend_id", "backend")
FLOW = (*BACKEND, "entity", "direction")

_NOW = "(clock_timestamp() AT TIME ZONE 'UTC')"
_FLOW_OF_SERIES = """
SELECT COALESCE(s.backend_id, 0), COALESCE(b.name, ''), COALESCE(f.entity, ''), COALESCE(f.direction, 'in'), {columns}
FROM retail_metrics_series s
LEFT JOIN retail_backend b ON b.id = s.backend_id
LEFT JOIN retail_flow f ON f.id = s.flow_id
WHERE s.metric = '{metric}' {condition} {group}
"""
_BACKEND_OF_SERIES = """
SELECT COALESCE(s.backend_id, 0), COALESCE(b.name, ''), {columns}
FROM retail_metrics_series s LEFT JOIN retail_backend b ON b.id = s.backend_id
WHERE s.metric = '{metric}'
"""
_FLOWS = "FROM retail_flow f JOIN retail_backend b ON b.id = f.backend_id AND b.active"


@dataclass(frozen=True)
class Family:
    """One metric as Prometheus sees it.

    :param str kind: ``counter``, ``gauge`` or ``histogram``
    :param tuple bounds: of a histogram, in seconds
    """

    name: str
    kind: str
    help: str
    labels: tuple
    sql: str
    bounds: tuple = ()


def _flow_series(metric, columns, condition="", group=""):
    return _FLOW_OF_SERIES.format(metric=metric, columns=columns, condition=condition, group=group)


FAMILIES = (
    Family(
        "retail_messages_received",
        "counter",
        "Messages stored in the inbox, by where they came from.",
        (*FLOW, "origin"),
        _flow_series("received", "s.label, s.value"),
    ),
    Family(
        "retail_messages_finished",
        "counter",
        "Messages and intents the drain brought to an end, by outcome. What is replayed finishes again.",
        (*FLOW, "outcome"),
        _flow_series("attempts", "s.label, s.value", "AND s.label IN ('done', 'superseded', 'ignored', 'quarantined')"),
    ),
    Family(
        "retail_attempts",
        "counter",
        "Attempts at messages, by outcome; retry, held, quarantined and lost (the worker died) are failures.",
        (*FLOW, "outcome"),
        _flow_series("attempts", "s.label, s.value"),
    ),
    Family(
        "retail_attempt_seconds",
        "counter",
        "Time spent on attempts, each message's share of its batch.",
        FLOW,
        _flow_series("attempts", "sum(s.seconds)", group="GROUP BY 1, 2, 3, 4"),
    ),
    Family(
        "retail_poll_failures",
        "counter",
        "Polls at which the channel could not be asked.",
        FLOW,
        _flow_series("poll_failures", "s.value"),
    ),
    Family(
        "retail_processing_seconds",
        "histogram",
        "From received to done, once per message; out of Odoo, from changed to sent.",
        FLOW,
        _flow_series("processing", "s.value, s.seconds, s.buckets"),
        PROCESSING_BOUNDS,
    ),
    Family(
        "retail_ack_seconds",
        "histogram",
        "What the gateway took from request to answer.",
        (*BACKEND, "outcome", "way"),
        _BACKEND_OF_SERIES.format(metric="ack", columns="s.label, s.way, s.value, s.seconds, s.buckets"),
        ACK_BOUNDS,
    ),
    Family(
        "retail_gateway_refusals",
        "counter",
        "Calls the gateway refused, by reason; backend 0 is nobody's address.",
        (*BACKEND, "reason"),
        _BACKEND_OF_SERIES.format(metric="refusals", columns="s.label, s.value"),
    ),
    Family(
        "retail_lag_seconds",
        "gauge",
        "Age of the oldest message or change that waits or is retried; held ones and replays do not count.",
        FLOW,
        f"""
        SELECT f.backend_id, b.name, f.entity, f.direction,
               COALESCE(GREATEST(EXTRACT(EPOCH FROM {_NOW} - oldest.since), 0), 0)
        {_FLOWS}
        LEFT JOIN (
            SELECT w.flow_id, m.received_at AS since
            FROM (SELECT flow_id, min(inbox_id) AS id FROM retail_inbox_work WHERE NOT is_held AND NOT is_replay
                  GROUP BY flow_id) w
            JOIN retail_inbox m ON m.id = w.id
            UNION ALL
            SELECT changed.flow_id, min(changed.since)
            FROM (
                SELECT w.flow_id, o.dirty_at AS since
                FROM (SELECT flow_id, min(id) AS id FROM retail_outbox_work WHERE NOT is_held AND NOT is_replay
                      GROUP BY flow_id) first
                JOIN retail_outbox_work w ON w.id = first.id
                JOIN retail_outbox o ON o.id = w.outbox_id
                UNION ALL
                SELECT flow_id, min(marked_at) FROM retail_outbox_mark GROUP BY flow_id
            ) changed
            GROUP BY changed.flow_id
        ) oldest ON oldest.flow_id = f.id
        """,
    ),
    Family(
        "retail_backlog_messages",
        "gauge",
        "Unfinished messages and intents: waiting, working, retry (waits for its next attempt), held by an exception; "
        "marked: changes no drain has seen yet.",
        (*FLOW, "state"),
        f"""
        WITH work AS (
            SELECT backend_id, flow_id,
                   CASE WHEN is_held THEN 'held' WHEN claimed_at IS NOT NULL THEN 'working'
                        WHEN attempts > 0 AND not_before > {_NOW} THEN 'retry' ELSE 'waiting' END AS state,
                   count(*) AS n
            FROM (SELECT backend_id, flow_id, is_held, claimed_at, attempts, not_before FROM retail_inbox_work
                  UNION ALL
                  SELECT backend_id, flow_id, is_held, claimed_at, attempts, not_before FROM retail_outbox_work) w
            GROUP BY 1, 2, 3
        )
        SELECT f.backend_id, b.name, f.entity, f.direction, v.state, COALESCE(work.n, 0)
        {_FLOWS} CROSS JOIN (VALUES ('waiting'), ('working'), ('retry'), ('held')) AS v (state)
        LEFT JOIN work ON work.flow_id = f.id AND work.state = v.state
        UNION ALL
        SELECT f.backend_id, b.name, f.entity, f.direction, 'marked', COALESCE(mark.n, 0)
        {_FLOWS} LEFT JOIN (SELECT flow_id, count(*) AS n FROM retail_outbox_mark GROUP BY flow_id) mark
                        ON mark.flow_id = f.id
        WHERE f.direction = 'out'
        UNION ALL
        SELECT work.backend_id, b.name, '', 'in', work.state, work.n
        FROM work JOIN retail_backend b ON b.id = work.backend_id WHERE work.flow_id IS NULL
        """,
    ),
    Family(
        "retail_flow_state",
        "gauge",
        "1 for the state the flow is in.",
        (*FLOW, "state"),
        f"SELECT f.backend_id, b.name, f.entity, f.direction, f.state, 1 {_FLOWS}",
    ),
    Family(
        "retail_poll_failing",
        "gauge",
        "1 where the last poll of a running flow failed.",
        FLOW,
        f"""
        SELECT f.backend_id, b.name, f.entity, f.direction, (COALESCE(f.poll_error, '') <> '')::int {_FLOWS}
        WHERE f.direction = 'in' AND f.state IN ('live', 'shadow') AND f.poll_interval_minutes > 0
        """,
    ),
    Family(
        "retail_exceptions_open",
        "gauge",
        "Open exceptions by kind.",
        (*BACKEND, "kind"),
        """
        SELECT e.backend_id, b.name, e.kind, count(*)
        FROM retail_exception e JOIN retail_backend b ON b.id = e.backend_id
        WHERE e.state = 'open' GROUP BY 1, 2, 3
        """,
    ),
    Family(
        "retail_exceptions_overdue",
        "gauge",
        "Open exceptions past their deadline, by kind.",
        (*BACKEND, "kind"),
        f"""
        SELECT e.backend_id, b.name, e.kind, count(*) FILTER (WHERE e.deadline < {_NOW})
        FROM retail_exception e JOIN retail_backend b ON b.id = e.backend_id
        WHERE e.state = 'open' GROUP BY 1, 2, 3
        """,
    ),
    Family(
        "retail_amount_at_risk",
        "gauge",
        "Sum of the amounts that open exceptions hold up, in the units of the currency.",
        (*BACKEND, "currency"),
        """
        SELECT e.backend_id, b.name, c.name, sum(e.amount_at_risk)
        FROM retail_exception e
        JOIN retail_backend b ON b.id = e.backend_id JOIN res_currency c ON c.id = e.currency_id
        WHERE e.state = 'open' AND e.amount_at_risk <> 0 GROUP BY 1, 2, 3
        """,
    ),
    Family(
        "retail_circuit_open",
        "gauge",
        "1 where the channel does not answer and is asked once per interval only.",
        (*BACKEND, "endpoint"),
        """
        SELECT c.backend_id, b.name, c.endpoint, (c.opened_at IS NOT NULL)::int
        FROM retail_circuit c JOIN retail_backend b ON b.id = c.backend_id AND b.active
        """,
    ),
    Family(
        "retail_circuit_failures",
        "gauge",
        "Calls in a row that the channel did not answer.",
        (*BACKEND, "endpoint"),
        """
        SELECT c.backend_id, b.name, c.endpoint, c.failures
        FROM retail_circuit c JOIN retail_backend b ON b.id = c.backend_id AND b.active
        """,
    ),
    Family(
        "retail_circuit_wait_seconds",
        "gauge",
        "How long nobody calls the channel: it does not answer, or has asked to slow down.",
        (*BACKEND, "endpoint"),
        f"""
        SELECT c.backend_id, b.name, c.endpoint,
               COALESCE(GREATEST(EXTRACT(EPOCH FROM c.wait_until - {_NOW}), 0), 0)
        FROM retail_circuit c JOIN retail_backend b ON b.id = c.backend_id AND b.active
        """,
    ),
    Family(
        "retail_budget_level",
        "gauge",
        "Calls, or points, that the channel's API has left for us by our reckoning.",
        (*BACKEND, "endpoint"),
        f"""
        SELECT u.backend_id, b.name, u.endpoint,
               LEAST(u.maximum, u.level + u.restore_rate * GREATEST(0, EXTRACT(EPOCH FROM {_NOW} - u.level_at)))
        FROM retail_budget u JOIN retail_backend b ON b.id = u.backend_id AND b.active
        """,
    ),
    Family(
        "retail_budget_maximum",
        "gauge",
        "Calls, or points, that the channel's API takes at once.",
        (*BACKEND, "endpoint"),
        """
        SELECT u.backend_id, b.name, u.endpoint, u.maximum
        FROM retail_budget u JOIN retail_backend b ON b.id = u.backend_id AND b.active
        """,
    ),
    Family(
        "retail_budget_wait_seconds",
        "gauge",
        "How long a class of work waits for calls.",
        (*BACKEND, "endpoint", "latency"),
        f"""
        SELECT w.backend_id, b.name, w.endpoint,
               CASE w.priority WHEN 10 THEN 'realtime' WHEN 20 THEN 'standard' WHEN 30 THEN 'batch' ELSE 'backfill' END,
               GREATEST(EXTRACT(EPOCH FROM w.wait_until - {_NOW}), 0)
        FROM retail_budget_wait w JOIN retail_backend b ON b.id = w.backend_id AND b.active
        """,
    ),
    Family(
        "retail_drain_group_awake",
        "gauge",
        "1 where a drain job of the lane group is ordered or at work.",
        ("group",),
        "SELECT number, COALESCE(is_awake, false)::int FROM retail_drain_group",
    ),
    Family(
        "retail_jobs",
        "gauge",
        "Jobs of the suite's channels that are not over.",
        ("channel", "state"),
        """
        SELECT channel, state, count(*) FROM queue_job
        WHERE state IN ('wait_dependencies', 'pending', 'enqueued', 'started', 'failed')
          AND (channel = 'root.retail' OR channel LIKE 'root.retail.%')
        GROUP BY 1, 2
        """,
    ),
    Family(
        "retail_credential_expiry_days",
        "gauge",
        "Days until a secret ends; those without an end are left out.",
        (*BACKEND, "kind", "state"),
        f"""
        SELECT c.backend_id, b.name, c.kind, c.state, min(EXTRACT(EPOCH FROM c.expires_at - {_NOW})) / 86400
        FROM retail_credential c JOIN retail_backend b ON b.id = c.backend_id AND b.active
        WHERE c.state <> 'revoked' AND c.expires_at IS NOT NULL GROUP BY 1, 2, 3, 4
        """,
    ),
)
