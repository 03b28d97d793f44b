"""Bulk operations: a query run in the background, its answer a JSONL file that is there for seven days.

Source: Shopify, "Perform bulk operations with the GraphQL Admin API". A child's line names its parent in ``__parentId``
and comes after it; unless ``groupObjects`` asks for it, not right after it.
"""

import json
import secrets
import tempfile
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from graphql import GraphQLError

from . import contract
from .scalars import json_default

MAX_RUNNING = 5
LIFETIME = timedelta(days=7)
BATCH = 50
#: What ``bulk_hostile`` puts into the place of two lines: one that is no JSON, and one that is far too long.
NO_JSON = b'{"id":"gid://shopify/LineItem/1","title":"a mug'
LONG_LINE_BYTES = 10 * 1024 * 1024
_RUNNING = ("CREATED", "RUNNING", "CANCELING")


class NotStarted(ValueError):
    """The operation cannot run.

    :param str code: a value of ``BulkOperationUserErrorCode``
    """

    def __init__(self, code, message, field=("query",)):
        super().__init__(message)
        self.code, self.field = code, list(field)


@dataclass
class Window:
    """Which objects at the root of the query are answered: ``[start, stop)`` of those there were at the beginning."""

    start: int = 0
    stop: int = 0
    #: the whole connection, once it is known
    connection: dict | None = None

    def cut(self, connection):
        self.connection = self.connection or connection
        chosen = slice(self.start, self.stop)
        edges = self.connection["edges"][chosen]
        return {**self.connection, "edges": edges, "nodes": [edge["node"] for edge in edges]}


class Bulk:
    """The bulk operations of one shop.

    :param World world: whose engine runs the queries, and whose faults strike them
    """

    def __init__(self, world):
        self._world = world
        self._shop, self._engine = world.shop, world.engine
        self._folder = tempfile.TemporaryDirectory(prefix="shopify-bulk-")
        self._files = {}
        self._threads = []
        self._is_stopping = threading.Event()
        #: answers that say RUNNING before an operation is seen to be done, however fast it was
        self.least_looks = 1

    def start(self, version, text, is_grouped):
        """Begin an operation.

        :return: its record
        :raises NotStarted: the query is not one for bulk operations, or too many are running
        """
        problems = contract.bulk_errors(version, text)
        if problems:
            raise NotStarted("INVALID", problems[0])
        running = [one for one in self._shop.all("BulkOperation") if one["status"] in _RUNNING]
        if len(running) >= MAX_RUNNING:
            raise NotStarted("LIMIT_REACHED", "Too many bulk query operations are running for this app and shop.", ())
        record = self._shop.add(
            {
                "__typename": "BulkOperation",
                "id": self._shop.new_id("BulkOperation"),
                "status": "CREATED",
                "errorCode": None,
                "type": "QUERY",
                "query": text,
                "createdAt": self._shop.clock.now(),
                "completedAt": None,
                "objectCount": 0,
                "rootObjectCount": 0,
                "fileSize": None,
                "url": None,
                "partialDataUrl": None,
                "_looks": 0,
                "_outcome": None,
            }
        )
        names = ("bulk_fail", "bulk_cut", "bulk_hostile")
        fault = self._world.faults.strike(names, on="bulk", text=text)
        thread = threading.Thread(target=self._run, args=(record, version, is_grouped, fault), daemon=True)
        self._threads.append(thread)
        thread.start()
        return record

    def look(self, record):
        """Bring a record to what a client sees now; return it."""
        record["_looks"] += 1
        if record["status"] in ("CREATED", "RUNNING"):
            record["status"] = "RUNNING"
            if record["_outcome"] and record["_looks"] > self.least_looks:
                record.update(record["_outcome"])
        if record["status"] == "COMPLETED" and self._is_over(record):
            record.update(status="EXPIRED", url=None)
        return record

    def cancel(self, record):
        if record["status"] in _RUNNING:
            record["status"] = "CANCELED"
        return record

    def find_file(self, token):
        """Return the path of a result file, ``None`` once its time is over.

        :raises KeyError: there is none
        """
        record, path = self._files[token]
        return None if self._is_over(record) else path

    def expire_files(self):
        """Let the signatures of all addresses end, though the operations still name them."""
        for token, (record, _path) in list(self._files.items()):
            self._files[token] = ({**record, "completedAt": self._shop.clock.now() - 2 * LIFETIME}, None)

    def stop(self):
        self._is_stopping.set()
        for thread in self._threads:
            thread.join(timeout=30)
        self._folder.cleanup()

    def _is_over(self, record):
        completed = record["completedAt"]
        return completed is not None and self._shop.clock.now() - completed > LIFETIME

    # ---------------------------------------------------------------- the file

    def _run(self, record, version, is_grouped, fault):
        token = secrets.token_urlsafe(16)
        path = Path(self._folder.name) / f"{token}.jsonl"
        outcome = {"completedAt": self._shop.clock.now()}
        try:
            with open(path, "wb") as file:
                for lines, roots in self._batches(version, record["query"], is_grouped):
                    file.write(b"".join(lines))
                    record["objectCount"] += len(lines)
                    record["rootObjectCount"] += roots
            outcome.update(status="COMPLETED", completedAt=self._shop.clock.now())
        except GraphQLError as error:
            denied = (error.extensions or {}).get("code") == "ACCESS_DENIED"
            outcome.update(status="FAILED", errorCode="ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR")
            record["_problem"] = str(error)
        self._misbehave(record, path, outcome, fault)
        size = path.stat().st_size
        address = f"{self._world.url}/bulk/{token}.jsonl?signature={secrets.token_hex(16)}"
        # At the vendor, too, an operation without any object has no address.
        has_file = size and self._is_told(record)
        self._files[token] = (record, path)
        name = "url" if outcome["status"] == "COMPLETED" else "partialDataUrl"
        outcome.update({name: address if has_file else None, "fileSize": size})
        record["_outcome"] = outcome

    def _is_told(self, record):
        return record["objectCount"] > 0

    def _batches(self, version, text, is_grouped):
        window = Window()
        while not self._is_stopping.is_set():
            window.start, window.stop = window.stop, window.stop + BATCH
            data = self._engine.execute_bulk(version, text, window)
            edges = next(iter(data.values()))["edges"]
            if not edges:
                return
            roots, families = [], []
            for edge in edges:
                row, children = _flatten(edge["node"], None)
                roots.append(row)
                families.append(children)
            if is_grouped:
                rows = [row for root, children in zip(roots, families, strict=True) for row in (root, *children)]
            else:
                # All parents, then the children of all, one kind after the other.
                rows = roots + sorted(
                    (child for children in families for child in children), key=lambda child: str(child.get("id"))
                )
            yield [_line(row) for row in rows], len(roots)

    def _misbehave(self, record, path, outcome, fault):
        name = fault and fault.fault
        if name == "bulk_hostile":
            _make_hostile(path)
        elif name in ("bulk_cut", "bulk_fail"):
            size = path.stat().st_size
            with open(path, "r+b") as file:
                file.truncate(size * 2 // 3)
            if name == "bulk_fail":
                outcome.update(status="FAILED", errorCode="INTERNAL_SERVER_ERROR", completedAt=None)


def _flatten(node, parent_id):
    """Return ``(row, rows of its children)``: a node without its connections, and what is in those."""
    row, children = {}, []
    for key, value in node.items():
        if isinstance(value, dict) and isinstance(value.get("edges"), list):
            for edge in value["edges"]:
                child, grandchildren = _flatten(edge["node"], node["id"])
                children += [child, *grandchildren]
        else:
            row[key] = value
    if parent_id:
        row["__parentId"] = parent_id
    return row, children


def _line(row):
    return json.dumps(row, default=json_default, separators=(",", ":")).encode() + b"\n"


def _make_hostile(path):
    """Replace a line in the middle by one that is no JSON, and the one after it by a very long one."""
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    lines[middle] = NO_JSON + b"\n"
    if middle + 1 < len(lines):
        lines[middle + 1] = b'{"id":"' + b"x" * LONG_LINE_BYTES + b'"}\n'
    path.write_bytes(b"".join(lines))
