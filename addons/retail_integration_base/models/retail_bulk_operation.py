"""What a bulk run does to exceptions: what is chosen, what is left out, who has to agree, and one step of it."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from . import retail_bulk_run  # noqa: F401 the model this file goes on with has to be there


class RetailBulkRun(models.Model):
    _inherit = "retail.bulk.run"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    @api.model
    def _start(self, operation, exceptions, *, fix=None, wizard=None, reason=None):
        """Do something to exceptions: now, as a run with progress, or after a second person agreed.

        :param str operation: ``fix``, ``replay``, ``resolved`` or ``ignored``
        :param exceptions: ``retail.exception`` records; closed ones and those the fix does not serve are left out
        :param Fix fix: for ``fix``
        :param wizard: the filled ``retail.fix`` of a fix that has one
        :return: an action: the run's form, or closing the dialog where a single exception was dealt with
        """
        exceptions.check_access("read")
        self._check_operator()
        chosen, left_out = self._choose(exceptions, wizard)
        if not chosen:
            raise UserError(left_out or self.env._("None of these exceptions is open."))
        if len(chosen.company_id) > 1:
            raise UserError(self.env._("Choose exceptions of one company: each has its own currency and accountants."))
        is_decision = operation in ("resolved", "ignored") or (fix and fix.is_decision)
        needs_approval = bool(is_decision and self._get_limits_passed(chosen))
        params = self._get_params(fix, wizard, reason)
        if len(chosen) == 1 and not needs_approval:
            self._apply_to(chosen, operation, params, self.env.user, wizard)
            return {"type": "ir.actions.act_window_close"}
        causes = chosen.cause_id
        run = self._begin(
            {
                "name": self._get_title(operation, chosen, fix),
                "operation": operation,
                "params": params,
                "company_id": chosen.company_id.id,
                "cause_id": causes.id if len(causes) == 1 else False,
                "reason": reason,
                "left_out": left_out,
                "needs_approval": needs_approval,
                **self._sum_up(chosen),
            },
            "exception_id",
            [(exception.id, exception.amount_company) for exception in chosen],
            at_once=True,
        )
        return run._action_open()

    def _get_title(self, operation, exceptions, fix):
        labels = dict(self._fields["operation"]._description_selection(self.env))
        what = fix.label if fix else labels[operation]
        causes = exceptions.cause_id
        if len(exceptions) == 1:
            return "%s: %s" % (what, exceptions.name)
        if len(causes) == 1:
            return self.env._("%(what)s: %(cause)s (%(count)s)", what=what, cause=causes.name, count=len(exceptions))
        return self.env._("%(what)s: %(count)s exceptions", what=what, count=len(exceptions))

    def _get_params(self, fix, wizard, reason):
        params = {"reason": reason or False}
        if fix:
            params["fix"] = fix.code
        if wizard:
            params.update(wizard=wizard._name, exception_id=wizard.exception_id.id, values=wizard._get_params())
        return params

    # ---------------------------------------------------------------- preview

    @api.model
    def _choose(self, exceptions, wizard=None):
        """Return ``(exceptions to deal with, text: what is left out and why)``. The preview and the run agree."""
        chosen = exceptions.search_fetch(
            [("id", "in", exceptions.ids), ("state", "=", "open")],
            ["amount_company", "backend_id", "cause_id", "company_id", "is_unvalued", "kind", "name"],
        )
        reasons = []
        if exceptions - chosen:
            reasons.append((exceptions - chosen, self.env._("closed already")))
        if wizard:
            chosen, more = wizard._choose(chosen)
            reasons += more
        lines = ["%d × %s" % (len(records), reason) for records, reason in reasons if records]
        return chosen, "\n".join(lines)

    @api.model
    def _sum_up(self, exceptions):
        """Return the values that say what ``exceptions`` are worth together."""
        [(amount, count)] = self.env["retail.exception"]._read_group(
            [("id", "in", exceptions.ids)], [], ["amount_company:sum", "__count"]
        )
        unvalued = self.env["retail.exception"].search_count([("id", "in", exceptions.ids), ("is_unvalued", "=", True)])
        return {"amount": amount if count else 0.0, "unvalued_count": unvalued}

    @api.model
    def _get_limits_passed(self, exceptions):
        """Return the backends whose limit these exceptions pass together, with what they are worth.

        Each backend's own limit counts for the sum of its exceptions. An amount nobody can value passes every limit.

        :return: list of (backend, float amount)
        """
        passed = []
        for backend, amount, is_unvalued in self.env["retail.exception"]._read_group(
            [("id", "in", exceptions.ids)], ["backend_id"], ["amount_company:sum", "is_unvalued:bool_or"]
        ):
            is_above = backend.currency_id.compare_amounts(amount, backend.approval_limit) > 0
            if backend.approval_limit and (is_above or is_unvalued):
                passed.append((backend, amount))
        return passed

    @api.model
    def _describe_preview(self, exceptions, wizard=None, is_decision=True):
        """Return the sentences that say what would happen."""
        chosen, left_out = self._choose(exceptions, wizard)
        if not chosen:
            return left_out or self.env._("Nothing is open.")
        worth = self._sum_up(chosen)
        currency = chosen.company_id[:1].currency_id
        parts = [
            self.env._(
                "%(count)s exceptions worth %(amount)s are dealt with.",
                count=len(chosen),
                amount=format_amount(self.env, worth["amount"], currency),
            )
            if len(chosen) > 1
            else self.env._("1 exception worth %s is dealt with.", format_amount(self.env, worth["amount"], currency))
        ]
        if worth["unvalued_count"]:
            parts.append(
                self.env._("%s of them are in a currency without a rate, and not in the sum.", worth["unvalued_count"])
            )
        for backend, _amount in self._get_limits_passed(chosen) if is_decision else ():
            parts.append(
                self.env._(
                    "Above %(limit)s at %(backend)s two people decide: an accountant has to approve this.",
                    limit=format_amount(self.env, backend.approval_limit, backend.currency_id),
                    backend=backend.name,
                )
            )
        if left_out:
            parts.append(self.env._("Left out:\n%s", left_out))
        return "\n".join(parts)

    # ---------------------------------------------------------------- one step

    def _apply(self, items):
        """Do the run's operation to ``items``, as the person who asked for it, and note the end of each."""
        exceptions = items.exception_id
        if self.operation != "replay":
            exceptions.lock_for_update()
        stale = {}
        for item in items:
            reason = self._get_skip_reason(item)
            if reason:
                stale.setdefault(reason, self.env["retail.bulk.item"])
                stale[reason] |= item
        for reason, skipped in stale.items():
            skipped.write({"state": "skipped", "note": reason})
            items -= skipped
        if items:
            self._apply_to(items.exception_id, self.operation, self.params, self.user_id)
            items.write({"state": "done"})

    def _get_skip_reason(self, item):
        """Return why nothing is done to ``item``, or an empty value: it changed since the run was asked for."""
        exception = item.exception_id
        if exception.state != "open":
            return self.env._("It was closed meanwhile.")
        if self.cause_id and exception.cause_id != self.cause_id:
            return self.env._("It fails for another reason now.")
        is_worth_more = self.currency_id.compare_amounts(exception.amount_company, item.amount) > 0
        if self.needs_approval and (is_worth_more or (exception.is_unvalued and item.amount)):
            return self.env._("It is worth more than what was approved.")
        return None

    def _apply_to(self, exceptions, operation, params, user, wizard=None):
        """Do it to a few exceptions, with the rights of who asked for it."""
        company = exceptions.company_id[:1]
        exceptions = exceptions.with_user(user).with_context(allowed_company_ids=company.ids)
        if operation in ("resolved", "ignored"):
            exceptions._close_by_hand(operation, params["reason"])
        elif operation == "replay":
            exceptions._check_operator()
            exceptions._replay()
        elif params.get("wizard"):
            self._apply_wizard(exceptions, params, wizard)
        else:
            fix = exceptions._get_fix(params["fix"])
            exceptions._fix_and_replay(getattr(exceptions, fix.method)())

    def _apply_wizard(self, exceptions, params, wizard):
        """Mend with a wizard as it was filled in. What is made once for all is made in the first step."""
        exceptions._get_fix(params["fix"])  # the role may be gone by now
        if wizard is None:
            wizard = exceptions.env[params["wizard"]].create(
                dict(params["values"], exception_id=params["exception_id"])
            )
        else:
            wizard = wizard.with_env(exceptions.env)
        if not params.get("is_prepared"):
            wizard._prepare()
            if self:
                self.sudo().params = dict(params, values=wizard._get_params(), is_prepared=True)
        wizard._mend(exceptions)
        exceptions._fix_and_replay(wizard._get_note())
