"""What shape a document has to have: a Cerberus schema, and a quick way to see that a document has it.

Cerberus says what is wrong with a document, field by field, for whoever has to mend it. Of the documents that come in
nearly all are right, and to learn that from Cerberus took a quarter of the time of a message that has nothing else to
do. So a schema is also compiled into functions that say *it fits* or *ask Cerberus*, never that it does not. They know
the rules our schemas are made of, each in its narrowest form; a schema with any other rule is left to Cerberus.
"""

import re
import threading

from cerberus import Validator

_TYPES = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "list": (list,),
    "dict": (dict,),
}


class Shape:
    """One schema, usable in any thread.

    :param dict schema: a Cerberus schema; not changed afterwards
    :param bool allow_unknown: keys that the schema does not name pass
    :param type validator: the class of Cerberus validators
    :param dict types: the validator's own types: name → classes whose direct instances are of it
    """

    def __init__(self, schema, *, allow_unknown=False, validator=Validator, types=None):
        self.schema = schema
        self._make = lambda: validator(schema, allow_unknown=allow_unknown)
        # A Cerberus validator keeps the document it is at, so that each thread needs its own.
        self._local = threading.local()
        self._fits = _Compiler({**_TYPES, **(types or {})}, allow_unknown).mapping(schema)

    def differences(self, document):
        """Return what is wrong with ``document`` as a list of ``"path: problem"``, in the order of the paths."""
        if self._fits is not None and self._fits(document):
            return []
        validator = self._local.__dict__.get("validator")
        if validator is None:
            validator = self._local.validator = self._make()
        # ``normalize=False``: validation must not rewrite what was said.
        validator.validate(document, normalize=False)
        return list(_flatten(validator.errors))


def _flatten(errors, path=""):
    for key, problems in sorted(errors.items(), key=lambda item: str(item[0])):
        where = "%s.%s" % (path, key) if path else str(key)
        for problem in problems:
            if isinstance(problem, dict):
                yield from _flatten(problem, where)
            else:
                yield "%s: %s" % (where, problem)


class _Compiler:
    """Turns rules into functions ``value → bool``; ``None`` for what is left to Cerberus."""

    def __init__(self, types, allow_unknown):
        self._types = types
        self._allow_unknown = allow_unknown

    def mapping(self, schema):
        checks = {key: self._field(rules) for key, rules in schema.items()}
        if None in checks.values():
            return None
        required = frozenset(key for key, rules in schema.items() if rules.get("required"))
        find, passes_unknown = checks.get, self._allow_unknown

        def fits(value):
            if type(value) is not dict or not required <= value.keys():
                return False
            for key, inner in value.items():
                check = find(key)
                if check is None:
                    if not passes_unknown:
                        return False
                elif not check(inner):
                    return False
            return True

        return fits

    def _field(self, rules):
        """Return the check of one value. Each rule has to be known, and to make sense for the type."""
        rules = {name: rule for name, rule in rules.items() if name != "required"}
        is_nullable, kind = rules.pop("nullable", False), rules.pop("type", None)
        classes = self._types.get(kind) if isinstance(kind, str) else None
        if not classes:
            return None
        checks = [self._rule(kind, name, rule) for name, rule in rules.items()]
        if None in checks:
            return None
        more = checks[0] if len(checks) == 1 else None
        if len(checks) > 1:

            def more(value):
                return all(check(value) for check in checks)

        def fits(value):
            if value is None:
                return is_nullable
            # ``type``, not ``isinstance``: True is an int for Python and none for a schema.
            return type(value) in classes and (more is None or more(value))

        return fits

    def _rule(self, kind, name, rule):
        if name == "schema" and kind == "dict":
            return self.mapping(rule)
        if name == "schema" and kind == "list":
            item = self._field(rule)
            return item and (lambda values: all(map(item, values)))
        if name == "allowed" and kind in ("string", "integer"):
            return frozenset(rule).__contains__
        if name == "regex" and kind == "string":
            # Cerberus lets a line break follow; that is its to say.
            return re.compile(rule).fullmatch
        if name == "minlength" and kind in ("string", "list"):
            return lambda value: len(value) >= rule
        if name == "maxlength" and kind in ("string", "list"):
            return lambda value: len(value) <= rule
        if name == "min" and kind == "integer":
            return lambda value: value >= rule
        if name == "max" and kind == "integer":
            return lambda value: value <= rule
        return None
