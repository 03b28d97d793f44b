"""*Check connection*: everything a shop needs, in the order a person would mend it."""

from odoo import fields

from odoo.addons.retail_integration_base.engine.errors import (
    NeedsHuman,
    Refused,
    RetailError,
    RetryLater,
    VendorChanged,
)
from odoo.addons.retail_integration_base.engine.messages import Check

from ..shopify import const, domains, subscriptions
from ..shopify.webhook import SIGNING_KIND
from .shopify_access import TOKEN_KIND, BackendTokens, open_client, open_http
from .webhook_registration import require_callable


class ConnectionCheck:
    """One look at one backend.

    :param handler: ``retail.connector.shopify``
    :param retail.backend backend: one record; it is read as superuser
    """

    def __init__(self, handler, backend):
        self.env = handler.env
        self.handler = handler
        self.backend = backend.sudo()

    def run(self):
        """Return what was found, first what must be mended first; what depends on something broken is not asked.

        :return: list of :class:`Check`
        """
        backend = self.backend
        checks = self._check_settings(backend)
        if any(check.level == "error" for check in checks):
            return checks
        checks += self._check_access(backend)
        if any(check.level == "error" for check in checks):
            return checks
        client = open_client(backend)
        try:
            shop = client.run("shop").data
            checks += self._check_shop(backend, shop)
            checks += self._check_version(backend, shop)
            checks += self._check_scopes(shop)
            checks += self._check_protected_data(client)
            checks += self._check_webhooks(backend, client)
        except RetailError as error:
            checks.append(self._failed(error))
        return checks

    # ------------------------------------------------------------ before anything is called

    def _check_settings(self, backend):
        _ = self.env._
        checks = []
        if backend.is_armed:
            checks.append(Check("ok", _("Armed in the environment “%s”", backend.environment)))
        else:
            checks.append(Check("error", _("Disarmed"), backend.disarmed_reason or ""))
        if not domains.normalise(backend.shopify_domain):
            checks.append(Check("error", _("No shop"), _("Enter the shop's domain, like your-shop.myshopify.com.")))
        if not backend.shopify_client_id:
            checks.append(
                Check("error", _("No client ID"), _("Copy it from the app's settings in Shopify's Dev Dashboard."))
            )
        if not backend.credential_ids.filtered(lambda one: one.kind == SIGNING_KIND and one.state == "active"):
            checks.append(
                Check(
                    "error",
                    _("No client secret"),
                    _("Enter it under Credentials. It proves that webhooks are Shopify's, and it opens the shop."),
                )
            )
        return checks

    # ------------------------------------------------------------ client id, secret, installation

    def _check_access(self, backend):
        """Ask for a new token even where there is one: a wrong secret must not hide behind it for a day."""
        _ = self.env._
        backend._require_armed()
        try:
            tokens = BackendTokens(backend, open_http(backend))
            active = self.env["retail.credential"].sudo()._active_of(backend, TOKEN_KIND)
            tokens.renew(active._decrypt().decode() if active else None)
        except (RetryLater, Refused, VendorChanged, NeedsHuman) as error:
            return [self._failed(error)]
        return [Check("ok", _("Client ID and secret are right, the app is installed"))]

    def _failed(self, error):
        """Return the check of a call that failed, in terms of what to do."""
        _ = self.env._
        titles = {
            "wrong_client": (
                _("Wrong client ID or client secret"),
                _("Compare both with the app in the Dev Dashboard."),
            ),
            "not_installed": (
                _("The app is not installed in this shop"),
                _("Install it from the Dev Dashboard. App and shop have to belong to one organization."),
            ),
            "not_a_shop": (_("No shop answers under this domain"), _("Compare it with Settings, Domains in Shopify.")),
            "simulator_in_production": (_("A simulator is set"), str(error)),
            "invalid_token": (_("The access token is refused"), str(error)),
            "missing_scope": (_("A permission is missing"), str(error)),
            "shop_frozen": (_("The shop is frozen"), str(error)),
            "shop_locked": (_("The shop is locked"), str(error)),
        }
        if isinstance(error, Refused) and error.reason in titles:
            return Check("error", *titles[error.reason])
        if isinstance(error, RetryLater):
            return Check("error", _("Shopify cannot be reached now"), str(error))
        if isinstance(error, VendorChanged) and "served_version" in error.evidence:
            return Check("error", _("The API version is not supported any more"), str(error))
        return Check("error", _("Shopify's answer was not expected"), str(error))

    # ------------------------------------------------------------ what the shop says

    def _check_shop(self, backend, data):
        _ = self.env._
        shop = data["shop"]
        checks = []
        if shop["myshopifyDomain"] != backend.shopify_domain:
            checks.append(
                Check(
                    "error",
                    _("Another shop answers"),
                    _(
                        "%(own)s is %(other)s. Enter the latter.",
                        own=backend.shopify_domain,
                        other=shop["myshopifyDomain"],
                    ),
                )
            )
        else:
            checks.append(Check("ok", _("Connected with the shop %s", shop["name"])))
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", shop["currencyCode"])])
        )
        if currency == backend.company_id.currency_id or backend._get_pricelist(currency):
            checks.append(Check("ok", _("The shop sells in %s", shop["currencyCode"])))
        else:
            checks.append(
                Check(
                    "error",
                    _("No pricelist in the shop's currency %s", shop["currencyCode"]),
                    _("Orders could not be booked. Activate the currency and set a pricelist in it on this backend."),
                )
            )
        return checks

    def _check_version(self, backend, data):
        _ = self.env._
        version = backend.shopify_api_version
        supported = [one["handle"] for one in data["publicApiVersions"] if one["supported"]]
        end = const.version_end(version)
        days = (end - fields.Date.today()).days
        if supported and version not in supported:
            detail = _("Shopify supports %s. Press “Switch API version” to use another.", ", ".join(sorted(supported)))
            return [Check("error", _("The API version %s is not supported any more", version), detail)]
        if days <= const.API_VERSION_ALARM.days:
            detail = _("Switch to a newer version before %s; update this connector if it knows none.", end)
            return [
                Check(
                    "warning",
                    _("The API version %(version)s ends in %(days)s days", version=version, days=days),
                    detail,
                )
            ]
        return [
            Check(
                "ok",
                _("API version %(version)s, supported until %(end)s", version=version, end=end),
            )
        ]

    def _check_scopes(self, data):
        _ = self.env._
        granted = {scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]}
        missing = [scope for scope in const.SCOPES if not granted & {scope, const.IMPLIED_SCOPES[scope]}]
        surplus = sorted(granted - set(const.SCOPES) - {const.SCOPE_ALL_ORDERS})
        checks = []
        if missing:
            detail = _(
                "Add to the app's access scopes: %s. Then install the new version of the app.", ", ".join(missing)
            )
            checks.append(Check("error", _("Permissions are missing"), detail))
        if surplus:
            detail = _(
                "Not needed for what is installed here: %s. What an app cannot do, it cannot do by mistake.",
                ", ".join(surplus),
            )
            checks.append(Check("warning", _("The app has more permissions than it needs"), detail))
        if const.SCOPE_ALL_ORDERS not in granted:
            detail = _(
                "Older ones would need the permission %s, which Shopify grants on request.", const.SCOPE_ALL_ORDERS
            )
            checks.append(Check("ok", _("Orders of the last 60 days can be read"), detail))
        return checks or [Check("ok", _("The app has the permissions it needs and no others"))]

    def _check_protected_data(self, client):
        _ = self.env._
        answer = client.run("protected_data_probe")
        customers = answer.data["customers"]["nodes"] if answer.data.get("customers") else []
        is_hidden = bool(answer.withheld) or (
            customers and not any(customers[0][key] for key in ("firstName", "lastName", "defaultEmailAddress"))
        )
        if not is_hidden:
            return [Check("ok", _("Names and e-mail addresses of customers can be read"))]
        detail = _(
            "Contacts are kept apart by Shopify's own ids and get their data from the order. Request access to "
            "protected customer data for the app; the Basic plan withholds it from custom apps altogether."
        )
        return [Check("warning", _("The shop withholds customers' names and e-mail addresses"), detail)]

    # ------------------------------------------------------------ webhooks

    def _check_webhooks(self, backend, client):
        _ = self.env._
        uri = backend.webhook_url
        topics = self.handler._get_topics(backend)
        if not topics:
            return [Check("warning", _("All flows are off"), _("Let the flow of orders go live to receive orders."))]
        checks = []
        try:
            require_callable(backend, uri)
        except Refused as refusal:
            checks.append(Check("error", _("This server has no public address"), str(refusal)))
        comparison = subscriptions.compare(subscriptions.list_all(client), topics, uri)
        if comparison.missing or comparison.wrong:
            names = ", ".join([*comparison.missing, *comparison.wrong])
            detail = _("%s. Press “Register webhooks”. Until then changes arrive with the next poll.", names)
            checks.append(Check("warning", _("Webhook subscriptions are missing or restricted"), detail))
        else:
            checks.append(Check("ok", _("%s webhook subscriptions are in place", len(comparison.good))))
        if comparison.foreign:
            addresses = sorted({str(one.get("uri")).split("/retail/")[0] for one in comparison.foreign})
            detail = _("They go to %s. Left alone, as they may be another server's.", ", ".join(addresses[:5]))
            checks.append(Check("ok", _("%s subscriptions of the app go elsewhere", len(comparison.foreign)), detail))
        return checks
