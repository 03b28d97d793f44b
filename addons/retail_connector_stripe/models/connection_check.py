"""*Check connection*: everything an account needs, in the order a person would mend it."""

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, Refused, RetailError
from odoo.addons.retail_integration_base.engine.messages import Check

from ..stripe import const

#: What the restricted key must be able to read → its name in Stripe's dashboard.
_PERMISSIONS = {"balance_transactions": "Balance: read", "payouts": "Payouts: read", "charges": "Charges: read"}


class ConnectionCheck:
    """One look at one backend.

    :param handler: ``retail.connector.stripe``
    :param retail.backend backend: one record; it is read as superuser
    """

    def __init__(self, handler, backend):
        self.env = handler.env
        self.handler = handler
        self.backend = backend.sudo()

    def run(self):
        """Return what was found; what depends on something broken is not asked.

        :return: list of :class:`Check`
        """
        checks = self._check_settings()
        if any(check.level == "error" for check in checks):
            return checks
        try:
            client = self.handler._open_client(self.backend)
            account = client.get_account()
            checks += self._check_account(account)
            if checks[-1].level == "error":
                return checks
            checks += self._check_permissions(client)
            checks += self._check_currencies(client)
            checks += self._check_webhook()
        except (RetailError, NeedsHuman) as error:
            checks.append(Check("error", self.env._("Stripe does not answer as expected"), str(error)))
        return checks

    def _check_settings(self):
        _, backend = self.env._, self.backend
        checks = []
        if backend.is_armed:
            checks.append(Check("ok", _("Armed in the environment “%s”", backend.environment)))
        else:
            checks.append(Check("error", _("Disarmed"), backend.disarmed_reason or ""))
        if not backend.stripe_account:
            checks.append(Check("error", _("No account ID"), _("Copy it from Stripe: Settings, Account details.")))
        try:
            key = backend._get_secret(const.KEY_KIND)
        except NeedsHuman as error:
            return [*checks, Check("error", _("No restricted key"), str(error))]
        kind = "live" if backend.stripe_is_live else "test"
        if not const.is_key(key, backend.stripe_is_live):
            detail = _("The backend is set to %s. Enter a restricted key of that kind under Credentials.", kind)
            checks.append(Check("error", _("The key is of the other mode"), detail))
        elif key.startswith("sk_"):
            detail = _("A secret key can do everything. Make a restricted key that reads balance, charges and payouts.")
            checks.append(Check("warning", _("The key can do more than it needs"), detail))
        return checks

    def _check_account(self, account):
        _ = self.env._
        if account.get("id") != self.backend.stripe_account:
            detail = _("Enter %s, or the key of the account that is meant.", account.get("id"))
            return [Check("error", _("Another account answers"), detail)]
        return [Check("ok", _("Connected with the account %s", account["id"]))]

    def _check_permissions(self, client):
        checks = []
        for collection, name in _PERMISSIONS.items():
            try:
                client.get(collection, limit=1)
            except Refused as error:
                if error.reason != "missing_permission":
                    raise
                checks.append(Check("error", self.env._("The key lacks a permission: %s", name), str(error)))
        return checks or [Check("ok", self.env._("The key has the permissions it needs"))]

    def _check_currencies(self, client):
        _, balance = self.env._, client.get("balance")
        currencies = {one["currency"].upper() for part in ("available", "pending") for one in balance.get(part) or []}
        settlements = self.env["retail.settlement"].sudo()._find(self.backend, currencies)
        missing = sorted(currencies - set(settlements))
        if missing:
            detail = _("“Set up settlement” makes the journal and the accounts of each.")
            return [Check("error", _("No settlement account in %s", ", ".join(missing)), detail)]
        return [Check("ok", _("Every currency of the balance has its settlement account"))]

    def _check_webhook(self):
        _ = self.env._
        if self.env["retail.credential"].sudo()._active_of(self.backend, const.SIGNING_KIND):
            return [Check("ok", _("Webhooks are signed with a secret that is known here"))]
        detail = _("“Register webhook” makes the endpoint. Until then the hourly list brings everything, later.")
        return [Check("warning", _("No webhook endpoint"), detail)]
