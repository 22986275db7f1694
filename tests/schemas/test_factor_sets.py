"""Files of published factors: what is read out of them, and every fault by its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model.factors import FactorKind, version_order
from graph.model.indicators import Scope
from schemas.errors import FactorSetInvalid
from schemas.factor_sets import MAX_BYTES, MAX_ROWS, read_factor_set, shipped

ISSUER = "urn:greenchain:org:operator"
GRID: dict[str, Any] = {
    "name": "a-grid", "version": "1", "title": "A grid", "source": "an authority", "kind": "grid", "year": 2024,
    "unit": "kgCO2e/kWh", "boundary": "", "rows": [{"region": "DE", "value": 0.36}],
}  # fmt: skip
ROW: dict[str, Any] = {"materials": ["steel"], "hs": ["7208"], "country": "DE", "value": 2}
METAL = GRID | {"kind": "material", "scope": "direct", "unit": "tCO2e/t", "rows": [ROW]}


def read(told: Any) -> Any:
    return read_factor_set(json.dumps(told).encode(), ISSUER)


def faults(told: Any) -> dict[str, str]:
    with pytest.raises(FactorSetInvalid) as raised:
        read(told)
    return {error.pointer: error.detail for error in raised.value.errors}


def test_the_shipped_sets_are_read() -> None:
    found = {one.ref.id: one for one in (read_factor_set(file, ISSUER) for file in shipped())}
    assert {name: (one.of, one.scope, one.year, len(one.rows)) for name, one in found.items()} == {
        "cbam-defaults-2025": (FactorKind.MATERIAL, Scope.DIRECT, 2025, 30),
        "mee-nbs-grid-2023": (FactorKind.GRID, Scope.INDIRECT, 2023, 8),
        "mee-nbs-provinces-2022": (FactorKind.GRID, Scope.INDIRECT, 2022, 5),
    }


UNITS = [("kgCO2e/kWh", 0.36 / 3.6), ("tCO2/MWh", 0.36 / 3.6), ("kgCO2e/MJ", 0.36)]


@pytest.mark.parametrize(("unit", "value"), UNITS)
def test_a_grid_is_read_in_kilograms_a_megajoule(unit: str, value: float) -> None:
    [row] = read(GRID | {"unit": unit}).rows
    assert (row.value, row.region, row.source) == (value, "DE", "an authority")


def test_a_material_is_read_by_its_names_codes_and_country() -> None:
    none = {"materials": ["steel"], "country": "TR", "value": None, "source": "another table"}
    stated, unstated = read(METAL | {"rows": [ROW, none]}).rows
    assert (stated.value, stated.materials, stated.hs, stated.country) == (2.0, ("steel",), ("7208",), "DE")
    assert (unstated.value, unstated.source) == (None, "another table")


@pytest.mark.parametrize("name", [name for name in GRID if name != "scope"])
def test_every_missing_field_is_named(name: str) -> None:
    assert f"/{name}" in faults({n: v for n, v in GRID.items() if n != name})


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (GRID, {"name": "A Grid"}, "/name"),
    (GRID, {"name": "a/../grid"}, "/name"),
    (GRID, {"version": "01"}, "/version"),
    (GRID, {"version": "1.2.3.4.5"}, "/version"),
    (GRID, {"version": 2}, "/version"),
    (GRID, {"title": ""}, "/title"),
    (GRID, {"kind": "water"}, "/kind"),
    (GRID, {"scope": "direct"}, "/scope"),
    (METAL, {"scope": ""}, "/scope"),
    (METAL, {"scope": "indirect"}, "/scope"),
    (GRID, {"unit": "tCO2e/t"}, "/unit"),
    (GRID, {"year": 1800}, "/year"),
    (GRID, {"year": "2024"}, "/year"),
    (GRID, {"boundary": "cradle-to-grave"}, "/boundary"),
    (GRID, {"colour": "green"}, "/colour"),
    (GRID, {"rows": []}, "/rows"),
    (GRID, {"rows": [{"region": "de", "value": 1}]}, "/rows/0/region"),
    (GRID, {"rows": [{"value": 1}]}, "/rows/0/region"),
    (GRID, {"rows": [{"region": "DE", "value": None}]}, "/rows/0/value"),
    (GRID, {"rows": [{"region": "DE", "value": 0}]}, "/rows/0/value"),
    (GRID, {"rows": [{"region": "DE", "value": -1}]}, "/rows/0/value"),
    (GRID, {"rows": [{"region": "DE", "value": "much"}]}, "/rows/0/value"),
    (GRID, {"rows": [{"region": "DE", "value": 1, "country": "DE"}]}, "/rows/0/country"),
    (GRID, {"rows": [{"region": "DE", "value": 1}, {"region": "DE", "value": 2}]}, "/rows/1/region"),
    (METAL, {"rows": [{"country": "DE", "value": 1}]}, "/rows/0/materials"),
    (METAL, {"rows": [{"materials": ["steel"], "value": 1}]}, "/rows/0/country"),
    (METAL, {"rows": [ROW | {"country": "Germany"}]}, "/rows/0/country"),
    (METAL, {"rows": [ROW | {"hs": ["72.08"]}]}, "/rows/0/hs/0"),
    (METAL, {"rows": [ROW | {"region": "DE"}]}, "/rows/0/region"),
    (METAL, {"rows": [ROW, ROW | {"materials": ["iron"]}]}, "/rows/1/hs"),
    (METAL, {"rows": [ROW | {"materials": ["steel", "steel"]}]}, "/rows/0/materials"),
]


@pytest.mark.parametrize(("base", "changes", "pointer"), WRONG)
def test_what_is_wrong_is_named_by_its_field(base: dict[str, Any], changes: dict[str, Any], pointer: str) -> None:
    assert pointer in faults(base | changes)


def test_caps_hold() -> None:
    rows = [{"region": f"DE-{n}", "value": 1} for n in range(MAX_ROWS + 1)]
    assert "/rows" in faults(GRID | {"rows": rows})
    assert len(read(GRID | {"rows": rows[1:]}).rows) == MAX_ROWS
    with pytest.raises(FactorSetInvalid, match="at most"):
        read_factor_set(b" " * (MAX_BYTES + 1), ISSUER)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"name":1,"name":2}', b"\xff", b'{"year":NaN}', b"[" * 99])
def test_what_is_no_strict_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(FactorSetInvalid):
        read_factor_set(content, ISSUER)


NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@given(NUMBERS, NUMBERS)
def test_versions_are_compared_number_by_number(one: list[int], other: list[int]) -> None:
    """2024.10 is later than 2024.9, and 2 is 2.0."""
    orders = [version_order(".".join(map(str, version))) for version in (one, other)]
    long = [[*version, *[0] * (4 - len(version))] for version in (one, other)]
    assert (orders[0] < orders[1], orders[0] == orders[1]) == (long[0] < long[1], long[0] == long[1])
