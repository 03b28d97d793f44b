"""The small world of settlements: a backend whose balance is in euros, and documents of its movements."""

from datetime import datetime, timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import TransactionCase

from odoo.addons.retail_integration_base.canonical import registry


class SettlementCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.EUR").active = True
        cls.env.ref("base.USD").active = True
        cls.company = cls.env["res.company"].create(
            {
                "name": "Harbour & Vale GmbH",
                "currency_id": cls.env.ref("base.EUR").id,
                "country_id": cls.env.ref("base.de").id,
            }
        )
        cls.env.user.company_ids |= cls.company
        cls.env.user.company_id = cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.backend = cls.env["retail.backend"].create(
            {"name": "Pay", "connector": "manual", "company_id": cls.company.id}
        )
        cls.settlement = cls.set_up()

    @classmethod
    def set_up(cls, currency="EUR"):
        setup = cls.env["retail.settlement.setup"].create(
            {"backend_id": cls.backend.id, "currency_id": cls.env.ref("base." + currency).id}
        )
        return cls.env["retail.settlement"].browse(setup.action_create()["res_id"])

    def line(self, external_id, amount, fee="0", category="charge", currency="EUR", **values):
        """Return a valid ``settlement_line.v1``; amounts are decimal strings."""

        def money(text):
            return {"amount": str(text), "currency": currency}

        return registry.validate(
            {
                "schema": "settlement_line.v1",
                "external_id": external_id,
                "version": 1,
                "account_external_id": "acct_1",
                "created_at": "2026-05-31T22:30:00Z",
                "available_at": "2026-06-02T00:00:00Z",
                "category": category,
                "amount": money(amount),
                "fee": money(fee),
                "net": money(Decimal(amount) - Decimal(fee)),
                "fees": [],
                "description": None,
                "source_external_id": None,
                "references": [],
                **values,
            }
        )

    def book(self, *documents):
        """Let the importer have ``documents``, as the drain does; return its results."""
        backend = self.backend._as_service()
        return backend.env["retail.importer.settlement_line"]._import_batch(backend, list(documents))

    def outcomes(self, *documents):
        return [result.outcome for result in self.book(*documents)]

    def movement(self, external_id):
        return self.env["retail.settlement.line"].search(
            [("backend_id", "=", self.backend.id), ("external_id", "=", external_id)]
        )

    def entry(self, external_id):
        """Return dict role → amount on the entry of a movement, in the currency of the balance."""
        names = {
            self.settlement["%s_account_id" % role]: role
            for role in "balance awaiting transit disputed held fee loss unidentified".split()
        }
        return {names[item.account_id]: item.amount_currency for item in self.movement(external_id).move_id.line_ids}

    def prove(self, settlement=None):
        """Return dict code → proof of today."""
        settlement = settlement or self.settlement
        self.env["retail.settlement.proof"]._prove(settlement)
        return {proof.code: proof for proof in settlement.proof_ids}

    def exceptions(self):
        return self.env["retail.exception"].search([("backend_id", "=", self.backend.id), ("state", "=", "open")])

    @staticmethod
    def today(days=0):
        return fields.Date.today() + timedelta(days=days)

    @staticmethod
    def instant(moment):
        return datetime.strftime(moment, "%Y-%m-%dT%H:%M:%SZ")
