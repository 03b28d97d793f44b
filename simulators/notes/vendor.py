"""What the vendor has, and how it misbehaves."""

import random
import threading
import time
from dataclasses import asdict, dataclass, field

FAULTS = ("status", "rate_limit", "lost_answer", "truncated", "hang")
MAX_NOTES = 100
#: Notes per page of the list of changes.
PAGE = 2


@dataclass
class Fault:
    """One order to misbehave.

    :param str fault: ``status`` (no effect, ``status`` is answered), ``rate_limit`` (429), or, after the effect took
        place: ``lost_answer`` (the connection closes), ``truncated`` (half an answer), ``hang`` (none in ``seconds``)
    :param int count: how many times it strikes; None for as often as ``probability`` says
    :param float probability: chance to strike each time
    :param str on: beginning of the paths it strikes
    """

    fault: str
    count: int | None = None
    probability: float = 1.0
    status: int = 503
    retry_after: float | None = None
    seconds: float = 30.0
    on: str = "/v1/"

    def __post_init__(self):
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; known: {', '.join(FAULTS)}")


@dataclass
class Vendor:
    """Notes are state: storing one again changes nothing. A parcel is sent for each call, however often it is asked."""

    seed: int = 7
    notes: dict = field(default_factory=dict)
    #: how often each note was stored with another text than before
    changes: dict = field(default_factory=dict)
    parcels: list = field(default_factory=list)
    #: id → (version, seconds since 1970, text) of what people wrote at the vendor
    written: dict = field(default_factory=dict)
    calls: dict = field(default_factory=dict)
    batches: list = field(default_factory=list)
    #: ``"PUT /v1/notes"`` → the ``traceparent`` of each call, in order
    traces: dict = field(default_factory=dict)

    def __post_init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._rng = random.Random(self.seed)

    # ------------------------------------------------------------ misbehaving

    def add_fault(self, **values):
        """:raises ValueError: no such fault"""
        with self._lock:
            self._faults.append(Fault(**values))

    def clear_faults(self):
        with self._lock:
            self._faults.clear()

    def draw_fault(self, method, path, traceparent):
        """Note the call; return the :class:`Fault` that strikes it, or None."""
        with self._lock:
            self.calls[path] = self.calls.get(path, 0) + 1
            self.traces.setdefault(f"{method} {path}", []).append(traceparent)
            for fault in self._faults:
                if path.startswith(fault.on) and self._rng.random() < fault.probability:
                    if fault.count is not None:
                        fault.count -= 1
                        if fault.count <= 0:
                            self._faults.remove(fault)
                    return fault
        return None

    # ------------------------------------------------------------ the service

    def store_notes(self, notes):
        """:param list[dict] notes: with ``id`` and ``text``; returns ``(status, answer)``"""
        if len(notes) > MAX_NOTES or any(note["text"] == "spoils the batch" for note in notes):
            return 422, {"error": "a note of this batch cannot be read"}
        results = []
        with self._lock:
            self.batches.append(len(notes))
            for note in notes:
                if note["text"] == "refused":
                    results.append({"id": note["id"], "status": "refused", "reason": "the text is not allowed"})
                    continue
                if self.notes.get(note["id"]) != note["text"]:
                    self.changes[note["id"]] = self.changes.get(note["id"], 0) + 1
                self.notes[note["id"]] = note["text"]
                results.append({"id": note["id"], "status": "stored"})
        return 200, {"results": results}

    def write_note(self, note_id, text, at=None):
        """Change a note as somebody at the vendor would.

        :param float at: seconds since 1970; now by default
        """
        with self._lock:
            version = self.written.get(note_id, (0,))[0] + 1
            self.written[note_id] = (version, time.time() if at is None else at, text)

    def list_written(self, since, page):
        """Return ``(status, answer)``: what was written since a moment, oldest first, and the next page's number."""
        with self._lock:
            found = sorted((entry[1], note_id) for note_id, entry in self.written.items() if entry[1] >= since)
            shown = found[page * PAGE : (page + 1) * PAGE]
            notes = [self._describe(note_id) for _at, note_id in shown]
        return 200, {"notes": notes, "next": page + 1 if len(found) > (page + 1) * PAGE else None}

    def read_written(self, note_id):
        """Return ``(status, answer)``: one note as it is now."""
        with self._lock:
            return (200, self._describe(note_id)) if note_id in self.written else (404, {"error": "no such note"})

    def _describe(self, note_id):
        version, at, text = self.written[note_id]
        return {"id": note_id, "version": version, "written_at": at, "text": text}

    def send_parcel(self, parcel):
        """:param dict parcel: ``reference`` and ``text``; returns ``(status, answer)``"""
        if parcel["text"] == "not understood":
            return 418, {"error": "this cannot be sent"}
        with self._lock:
            sent = {"id": f"P-{len(self.parcels) + 1}", "reference": parcel["reference"], "text": parcel["text"]}
            self.parcels.append(sent)
        return 201, {**sent, "remark": "\x00"} if parcel["text"] == "answered with a NUL" else sent

    def find_parcels(self, references):
        with self._lock:
            return 200, {"parcels": [parcel for parcel in self.parcels if parcel["reference"] in references]}

    def snapshot(self):
        """Return all there is, for whoever checks it."""
        with self._lock:
            state = {
                name: getattr(self, name) for name in ("notes", "changes", "parcels", "calls", "batches", "traces")
            }
            return {**state, "faults": [asdict(fault) for fault in self._faults]}
