"""Jobs that do nothing: what one job per message costs, which the drain is measured against."""

from odoo import api, models


class TestRetailJob(models.AbstractModel):
    _name = "test.retail.job"
    _description = "Job that does nothing"

    @api.model
    def order(self, count):
        """Order ``count`` jobs."""
        for number in range(count):
            self.with_delay(description="Nothing")._job_nothing(number)
        return True

    def _job_nothing(self, number):
        return None
