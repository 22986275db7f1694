"""Units: decimals in, one canonical unit a dimension, and nothing converts across dimensions (graph/units.py)."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import UnknownUnit
from graph.units import CANONICAL, Dimension, amount, conversion, per_amount

# One of the unit in the canonical unit of its dimension, by definition.
DEFINED = {
    Dimension.MASS: {"kg": "1", "g": "0.001", "mg": "0.000001", "t": "1000", "tonne": "1000", "ton": "1000",
                     "kt": "1e6", "Mt": "1e9", "kilogram": "1", "lb": "0.45359237"},
    Dimension.VOLUME: {"m3": "1", "l": "0.001", "L": "0.001", "liter": "0.001", "cubic meter": "1", "ml": "0.000001",
                       "cm3": "0.000001"},
    Dimension.ENERGY: {"MJ": "1", "kJ": "0.001", "GJ": "1000", "TJ": "1e6", "kWh": "3.6", "MWh": "3600", "GWh": "3.6e6",
                       "megajoule": "1", "kilowatt hour": "3.6"},
    Dimension.AREA: {"m2": "1", "square meter": "1", "cm2": "0.0001", "km2": "1e6"},
    Dimension.LENGTH: {"m": "1", "km": "1000", "mm": "0.001"},
    Dimension.TIME: {"h": "1", "hour": "1", "day": "24"},
    Dimension.PIECE: {"piece": "1", "pcs": "1", "pc": "1"},
    Dimension.TRANSPORT: {"kg*km": "1", "tkm": "1000", "t*km": "1000", "ton kilometer": "1000"},
    Dimension.DATA: {"Mbit": "1", "megabit second": "1"},
}  # fmt: skip
EVERY = [(unit, dimension) for dimension, units in DEFINED.items() for unit in units]
values = st.decimals("0.000001", "1e12", places=6)


@pytest.mark.parametrize(("unit", "dimension"), EVERY)
def test_a_unit_is_what_it_is_defined_as(unit: str, dimension: Dimension) -> None:
    assert conversion(unit) == (dimension, Decimal(DEFINED[dimension][unit]))


def test_every_declared_unit_of_pact_is_known() -> None:
    for unit in ("liter", "kilogram", "cubic meter", "kilowatt hour", "megajoule", "ton kilometer", "square meter",
                 "piece", "hour", "megabit second"):  # fmt: skip
        conversion(unit)


def test_canonical_units_are_one_of_themselves() -> None:
    assert {d: conversion(unit) for d, unit in CANONICAL.items()} == {d: (d, Decimal(1)) for d in Dimension}


@given(value=values, unit=st.sampled_from(EVERY))
def test_conversion_is_exact_there_and_back(value: Decimal, unit: tuple[str, Dimension]) -> None:
    name, dimension = unit
    there = amount(value, name)
    assert there.dimension is dimension
    assert there.value == value * Decimal(DEFINED[dimension][name])
    assert there.value / Decimal(DEFINED[dimension][name]) == value


@given(value=values, units=st.tuples(st.sampled_from(EVERY), st.sampled_from(EVERY)))
def test_a_quotient_keeps_its_two_dimensions(value: Decimal, units: tuple[tuple[str, Dimension], ...]) -> None:
    (top, above), (bottom, below) = units
    number, over, under = per_amount(value, f"{top}/{bottom}")
    assert (over, under) == (above, below)
    expected = value * Decimal(DEFINED[above][top]) / Decimal(DEFINED[below][bottom])
    assert number == pytest.approx(expected, rel=Decimal("1e-25"))


@given(first=st.sampled_from(EVERY), second=st.sampled_from(EVERY))
def test_nothing_converts_across_dimensions(first: tuple[str, Dimension], second: tuple[str, Dimension]) -> None:
    one, other = amount(Decimal(1), first[0]), amount(Decimal(1), second[0])
    assert (one.dimension == other.dimension) == (first[1] == second[1])
    assert one.unit == CANONICAL[first[1]]


HOSTILE = [
    "", " ", "kg ", " kg", "kg\n", "kg kg", "1", "1kg", "kg1", "kg**2", "kg^2", "kg/m", "kg*", "*kg", "kg*kg*kg",
    "(kg)", "kg)", "__import__('os')", "kg;import os", "lambda:0", "9**9**9", "m" * 100_000, "kg*" * 10_000, "kg·",
    "degC", "degF", "K", "kelvin", "dB", "percent", "radian", "mol", "count", "dimensionless", "kg4", "m4", "\x00",
    "ｋｇ", "е", "кг", "None", "nan", "inf", "e", "pi", "c", "knot", "USD", "kg*m2",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_what_is_no_unit_of_ours_is_an_unknown_unit_and_nothing_else(unit: str) -> None:
    with pytest.raises(UnknownUnit):
        conversion(unit)


@pytest.mark.parametrize("unit", ["kibit", "Kibit", "Mibit", "Kit", "Gibit", "Mit"])
def test_a_number_of_bits_is_no_mass(unit: str) -> None:
    """ "kibi" before "t" is no tonne: a typing error of a data unit must not weigh anything."""
    with pytest.raises(UnknownUnit):
        conversion(unit)


@pytest.mark.parametrize("unit", ["tons", "kiloton", "kton", "megatons", "tons*km"])
def test_a_short_ton_is_no_unit(unit: str) -> None:
    """One letter more than "ton", a tonne here, must not take a tenth away from what is stated."""
    assert conversion("tonnes") == conversion("ton") == (Dimension.MASS, Decimal(1000))
    with pytest.raises(UnknownUnit):
        conversion(unit)


@pytest.mark.parametrize("unit", ["kg", "/", "kg/", "/kg", "kg//t", "kg/t/t", "kg/degC", "kg per t"])
def test_a_quotient_has_one_unit_over_and_one_under_the_stroke(unit: str) -> None:
    with pytest.raises(UnknownUnit):
        per_amount(Decimal(1), unit)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-zµ]{1,20}[23]?([*·][A-Za-zµ]{1,20}[23]?)?", fullmatch=True))
)
def test_no_string_does_anything_but_convert_or_be_unknown(unit: str) -> None:
    try:
        dimension, factor = conversion(unit)
    except UnknownUnit:
        return
    assert dimension in Dimension
    assert factor.is_finite()
    assert factor > 0


def test_unknown_units_are_told_quickly() -> None:
    """A document may hold a hundred thousand of them."""
    conversion("kg")
    began = time.process_time()
    for _ in range(2000):
        with pytest.raises(UnknownUnit):
            conversion("parsnips")
    assert time.process_time() - began < 0.5
