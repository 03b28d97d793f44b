"""How exceptions are opened, brought up to date, reopened and closed by the framework."""

from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from ..engine.fingerprint import cause_fingerprint
from ..engine.text import clean_text

_MAX_TITLE = 250


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    @api.model
    def _open(
        self,
        backend,
        subject_key,
        error,
        *,
        kind,
        cause_key,
        cause_title,
        flow=None,
        evidence=None,
        facts=None,
        amount=None,
    ):
        """Open an exception for a subject, or bring the one that is there up to date.

        One that was resolved a short while ago is opened again: it was not resolved after all. One that a person
        ignored stays ignored, and a new one says so: the decision was about what had come until then.

        Other open exceptions of the subject are closed: what stopped it then does not stop it now.

        :param Exception error: its text is what people read
        :param tuple amount: ``(Decimal, ISO currency code)`` at risk, or ``None``
        :return: the open exception
        """
        # A flow's owner follows the queue; a mail per exception would be a thousand on a bad day.
        self = self.with_context(mail_auto_subscribe_no_notify=True)
        same_subject = self.search(
            [("backend_id", "=", backend.id), ("subject_key", "=", subject_key), ("state", "=", "open")]
        )
        current = same_subject.filtered(lambda exception: exception.kind == kind)[:1]
        (same_subject - current)._close("resolved", self.env._("It went past this point; something else stops it now."))
        now = fields.Datetime.now()
        values = {
            "name": clean_text(str(error) or type(error).__name__)[:_MAX_TITLE],
            "cause_id": self._get_cause(backend.company_id, kind, cause_key, cause_title).id,
            "facts": facts or {},
            "evidence": evidence,
            "last_seen_at": now,
            **self._get_amount_values(backend.company_id, amount),
        }
        earlier = self if current else self._find_closed(backend, subject_key, kind)
        if current:
            current.write(dict(values, occurrences=current.occurrences + 1))
        elif earlier.state == "resolved":
            current = earlier
            current._reopen(values, flow)
        else:
            current = self.create(
                dict(
                    values,
                    kind=kind,
                    backend_id=backend.id,
                    flow_id=flow.id if flow else False,
                    subject_key=subject_key,
                    user_id=flow.owner_id.id if flow else False,
                    deadline=self._get_deadline(flow),
                    first_seen_at=now,
                    previous_id=earlier.id,
                )
            )
            if earlier:
                current._say_ignored_before(earlier)
        self.env["retail.exception.occurrence"]._note(current)
        return current

    def _get_deadline(self, flow):
        return fields.Datetime.now() + timedelta(minutes=flow.sla_minutes) if flow and flow.sla_minutes else False

    def _get_amount_values(self, company, amount):
        """Return what is at risk, in its own currency and in the company's.

        :param tuple amount: ``(Decimal, ISO currency code)`` or ``None``
        """
        own = company.currency_id
        if not amount:
            return {"amount_at_risk": 0.0, "currency_id": own.id, "amount_company": 0.0, "is_unvalued": False}
        value = float(amount[0])
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", amount[1])], limit=1)
        values = {"amount_at_risk": value, "currency_id": (currency or own).id}
        # Odoo takes 1 for a rate that nobody entered: a million yen would be a million euros, or the other way round.
        if currency == own or (currency and self._has_rate(currency, company)):
            converted = currency._convert(value, own, company, fields.Date.today())
            return {**values, "amount_company": abs(converted), "is_unvalued": False}
        return {**values, "amount_company": 0.0, "is_unvalued": bool(Decimal(amount[0]))}

    def _has_rate(self, currency, company):
        # The other side of a conversion is the currency of the company, whose own rate is 1 unless somebody says else.
        rates = self.env["res.currency.rate"].sudo()
        return bool(
            rates.search_count(
                [("currency_id", "=", currency.id), ("company_id", "in", (False, company.root_id.id))], limit=1
            )
        )

    def _get_cause(self, company, kind, cause_key, cause_title):
        fingerprint = cause_fingerprint(kind, cause_key)
        causes = self.env["retail.exception.cause"]
        cause = causes.search([("company_id", "=", company.id), ("fingerprint", "=", fingerprint)], limit=1)
        if cause:
            return cause
        # Two lanes may meet the same new cause at once: the second waits for the first, and may have to start again
        # with a snapshot that has the row.
        self.env.cr.execute(
            "INSERT INTO retail_exception_cause (company_id, fingerprint, kind, name, create_uid, create_date, "
            "write_uid, write_date) "
            "VALUES (%s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC') "
            "ON CONFLICT (company_id, fingerprint) DO UPDATE SET write_date = EXCLUDED.write_date RETURNING id",
            (company.id, fingerprint, kind, clean_text(cause_title)[:_MAX_TITLE], self.env.uid, self.env.uid),
        )
        return causes.browse(self.env.cr.fetchone()[0])

    # ---------------------------------------------------------------- what was closed and fails again

    def _find_closed(self, backend, subject_key, kind):
        """Return the exception of this subject and kind that was closed last, if that is not long ago."""
        if not backend.regression_days:
            return self.browse()
        return self.search(
            [
                ("backend_id", "=", backend.id),
                ("subject_key", "=", subject_key),
                ("kind", "=", kind),
                ("state", "!=", "open"),
                ("closed_at", ">=", fields.Datetime.now() - timedelta(days=backend.regression_days)),
            ],
            order="closed_at desc, id desc",
            limit=1,
        )

    def _reopen(self, values, flow):
        note = self.env._(
            "It fails again. It was resolved on %(date)s: %(reason)s",
            date=fields.Datetime.to_string(self.closed_at),
            reason=self.resolution or "",
        )
        self.write(
            dict(
                values,
                state="open",
                is_regression=True,
                reopened_count=self.reopened_count + 1,
                occurrences=self.occurrences + 1,
                deadline=self._get_deadline(flow),
                user_id=self.user_id.id or (flow.owner_id.id if flow else False),
                resolution=False,
                closed_by_id=False,
                closed_at=False,
            )
        )
        self._message_log(body=note)

    def _say_ignored_before(self, earlier):
        self._message_log(
            body=self.env._(
                "The same failure of %(subject)s was ignored on %(date)s by %(user)s: %(reason)s",
                subject=self.subject_name,
                date=fields.Datetime.to_string(earlier.closed_at),
                user=earlier.closed_by_id.name,
                reason=earlier.resolution or "",
            )
        )
        earlier._message_log(body=self.env._("It failed again, which opened a new exception: %s", self.name))

    # ---------------------------------------------------------------- closing

    @api.model
    def _resolve_subjects(self, backend, subject_keys):
        """Close the open exceptions of subjects that went through."""
        if subject_keys:
            self.search(
                [("backend_id", "=", backend.id), ("subject_key", "in", list(subject_keys)), ("state", "=", "open")]
            )._close("resolved", self.env._("A later attempt succeeded."))

    def _close(self, state, reason):
        if self:
            self.sudo().write(
                {
                    "state": state,
                    "resolution": reason,
                    "closed_by_id": self.env.uid,
                    "closed_at": fields.Datetime.now(),
                }
            )
