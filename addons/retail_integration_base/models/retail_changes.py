"""What a run that was undone would have changed, in words a person reads: records, fields, old and new values."""

from dataclasses import dataclass, field

from odoo import models
from odoo.tools import float_repr, format_amount, format_date, format_datetime, html2plaintext
from odoo.tools.float_utils import float_compare

from ..engine.redact import MASK, PERSONAL_KEYS

#: More is counted, not shown.
MAX_RECORDS = 60
MAX_FIELDS = 25
_MAX_TEXT = 160
#: Beginnings of the names of models that say nothing to whoever asks what a message would change.
_HIDDEN_MODELS = (
    "base_import.", "bus.", "ir.", "mail.", "queue.", "retail.binding", "retail.exception", "retail.reservation",
    "retail.sync.log",
)  # fmt: skip
_HIDDEN_FIELDS = frozenset(
    ("id", "create_uid", "create_date", "write_uid", "write_date", "parent_path", "access_token")
)
_HIDDEN_TYPES = frozenset(("binary", "image", "json", "one2many", "properties", "properties_definition", "serialized"))
_PERSON_MODELS = frozenset(("res.partner", "res.users"))
_PERSON_NAMES = frozenset(("name", "displayname", "completename", "company", "companyname", "commercialcompanyname"))


@dataclass
class Shot:
    """One record as it is at one moment. ``values``: field name → ``(what is compared, text)``."""

    name: str
    values: dict = field(default_factory=dict)


class RetailChanges(models.AbstractModel):
    _name = "retail.changes"
    _description = "Reader of changes"

    def _get_hidden_models(self):
        """Return beginnings of names of models that are not shown. Addons add theirs."""
        return _HIDDEN_MODELS

    def _shoot(self, touched):
        """Return dict (model, id) → :class:`Shot` of what there is now of ``touched``.

        Taken once before the undo and once after it.
        """
        shots, hidden, persons = {}, self._get_hidden_models(), self.env["res.partner"].sudo()
        for group in (touched.created, touched.changed, touched.removed):
            for model, ids in group.items():
                if model.startswith(hidden) or self.env[model]._transient:
                    continue
                for record in self.env[model].sudo().browse(ids).exists():
                    shots[model, record.id] = self._shoot_one(record, self._get_names(record, touched))
                    persons |= self._get_persons(record)
        self._mask_persons(shots, persons)
        return shots

    def _get_persons(self, record):
        """Return the contacts whose names may be part of the record's own."""
        if record._name == "res.partner":
            return record | record.commercial_partner_id
        names = [
            one.name for one in record._fields.values() if one.type == "many2one" and one.comodel_name == "res.partner"
        ]
        return record.env["res.partner"].union(*(record[name] for name in names))

    def _mask_persons(self, shots, persons):
        """Take the names of contacts out of what other records are called; ours and our colleagues' stay."""
        companies = self.env["res.company"].sudo().search([("partner_id", "in", persons.ids)])
        ours = companies.partner_id | persons.filtered("user_ids")
        words = {word for person in persons - ours for word in (person.display_name, person.name) if word}
        for word in sorted((word for word in words if len(word) > 2), key=len, reverse=True):
            for shot in shots.values():
                shot.name = shot.name.replace(word, MASK)
                shot.values = {name: (value, text.replace(word, MASK)) for name, (value, text) in shot.values.items()}

    def _get_names(self, record, touched):
        """Return the names of the fields of one record that are worth a look."""
        if record.id in touched.removed.get(record._name, {}):
            return []
        if record.id in touched.created.get(record._name, {}):
            return self._get_listed_names(record._name)
        names = touched.changed[record._name][record.id]
        # Many2many fields have no column to be written.
        return [
            name
            for name, one in record._fields.items()
            if (name in names or (one.type == "many2many" and one.store)) and self._is_shown(one)
        ]

    def _get_listed_names(self, model):
        """Return the names that a list of ``model`` shows: what a person knows its records by."""
        cache = self.env.cr.cache.setdefault("retail_listed_names", {})
        if model not in cache:
            arch = self.env[model].sudo()._get_view(view_type="list")[0]
            names = [
                node.get("name") for node in arch.iter("field") if node.get("column_invisible") not in ("1", "True")
            ]
            known = self.env[model]._fields
            cache[model] = [name for name in dict.fromkeys(names) if name in known and self._is_shown(known[name])]
        return cache[model]

    def _is_shown(self, one):
        return one.name not in _HIDDEN_FIELDS and one.type not in _HIDDEN_TYPES and bool(one.string)

    def _shoot_one(self, record, names):
        name = self._get_name(record)
        return Shot(name, {name: self._read(record, name) for name in names})

    def _get_name(self, record):
        if record._name in _PERSON_MODELS:
            return "%s %d" % (self._get_model_name(record._name), record.id)
        return (record.display_name or "").replace("\n", " ")[:_MAX_TEXT]

    def _get_model_name(self, model):
        return self.env["ir.model"]._get(model).name or model

    # ---------------------------------------------------------------- one value

    def _read(self, record, name):
        """Return ``(what is compared, text)`` of one field."""
        one, value = record._fields[name], record[name]
        if one.relational:
            return tuple(value.ids), ", ".join(self._get_name(other) for other in value)[:_MAX_TEXT]
        text = self._format(record, one, value)
        if text and self._is_personal(record._name, name):
            text = MASK
        return value, text

    def _format(self, record, one, value):
        if one.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if one.type == "monetary":
            currency = record[one.get_currency_field(record)]
            return format_amount(self.env, value, currency) if currency else str(value)
        if one.type == "float":
            digits = one.get_digits(self.env)
            return float_repr(value, digits[1]) if digits else "%g" % value
        if one.type == "integer":
            return str(value)
        if value is False or value is None:
            return ""
        if one.type == "selection":
            return str(dict(one._description_selection(self.env)).get(value, value))
        if one.type == "datetime":
            return format_datetime(self.env, value)
        if one.type == "date":
            return format_date(self.env, value)
        text = html2plaintext(value) if one.type == "html" else str(value)
        return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"

    def _is_personal(self, model, name):
        plain = name.lower().replace("_", "")
        if model in _PERSON_MODELS:
            return plain in PERSONAL_KEYS or plain in _PERSON_NAMES
        return plain.endswith(("email", "phone", "mobile", "note"))

    # ---------------------------------------------------------------- compare

    def _compare(self, touched, before, after):
        """Return what would change, as JSON-like values.

        :param dict before: of :meth:`_shoot`, taken after the undo
        :param dict after: taken before it
        :return: list of dicts: ``kind`` (``created``, ``changed``, ``removed``), ``model``, ``model_name``, ``record``,
            ``res_id`` (``None`` for what does not exist), ``fields``: list of ``label``, ``old``, ``new``
        """
        changes = []
        # By model, so that an order comes before its lines.
        for (model, record_id), shot in sorted(after.items()):
            if record_id in touched.created.get(model, {}):
                fields_ = [
                    {"label": self._get_label(model, name), "old": "", "new": text}
                    for name, (value, text) in shot.values.items()
                    if value and text
                ]
                changes.append(self._make_change("created", model, None, shot.name, fields_))
            elif record_id in touched.changed.get(model, {}) and (model, record_id) in before:
                was = before[model, record_id]
                fields_ = [
                    {"label": self._get_label(model, name), "old": was.values[name][1], "new": text}
                    for name, (value, text) in shot.values.items()
                    if name in was.values and self._differs(model, name, was.values[name], (value, text))
                ]
                if fields_:
                    changes.append(self._make_change("changed", model, record_id, was.name, fields_))
        for model, ids in touched.removed.items():
            changes += [
                self._make_change("removed", model, record_id, before[model, record_id].name, [])
                for record_id in ids
                if (model, record_id) in before
            ]
        return changes

    def _differs(self, model, name, old, new):
        one = self.env[model]._fields[name]
        if one.type in ("float", "monetary"):
            return bool(float_compare(old[0], new[0], precision_digits=6))
        return old[0] != new[0]

    def _get_label(self, model, name):
        return self.env[model]._fields[name]._description_string(self.env)

    def _make_change(self, kind, model, record_id, name, fields_):
        return {
            "kind": kind,
            "model": model,
            "model_name": self._get_model_name(model),
            "record": name,
            "res_id": record_id,
            "fields": fields_[:MAX_FIELDS],
            "fields_left_out": max(len(fields_) - MAX_FIELDS, 0),
        }
