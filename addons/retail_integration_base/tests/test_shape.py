"""The quick way never passes what Cerberus refuses, and is there for every schema of the suite."""

import pytest
from cerberus import Validator
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.retail_integration_base.canonical import types as t
from odoo.addons.retail_integration_base.engine.shape import Shape

# Every rule the compiler knows.
SCHEMA = {
    **t.header("parcel", 1),
    "price": t.OPTIONAL_MONEY,
    "sent_at": t.OPTIONAL_INSTANT,
    "country": t.COUNTRY,
    "is_gift": t.BOOLEAN,
    "lines": t.list_of({"external_id": t.ID, "units": {"type": "integer", "min": 1, "max": 9}}),
    "tags": {"type": "list", "schema": {"type": "string", "maxlength": 3}, "minlength": 1, "maxlength": 2},
}
_values = st.recursive(
    st.sampled_from(
        [None, True, False, 0, 1, 9, 10, -1, 1.0, "", "a", "EUR", "DE", "DE\n", "1.20", "1.20\n", "parcel.v1"]
    )
    | st.sampled_from(["2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5Z", "parcel.v2", b"a", ("a",)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["external_id", "units", "amount", "currency", "other"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_right = {
    "schema": st.just("parcel.v1"),
    "external_id": st.just("p1"),
    "version": st.integers(0, 3),
    "price": st.just({"amount": "1.20", "currency": "EUR"}) | st.none(),
    "sent_at": st.just("2026-01-01T10:00:00Z"),
    "country": st.just("DE"),
    "is_gift": st.booleans(),
    "lines": st.lists(st.fixed_dictionaries({"external_id": st.just("1"), "units": st.integers(1, 9)}), max_size=2),
    "tags": st.just(["a", "b"]),
}
_documents = st.fixed_dictionaries({}, optional={key: right | _values for key, right in _right.items()}) | (
    st.fixed_dictionaries(_right).flatmap(
        lambda document: st.fixed_dictionaries({}, optional=dict.fromkeys([*document, "colour"], _values)).map(
            lambda changes: {**document, **dict(list(changes.items())[:1])}
        )
    )
)


def _fits(document, **options):
    return Validator(SCHEMA, **options).validate(document, normalize=False)


@given(_documents, st.booleans())
def test_the_verdict_is_that_of_cerberus(document, allow_unknown):
    shape = Shape(SCHEMA, allow_unknown=allow_unknown)
    assert (not shape.differences(document)) == _fits(document, allow_unknown=allow_unknown)


@given(_documents)
def test_the_quick_way_passes_nothing_that_cerberus_refuses(document):
    if Shape(SCHEMA)._fits(document):
        assert _fits(document)


@given(st.fixed_dictionaries(_right))
def test_the_quick_way_passes_what_is_plainly_right(document):
    assert Shape(SCHEMA)._fits(document)


@pytest.mark.parametrize(
    ("rules", "right", "wrong"),
    [
        ({"type": ["string", "integer"]}, "a", 1.5),
        ({"anyof": [{"type": "string"}]}, "a", 1),
        ({"type": "dict", "keysrules": {"type": "string"}}, {"a": 1}, {1: 1}),
        ({"type": "list", "schema": {"type": "string", "forbidden": ["x"]}}, ["y"], ["x"]),
        ({"nullable": True}, None, None),
    ],
)
def test_a_rule_that_is_not_known_is_left_to_cerberus(rules, right, wrong):
    shape = Shape({"value": rules})
    assert shape._fits is None
    assert not shape.differences({"value": right})
    if wrong is not None:
        assert shape.differences({"value": wrong})
