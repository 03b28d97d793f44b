"""Tells channels how many units they may sell. Why it never makes them oversell: docs/decisions/0011."""

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.messages import ImportResult

from ..engine import stock_ledger
from ..models.retail_stock_level import parse_key


class RetailExporterStockLevel(models.AbstractModel):
    """State of one product at one place of a channel, read when it is sent.

    A kit has no stock of its own; what its components allow is not worked out here, so a kit that the channel stocks is
    told as zero only if it is a storable product in Odoo, and left alone otherwise.
    """

    _name = "retail.exporter.stock_level"
    _inherit = "retail.exporter"
    _description = "Stock level exporter"

    #: The channel's figure changes by itself: what was told once may have to be told again.
    _skips_equal = False

    def _get_records(self, intents):
        keys = {intent.id: parse_key(intent.key) for intent in intents}
        known = [key for key in keys.values() if key]
        levels = self.env["retail.stock.level"].search(
            [
                ("product_id", "in", sorted({product_id for product_id, _map in known})),
                ("map_id", "in", sorted({map_id for _product, map_id in known})),
            ]
        )
        by_key = {(level.product_id.id, level.map_id.id): level for level in levels}
        return {intent_id: by_key[key] for intent_id, key in keys.items() if key in by_key}

    def _get_documents(self, backend, flow, intents):
        """See :meth:`retail.exporter._get_documents`; a constant number of statements for a batch."""
        self = self.with_context(active_test=False)
        backend = backend.with_env(self.env)
        maps = {one.id: one for one in self.env["retail.location.map"].search([("backend_id", "=", backend.id)])}
        keys = {intent.id: parse_key(intent.key) for intent in intents}
        links = self._find_links(backend, [key[0] for key in keys.values() if key])
        keys = {
            intent_id: key
            for intent_id, key in keys.items()
            if key and key[0] in links and key[1] in maps and maps[key[1]].active
        }
        levels = self.env["retail.stock.level"]._find_or_create(backend, keys.values())
        unknown = [levels[keys[intent.id]] for intent in intents if intent.is_unknown and intent.id in keys]
        self._forget(self.env["retail.stock.level"].concat(*unknown))
        everything = self.env["retail.stock.level"].concat(*levels.values())
        figures = self.env["retail.stock.reader"]._read(backend, everything)
        documents = {}
        for intent in intents:
            key = keys.get(intent.id)
            documents[intent.id] = (
                self._get_document(levels[key], figures[levels[key].id], links[key[0]]) if key else None
            )
        return documents

    def _find_links(self, backend, product_ids):
        """Return dict product id → the link of a storable product that the channel keeps in stock."""
        links = self.env["retail.binding.product"].search_fetch(
            [
                ("backend_id", "=", backend.id),
                ("product_id", "in", sorted(set(product_ids))),
                ("inventory_external_id", "!=", False),
                ("product_id.is_storable", "=", True),
            ],
            ["product_id", "inventory_external_id"],
        )
        return {link.product_id.id: link for link in links}

    def _forget(self, levels):
        """An attempt ended without an answer: nobody knows what these levels show now, nor what is in flight."""
        if levels:
            levels._unsettle()
            levels.map_id._order_reconciliation(is_partial=True)

    def _get_document(self, level, figures, link):
        """Return the document of one level, or its end where the channel shows what it is to show."""
        available = stock_ledger.whole_units(figures.available - figures.kept_back)
        document = {
            "schema": "stock_level.v1",
            "external_id": "%s@%s" % (link.inventory_external_id, level.map_id.external_id),
            "version": 0,
            "inventory_item_id": link.inventory_external_id,
            "location_id": level.map_id.external_id,
            "sku": level.sku or None,
            "available": available,
            "given": level.given if level.is_settled else None,
            "taken": figures.taken,
            "expected": None,
            "may_activate": level.map_id.activate_missing,
        }
        values = {
            "odoo_quantity": figures.available,
            "odoo_at": fields.Datetime.now(),
            "buffer_quantity": figures.kept_back,
            "taken": figures.taken,
        }
        if not level.is_settled:
            level.write({**values, "wanted_quantity": max(available, 0), "in_flight": 0})
            return document
        expected = stock_ledger.expected(level.given, figures.taken, level.shop_quantity)
        wanted, flying = stock_ledger.wanted(document, expected)
        level.write({**values, "wanted_quantity": wanted, "in_flight": flying})
        if wanted != expected:
            return dict(document, expected=expected)
        if expected == level.shop_quantity:
            # Whatever else the channel has sold meanwhile is in flight and lowers both alike: still nothing to tell.
            return ImportResult("unchanged", level, self.env._("The channel shows this already."))
        # Odoo took units for the channel's orders, and the channel need not have sold them from this place: an order
        # is shipped from somewhere else, or somebody added to it in Odoo. One look for the batch tells.
        return document

    # ---------------------------------------------------------------- what the channel answered

    def _accept(self, backend, flow, answers):
        """Note what both sides agreed on. Answers are as :func:`stock_ledger.agreement` makes them."""
        levels = self._get_records([intent for intent, _sent in answers])
        now = fields.Datetime.now()
        doubtful = self.env["retail.stock.level"]
        for intent, sent in answers:
            level, answer = levels.get(intent.id), sent.answer
            if not level:
                continue
            values = {
                "agreed_quantity": answer["quantity"],
                "agreed_at": now,
                "shop_quantity": answer["quantity"],
                "shop_at": now,
                "in_flight": answer["in_flight"],
                "wanted_quantity": answer["target"],
            }
            explanation = self._explain(level, answer)
            if explanation:
                values.update(explanation=explanation, explained_at=now)
            if answer["given"] is not None and level.is_settled:
                values["given"] = answer["given"]
            level.write(values)
            if answer["is_raised"] or not level.is_settled:
                doubtful |= level
        # What nobody can explain is asked about soon, and until then counts against the channel.
        if doubtful:
            doubtful.settled_at = False
            doubtful.map_id._order_reconciliation(is_partial=True)

    def _explain(self, level, answer):
        """Return in a sentence why the channel did not show what was expected, ``False`` where it did."""
        _ = self.env._
        if answer["given"] is None:
            return _("It is not known yet what is in flight: the channel's figure is only lowered.")
        if answer["was_expected"]:
            return False
        shown = {"shown": answer["shop_before"] or 0, "quantity": answer["quantity"], "flying": answer["in_flight"]}
        if answer["is_raised"]:
            return _(
                "The channel showed %(shown)s, more than it was given: somebody raised it there, or an order was "
                "cancelled. It was set to %(quantity)s, which Odoo has.",
                **shown,
            )
        return _(
            "The channel showed %(shown)s when it was to be changed: it had sold meanwhile. %(flying)s units are in "
            "flight, so that it was set to %(quantity)s.",
            **shown,
        )
