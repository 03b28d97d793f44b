"""The to-do of an exception's owner: one per owner and cause, whatever the day brings."""

from odoo import api, fields, models

from . import retail_exception_cause  # noqa: F401 the model this file goes on with has to be there

_TYPE = "retail_integration_base.activity_type_exceptions"


class RetailExceptionCause(models.Model):
    _inherit = "retail.exception.cause"

    @api.model
    def _cron_activities(self):
        """Bring the to-dos in line with what is open.

        One writer, outside the transactions that open and close exceptions: a thousand failures in a minute become one
        to-do, and lanes do not meet in it. A to-do that its owner ticked off comes back only for something newer.
        """
        wanted = self._get_wanted_activities()
        model_id = self.env["ir.model"]._get_id(self._name)
        activity_type = self.env.ref(_TYPE)
        activities = (
            self.env["mail.activity"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("res_model_id", "=", model_id),
                    ("activity_type_id", "=", activity_type.id),
                    "|",
                    ("active", "=", True),
                    ("res_id", "in", [cause_id for cause_id, _user_id in wanted]),
                ]
            )
        )
        current, ticked_off = {}, {}
        for activity in activities:
            key = (activity.res_id, activity.user_id.id)
            if activity.active:
                current[key] = activity
            else:
                ticked_off[key] = max(activity.write_date, ticked_off.get(key, activity.write_date))
        for key in current.keys() - wanted.keys():
            current[key].action_feedback(feedback=self.env._("Nothing with this cause is left."))
        for key, (count, deadline, newest) in wanted.items():
            activity = current.get(key)
            due = fields.Date.to_date(deadline) or fields.Date.today()
            if activity:
                if activity.date_deadline != due:
                    activity.date_deadline = due
            elif newest > ticked_off.get(key, newest.min):
                self._create_activity(key, activity_type, model_id, count, due)

    def _get_wanted_activities(self):
        """Return dict (cause id, user id) → (count, first deadline, time of the newest exception)."""
        rows = self.env["retail.exception"]._read_group(
            [("state", "=", "open"), ("user_id", "!=", False), ("user_id.active", "=", True)],
            ["cause_id", "user_id"],
            ["__count", "deadline:min", "last_seen_at:max", "write_date:max"],
        )
        return {(cause.id, user.id): (count, due, seen or written) for cause, user, count, due, seen, written in rows}

    def _create_activity(self, key, activity_type, model_id, count, due):
        cause_id, user_id = key
        self.env["mail.activity"].sudo().create(
            {
                "activity_type_id": activity_type.id,
                "res_model_id": model_id,
                "res_id": cause_id,
                "user_id": user_id,
                "date_deadline": due,
                "summary": self.env._("Exceptions: %s open", count),
                "automated": True,
            }
        )
