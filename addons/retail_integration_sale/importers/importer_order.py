"""Turns canonical orders of any channel into sales orders."""

from contextlib import contextmanager

from psycopg2 import errorcodes

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import ImportResult
from odoo.addons.retail_integration_base.engine.money import to_decimal
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from ..engine import reservation_sql
from ..models.order_batch import CONTEXT_KEY as ORDER_BATCH
from ..models.order_batch import OrderBatch
from .order_reader import digests_of, find_foreign_money, to_datetime
from .order_work import OrderWork, waiting
from .partner_matcher import Identity, clean_email

#: How long orders are reserved right after, once two workers wanted the same goods at the same moment.
CONTENDED_SECONDS = 120
#: No chatter for what a machine does five hundred times a day, and never a message to a customer.
IMPORT_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_activity_automation_skip": True,
    "sale_no_log_for_new_lines": True,
    "send_email": False,
}


class RetailImporterOrder(models.AbstractModel):
    """Turn canonical orders of any channel into sales orders.

    Everything that may need a person is found out before anything of that order is written, so that an order either
    exists as the channel has it or does not exist. What is written is written for the batch at once.
    """

    _name = "retail.importer.order"
    _inherit = "retail.importer"
    _description = "Order importer"

    _binding_model = "retail.binding.order"

    def _get_shared_names(self, backend, documents):
        """Orders of one new customer meet in one contact, those to one new address of a customer in one address.

        An order with refunds meets them in its payments and lines. Their batches wait for each other; what is known
        already keeps nobody waiting.
        """
        identities = [self._get_identity(document) for document in documents]
        matcher = self.env["retail.partner.matcher"]
        partners = matcher._find_known(backend, identities)
        bindings = self.env["retail.binding.order"]._find_by_external(
            backend, [document["external_id"] for document in documents]
        )
        works = []
        for document, partner in zip(documents, partners, strict=True):
            binding = bindings.get(document["external_id"])
            partner = binding.order_id.partner_id if binding else partner
            if partner:
                works.append(OrderWork(document, partner=partner))
        unknown = self.env["retail.address.book"]._find_lacking(works)
        names = matcher._get_unknown_names(backend, identities) | {"addresses:%d" % partner.id for partner in unknown}
        return names | {
            "fulfilled:%d:%s" % (backend.id, document["external_id"])
            for document in documents
            if document.get("refunds")
        }

    def _import_batch(self, backend, documents):
        """Create or update the sales orders of ``documents``.

        :param retail.backend backend: the channel account the documents come from
        :param list[dict] documents: valid ``order.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        context = {
            **IMPORT_CONTEXT,
            ORDER_BATCH: OrderBatch(),
            "retail_reserve_later": self._is_reservation_deferred(backend),
        }
        self = self.with_context(**context)
        backend = backend.with_env(self.env)
        works = [
            OrderWork(document, digests=digests_of(document), is_reapplied=self._reapplies(document))
            for document in documents
        ]
        self._match_versions(backend, works)
        self._leave_out_tests(backend, works)
        self._sort_history(works)
        self._refuse_foreign_money(works)
        self._plan_lines(backend, works)
        self._find_partners(backend, works)
        self._find_addresses(works)
        self._create_orders(backend, [work for work in waiting(works) if work.is_new])
        self._update_orders(backend, [work for work in waiting(works) if not work.is_new])
        self.env["stock.picking"].sudo()._finish_batch()
        self._note_agreement(works)
        return [work.result for work in works]

    def _is_reservation_deferred(self, backend):
        """Return whether goods are reserved right after the orders of this batch, by the warehouse's writer.

        Either the flow says so, or several workers want the same goods at this moment: of two that reserve for
        themselves one always loses its whole batch, and with it what the second worker is for.
        """
        if backend._get_order_flow().reservation == "deferred":
            return True
        return reservation_sql.is_contended(self.env.cr, backend.warehouse_id.id)

    def _note_conflict(self, backend, error):
        # PostgreSQL does not say at which table; of what orders share, it is nearly always the stock of a product.
        if getattr(error, "pgcode", None) == errorcodes.SERIALIZATION_FAILURE and backend.warehouse_id:
            with own_cursor(self.env.registry) as cr:
                reservation_sql.mark_contended(cr, backend.warehouse_id.id, CONTENDED_SECONDS)

    # ---------------------------------------------------------------- 1. what is new in these documents?

    def _match_versions(self, backend, works):
        """Lock what is bound, and end what is older than it or says the same."""
        bindings = self.env["retail.binding.order"]._find_by_external(
            backend, [work.document["external_id"] for work in works], lock=True
        )
        for work in works:
            binding = work.binding = bindings.get(work.document["external_id"])
            if not binding:
                continue
            if work.document["version"] < binding.external_version:
                work.result = ImportResult("superseded", binding.order_id, self.env._("A newer version is in Odoo."))
            elif registry.checksum(work.document) == binding.checksum and not work.is_reapplied:
                work.result = ImportResult("unchanged", binding.order_id)

    def _leave_out_tests(self, backend, works):
        for work in waiting(works):
            if work.document.get("is_test") and work.is_new and not backend.order_import_tests:
                work.result = ImportResult("ignored", note=self.env._("It is a test order of the channel."))

    def _refuse_foreign_money(self, works):
        """End the documents whose amounts are not all in their currency: dollars may not be booked as euros."""
        for work in waiting(works):
            # A cancellation books no amount, and until it goes through the order may be shipped.
            foreign = [] if work.keeps_lines else find_foreign_money(work.document)
            if foreign:
                message = self.env._(
                    "Order %(order)s is in %(currency)s, but some of its amounts are not: %(amounts)s.",
                    order=work.document["name"],
                    currency=work.document["currency"],
                    amounts=", ".join(foreign[:3]),
                )
                work.result = ImportResult.failed(VendorChanged(message, differences=foreign))

    # ---------------------------------------------------------------- 2. lines, taxes, totals: nothing is written

    def _plan_lines(self, backend, works):
        works = [
            work
            for work in waiting(works)
            if (work.has_new("lines") or work.is_remapped) and not work.keeps_lines and self._follows_channel(work)
        ]
        if not works:
            return
        currencies = self.env["retail.order.reader"]._find_currencies()
        products = self.env["retail.product.matcher"]._load(
            backend, [line for work in works for line in work.document["lines"]]
        )
        taxes = self.env["retail.order.taxes"]._load(backend)
        accepted = self._find_accepted(backend, works)
        for work in works:
            with self._failing_alone(work):
                work.currency = self._get_currency(backend, work.document, currencies)
                self.env["retail.order.builder"]._build(backend, work, products, taxes)
                self._settle(backend, work, accepted)
        self.env["retail.product.matcher"]._link_found(backend, products, only_free=True)

    def _follows_channel(self, work):
        """Return whether the channel still has a say in the lines: a person may have decided otherwise."""
        return work.is_new or work.binding.order_id._follows_channel()

    def _settle(self, backend, work, accepted):
        """Make the totals equal. A cancelled order's matter to nobody, and may not keep it from being cancelled."""
        if work.document["cancelled_at"]:
            return
        none = self.env["retail.accepted.difference"]
        self.env["retail.order.totals"]._settle(backend, work, accepted.get(work.document["external_id"], none))

    def _find_accepted(self, backend, works):
        ids = [work.document["external_id"] for work in works]
        found = self.env["retail.accepted.difference"].search_fetch(
            [("backend_id", "=", backend.id), ("order_external_id", "in", ids)],
            ["order_external_id", "amount", "tax_amount", "reason"],
        )
        return {accepted.order_external_id: accepted for accepted in found}

    def _get_currency(self, backend, document, currencies):
        """Return the order's currency.

        :raises NeedsHuman: ``currency_unmapped``: Odoo does not use it, or the backend has no pricelist for it
        """
        code = document["currency"]
        currency = currencies.get(code)
        own = backend.company_id.currency_id
        if currency and (currency == own or backend._get_pricelist(currency)):
            return currency
        raise NeedsHuman(
            self.env._(
                "Order %(order)s is in %(currency)s. Add a pricelist in %(currency)s to the backend %(backend)s.",
                order=document["name"],
                currency=code,
                backend=backend.name,
            )
            if currency
            else self.env._(
                "Order %(order)s is in %(currency)s, which is not active in Odoo. Activate it, and add a pricelist in "
                "it to the backend %(backend)s.",
                order=document["name"],
                currency=code,
                backend=backend.name,
            ),
            kind="currency_unmapped",
            cause_key="currency:%s" % code,
            cause_title=self.env._("Orders in %s have no pricelist", code),
            amount=(to_decimal(document["totals"]["total"]), code),
            facts={"currency": code},
        )

    @contextmanager
    def _failing_alone(self, work):
        """Turn what needs a person, or has to wait, into the end of this order, and of no other."""
        try:
            yield
        except (NeedsHuman, RetryLater) as error:
            work.result = ImportResult.failed(error)

    # ---------------------------------------------------------------- 3. who buys, and where does it go?

    def _find_partners(self, backend, works):
        """Set each work's customer. That of an order that exists stays as it is."""
        new = [work for work in waiting(works) if work.is_new]
        for work in waiting(works):
            if not work.is_new:
                work.partner = work.binding.order_id.partner_id
        if not new:
            return
        identities = [self._get_identity(work.document) for work in new]
        self.env["retail.partner.matcher"]._resolve(backend, identities)
        for work, identity in zip(new, identities, strict=True):
            work.partner = identity.partner
            if identity.error:
                work.result = ImportResult.failed(identity.error)

    def _get_identity(self, document):
        customer = document["customer"] or {}
        external_id = customer.get("external_id")
        return Identity(
            subject=self.env._("Order %s", document["name"]),
            # Not translated: it is recognised later, whatever the language is then.
            placeholder="Customer %s" % external_id if external_id else "Guest of order %s" % document["name"],
            external_id=external_id,
            customer=customer,
            address=document.get("billing_address") or document.get("shipping_address") or {},
            email=clean_email(customer.get("email") or document.get("email")),
            phone=(customer.get("phone") or document.get("phone") or "").strip(),
            amount=(to_decimal(document["totals"]["total"]), document["currency"]),
        )

    def _find_addresses(self, works):
        self.env["retail.address.book"]._resolve(
            [work for work in waiting(works) if work.has_new("billing") or work.has_new("shipping")]
        )

    # ---------------------------------------------------------------- 4. new orders

    def _create_orders(self, backend, works):
        """Create, link and confirm new orders: each of it once for the batch."""
        if not works:
            return
        lookups = self.env["retail.order.reader"]._load([work.document for work in works])
        orders = self.env["sale.order"].create([self._get_create_values(backend, work, lookups) for work in works])
        for work, order in zip(works, orders, strict=True):
            work.order = order
        works = self._drop_wrong_totals(works)
        self._link(backend, works)
        self.env["retail.order.reader"]._write_payments(backend, works, lookups)
        orders = orders.browse([work.order.id for work in works])
        cancelled = orders.filtered("retail_cancelled_at")
        if cancelled:
            cancelled._action_cancel()
        # A quotation of what was shipped long ago would be sold again.
        confirmed = (orders if backend.order_confirm else orders.filtered("retail_is_history")) - cancelled
        if confirmed:
            confirmed.action_confirm()

    def _drop_wrong_totals(self, works):
        """Remove the orders whose total another addon changed while they were created."""
        wrong = self.env["sale.order"]
        for work in works:
            if work.document["cancelled_at"]:
                continue
            error = self.env["retail.order.totals"]._differs(work.order, work.document)
            if error:
                work.result = ImportResult.failed(error)
                wrong |= work.order
        wrong.sudo().unlink()  # made a moment ago and never seen by anybody; the service user deletes no orders
        return waiting(works)

    def _get_create_values(self, backend, work, lookups):
        document = work.document
        reader = self.env["retail.order.reader"]
        pricelist = backend._get_pricelist(work.currency)
        values = {
            **reader._get_values(document, lookups),
            "tag_ids": reader._get_tag_commands(document, lookups),
            "retail_backend_id": backend.id,
            "retail_is_history": work.is_history,
            "retail_external_name": document["name"],
            "retail_placed_at": to_datetime(document["placed_at"]),
            "date_order": to_datetime(document["placed_at"]),
            "client_order_ref": document["name"],
            "origin": document["name"],
            "company_id": backend.company_id.id,
            "partner_id": work.partner.id,
            "partner_invoice_id": work.invoice_partner.id,
            "partner_shipping_id": work.shipping_partner.id,
            "pricelist_id": pricelist.id,
            **self.env["retail.order.mapping"]._get_head(backend, work),
            # It is paid in the channel: no portal link may ask for money or a signature again.
            "require_payment": False,
            "require_signature": False,
            "validity_date": False,
            "order_line": [(0, 0, line.to_values(10 * index)) for index, line in enumerate(work.lines, 1)],
        }
        if backend.warehouse_id:
            values["warehouse_id"] = backend.warehouse_id.id
        if backend.order_naming == "channel":
            values["name"] = "%s%s" % (backend.order_prefix or "", document["name"])
        return values

    def _link(self, backend, works):
        bindings = self.env["retail.binding.order"].create(
            [
                {
                    "backend_id": backend.id,
                    "external_id": work.document["external_id"],
                    "order_id": work.order.id,
                    **self._get_agreement(backend, work),
                }
                for work in works
            ]
        )
        for work, binding in zip(works, bindings, strict=True):
            work.binding = binding
            work.result = ImportResult("created", work.order)

    # ---------------------------------------------------------------- 5. orders that exist

    def _update_orders(self, backend, works):
        if not works:
            return
        lookups = self.env["retail.order.reader"]._load([work.document for work in works])
        for work in works:
            work.order = work.binding.order_id
            with self._failing_alone(work):
                is_changed = self.env["retail.order.updater"]._update(backend, work, lookups)
                work.binding.write(self._get_agreement(backend, work))
                outcome = "unchanged" if work.is_remapped and not is_changed else "updated"
                work.result = ImportResult(outcome, work.order, work.note)
        updated = [work for work in works if work.result.outcome != "failed"]
        self.env["retail.order.reader"]._write_payments(backend, updated, lookups)

    # ---------------------------------------------------------------- 6. what both sides agree on now

    def _get_agreement(self, backend, work):
        digests = dict(work.digests)
        if work.keeps_lines:
            # Not taken over, so not agreed on: should the channel take the order up again, they are compared anew.
            digests["lines"] = work.binding.lines_digest
        return {
            **self.env["retail.refund.ledger"]._get_agreement(work),
            "external_version": work.document["version"],
            "checksum": registry.checksum(work.document),
            "synced_at": self.env.cr.now(),
            **{"%s_digest" % part: value for part, value in digests.items()},
            **({"applied": self.env["retail.order.mapping"]._read(backend, work.order)} if work.takes_lines else {}),
        }

    def _note_agreement(self, works):
        """Keep the version of documents that said nothing new: an older one that comes later is still older."""
        for work in works:
            if work.result.outcome == "unchanged" and work.document["version"] > work.binding.external_version:
                work.binding.write({"external_version": work.document["version"], "synced_at": self.env.cr.now()})
