"""One webhook on its way to one subscription."""

from dataclasses import dataclass, field


@dataclass
class Delivery:
    """What is sent, and what came of it.

    :ivar str subscription_id: ``None`` for a compliance topic, which the app's settings name an address for
    :ivar str state: ``pending``, ``delivered``, ``failed``, ``dropped``
    :ivar list attempts: ``{"at", "status" or None, "error", "seconds"}``
    """

    number: int
    topic: str
    subject: str
    subscription_id: str | None
    uri: str
    event_id: str
    webhook_id: str
    triggered_at: str
    body: bytes
    name: str | None = None
    is_duplicate: bool = False
    state: str = "pending"
    attempts: list = field(default_factory=list)
    waits_for: object = None

    @property
    def is_ready(self):
        """Whether the delivery it waits for was tried, or never will be."""
        first = self.waits_for
        return first is None or bool(first.attempts) or first.state != "pending"

    def summary(self):
        """For the control API."""
        names = ("number", "topic", "subject", "subscription_id", "uri", "event_id", "webhook_id", "triggered_at")
        return {
            **{name: getattr(self, name) for name in names},
            "duplicate": self.is_duplicate,
            "state": self.state,
            "attempts": list(self.attempts),
            "bytes": len(self.body),
        }
