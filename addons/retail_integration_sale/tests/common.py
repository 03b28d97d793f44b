"""The small world of the sales tests: a German shop with mugs, its taxes, and documents as a channel sends them."""

import itertools
import json
from decimal import Decimal

from odoo.tests import TransactionCase

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.tests.draining import drain_all

EUR = "EUR"


def money(amount, currency=EUR):
    return {"amount": str(amount), "currency": currency}


def tax(rate="0.19", amount="0.00", title="MwSt"):
    return {"title": title, "rate": rate, "amount": money(amount)}


def discount(amount, title="SUMMER"):
    return {"title": title, "code": title, "amount": money(amount)}


def line(external_id="L1", sku="MUG", price="10.00", quantity=1, **more):
    return {
        "external_id": external_id,
        "kind": "product",
        "sku": sku,
        "title": "Blue mug",
        "quantity": str(quantity),
        "unit_price": money(price),
        "discounts": [],
        "taxes": [],
        **more,
    }


def shipping(external_id="S1", price="4.90", **more):
    return {
        "external_id": external_id,
        "title": "Standard",
        "code": "STD",
        "price": money(price),
        "discounts": [],
        "taxes": [],
        **more,
    }


def address(**more):
    return {
        "name": "Jane Doe",
        "street": "Main Street 12",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
        "phone": "+49 30 1234567",
        **more,
    }


def customer(external_id="C1", email="jane@example.com", name="Jane Doe", **more):
    return {"external_id": external_id, "email": email, "name": name, **more}


def payment(external_id="P1", amount="10.00", **more):
    return {
        "external_id": external_id,
        "gateway": "card",
        "kind": "sale",
        "status": "success",
        "amount": money(amount),
        "processed_at": "2026-05-01T10:01:00Z",
        **more,
    }


def order(external_id="1001", total="10.00", lines=None, version=1, **more):
    """Return an ``order.v1``: one mug for 10.00, untaxed, from Jane in Berlin, unless told otherwise."""
    parts = [*(lines or []), *(more.get("shipping_lines") or []), *(more.get("duties") or [])]
    taxes = sum(Decimal(one["amount"]["amount"]) for part in parts for one in part.get("taxes") or [])
    totals = {
        "subtotal": money(total),
        "discounts": money(0),
        "shipping": money(0),
        "taxes": money(taxes),
        "total": money(total),
        **more.pop("totals", {}),
    }
    document = {
        "schema": "order.v1",
        "external_id": external_id,
        "version": version,
        "name": "#%s" % external_id,
        "placed_at": "2026-05-01T10:00:00Z",
        "updated_at": "2026-05-01T10:00:%02dZ" % (version % 60),
        "cancelled_at": None,
        "currency": EUR,
        "taxes_included": True,
        "customer": customer(),
        "billing_address": address(),
        "shipping_address": address(),
        "lines": [line()] if lines is None else lines,
        "totals": totals,
        **more,
    }
    return registry.validate(in_currency(document, document["currency"]))


def in_currency(document, currency):
    """Return an order whose amounts in euros are in ``currency`` instead."""
    text = json.dumps({**document, "currency": currency})
    return json.loads(text.replace(json.dumps({"currency": EUR})[1:-1], json.dumps({"currency": currency})[1:-1]))


class RetailSaleCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.EUR").active = True
        cls.env.ref("base.USD").active = True
        cls.germany = cls.env.ref("base.de")
        cls.company = cls.make_company("Blue Mug GmbH")
        cls.env.user.company_ids |= cls.company
        cls.env.user.company_id = cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.backend = cls.make_backend()
        cls.mug = cls.make_product("MUG", name="Blue mug")
        cls.plate = cls.make_product("PLATE", name="Plate")
        cls.tax_included = cls.make_tax(19, included=True)
        cls.tax_excluded = cls.make_tax(19, included=False)
        cls.reduced_included = cls.make_tax(7, included=True)
        cls.reduced_excluded = cls.make_tax(7, included=False)
        cls.sequence = itertools.count(1)

    # ---------------------------------------------------------------- the world

    @classmethod
    def make_company(cls, name):
        company = cls.env["res.company"].create(
            {"name": name, "currency_id": cls.env.ref("base.EUR").id, "country_id": cls.germany.id}
        )
        cls.env["account.tax.group"].create({"name": "VAT", "company_id": company.id, "country_id": cls.germany.id})
        return company

    @classmethod
    def make_backend(cls, name="Blue Mug Shop", company=None, **values):
        backend = cls.env["retail.backend"].create(
            {"name": name, "connector": "manual", "company_id": (company or cls.company).id, **values}
        )
        backend.action_arm()
        backend.flow_ids.write({"state": "live"})
        return backend

    @classmethod
    def make_product(cls, sku, on_hand=1000, **values):
        product = cls.env["product.product"].create(
            {
                "name": sku.title(),
                "default_code": sku,
                "type": "consu",
                "is_storable": True,
                "list_price": 99.0,
                "taxes_id": False,
                **values,
            }
        )
        if on_hand and product.is_storable:
            cls.env["stock.quant"]._update_available_quantity(product, cls.backend.warehouse_id.lot_stock_id, on_hand)
        return product

    @classmethod
    def make_tax(cls, percent, included, company=None, **values):
        company = company or cls.company
        group = cls.env["account.tax.group"].search([("company_id", "=", company.id)], limit=1)
        return cls.env["account.tax"].create(
            {
                "name": "%g%% %s" % (percent, "included" if included else "added"),
                "amount": percent,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": "tax_included" if included else "tax_excluded",
                "company_id": company.id,
                "country_id": cls.germany.id,
                "tax_group_id": group.id,
                **values,
            }
        )

    @classmethod
    def map_taxes(cls):
        """Map 19 % and 7 %, included and added, for Germany."""
        for record in (cls.tax_included, cls.tax_excluded, cls.reduced_included, cls.reduced_excluded):
            cls.map_tax(record)

    @classmethod
    def map_tax(cls, record, **values):
        return cls.env["retail.tax.map"].create(
            {
                "backend_id": cls.backend.id,
                "rate_percent": sum(record.mapped("amount")),
                "country_id": cls.germany.id,
                "price_include": record[:1].price_include,
                "tax_ids": record.ids,
                **values,
            }
        )

    @classmethod
    def make_user(cls, login, *groups):
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": cls.company.id,
                "company_ids": [(6, 0, cls.company.ids)],
                "group_ids": [(6, 0, [cls.env.ref(group).id for group in ("base.group_user", *groups)])],
            }
        )

    # ---------------------------------------------------------------- what happens in it

    def import_documents(self, *documents, backend=None, entity="order"):
        """Import as the drain does: in one batch, as the service user. Return the results."""
        service = (backend or self.backend)._as_service()
        results = service.env["retail.importer.%s" % entity]._import_batch(service, list(documents))
        self.env.flush_all()
        self.env.invalidate_all()
        return results

    def import_order(self, document=None, backend=None, **more):
        """Import one order that goes through; return the sales order."""
        [result] = self.import_documents(document or order(**more), backend=backend)
        if result.error:
            raise result.error
        return result.record.with_env(self.env)

    def fail_order(self, document, kind, backend=None):
        """Import one order that needs a person for ``kind``; return the error."""
        [result] = self.import_documents(document, backend=backend)
        self.assertEqual(result.outcome, "failed", result)
        self.assertEqual(result.error.kind, kind)
        self.assertFalse(self.orders(document["external_id"]))
        return result.error

    def orders(self, *external_ids):
        """Return the sales orders linked to channel orders."""
        bindings = self.env["retail.binding.order"].search([("external_id", "in", external_ids)])
        return bindings.order_id

    def bring(self, *documents, backend=None):
        """Store documents as messages, work them off, and return the messages."""
        from odoo.addons.retail_integration_base.models.retail_connector_manual import describe_document

        backend = backend or self.backend
        messages = self.env["retail.inbox"]
        for document in documents:
            body = json.dumps(document).encode()
            key = describe_document(body, "message-%d" % next(self.sequence))
            messages |= self.env["retail.inbox"]._receive_manual(backend, key, body)
        self.drain()
        return messages

    def drain(self):
        """Work off everything that is due."""
        return drain_all(self.env)

    def defer_reservation(self):
        """Let the backend's orders be reserved by the warehouse's writer."""
        self.backend._get_order_flow().reservation = "deferred"

    def reserve(self, warehouse=None):
        """Let the writer do what waits in a warehouse; return how many marks it worked through."""
        warehouse = warehouse or self.backend.warehouse_id
        done = self.env["retail.reservation.writer"]._work_off(warehouse.id, 60)
        self.env.invalidate_all()
        return done

    def marks(self, sale_order):
        return self.env["retail.reservation"].search([("order_id", "=", sale_order.id)])

    def invoice(self, sale_order):
        """Make a draft invoice of ``sale_order``; the company gets the accounts that needs."""
        income, receivable = self.env["account.account"].create(
            [
                {"name": name, "code": code, "account_type": kind, "company_ids": self.company.ids}
                for name, code, kind in (
                    ("Sales", "400000", "income"),
                    ("Customers", "120000", "asset_receivable"),
                )
            ]
        )
        self.env["account.journal"].create(
            {
                "name": "Invoices",
                "code": "INV",
                "type": "sale",
                "company_id": self.company.id,
                "default_account_id": income.id,
            }
        )
        sale_order.partner_invoice_id.property_account_receivable_id = receivable
        return sale_order._create_invoices()

    def deliver(self, sale_order):
        """Ship everything of ``sale_order``."""
        for picking in sale_order.picking_ids:
            picking.move_ids.quantity = 0
            for move in picking.move_ids:
                move.quantity = move.product_uom_qty
            picking.move_ids.picked = True
            picking.with_context(skip_backorder=True)._action_done()
        self.assertTrue(all(picking.state == "done" for picking in sale_order.picking_ids))
