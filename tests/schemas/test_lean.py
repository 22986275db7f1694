"""The short way of reading a schema takes what marshmallow's own way takes, and says what that says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.kinds import FACT_SCHEMAS
from schemas.lean import MOST_FAULTS, Lean
from tests.schemas.statements import ACTIVITIES, MAXIMAL, MINIMAL, errors

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5) | st.just("urn:x:y") | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
EXAMPLES = [*MINIMAL.values(), *MAXIMAL.values(), MINIMAL["process"] | {"activities": ACTIVITIES}]


def outcome(load: Callable[[Any], Any], value: Any) -> Any:
    """What is loaded, or every fault."""
    try:
        return load(value)
    except ma.ValidationError as error:
        return error.messages


def plain(schema: ma.Schema, value: Any) -> Any:
    """As marshmallow's own loop loads it."""
    return outcome(lambda v: ma.Schema.load(schema, v), value)


@pytest.mark.long
@settings(deadline=None, max_examples=300)
@given(st.sampled_from(EXAMPLES), st.data())
def test_any_value_of_any_field_is_read_as_marshmallow_reads_it(fact: dict[str, Any], data: st.DataObject) -> None:
    schema = FACT_SCHEMAS[fact["kind"]]
    changes = data.draw(st.dictionaries(st.sampled_from([*schema.fields, "strange"]), _JSON, max_size=3))
    removed = data.draw(st.sets(st.sampled_from([*fact]), max_size=2))
    value = {n: v for n, v in {**fact, **changes}.items() if n not in removed}
    assert outcome(schema.load, value) == plain(schema, value)


@pytest.mark.parametrize("value", [None, "x", 5, [], [{}], True])
def test_only_objects_are_loaded(value: object) -> None:
    for schema in FACT_SCHEMAS.values():
        assert outcome(schema.load, value) == plain(schema, value) == {"_schema": ["Invalid input type."]}


class _Odd(Lean):
    """What the facts do not use: validators that the short way does not know, and several at once."""

    even = ma.fields.Integer(strict=True, validate=lambda n: n % 2 == 0)
    flag = ma.fields.Boolean(validate=ma.validate.Equal(True))
    pair = ma.fields.String(validate=ma.validate.Length(equal=2))
    both = ma.fields.String(validate=[ma.validate.Length(1, 3), ma.validate.OneOf(["a", "bb", "cccc"])])
    loose = ma.fields.Integer()
    when = ma.fields.Date()
    names = ma.fields.List(ma.fields.String(), load_default=list)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("even", [2, 3, True, "2", None, 2.0]),
        ("flag", [True, False, "true", 1, None]),
        ("pair", ["ab", "a", 5, None]),
        ("both", ["a", "bb", "cccc", "", "x", ["a"], None]),
        ("loose", [1, "1", 1.5, "x", True]),
        ("when", ["2025-01-01", "x", 5]),
        ("names", [["a"], [], "a", [None], [1], {"a": 1}, ("a", "b")]),
    ],
)
def test_what_has_no_short_way_is_left_to_marshmallow(name: str, values: list[object]) -> None:
    schema = _Odd()
    for value in values:
        assert outcome(schema.load, {name: value}) == plain(schema, {name: value})


def test_what_is_left_out_is_made_anew_each_time() -> None:
    first, second = _Odd().load({}), _Odd().load({})
    first["names"].append("x")
    assert second["names"] == []


def test_faults_are_told_in_the_order_of_the_fields() -> None:
    found = outcome(FACT_SCHEMAS["facility"].load, {"strange": 1, "country": "x", "name": "", "id": "a b"})
    assert list(found) == [*(n for n in FACT_SCHEMAS["facility"].load_fields if n in found), "strange"]
    assert set(found) == {"id", "kind", "name", "country", "strange"}


def test_beyond_fifty_faults_nothing_more_is_looked_at() -> None:
    lot = MINIMAL["lot"]
    many = [lot | {"id": f"L{n}", "quantity": {"value": -1, "unit": "kg"}} for n in range(60)]
    assert [*errors(*many)] == [*(f"/facts/{n}/quantity/value" for n in range(50)), ""]
    assert [*errors(lot | {f"n{n:02}": 1 for n in range(60)})] == [*(f"/facts/0/n{n:02}" for n in range(50)), ""]
    found = outcome(FACT_SCHEMAS["lot"].load, lot | {f"n{n}": 1 for n in range(1000)})
    assert len(found) == MOST_FAULTS
    found = outcome(FACT_SCHEMAS["process"].load, MINIMAL["process"] | {"inputs": [{}] * 1000})
    assert len(found["inputs"]) == MOST_FAULTS


def test_faults_within_one_element_count_one_by_one() -> None:
    strange = {f"n{n}": 1 for n in range(30)}
    found = outcome(FACT_SCHEMAS["process"].load, MINIMAL["process"] | {"inputs": [strange] * 9})
    assert [*found["inputs"]] == [0, 1]
