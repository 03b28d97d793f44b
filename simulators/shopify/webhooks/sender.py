"""Deliver webhooks from a pool of threads: signed, retried, counted, and misbehaving on command.

Source: Shopify, "Deliver webhooks through HTTPS" (headers, five seconds to answer, eight retries, then the subscription
is removed).
"""

import heapq
import http.client
import itertools
import json
import random
import threading
import time
import uuid
from urllib.parse import urlsplit

from ..faults import WEBHOOK_FAULTS
from ..scalars import instant_text
from ..search import Search
from ..signing import sign
from . import payloads
from .delivery import Delivery
from .subscriptions import enum_of

# Shopify spreads its eight retries over four hours; here they take minutes, and the control API can change them
RETRY_DELAYS = (0.5, 1, 2, 4, 8, 15, 30, 60)
ANSWER_SECONDS = 5
WORKERS = 8
_HELD_AT_MOST = 3.0


class Sender:
    """Turns events of the shop into deliveries.

    :param Shop shop:
    :param App app: its secret signs, its webhook version names the payloads
    :param Faults faults:
    """

    def __init__(self, shop, app, faults, seed=0):
        self.shop, self.app, self.faults = shop, app, faults
        self.retry_delays, self.answer_seconds = RETRY_DELAYS, ANSWER_SECONDS
        self.log = []
        self.removed_subscriptions = []
        self._rng = random.Random(f"{seed}/webhooks")
        self._due, self._ticket = [], itertools.count()
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._held = {}
        self._is_running = False
        self._in_flight = 0
        self._threads = []

    def start(self):
        self._is_running = True
        self._threads = [threading.Thread(target=self._work, daemon=True, name=f"webhook-{i}") for i in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Stop; what is pending is not sent any more."""
        with self._changed:
            self._is_running = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=self.answer_seconds + 1)

    # making deliveries

    def emit(self, topic, record, waits_for=None, copies=0):
        """Queue ``topic`` about ``record`` for every subscription, with the payload as it is now.

        :param Delivery waits_for: these are sent only after that one was
        :param int copies: how many more times the same event is delivered
        :rtype: list[Delivery]
        """
        made = self.prepare(topic, record)
        for delivery in made:
            delivery.waits_for = waits_for
            self.queue(delivery, copies)
        return made

    def prepare(self, topic, record):
        """Make the deliveries of an event and freeze their payload; :meth:`queue` sends them.

        :rtype: list[Delivery]
        """
        with self.shop.lock:
            entries = [entry for entry in self.shop.all("WebhookSubscription") if entry["topic"] == enum_of(topic)]
            if not entries:
                return []
            payload = payloads.build(self.shop, topic, record)
            event_id, triggered = self._uuid(), _triggered_at(self.shop.clock)
            wanted = [entry for entry in entries if not self._is_filtered_out(entry, payload)]
            return [self._delivery(entry, topic, record, payload, event_id, triggered) for entry in wanted]

    def comply(self, topic, payload, subject, copies=0):
        """Send a compliance topic to the address in the app's settings; no subscription of the API's is needed.

        :param str subject: id of the record it is about
        :rtype: Delivery
        """
        delivery = Delivery(
            number=next(self._numbers),
            topic=topic,
            subject=subject,
            subscription_id=None,
            uri=self.app.compliance_uri,
            event_id=self._uuid(),
            webhook_id=self._uuid(),
            triggered_at=_triggered_at(self.shop.clock),
            body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8"),
        )
        self.queue(delivery, copies)
        return delivery

    def _is_filtered_out(self, entry, payload):
        readers = {key: (lambda content, key=key: content[key]) for key in payload}
        return not Search(entry["filter"], readers).matches(payload)

    def _delivery(self, entry, topic, record, payload, event_id, triggered):
        if entry["includeFields"]:
            payload = {key: value for key, value in payload.items() if key in entry["includeFields"]}
        return Delivery(
            number=next(self._numbers),
            topic=topic,
            subject=record["id"],
            subscription_id=entry["id"],
            uri=entry["uri"],
            event_id=event_id,
            webhook_id=self._uuid(),
            triggered_at=triggered,
            name=entry["name"],
            body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8"),
        )

    def _uuid(self):
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def queue(self, delivery, copies=0):
        """Send ``delivery``, unless a fault has other plans; ``copies`` more follow it."""
        fault = self.faults.strike(WEBHOOK_FAULTS)
        name = fault.fault if fault else None
        self.log.append(delivery)
        if name == "drop_webhooks":
            delivery.state = "dropped"
            return
        if name == "duplicate_webhooks":
            copies += 1
        if name == "reorder_webhooks":
            self._hold(delivery, fault.seconds or _HELD_AT_MOST)
        else:
            self._schedule(delivery, (fault.seconds or 1.0) if name == "delay_webhooks" else 0)
        for _copy in range(copies):
            self._queue_copy(delivery)

    def _queue_copy(self, delivery):
        copy = Delivery(**{**vars(delivery), "number": next(self._numbers), "webhook_id": self._uuid(), "attempts": []})
        copy.is_duplicate, copy.waits_for = True, delivery
        self.log.append(copy)
        self._schedule(copy, 0)

    def _hold(self, delivery, seconds):
        """Let the subscription's next delivery overtake this one; alone it goes after ``seconds``."""
        with self._changed:
            self._held.setdefault(delivery.subscription_id, []).append(delivery)
        self._schedule(delivery, seconds)

    # the threads

    def _schedule(self, delivery, seconds):
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._ticket), delivery))
            self._changed.notify()

    def _work(self):
        while True:
            delivery = self._next()
            if delivery is None:
                return
            try:
                self._attempt(delivery)
            finally:
                self._finish(delivery)

    def _next(self):
        with self._changed:
            while self._is_running:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    delivery = heapq.heappop(self._due)[2]
                    if not delivery.is_ready:
                        heapq.heappush(self._due, (now + 0.02, next(self._ticket), delivery))
                        continue
                    self._in_flight += 1
                    return delivery
                self._changed.wait(self._due[0][0] - now if self._due else None)
        return None

    def _finish(self, delivery):
        with self._changed:
            self._in_flight -= 1
            held = self._held.get(delivery.subscription_id, [])
            if delivery in held:
                held.remove(delivery)
            elif held:
                self._due = [(0.0, t, d) if d in held else (when, t, d) for when, t, d in self._due]
                heapq.heapify(self._due)
                held.clear()
            self._changed.notify_all()

    def is_idle(self):
        """Whether nothing is queued, waiting for a retry or being sent."""
        with self._changed:
            return not self._due and not self._in_flight

    def _attempt(self, delivery):
        if delivery.subscription_id and self.shop.get(delivery.subscription_id) is None:
            delivery.state = "failed"
            delivery.attempts.append({"at": self._now(), "status": None, "error": "subscription is gone", "seconds": 0})
            return
        started = time.monotonic()
        status, error = self._post(delivery)
        seconds = round(time.monotonic() - started, 3)
        delivery.attempts.append({"at": self._now(), "status": status, "error": error, "seconds": seconds})
        if status is not None and 200 <= status < 300:
            delivery.state = "delivered"
        elif len(delivery.attempts) <= len(self.retry_delays):
            self._schedule(delivery, self.retry_delays[len(delivery.attempts) - 1])
        else:
            delivery.state = "failed"
            self._remove_subscription(delivery)

    def _now(self):
        return instant_text(self.shop.clock.now())

    def _remove_subscription(self, delivery):
        with self.shop.lock:
            entry = delivery.subscription_id and self.shop.get(delivery.subscription_id)
            if entry:
                self.shop.remove(entry)
                self.removed_subscriptions.append({"id": entry["id"], "topic": entry["topic"], "uri": entry["uri"]})

    def headers(self, delivery):
        """The headers of a delivery, as the receiver sees them."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery.topic,
            "X-Shopify-Hmac-Sha256": sign(self.app.client_secret, delivery.body),
            "X-Shopify-Shop-Domain": self.shop.settings.domain,
            "X-Shopify-API-Version": self.app.webhook_version,
            "X-Shopify-Webhook-Id": delivery.webhook_id,
            "X-Shopify-Event-Id": delivery.event_id,
            "X-Shopify-Triggered-At": delivery.triggered_at,
        }
        if delivery.name:
            headers["X-Shopify-Name"] = delivery.name
        return headers

    def _post(self, delivery):
        """:return: ``(status or None, error or None)``"""
        parts = urlsplit(delivery.uri)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=self.answer_seconds)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, delivery.body, self.headers(delivery))
            response = connection.getresponse()
            response.read()
            return response.status, None
        except (OSError, ValueError, http.client.HTTPException) as error:
            return None, f"{type(error).__name__}: {error}"
        finally:
            connection.close()


def _triggered_at(clock):
    """``2026-10-01T08:00:00.123456000Z``: Shopify tells nanoseconds here."""
    return clock.precisely().strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
