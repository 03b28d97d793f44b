"""Stripe's API with a restricted key: one version, pages, errors in the suite's terms."""

import hashlib
import json
from urllib.parse import quote, urlencode

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, Refused, VendorChanged

from . import const

#: Digests of the keys, each with its account, that Stripe has confirmed to this process.
_known_keys = set()


class StripeClient:
    """
    :param VendorHttp http: of Stripe, or of its simulator; it knows who may call and what is left of the rate
    :param str key: the restricted key
    :param str account: id of the account the key has to be of; nothing is asked for with another's
    """

    def __init__(self, http, key, account):
        self._http = http
        self._account = account
        self._key_digest = hashlib.sha256(b"%s %s" % (key.encode(), account.encode())).digest()
        self._headers = {"Authorization": "Bearer " + key, "Stripe-Version": const.API_VERSION}

    def get_account(self):
        """Return the account the key is of, whichever that is."""
        return self._send("GET", "/v1/account")

    def _require_account(self):
        """Ask once per process whose the key is.

        :raises Refused: another account's
        """
        if self._key_digest in _known_keys:
            return
        found = self.get_account().get("id")
        if found != self._account or not found:
            raise Refused(
                "The key is of the account %s, and this backend is %s." % (found, self._account or "of none"),
                reason="wrong_account",
                status=403,
            )
        _known_keys.add(self._key_digest)

    def get(self, path, **params):
        """Return the JSON object at ``/v1/<path>``.

        :raises NeedsHuman: ``subject_missing``
        """
        query = "?" + urlencode(_flat(params)) if params else ""
        return self._call("GET", "/v1/%s%s" % (path, query))

    def post(self, path, params):
        return self._call("POST", "/v1/%s" % path, data=dict(_flat(params)))

    def delete(self, path):
        return self._call("DELETE", "/v1/%s" % path)

    def retrieve(self, collection, external_id, **params):
        return self.get("%s/%s" % (collection, quote(external_id, safe="")), **params)

    def pages(self, collection, **params):
        """Yield the pages of a list as Stripe gives them: the newest first.

        :return: iterator of lists of objects
        """
        yield from self._pages(collection, "starting_after", -1, params)

    def pages_after(self, collection, external_id, **params):
        """Yield the pages of what came after ``external_id``: the oldest page first, each the oldest first."""
        for page in self._pages(collection, "ending_before", 0, {**params, "ending_before": external_id}):
            yield page[::-1]

    def _pages(self, collection, cursor, place, params):
        for _number in range(const.MAX_PAGES):
            answer = self.get(collection, limit=const.PAGE, **params)
            data = answer.get("data")
            if not isinstance(data, list) or not all(isinstance(one, dict) and one.get("id") for one in data):
                raise VendorChanged("The list of %s has no data." % collection, differences=["data: no list"])
            if data:
                yield data
            if not answer.get("has_more") or not data:
                return
            if params.get(cursor) == data[place]["id"]:
                break
            params = {**params, cursor: data[place]["id"]}
        raise VendorChanged("The pages of %s do not end." % collection)

    def _call(self, method, path, **options):
        self._require_account()
        return self._send(method, path, **options)

    def _send(self, method, path, **options):
        try:
            response = self._http.request(method, path, headers=self._headers, **options)
        except VendorChanged as error:
            raise _explained(error) from error
        except Refused as error:
            raise _explained_refusal(error) from error
        try:
            answer = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise VendorChanged("Stripe answered with something that is not JSON.") from error
        if not isinstance(answer, dict):
            raise VendorChanged("Stripe answered with JSON that is no object.")
        return answer


def _flat(params, prefix=""):
    """Return ``(name, value)`` pairs in Stripe's form encoding."""
    pairs = []
    for key, value in params.items():
        name = "%s[%s]" % (prefix, key) if prefix else key
        if isinstance(value, dict):
            pairs += _flat(value, name)
        elif isinstance(value, (list, tuple)):
            pairs += [("%s[%d]" % (name, place), one) for place, one in enumerate(value)]
        elif value is not None:
            pairs.append((name, value))
    return pairs


def _explained(error):
    if error.evidence.get("status") == 404:
        return NeedsHuman(
            "Stripe does not show this object.",
            kind="subject_missing",
            cause_key="stripe:missing",
            cause_title="Stripe does not show the object any more",
            evidence=error.evidence,
        )
    return error


def _explained_refusal(error):
    status = error.evidence.get("status")
    if status == 403:
        return Refused(
            "The restricted key lacks a permission.", reason="missing_permission", status=403, evidence=error.evidence
        )
    if status == 401:
        return Refused("Stripe does not accept the key.", reason="wrong_key", status=403, evidence=error.evidence)
    return error
