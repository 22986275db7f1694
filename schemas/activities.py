"""An activity's stated fields reduced to quantity x multiplier x factor, per type (CBAM Annex III; accounting.md)."""

from decimal import Decimal
from typing import Any

import marshmallow as ma

from graph.model.facts import Activity
from graph.model.indicators import CAPTURE, FLOWS, PERMANENT, Scope
from graph.units import CANONICAL, Dimension
from schemas.fields import load_quotient
from schemas.indicators import build_quality

# 44.01/12.011, the Commission's convention for carbon to CO2 in a mass balance (44/12 gives another, wrong total).
CARBON_TO_CO2 = Decimal("3.664")

_ONE = Decimal(1)

# Which optional fields each type may carry; what is not in the list is refused, so that nothing stated is ignored.
_FIELDS: dict[str, frozenset[str]] = {
    "stream": frozenset({"factor", "net_calorific_value", "oxidation", "biomass_fraction", "category"}),
    "carbon": frozenset({"carbon_content", "biomass_fraction", "net_calorific_value"}),
    "electricity": frozenset({"factor", "supply_kind", "instrument"}),
    "heat": frozenset({"factor", "supply_kind", "instrument"}),
    "waste-gas": frozenset({"factor", "correction"}),
    "measured": frozenset({"scope", "gas", "category"}),
    "capture": frozenset({"fate"}),
    **dict.fromkeys(FLOWS, frozenset()),
}
_OPTIONAL = frozenset().union(*_FIELDS.values())
_REQUIRED: dict[str, tuple[str, ...]] = {
    "stream": ("factor",),
    "carbon": ("carbon_content",),
    "heat": ("factor",),
    "waste-gas": ("factor",),
    "measured": ("scope",),
    "capture": ("fate",),
}
_DIMENSIONS: dict[str, Dimension] = {
    "carbon": Dimension.MASS,
    "electricity": Dimension.ENERGY,
    "heat": Dimension.ENERGY,
    "waste-gas": Dimension.ENERGY,
    "measured": Dimension.MASS,
    "capture": Dimension.MASS,
    "water": Dimension.VOLUME,
    "waste": Dimension.MASS,
    "recovered": Dimension.MASS,
}
# Of these nothing can come back out of a process.
_ONLY_ADD = frozenset({"stream", "measured", "capture", *FLOWS})


def build_activity(data: dict[str, Any], _issuer: str) -> Activity:
    """The activity of a process. Raises ``marshmallow.ValidationError`` for fields that do not belong to its type."""
    kind = data["type"]
    _check_fields(data, kind)
    counted, multiplier = _multiplier(data, kind)
    factor, source, primary_factor = _factor(data, kind, counted)
    return Activity(
        name=data["name"],
        type=kind,
        carrier=data["carrier"],
        region=data["region"],
        scope=_scope(data, kind),
        gas=data["gas"] if kind == "measured" else "CO2e",
        amount=data["quantity"],
        multiplier=multiplier.normalize(),
        factor=factor,
        factor_source=source,
        supply_kind=data["supply_kind"],
        instrument=data["instrument"],
        primary=data["primary"] and primary_factor,
        category="removals" if kind == CAPTURE else data["category"],
        fate=data["fate"],
        energy=_energy(data, kind),
        quality=build_quality(data.get("quality")),
    )


def _check_fields(data: dict[str, Any], kind: str) -> None:
    stated = {n for n in _OPTIONAL if data.get(n) not in (None, "", "CO2e")}
    for name in sorted(stated - _FIELDS[kind]):
        raise ma.ValidationError({name: [f"does not belong to an activity of type {kind}"]})
    for name in _REQUIRED.get(kind, ()):
        if data.get(name) in (None, ""):
            raise ma.ValidationError({name: [f"is required for an activity of type {kind}"]})
    expected = _DIMENSIONS.get(kind)
    if expected is not None and data["quantity"].dimension is not expected:
        raise ma.ValidationError({"quantity": {"unit": [f"must be a unit of {expected.name.lower()}"]}})
    if kind in _ONLY_ADD and data["direction"] == "out":
        raise ma.ValidationError({"direction": [f"an activity of type {kind} only adds"]})


def _scope(data: dict[str, Any], kind: str) -> Scope:
    """Imported electricity is indirect; all else, exported electricity included, is direct (CBAM AttrEmDir)."""
    if kind == "measured":
        return Scope(data["scope"])
    return Scope.INDIRECT if kind == "electricity" and data["direction"] == "in" else Scope.DIRECT


def _multiplier(data: dict[str, Any], kind: str) -> tuple[str, Decimal]:
    """What quantity x multiplier is counted in, and the multiplier with its sign."""
    unit, value = CANONICAL[data["quantity"].dimension], _ONE
    calorific = _calorific(data)
    if kind == CAPTURE:
        return unit, -_ONE if data["fate"] in PERMANENT else Decimal(0)
    if calorific is not None and kind == "stream":
        unit, value = "MJ", calorific
    if kind == "carbon":
        value = data["carbon_content"] * CARBON_TO_CO2
    value *= (
        data.get("oxidation", _ONE) * (_ONE - data.get("biomass_fraction", Decimal(0))) * data.get("correction", _ONE)
    )
    return unit, -value if data["direction"] == "out" else value


def _calorific(data: dict[str, Any]) -> Decimal | None:
    """MJ per canonical unit of the quantity, where a net calorific value is stated."""
    if "net_calorific_value" not in data:
        return None
    number, top, bottom = data["net_calorific_value"]
    unit = CANONICAL[data["quantity"].dimension]
    if top != "MJ" or bottom != unit:
        raise ma.ValidationError({"net_calorific_value": {"unit": [f"must be energy per {unit}, such as GJ/t"]}})
    return Decimal(number)


def _energy(data: dict[str, Any], kind: str) -> Decimal | None:
    """MJ that came in (+) or went out (-); None where it is not stated. Losses of oxidation are energy all the same."""
    if kind in FLOWS or kind == CAPTURE:
        return None
    value: Decimal = data["quantity"].value
    if data["quantity"].dimension is not Dimension.ENERGY:
        calorific = _calorific(data)
        if calorific is None:
            return None
        value *= calorific
    return -value if data["direction"] == "out" else value


def _factor(data: dict[str, Any], kind: str, counted: str) -> tuple[Decimal | None, str, bool]:
    """kgCO2e per unit counted, where it comes from, and whether it is specific to the declarer."""
    if kind in ("carbon", "measured", CAPTURE):
        return _ONE, "", True
    if kind in FLOWS:
        return Decimal(0), "", True
    stated = data.get("factor")
    if stated is None:
        return None, "", False
    if not stated["own"] and not (stated["source"] and "year" in stated and stated["region"]):
        raise ma.ValidationError({"factor": ["must name source, year and region, or be marked own"]})
    try:
        value, top, bottom = load_quotient(stated)
    except ma.ValidationError as error:
        raise ma.ValidationError({"factor": error.messages}) from error
    if top != "kg" or bottom != counted:
        raise ma.ValidationError(
            {"factor": {"unit": [f"must be mass of CO2e per {counted} here, such as kg/{counted}"]}}
        )
    source = "own" if stated["own"] else f"{stated['source']}, {stated['year']}, {stated['region']}"
    return value, source, stated["own"]
