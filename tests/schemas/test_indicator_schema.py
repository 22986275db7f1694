"""Indicators in a statement: what is taken, in which unit it is kept, and what is refused by its field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import StatementInvalid
from schemas.statement import load_statement
from tests.kit.statements import footprint, process, q

ME = "urn:greenchain:org:me"
Json = dict[str, Any]


def one(fact: Json) -> Any:
    claims = {"iss": ME, "jti": "s-1", "iat": 1_780_000_000}
    return load_statement({**claims, "facts": [fact]}).facts[0].fact


def errors(fact: Json) -> dict[str, str]:
    """Reason by pointer."""
    with pytest.raises(StatementInvalid) as caught:
        one(fact)
    return {e.pointer: e.detail for e in caught.value.errors}


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "x", "type": "capture", "quantity": q(1)}, "fate"),
    ({"name": "x", "type": "capture", "quantity": q(1), "fate": "gone"}, "fate"),
    ({"name": "x", "type": "water", "quantity": q(1, "kg")}, "quantity/unit"),
    ({"name": "x", "type": "waste", "quantity": q(1), "direction": "out"}, "direction"),
    ({"name": "x", "type": "water", "quantity": q(1, "m3"), "fate": "stored"}, "fate"),
    ({"name": "x", "type": "measured", "scope": "direct", "quantity": q(1), "category": "removals"}, "category"),
    ({"name": "x", "type": "measured", "scope": "direct", "quantity": q(1), "quality": {"time": "6"}}, "quality/time"),
    ({"name": "x", "type": "measured", "scope": "direct", "quantity": q(1), "quality": {"gsd": ".9"}}, "quality/gsd"),
]


@pytest.mark.parametrize(("activity", "field"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_activity_is_refused_by_its_field(activity: dict[str, Any], field: str) -> None:
    assert set(errors(process("bad", activities=[activity]))) == {f"/facts/0/activities/0/{field}"}


@pytest.mark.parametrize(("fate", "multiplier"), [("stored", -1), ("bound", -1), ("used", 0), ("vented", 0)])
def test_only_what_is_permanent_is_taken_off(fate: str, multiplier: int) -> None:
    made = one(process("p", activities=[{"name": "x", "type": "capture", "fate": fate, "quantity": q(3)}]))
    assert (made.activities[0].multiplier, made.activities[0].category) == (multiplier, "removals")


PARTS = {"land_use_change": "0", "land_management": "0", "biogenic_non_co2": "0", "removals": "0"}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"ghg": {**PARTS, "fossil": "9"}}, "ghg"),
        ({"ghg": {"removals": "1"}}, "ghg/removals"),
        ({"energy": {"coal": q(1, "kg")}}, "energy/coal/unit"),
        ({"energy": {"peat": q(1, "MJ")}}, "energy/peat"),
        ({"fresh_water": q(1, "kg")}, "fresh_water/unit"),
        ({"biogenic_carbon": "-1"}, "biogenic_carbon"),
        ({"solid_waste": q("-1")}, "solid_waste/value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_footprint_is_refused_by_its_field(more: dict[str, Any], field: str) -> None:
    assert set(errors(footprint("bad", **more))) == {f"/facts/0/{field}"}


def test_parts_that_miss_the_total_by_rounding_alone_are_taken() -> None:
    found = one(footprint("F", per_kg="1.5", ghg={**PARTS, "fossil": "1.503"}))
    assert dict(found.indicators)["fossil"] == Decimal("1.503")


def test_amounts_are_brought_to_one_canonical_unit() -> None:
    stated = {"per": q(2, "t"), "energy": {"coal": q(1, "GJ"), "heat": q("-3", "MJ")}, "fresh_water": q(0, "l")}
    found = dict(one(footprint("F", **stated)).indicators)
    assert found == {"coal": Decimal("0.5"), "heat": Decimal("-0.0015"), "fresh_water": 0}


def test_energy_alone_is_a_declaration_too() -> None:
    stated = footprint("F", energy={"coal": q(1, "MJ")})
    del stated["direct"], stated["indirect"]
    assert one(stated).direct is None
    del stated["energy"]
    assert "energy" in errors(stated)["/facts/0"]


@pytest.mark.parametrize(
    ("activity", "energy"),
    [
        ({"type": "stream", "quantity": q(2), "net_calorific_value": {"value": "25", "unit": "MJ/kg"}}, 50),
        ({"type": "stream", "quantity": q(2, "GJ")}, 2000),
        ({"type": "stream", "quantity": q(2)}, None),
        ({"type": "electricity", "quantity": q(1, "kWh"), "direction": "out"}, Decimal("-3.6")),
        (
            {
                "type": "carbon",
                "quantity": q(2),
                "carbon_content": ".88",
                "net_calorific_value": {"value": "28", "unit": "MJ/kg"},
            },
            56,
        ),
        ({"type": "water", "quantity": q(2, "m3")}, None),
    ],
    ids=lambda value: str(value.get("type")) if isinstance(value, dict) else "",
)
def test_energy_is_kept_apart_from_what_it_emits(activity: Json, energy: object) -> None:
    factor = {"factor": {"value": "0.1", "unit": "kg/kg" if energy is None else "kg/MJ", "own": True}}
    given = {"name": "x", **activity, **({} if activity["type"] in ("carbon", "water") else factor)}
    assert one(process("p", activities=[given])).activities[0].energy == energy
