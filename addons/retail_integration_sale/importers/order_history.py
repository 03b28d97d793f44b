"""Orders that a backfill brought: what was done before Odoo had them must not be shipped or invoiced a second time."""

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.messages import ImportResult
from odoo.addons.retail_integration_base.engine.money import to_decimal

from . import importer_order  # noqa: F401 the importer this file goes on with has to be there
from .order_work import waiting


class RetailImporterOrder(models.AbstractModel):
    _inherit = "retail.importer.order"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _sort_history(self, works):
        """Tell apart what a backfill brought: what was done before Odoo had it must not be shipped a second time."""
        for work in waiting(works):
            if not work.is_new or not self._is_history(work.document):
                continue
            work.is_history = work.is_done
            if work.document.get("fulfilment_status") == "partially_fulfilled" and not work.is_done:
                work.result = ImportResult.failed(self._partly_shipped(work.document))

    def _partly_shipped(self, document):
        return NeedsHuman(
            self.env._(
                "Order %s was shipped in part before Odoo took it over: Odoo would ship all of it. Ship the rest in "
                "the channel, then replay.",
                document["name"],
            ),
            kind="history_partly_shipped",
            cause_key="history:partly_shipped",
            cause_title=self.env._("Orders that were shipped in part before Odoo took them over"),
            amount=(to_decimal(document["totals"]["total"]), document["currency"]),
        )
