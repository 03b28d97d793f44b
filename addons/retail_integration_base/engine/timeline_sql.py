"""The timeline as one query over the tables that hold what happened. Nothing is copied: what they show is what is so.

Each source gives rows of one kind. A condition on a column goes down into every source (PostgreSQL pushes it through
``UNION ALL``) and meets an index there; a source that has NULL in the column is left out when the query is planned.
"""

from dataclasses import dataclass, field

#: Columns of an entry → their type. What a source does not say is NULL.
COLUMNS = {
    "at": "timestamp",
    "backend_id": "int4",
    "inbox_id": "int4",
    "outbox_id": "int4",
    "exception_id": "int4",
    "credential_id": "int4",
    "message_id": "int4",
    "user_id": "int4",
    "author_id": "int4",
    "res_model": "varchar",
    "res_id": "int4",
    "entity": "varchar",
    "subject_key": "varchar",
    "external_id": "varchar",
    "trace_id": "varchar",
    "batch_trace_id": "varchar",
    "outcome": "varchar",
    "error_class": "varchar",
    "text": "text",
    "origin": "varchar",
    "attempt": "int4",
    "duration_ms": "int4",
    "delay_seconds": "int4",
}
#: The id of an entry is the id of its row times this, plus the number of its source.
SOURCES = 64


@dataclass(frozen=True)
class Source:
    """Where entries of one kind come from.

    :param int number: below :data:`SOURCES`, another for each
    :param str kind: constant, or an SQL expression in parentheses
    :param str table: what follows ``FROM``; the row that names the entry is ``x``
    :param dict columns: of :data:`COLUMNS` → SQL expression
    :param int rank: of what happened in the same second, lower comes first
    """

    number: int
    kind: str
    table: str
    rank: int
    columns: dict = field(default_factory=dict)

    def select(self):
        kind = self.kind if self.kind.startswith("(") else "'%s'" % self.kind
        # To the second: some tables know no more, and an order of what is not known would be made up.
        values = dict(self.columns, at="date_trunc('second', %s)" % self.columns["at"])
        columns = ", ".join(
            "(%s)::%s AS %s" % (values.get(name, "NULL"), type_name, name) for name, type_name in COLUMNS.items()
        )
        return (
            f"SELECT x.id::bigint * {SOURCES} + {self.number} AS id, {self.number} AS source, x.id AS source_id, "  # noqa: S608 constants
            f"{self.rank} AS rank, {kind}::varchar AS kind, {columns} FROM {self.table}"
        )


def union(sources):
    """Return the query of all entries."""
    return " UNION ALL ".join(source.select() for source in sources)


def _own(*names):
    return {name: "x.%s" % name for name in names}


#: What the framework itself knows. ``note`` is what people and the framework wrote about an exception: who took it, who
#: closed it and why.
BASE = [
    Source(
        0,
        "received",
        "retail_inbox x",
        10,
        {
            **_own("backend_id", "credential_id", "entity", "subject_key", "trace_id", "origin"),
            "at": "x.received_at",
            "inbox_id": "x.id",
            "text": "x.topic",
            "delay_seconds": "EXTRACT(EPOCH FROM x.received_at - x.occurred_at)",
        },
    ),
    Source(
        1,
        "(CASE x.direction WHEN 'out' THEN 'call' ELSE 'attempt' END)",
        "retail_sync_log x",
        50,
        {
            **_own("at", "backend_id", "inbox_id", "outbox_id", "entity", "subject_key", "trace_id", "batch_trace_id"),
            **_own("outcome", "error_class", "attempt", "duration_ms"),
            "text": "x.message",
        },
    ),
    Source(
        2,
        "exception",
        "retail_exception x",
        55,
        {
            **_own("backend_id", "subject_key"),
            "at": "COALESCE(x.first_seen_at, x.create_date)",
            "exception_id": "x.id",
            "text": "x.name",
        },
    ),
    Source(
        3,
        "note",
        "mail_message x JOIN retail_exception e ON e.id = x.res_id AND x.model = 'retail.exception'",
        60,
        {
            "at": "x.date",
            "backend_id": "e.backend_id",
            "subject_key": "e.subject_key",
            # ``x.res_id`` rather than ``e.id``: the index of messages is on it.
            "exception_id": "x.res_id",
            "message_id": "x.id",
            "author_id": "x.author_id",
        },
    ),
    Source(
        4,
        "ordered",
        "retail_outbox x",
        40,
        {
            **_own("backend_id", "entity", "subject_key", "trace_id"),
            "at": "x.created_at",
            "outbox_id": "x.id",
            "text": "x.operation",
        },
    ),
    Source(
        5,
        "answered",
        "retail_outbox x",
        45,
        {
            **_own("backend_id", "entity", "subject_key", "trace_id", "external_id"),
            # An intent without an answer has no such moment; the list is filtered by it.
            "at": "x.sent_at",
            "outbox_id": "x.id",
        },
    ),
]
#: Numbers from here on are those of the links, in the order of their models' names.
FIRST_LINK = 32


def link(number, table, record_model, record_column, entity):
    """Return the source of the links of one entity: since when the channel's id belongs to the record."""
    return Source(
        number,
        "linked",
        "%s x" % table,
        30,
        {
            **_own("backend_id", "external_id"),
            "at": "x.create_date",
            "res_model": "'%s'" % record_model,
            "res_id": "x.%s" % record_column,
            "entity": "'%s'" % entity,
        },
    )


def made(number, table, model):
    """Return the source of records of ``model`` that came to be."""
    return Source(
        number,
        "made",
        "%s x" % table,
        20,
        {"at": "x.create_date", "res_model": "'%s'" % model, "res_id": "x.id", "user_id": "x.create_uid"},
    )


def state_changes(number, models):
    """Return the source of changes of ``state`` that Odoo's own tracking keeps, of records of ``models``.

    ``mail_message`` has an index on (model, res_id), ``mail_tracking_value`` one on its message.
    """
    return Source(
        number,
        "changed",
        "mail_tracking_value x JOIN mail_message m ON m.id = x.mail_message_id AND m.model IN (%s) "
        "JOIN ir_model_fields f ON f.id = x.field_id AND f.name = 'state'"
        % ", ".join("'%s'" % model for model in models),
        35,
        {
            "at": "m.date",
            "res_model": "m.model",
            "res_id": "m.res_id",
            "author_id": "m.author_id",
            "text": "COALESCE(x.old_value_char, '') || ' → ' || COALESCE(x.new_value_char, '')",
        },
    )
