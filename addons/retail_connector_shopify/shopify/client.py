"""Ask the Admin GraphQL API: one document, one verdict. No sleeping and no retrying in here, but for one renewal of an
expired token; what happens next is said by the class of the error.

Source: shopify.dev, "GraphQL Admin API reference" (status and error codes), "Shopify API limits".
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import (
    RateLimited,
    Refused,
    RetailError,
    VendorChanged,
    VendorUnavailable,
)

from . import const, documents

_MIN_THROTTLE_DELAY = timedelta(seconds=1)
_MAX_THROTTLE_DELAY = timedelta(minutes=2)
_TRANSIENT_CODES = frozenset(("INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"))
_STATUS_REASONS = {
    401: (
        "invalid_token",
        "Shopify refuses the access token. Check the client id and secret, and that the app is installed.",
    ),
    402: ("shop_frozen", "The shop is frozen: its owner has to settle an invoice with Shopify."),
    403: ("forbidden", "Shopify refuses the access. Check the app's permissions for this shop."),
    404: ("not_a_shop", "No shop answers under this domain."),
    423: ("shop_locked", "The shop is locked. Its owner has to speak with Shopify."),
}


class TooExpensive(VendorChanged):
    """The query asks for more points than one query may cost: ask for less at once.

    :param float share: the allowed cost as a share of the asked one, below 1
    """

    code = "too_expensive"

    def __init__(self, message, *, share, evidence=None):
        super().__init__(message, evidence=evidence)
        self.share = share


@dataclass(frozen=True)
class Throttle:
    """What the server says of the budget after a query, in points. All workers of a shop share it."""

    requested: Decimal = Decimal(0)
    actual: Decimal = Decimal(0)
    maximum: Decimal = Decimal(0)
    available: Decimal = Decimal(0)
    restore_rate: Decimal = Decimal(0)

    @classmethod
    def of(cls, extensions):
        """Read ``extensions`` of an answer; what is missing or no number counts as zero."""
        cost = _dict(_dict(extensions).get("cost"))
        status = _dict(cost.get("throttleStatus"))
        return cls(
            requested=_number(cost.get("requestedQueryCost")),
            actual=_number(cost.get("actualQueryCost")),
            maximum=_number(status.get("maximumAvailable")),
            available=_number(status.get("currentlyAvailable")),
            restore_rate=_number(status.get("restoreRate")),
        )

    def delay(self):
        """Return how long until the query that was throttled can be afforded."""
        if self.restore_rate <= 0:
            return _MIN_THROTTLE_DELAY
        missing = max(self.requested - self.available, Decimal(0))
        delay = timedelta(seconds=float(missing / self.restore_rate))
        return min(max(delay, _MIN_THROTTLE_DELAY), _MAX_THROTTLE_DELAY)


@dataclass(frozen=True)
class Answer:
    """A query's answer.

    :param dict data: numbers with a point are ``Decimal``
    :param Throttle throttle: what the server says of its budget
    :param frozenset withheld: paths (``nodes.0.customer``) of protected customer data the shop does not show this app
    :param dict failures: index in ``nodes`` → :class:`RetailError`, where the query asked for it
    :param str served_version: the API version that answered
    """

    data: dict
    throttle: Throttle
    withheld: frozenset = frozenset()
    failures: dict = field(default_factory=dict)
    served_version: str = ""


class ShopifyClient:
    """One shop, one API version.

    :param VendorHttp http: of the shop's host
    :param tokens: object with ``get()`` → str, and ``renew(stale)`` → str, a token other than ``stale``
    :param str version: ``2026-10``
    :param RateBudget budget: that queries are paid from before they are sent; ``None``: whatever comes
    """

    def __init__(self, http, tokens, version, budget=None):
        self.http = http
        self.tokens = tokens
        self.version = version
        self.budget = budget
        self.throttle = Throttle()

    def run(self, name, variables=None, *, version=None, is_by_node=False):
        """Send the document ``name``.

        :param dict variables: of the document
        :param str version: instead of the client's own
        :param bool is_by_node: an error inside one of ``nodes`` is that node's alone (``Answer.failures``)
        :return: Answer
        :raises BudgetSpent: our own budget does not allow the query now; nothing was sent
        :raises RateLimited: 429, ``THROTTLED`` (with the delay until the query can be afforded)
        :raises VendorUnavailable: network, 5xx
        :raises TooExpensive: more than one query may cost; ask for less
        :raises Refused: token, missing scope, frozen shop
        :raises VendorChanged: the document does not fit the shop's schema, or the answer is no GraphQL answer
        """
        return self._send(name, {"query": documents.text(name), "variables": variables or {}}, version, is_by_node)

    def check_document(self, text, operation, version):
        """Let the shop check the document ``text`` against its schema of ``version``.

        :param str operation: name of the operation in it that is carried out: one that changes nothing
        :raises VendorChanged: the document does not fit, or the version is not served
        :raises RetailError: as :meth:`run`
        """
        self._send(operation, {"query": text, "operationName": operation, "variables": {}}, version)

    def _send(self, name, body, version=None, is_by_node=False):
        version = version or self.version
        token = self.tokens.get()
        with self._paid(name, body["variables"]):
            try:
                response = self._post(body, token, version)
            except Refused as refusal:
                if refusal.evidence.get("status") != 401:
                    raise
                # The token ended early (24 hours, or the app was reinstalled): once, with another one.
                response = self._post(body, self.tokens.renew(token), version)
            return self._read(name, response, version, is_by_node)

    @contextmanager
    def _paid(self, name, variables):
        """Take what the query asked for last time from the budget; put what the server says in its place.

        What a query costs grows with the objects it names. A call that nobody answered is given back: the next answer
        says what is left.
        """
        if self.budget is None:
            yield
            return
        reservation = self.budget.take(name, len(variables.get("ids") or ()) or 1)
        self.throttle = Throttle()
        try:
            yield
        finally:
            said = self.throttle
            if said.maximum:
                reservation.settle(
                    requested=said.requested,
                    actual=said.actual,
                    maximum=said.maximum,
                    available=said.available,
                    restore_rate=said.restore_rate,
                )
            else:
                reservation.give_back()

    def pages(self, name, variables, path):
        """Yield the pages (lists of nodes) of the connection at ``path`` (keys of ``data``), first to last.

        :raises VendorChanged: the connection does not end or hands out one cursor twice
        """
        cursor, seen = None, set()
        for _number_of_page in range(const.MAX_PAGES):
            data = self.run(name, dict(variables, after=cursor)).data
            connection = connection_at(data, path, name)
            yield connection["nodes"]
            if not connection["pageInfo"]["hasNextPage"]:
                return
            cursor = connection["pageInfo"].get("endCursor")
            if not cursor or cursor in seen:
                raise VendorChanged("The pages of %s do not end: a cursor came twice." % name)
            seen.add(cursor)
        raise VendorChanged("The pages of %s do not end: more than %d." % (name, const.MAX_PAGES))

    # ------------------------------------------------------------ one call

    def _post(self, body, token, version):
        try:
            return self.http.request(
                "POST",
                "/admin/api/%s/graphql.json" % version,
                headers={"X-Shopify-Access-Token": token, "Accept": "application/json"},
                json=body,
            )
        except (Refused, VendorChanged) as error:
            raise explain_status(error) from error

    def _read(self, name, response, version, is_by_node=False):
        answer = read_json(response)
        served = response.headers.get("x-shopify-api-version", version)
        if served != version:
            # Shopify answers a version it has dropped with the oldest it still has ("falls forward").
            raise VendorChanged(
                "Shopify does not serve API version %s any more; it answered with %s. Choose a newer version."
                % (version, served),
                differences=["version: %s" % served],
                evidence={"served_version": served},
            )
        self.throttle = Throttle.of(answer.get("extensions"))
        data, errors = answer.get("data"), _errors_of(answer)
        failures = {}
        if is_by_node and isinstance(data, dict) and isinstance(data.get("nodes"), list):
            errors, failures = self._split_by_node(name, errors, len(data["nodes"]))
        withheld = self._raise_for_errors(name, errors)
        if not isinstance(data, dict):
            raise VendorChanged("The answer to %s holds no data." % name, differences=["data: missing"])
        return Answer(data, self.throttle, withheld, failures, served)

    def _split_by_node(self, name, errors, count):
        """Return the errors that concern the whole query, and dict index → error of one node.

        A node with an error may still be there with a gap: a customer that is null because Shopify failed is no guest.
        """
        shared, by_index = [], {}
        for error in errors:
            path = error.get("path")
            is_inside = isinstance(path, list) and len(path) > 1 and path[0] == "nodes" and type(path[1]) is int
            if is_inside and 0 <= path[1] < count and not _is_withheld(error):
                by_index.setdefault(path[1], []).append(error)
            else:
                shared.append(error)
        failures = {}
        for index, own in by_index.items():
            try:
                self._raise_for_errors(name, own)
            except RetailError as failure:
                failures[index] = failure
        return shared, failures

    def _raise_for_errors(self, name, errors):
        """Raise what ``errors`` mean; return the paths of withheld customer data where they mean no more."""
        codes = {str(_dict(error.get("extensions")).get("code") or "") for error in errors}
        evidence = {"document": name, "errors": [str(error.get("message"))[:500] for error in errors[:5]]}
        text = "; ".join(evidence["errors"])
        if "THROTTLED" in codes:
            raise RateLimited("The shop's query budget is used up.", delay=self.throttle.delay(), evidence=evidence)
        if "MAX_COST_EXCEEDED" in codes:
            raise TooExpensive(
                "%s costs too much: %s" % (name, text),
                share=_affordable_share(errors, self.throttle),
                evidence=evidence,
            )
        if codes & _TRANSIENT_CODES:
            raise VendorUnavailable("Shopify failed inside: %s" % text, evidence=evidence)
        if "SHOP_INACTIVE" in codes:
            raise Refused("The shop is closed or frozen.", reason="shop_frozen", status=403, evidence=evidence)
        withheld = frozenset(_path(error) for error in errors if _is_withheld(error))
        refused = [error for error in errors if not _is_withheld(error)]
        if refused and all(_dict(error.get("extensions")).get("code") == "ACCESS_DENIED" for error in refused):
            raise Refused(
                "Shopify refuses part of %s: %s" % (name, text), reason="missing_scope", status=403, evidence=evidence
            )
        if refused:
            raise VendorChanged(
                "Shopify does not accept %s: %s" % (name, text),
                differences=["%s: %s" % (_path(error) or name, str(error.get("message"))[:200]) for error in refused],
                evidence=evidence,
            )
        return withheld


def grant_token(http, client_id, client_secret):
    """Ask for an access token (client-credentials grant: the app and the shop belong to one organisation).

    :return: ``(token, seconds it lives, list of granted scopes)``
    :raises Refused: ``wrong_client`` or ``not_installed``
    """
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    try:
        response = http.request("POST", const.TOKEN_PATH, headers={"Accept": "application/json"}, data=form)
    except (Refused, VendorChanged) as error:
        raise _explain_grant(error) from error
    answer = read_json(response)
    token, seconds = answer.get("access_token"), answer.get("expires_in", 86400)
    if not isinstance(token, str) or not token or type(seconds) is not int or seconds <= 0:
        raise VendorChanged(
            "The answer to the token request holds no usable token.",
            differences=["access_token: missing" if not token else "expires_in: %r" % (seconds,)],
        )
    scopes = [scope.strip() for scope in str(answer.get("scope") or "").split(",") if scope.strip()]
    return token, seconds, scopes


def read_json(response):
    """Return the JSON object of an answer, with ``Decimal`` where a number has a point: a rate or a weight is exact.

    :raises VendorChanged: it is none
    """
    try:
        answer = json.loads(response.body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise VendorChanged(
            "Shopify answered with something that is not JSON.", evidence={"status": response.status}
        ) from error
    if not isinstance(answer, dict):
        raise VendorChanged("Shopify answered with JSON that is no object.", evidence={"status": response.status})
    return answer


def connection_at(data, path, name):
    """Return the connection under ``path`` of ``data``.

    :raises VendorChanged: there is none
    """
    value = data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    page_info = value.get("pageInfo") if isinstance(value, dict) else None
    if not isinstance(page_info, dict) or "hasNextPage" not in page_info or not isinstance(value.get("nodes"), list):
        raise VendorChanged(
            "The answer to %s has no connection where one was asked for." % name,
            differences=["%s: no nodes or pageInfo" % ".".join(path)],
        )
    return value


def explain_status(error):
    """Return the error of an HTTP status in Shopify's terms, or ``error`` itself."""
    status = error.evidence.get("status")
    if status not in _STATUS_REASONS:
        return error
    reason, message = _STATUS_REASONS[status]
    return Refused(message, reason=reason, status=403, evidence=error.evidence)


def _explain_grant(error):
    status, body = error.evidence.get("status"), str(error.evidence.get("body") or "")
    if status == 404:
        return explain_status(error)
    if "shop_not_permitted" in body or "app_not_installed" in body:
        message = "The app is not installed in this shop, or belongs to another organisation than the shop."
        return Refused(message, reason="not_installed", status=403, evidence=error.evidence)
    if status in (400, 401, 403):
        message = "Shopify does not know this client id with this client secret."
        return Refused(message, reason="wrong_client", status=403, evidence=error.evidence)
    return explain_status(error)


def _is_withheld(error):
    """Return whether this is protected customer data that the shop or its plan does not show this app.

    Source: shopify.dev, "Work with protected customer data": such fields are null and the error names that page.
    """
    if _dict(error.get("extensions")).get("code") != "ACCESS_DENIED":
        return False
    if "protected-customer-data" in str(error.get("message")) + str(error.get("extensions")):
        return True
    path = [part for part in error.get("path") or () if isinstance(part, str)]
    return bool(path) and path[-1] in const.PROTECTED_FIELDS and "scope" not in str(error.get("message"))


def _errors_of(answer):
    """Return the ``errors`` of an answer as dicts, whatever their shape."""
    errors = answer.get("errors") or []
    if not isinstance(errors, list):
        errors = [errors]
    return [error if isinstance(error, dict) else {"message": str(error)} for error in errors]


def _affordable_share(errors, throttle):
    for error in errors:
        extensions = _dict(error.get("extensions"))
        cost, maximum = _number(extensions.get("cost")), _number(extensions.get("maxCost"))
        if cost > maximum > 0:
            return float(maximum / cost)
    if throttle.requested > const.MAX_QUERY_COST:
        return float(const.MAX_QUERY_COST / throttle.requested)
    return 0.5


def _path(error):
    path = error.get("path")
    return ".".join(map(str, path)) if isinstance(path, list) else ""


def _dict(value):
    return value if isinstance(value, dict) else {}


def _number(value):
    return Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else Decimal(0)
