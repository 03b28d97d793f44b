"""What happened to a record across all systems, in order of time. Read where it is kept; nothing is written here."""

from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, html2plaintext

from ..engine import timeline_sql
from .retail_inbox import short_subject

#: So many of the newest messages and intents make up a timeline; a page that takes minutes helps nobody.
MOST = 500
#: Without one of these a search would read all tables there are.
_NARROW = frozenset(
    ("id", "record", "trace", "inbox_id", "outbox_id", "exception_id", "trace_id", "batch_trace_id", "res_id")
)


@dataclass
class Scope:
    """What a timeline is made of."""

    inbox_ids: set = field(default_factory=set)
    outbox_ids: set = field(default_factory=set)
    exception_ids: set = field(default_factory=set)
    #: recordsets whose own entries belong to it
    records: list = field(default_factory=list)

    def is_empty(self):
        return not (self.inbox_ids or self.outbox_ids or self.exception_ids)

    def domain(self):
        parts = [
            Domain(name, "in", list(ids))
            for name, ids in (
                ("inbox_id", self.inbox_ids),
                ("outbox_id", self.outbox_ids),
                ("exception_id", self.exception_ids),
            )
            if ids
        ]
        parts += [Domain("res_model", "=", one._name) & Domain("res_id", "in", one.ids) for one in self.records if one]
        return Domain.OR(parts) if parts else Domain.FALSE


class RetailTimelineEntry(models.Model):
    _name = "retail.timeline.entry"
    _description = "Timeline entry"
    _auto = False
    _log_access = False
    _order = "at, rank, id"
    _rec_name = "what"

    record = fields.Char(
        store=False, search="_search_record", help="Search for “sale.order,42”: all that happened to this record."
    )
    trace = fields.Char(store=False, search="_search_trace", help="Search for a trace id: all that belongs to it.")
    at = fields.Datetime("When", readonly=True)
    kind = fields.Selection(
        [
            ("received", "Message received"),
            ("attempt", "Worked on"),
            ("exception", "Exception"),
            ("note", "About the exception"),
            ("ordered", "To be told"),
            ("call", "Call out"),
            ("answered", "Answer"),
            ("linked", "Linked"),
            ("made", "Created"),
            ("changed", "Changed"),
        ],
        "Event",
        readonly=True,
    )
    rank = fields.Integer(readonly=True)
    source = fields.Integer(readonly=True)
    source_id = fields.Integer(readonly=True)
    backend_id = fields.Many2one("retail.backend", readonly=True)
    inbox_id = fields.Many2one("retail.inbox", readonly=True)
    outbox_id = fields.Many2one("retail.outbox", readonly=True)
    exception_id = fields.Many2one("retail.exception", readonly=True)
    credential_id = fields.Many2one("retail.credential", readonly=True)
    message_id = fields.Many2one("mail.message", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    author_id = fields.Many2one("res.partner", readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    entity = fields.Char(readonly=True)
    subject_key = fields.Char(readonly=True)
    external_id = fields.Char("Id in the channel", readonly=True)
    trace_id = fields.Char(readonly=True)
    batch_trace_id = fields.Char("Trace of the batch", readonly=True)
    outcome = fields.Selection(
        selection=lambda self: self.env["retail.sync.log"]._fields["outcome"]._description_selection(self.env),
        readonly=True,
    )
    error_class = fields.Char(readonly=True)
    text = fields.Text(readonly=True)
    origin = fields.Selection(
        selection=lambda self: self.env["retail.inbox"]._fields["origin"]._description_selection(self.env),
        readonly=True,
    )
    attempt = fields.Integer(readonly=True, aggregator=None)
    duration_ms = fields.Integer("Duration (ms)", readonly=True, aggregator=None)
    delay_seconds = fields.Integer("Delay (s)", readonly=True, aggregator=None)
    system = fields.Char(compute="_compute_shown")
    what = fields.Char(compute="_compute_shown")
    detail = fields.Char("Details", compute="_compute_shown")
    who = fields.Char(compute="_compute_shown")
    url = fields.Char("In the channel", compute="_compute_url")

    # ---------------------------------------------------------------- the query

    @property
    def _table_query(self):
        return timeline_sql.union(self._get_sources())

    @api.model
    def _get_sources(self):
        """Return the :class:`~.timeline_sql.Source` of each kind of entry. Addons add theirs, numbered from 8 to 31."""
        links = [
            timeline_sql.link(
                timeline_sql.FIRST_LINK + position,
                model._table,
                model._fields[model._record_field].comodel_name,
                model._record_field,
                model._name.rpartition(".")[2],
            )
            for position, model in enumerate(self._get_binding_models())
        ]
        return timeline_sql.BASE + links

    def _get_binding_models(self):
        models_ = [self.env[name] for name in sorted(self.env.registry) if name.startswith("retail.binding.")]
        return [model for model in models_ if not model._abstract and model._record_field]

    @api.model
    def _get_record_models(self):
        """Return the names of the models whose records have entries of their own. Addons add theirs."""
        return {model._fields[model._record_field].comodel_name for model in self._get_binding_models()}

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        """Search what is narrow enough, and only entries of records that the user may read."""
        self.env.flush_all()
        domain = Domain(domain)
        if not any(condition.field_expr in _NARROW for condition in domain.iter_conditions()):
            return self.browse()._as_query()
        # ``at``: an intent that has no answer yet.
        domain = domain.map_conditions(_by_source) & Domain("at", "!=", False)
        query = super()._search(domain, offset, limit, order, **options)
        if not self.env.su and not query.is_empty():
            query.add_where(self._get_access_condition())
        return query

    def _get_access_condition(self):
        table = self._table
        conditions = [SQL("%s IS NULL", SQL.identifier(table, "res_model"))]
        for name in sorted(self._get_record_models()):
            model = self.env[name].with_context(active_test=False)
            if model.has_access("read"):
                conditions.append(
                    SQL(
                        "(%s = %s AND %s IN %s)",
                        SQL.identifier(table, "res_model"),
                        name,
                        SQL.identifier(table, "res_id"),
                        model._search([]).subselect(),
                    )
                )
        return SQL("(%s)", SQL(" OR ").join(conditions))

    # ---------------------------------------------------------------- what belongs together

    def _search_record(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR([self._get_scope(self._find_record(one)).domain() for one in value]) if value else Domain.FALSE

    def _find_record(self, reference):
        """Return the record that ``model,id`` names, if there is one and the user may read it."""
        name, _comma, number = (reference or "").partition(",")
        if name not in self.env or not number.isdecimal() or not hasattr(self.env[name], "_get_retail_related"):
            return None
        return self.env[name].browse(int(number)).exists()._filtered_access("read") or None

    @api.model
    def _get_scope(self, record):
        """Return the :class:`Scope` of a record's timeline: what is about it, and about what it belongs to."""
        if not record:
            return Scope()
        related = [one._filtered_access("read") for one in record._get_retail_related() if one]
        subjects, intents, about = [], [], []
        for one in related:
            about.append(Domain("res_model", "=", one._name) & Domain("res_id", "in", one.ids))
            subjects += self._get_subjects(one)
            intents += self._get_intent_subjects(one)
        scope = Scope(records=related)
        messages = self._find("retail.inbox", about + subjects)
        scope.inbox_ids.update(messages.ids)
        traces = [trace_id for trace_id in set(messages.mapped("trace_id")) if trace_id]
        caused = [Domain("trace_id", "in", traces)] if traces else []
        scope.outbox_ids.update(self._find("retail.outbox", about + intents + caused).ids)
        held = [Domain("id", "in", messages.exception_id.ids)] if messages.exception_id else []
        scope.exception_ids.update(self._find("retail.exception", subjects + intents + held).ids)
        return scope

    def _find(self, model, domains):
        """Return the newest of ``model`` that one of ``domains`` finds. Entries are filtered by company, later."""
        if not domains:
            return self.env[model].sudo()
        return self.env[model].sudo().search(Domain.OR(domains), order="id desc", limit=MOST)

    def _get_subjects(self, records):
        """Return domains of the subjects that channels know these records by."""
        domains = []
        for model in self._get_binding_models():
            if model._fields[model._record_field].comodel_name != records._name:
                continue
            entity = model._name.rpartition(".")[2]
            for binding in model.sudo().search_fetch(
                [(model._record_field, "in", records.ids)], ["backend_id", "external_id"], limit=MOST
            ):
                domains.append(
                    Domain("backend_id", "=", binding.backend_id.id)
                    & Domain("subject_key", "=", "%s:%s" % (entity, binding.external_id))
                )
        return domains

    def _get_intent_subjects(self, records):
        """Return domains of the subjects that intents about these records have, finished or not."""
        entities = [
            name.rpartition(".")[2]
            for name in sorted(self.env.registry)
            if name.startswith("retail.exporter.") and self.env[name]._record_model == records._name
        ]
        if not entities:
            return []
        keys = ["%s:odoo/%d" % (entity, record_id) for entity in entities for record_id in records.ids]
        backends = self.env["retail.backend"].with_context(active_test=False).search([], limit=MOST)
        return [Domain("backend_id", "in", backends.ids) & Domain("subject_key", "in", keys)]

    def _search_trace(self, operator, value):
        """All of a trace: messages, attempts, intents, the exceptions of its subjects and the records it ended in."""
        if operator != "in":
            return NotImplemented
        traces = {trace_id for trace_id in value if trace_id}
        if not traces:
            return Domain.FALSE
        lines = self.env["retail.sync.log"].sudo().search([("trace_id", "in", list(traces))], limit=MOST)
        shared = {trace_id for trace_id in lines.mapped("batch_trace_id") if trace_id}
        messages = self._find("retail.inbox", [Domain("trace_id", "in", list(traces))])
        scope = Scope(inbox_ids=set(messages.ids))
        subjects = [
            Domain("backend_id", "=", message.backend_id.id) & Domain("subject_key", "=", message.subject_key)
            for message in messages
        ]
        scope.exception_ids.update(self._find("retail.exception", subjects).ids)
        for name, same in messages.grouped("res_model").items():
            if name in self._get_record_models():
                scope.records.append(self.env[name].browse(same.mapped("res_id")))
        return (
            scope.domain()
            | Domain("trace_id", "in", list(traces | shared))
            | Domain("batch_trace_id", "in", list(traces))
        )

    # ---------------------------------------------------------------- shown

    # Their columns come with the entry, and so does the check whether it is for this user.
    @api.depends(
        *("kind", "backend_id", "text", "subject_key", "external_id", "res_model", "res_id", "message_id", "author_id"),
        *("user_id", "origin", "credential_id", "delay_seconds", "attempt", "error_class"),
    )
    def _compute_shown(self):
        """Say in words what each entry is, all of a page together."""
        names = self._get_record_names()
        notes = self._get_notes()
        labels = dict(self.env["retail.credential"]._fields["kind"]._description_selection(self.env))
        signed_with = {one.id: labels.get(one.kind, one.kind) for one in self.credential_id.sudo()}
        odoo = self.env._("Odoo")
        for entry in self:
            is_inside = entry.kind in ("made", "changed", "note")
            entry.system = odoo if is_inside else entry.backend_id.sudo().name or odoo
            entry.who = entry.author_id.sudo().name or entry.user_id.sudo().name or False
            record = names.get((entry.res_model, entry.res_id)) or short_subject(entry.subject_key)
            if entry.kind == "note":
                entry.what = notes.get(entry.message_id.id) or False
            elif entry.kind in ("received", "ordered"):
                entry.what = "%s · %s" % (entry.text or "", short_subject(entry.subject_key))
            elif entry.kind in ("answered", "linked"):
                external_id = (entry.external_id or "").rpartition("/")[2]
                entry.what = "%s · %s" % (record, external_id or self.env._("no id"))
            else:
                entry.what = " · ".join(filter(None, (record if entry.res_model else "", entry.text))) or record
            entry.detail = " · ".join(filter(None, entry._get_details(signed_with))) or False

    def _get_details(self, signed_with):
        _ = self.env._
        origins = dict(self._fields["origin"]._description_selection(self.env))
        if self.origin:
            yield origins.get(self.origin)
        if self.credential_id.id in signed_with:
            yield _("signed with: %s", signed_with[self.credential_id.id])
        if self.delay_seconds:
            yield _("%s s after it happened", self.delay_seconds)
        if self.attempt:
            yield _("attempt %s", self.attempt)
        if self.error_class:
            yield self.error_class

    def _get_record_names(self):
        """Return dict (model, id) → name, of records that are there and for this user."""
        names = {}
        for model, same in self.grouped("res_model").items():
            if model and model in self.env:
                records = self.env[model].browse(set(same.mapped("res_id"))).exists()._filtered_access("read")
                names.update({(model, record.id): record.display_name for record in records})
        return names

    def _get_notes(self):
        """Return dict message id → what it says and changed, as plain text."""
        messages = self.message_id.sudo()
        changes = {}
        for value in messages.tracking_value_ids.sorted("id"):
            old, new = value.old_value_char, value.new_value_char
            text = "%s: %s" % (value.field_id.field_description, " → ".join(filter(None, (old, new))))
            changes.setdefault(value.mail_message_id.id, []).append(text)
        return {
            message.id: " · ".join(
                filter(None, [html2plaintext(message.body or "").strip(), *changes.get(message.id, [])])
            )
            or message.subtype_id.description
            or message.subtype_id.name
            for message in messages
        }

    @api.depends("backend_id", "entity", "external_id")
    def _compute_url(self):
        for entry in self:
            backend = entry.backend_id.sudo()
            entry.url = (
                bool(backend and entry.entity and entry.external_id)
                and backend._get_handler()._get_admin_url(backend, entry.entity, entry.external_id)
            ) or False

    # ---------------------------------------------------------------- buttons

    def action_open(self):
        """Open what the entry tells about."""
        self.ensure_one()
        model, record_id = self.res_model, self.res_id
        for record in (self.exception_id, self.inbox_id, self.outbox_id):
            if record:
                model, record_id = record._name, record.id
                break
        return {"type": "ir.actions.act_window", "res_model": model, "res_id": record_id, "views": [(False, "form")]}

    def action_open_url(self):
        """Open the record in the channel's own back office."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}

    @api.model
    def _action_timeline(self, name, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_timeline")
        return dict(action, name=name, domain=domain)


def _by_source(condition):
    """Turn a condition on made-up ids into one on the rows they stand for, which have an index."""
    if condition.field_expr != "id" or condition.operator not in ("in", "=") or not condition.value:
        return condition
    ids = condition.value if condition.operator == "in" else [condition.value]
    if isinstance(ids, (str, bytes)) or not all(isinstance(entry_id, int) for entry_id in ids):
        return condition
    rows = {}
    for entry_id in ids:
        rows.setdefault(entry_id % timeline_sql.SOURCES, []).append(entry_id // timeline_sql.SOURCES)
    return Domain.OR(
        [Domain("source", "=", source) & Domain("source_id", "in", source_ids) for source, source_ids in rows.items()]
    )
