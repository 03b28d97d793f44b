"""Log records as lines of JSON, with the message that is under way."""

import json
import logging
import re
from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine import telemetry

from .mask import mask

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: A batch has at most this many messages; more ids would make lines nobody reads.
_MAX_IDS = 50
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonFormatter(logging.Formatter):
    """One record, one line: time, level, logger, message, process, database, and what was under way.

    Never raises: a record that cannot be formatted is a line that says so.
    """

    def format(self, record):
        try:
            line = self._line(record)
        except Exception as error:  # noqa: BLE001 logging must not break what it is about
            line = {"message": "A log record could not be formatted: %s" % type(error).__name__, "logger": record.name}
        return _encode(line)

    def _line(self, record):
        at = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(_ANSI.sub("", record.getMessage())),
            "pid": record.process,
            "database": _known(getattr(record, "dbname", None)),
            "perf": _known(_ANSI.sub("", getattr(record, "perf_info", "") or "")),
            **_work(telemetry.under_way()),
        }
        if record.exc_info:
            line["exception"] = mask(self.formatException(record.exc_info))
        elif record.exc_text:
            line["exception"] = mask(record.exc_text)
        if record.stack_info:
            line["stack"] = mask(record.stack_info)
        return {name: value for name, value in line.items() if value is not None}


def _known(value):
    return value if value and value.strip("-? ") else None


def _work(step):
    """Return the fields that name what ``step`` works on."""
    if step is None or not step.rows:
        return {}
    rows = step.rows
    fields = {"step": step.name}
    for name in ("backend_id", "flow_id", "entity"):
        values = {row.get(name) for row in rows}
        if len(values) == 1:
            fields[name] = values.pop()
    if len(rows) == 1:
        fields["trace_id"] = rows[0].get("trace_id")
    for name in ("inbox_id", "outbox_id"):
        ids = [row[name] for row in rows if row.get(name)][:_MAX_IDS]
        if ids:
            fields[name if len(rows) == 1 else name + "s"] = ids[0] if len(rows) == 1 else ids
    return {name: value for name, value in fields.items() if value is not None}


def install():
    """Let every handler that writes text write JSON. Levels, filters and targets stay what Odoo made them."""
    for handler in logging.getLogger().handlers:
        # Odoo's handler into PostgreSQL has columns of its own.
        if type(handler).__name__ != "PostgreSQLHandler":
            handler.setFormatter(JsonFormatter())
