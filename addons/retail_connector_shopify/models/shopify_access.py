"""How a backend reaches its shop: the access token and who renews it.

A token lives 24 hours (client-credentials grant). It is renewed by whoever first finds it ending, in a transaction of
its own under an advisory lock: other workers wait there and take the new token instead of asking for one each. Nothing
else is written in that transaction, so business records wait for no vendor. A crash after Shopify's answer and before
the commit loses that token and no more: an earlier one stays valid, and the next worker asks again.
"""

import psycopg2

from odoo import SUPERUSER_ID, api, fields

from odoo.addons.retail_integration_base.engine.errors import Refused, RetryLater
from odoo.addons.retail_integration_base.engine.http import VendorHttp
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from ..shopify import bulk, const
from ..shopify.client import ShopifyClient, grant_token
from ..shopify.webhook import SIGNING_KIND

TOKEN_KIND = "shopify_access_token"  # noqa: S105 the name of a kind
#: First key of the advisory lock, the backend's id is the second. ASCII "RTLT".
_LOCK_SPACE = 0x52544C54
#: Longer than the HTTP client's own time-outs, so that who waits gets the token the other one is fetching.
_LOCK_TIMEOUT_MS = 45_000
_TIMEOUT_SECONDS = 25


class BackendTokens:
    """Token source of :class:`ShopifyClient` for one backend. Reads and writes through cursors of its own.

    :param retail.backend backend: one record
    :param VendorHttp http: of its shop
    """

    def __init__(self, backend, http):
        self._registry = backend.env.registry
        self._backend_id = backend.id
        self._http = http
        self._token = None
        self._ends_at = None

    def get(self):
        """Return a token that is good for a while, a new one if need be."""
        if self._is_good():
            return self._token
        with self._environment() as env:
            self._load(env)
        return self._token if self._is_good() else self.renew(self._token)

    def renew(self, stale):
        """Return another token than ``stale``: the one a colleague got meanwhile, or a new one.

        :raises RetryLater: somebody else renews and does not come to an end
        :raises Refused: Shopify does not know the client id and secret, or the app is not installed
        """
        with self._environment() as env:
            self._lock(env.cr)
            self._load(env)
            if not self._is_good() or self._token == stale:
                self._grant(env)
        return self._token

    def _is_good(self):
        return bool(self._token) and (not self._ends_at or self._ends_at - const.TOKEN_MARGIN > fields.Datetime.now())

    def _environment(self):
        return _Environment(self._registry)

    def _load(self, env):
        credential = env["retail.credential"]._active_of(env["retail.backend"].browse(self._backend_id), TOKEN_KIND)
        self._token = credential._decrypt().decode() if credential else None
        self._ends_at = credential.expires_at

    def _grant(self, env):
        backend = env["retail.backend"].browse(self._backend_id)
        token, seconds, _scopes = grant_token(
            self._http, backend.shopify_client_id or "", backend._get_secret(SIGNING_KIND)
        )
        ends_at = fields.Datetime.add(fields.Datetime.now(), seconds=seconds)
        backend._set_secret(TOKEN_KIND, token, expires_at=ends_at)
        env["retail.credential"].search(
            [
                ("backend_id", "=", backend.id),
                ("kind", "=", TOKEN_KIND),
                ("state", "!=", "active"),
                ("expires_at", "<", fields.Datetime.now()),
            ]
        ).unlink()
        self._token, self._ends_at = token, ends_at

    def _lock(self, cr):
        cr.execute("SET LOCAL lock_timeout = %s", (_LOCK_TIMEOUT_MS,))
        try:
            cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK_SPACE, self._backend_id))
        except psycopg2.errors.LockNotAvailable as error:
            raise RetryLater("Somebody else is renewing the access token and has not finished.") from error
        cr.execute("SET LOCAL lock_timeout = 0")


class _Environment:
    """``with`` an environment on a cursor of its own, committed at the end."""

    def __init__(self, registry):
        self._cursor = own_cursor(registry)

    def __enter__(self):
        return api.Environment(self._cursor.__enter__(), SUPERUSER_ID, {})

    def __exit__(self, *exception):
        return self._cursor.__exit__(*exception)


def open_http(backend):
    """Return the HTTP client of the backend's shop.

    :raises Refused: a simulator is set and this is production
    """
    return VendorHttp(backend._shopify_base_url(), timeout=_TIMEOUT_SECONDS, guard=_guard_of(backend))


def open_file(backend, url):
    """Return ``(VendorHttp, path)`` of a file that Shopify made. It is called without the shop's token.

    :raises VendorChanged: the address is none that Shopify's files have
    """
    base, path = bulk.split_address(url, backend._shopify_base_url())
    http = VendorHttp(base, timeout=_TIMEOUT_SECONDS, guard=_guard_of(backend))
    backend.env["retail.drain"]._commit()
    return http, path


def _guard_of(backend):
    """Return what every request begins with: is the backend still armed here?

    A piece of work asks many pages, and somebody may disarm the backend between two of them. So this looks anew, in a
    transaction of its own that has ended before the request goes out: the caller's would not see the change, and the
    look would open one there that stays open, with its snapshot, until Shopify has answered.
    """
    registry, backend_id = backend.env.registry, backend.id

    def require_armed():
        with _Environment(registry) as env:
            current = env["retail.backend"].browse(backend_id).exists()
            if not current:
                raise Refused("The backend was deleted.", reason="disarmed", status=403)
            current._require_armed()

    return require_armed


def open_client(backend):
    """Return a :class:`ShopifyClient` for ``backend``, for one piece of work.

    Everything it needs of the database is read here; the transaction ends, so that none is open while Shopify is asked.

    :raises Refused: the backend is not armed in this environment, names no shop, or names a simulator in production
    """
    backend.ensure_one()
    backend = backend.sudo()
    backend._require_armed()
    if not backend.shopify_domain:
        raise Refused("The backend %s names no shop." % backend.name, reason="no_shop", status=403)
    http = open_http(backend)
    client = ShopifyClient(
        http, BackendTokens(backend, http), backend.shopify_api_version, budget=backend._get_budget()
    )
    backend.env["retail.drain"]._commit()
    return client
