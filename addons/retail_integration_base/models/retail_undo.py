"""Doing something to see what it does: in a savepoint that is undone, with a note of every record it touched."""

from contextlib import contextmanager, suppress

from odoo import models

#: Key of the :class:`Touched` of a run that is going to be undone, in ``cr.cache``.
_KEY = "retail_touched"


class _Undo(Exception):
    """Leaves the savepoint."""


class Touched:
    """The records that were created, changed or removed through the ORM, per model, in the order of their first touch.

    What is written in SQL alone is undone like everything, and not noted.
    """

    def __init__(self):
        #: model → dict of ids
        self.created = {}
        #: model → id → names of the stored fields that were written
        self.changed = {}
        #: model → dict of ids
        self.removed = {}
        self._numbers = 0

    def note_created(self, records):
        self.created.setdefault(records._name, {}).update(dict.fromkeys(records.ids))

    def note_changed(self, records, vals_list):
        created, changed = self.created.get(records._name, {}), self.changed.setdefault(records._name, {})
        for record_id, vals in zip(records._ids, vals_list, strict=True):
            if record_id not in created:
                changed.setdefault(record_id, set()).update(vals)

    def note_removed(self, records):
        created = self.created.get(records._name, {})
        for record_id in records.ids:
            if record_id in created:
                del created[record_id]
            else:
                self.removed.setdefault(records._name, {})[record_id] = None

    def next_number(self):
        self._numbers += 1
        return self._numbers


@contextmanager
def undone(env):
    """Run the body in a savepoint and undo whatever it did; yield the :class:`Touched`.

    Gone with the savepoint: rows, jobs, marks and commands, locks, and what was to be done at or after the commit (such
    as mails and wake-ups). No number of a sequence is used up. A call to another system would stay: there may be none
    in the body. An exception of the body comes out of it as usual.
    """
    cr, registry = env.cr, env.registry
    touched = Touched()
    functions, data = list(cr.postcommit._funcs), dict(cr.postcommit.data)
    invalidated = set(registry.cache_invalidated)
    try:
        with suppress(_Undo), cr.savepoint():
            cr.cache[_KEY] = touched
            yield touched
            raise _Undo
    finally:
        cr.cache.pop(_KEY, None)
        cr.postcommit.clear()
        cr.postcommit.data.update(data)
        for function in functions:
            cr.postcommit.add(function)
        # What a cache of this process learned from rows that never were.
        learned = registry.cache_invalidated - invalidated
        if learned:
            registry.clear_cache(*learned)


def _touched(records):
    return records.env.cr.cache.get(_KEY)


class Base(models.AbstractModel):
    """Every change of a stored field goes through these three, however it came about."""

    _inherit = "base"

    def _create(self, data_list):
        records = super()._create(data_list)
        touched = _touched(self)
        if touched is not None:
            touched.note_created(records)
        return records

    def _write_multi(self, vals_list):
        touched = _touched(self)
        if touched is not None:
            touched.note_changed(self, vals_list)
        return super()._write_multi(vals_list)

    def unlink(self):
        touched = _touched(self)
        if touched is not None:
            touched.note_removed(self)
        return super().unlink()


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    def _next_do(self):
        return self._get_number_to_undo() or super()._next_do()

    def _get_number_to_undo(self):
        """Return a number that uses none up: PostgreSQL's sequences do not go back when a savepoint does."""
        touched = _touched(self)
        if touched is None:
            return None
        prefix, suffix = self._get_prefix_suffix()
        return "%s?%d%s" % (prefix, touched.next_number(), suffix)


class IrSequenceDateRange(models.Model):
    _inherit = "ir.sequence.date_range"

    def _next(self):
        return self.sequence_id._get_number_to_undo() or super()._next()
