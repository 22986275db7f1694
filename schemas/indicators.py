"""What is stated beside a footprint's scopes: its parts, energy by carrier, water, waste, and how good a number is."""

from decimal import Decimal
from typing import Any

import marshmallow as ma

from graph.model.indicators import CARRIERS, GHG_PARTS, QUALITIES, STATED, Quality
from graph.units import CANONICAL
from schemas.fields import NetAmount, Number
from schemas.lean import Lean

# The parts sum to the total; what is rounded to three digits may miss it by this much.
_SUM_TOLERANCE = Decimal("0.005")


class QualitySchema(Lean):
    """Data quality rating by dimension, 1 (best) to 5, and the geometric standard deviation of the number (from 1)."""

    technology = Number(low="1", high="5")
    geography = Number(low="1", high="5")
    time = Number(low="1", high="5")
    gsd = Number(low="1", high="100")


class GhgSchema(Lean):
    """The parts of the total without biogenic uptake, kgCO2e per ``per`` (ISO 14067, 7.2; PACT)."""

    fossil = Number(low="0")
    land_use_change = Number()
    land_management = Number(metadata={"description": "biogenic emissions and removals only"})
    biogenic_non_co2 = Number(low="0")
    removals = Number(high="0", metadata={"description": "captured and permanently stored or bound"})


def _quantity(name: str) -> NetAmount:
    return NetAmount(metadata={"description": f"in a unit of {STATED[name].name.lower()}, per ``per``"})


class EnergySchema(Lean):
    """Energy by carrier, bought less sold."""

    coal = _quantity("coal")
    gas = _quantity("gas")
    oil = _quantity("oil")
    electricity = _quantity("electricity")
    renewable_electricity = _quantity("renewable_electricity")
    heat = _quantity("heat")
    other_fuel = _quantity("other_fuel")


def build_quality(data: dict[str, Any] | None) -> Quality | None:
    """What is said about how good a number is."""
    return None if not data else Quality(*(data.get(name) for name in (*QUALITIES, "gsd")))


def build_indicators(data: dict[str, Any], per: Decimal) -> tuple[tuple[str, Decimal], ...]:
    """Name and amount per canonical unit of all that a footprint states beside its scopes.

    Raises ``marshmallow.ValidationError`` for a unit of another dimension, or parts that do not sum to the total.
    """
    ghg, energy = data.get("ghg") or {}, data.get("energy") or {}
    _check_sum(data, ghg)
    stated: dict[str, Decimal] = {n: ghg[n] for n in GHG_PARTS if n in ghg}
    if "biogenic_carbon" in data:
        stated["biogenic_carbon"] = data["biogenic_carbon"]
    for name, dimension in STATED.items():
        holder, place = (energy, "energy") if name in CARRIERS else (data, "")
        if name in holder:
            if holder[name].dimension is not dimension:
                unit = f"must be a unit of {dimension.name.lower()}, such as {CANONICAL[dimension]}"
                told: Any = {name: {"unit": [unit]}}
                raise ma.ValidationError({place: told} if place else told)
            stated[name] = holder[name].value
    return tuple((name, (value / per).normalize()) for name, value in stated.items())


def _check_sum(data: dict[str, Any], ghg: dict[str, Decimal]) -> None:
    """Where all parts and a total are stated they agree; PACT asks the same of its own fields."""
    scopes = [data[n] for n in ("direct", "indirect", "undivided") if n in data]
    complete = "undivided" in data or len(scopes) == 2
    if len(ghg) < len(GHG_PARTS) or not complete:
        return
    total, parts = sum(scopes, Decimal()), sum(ghg.values(), Decimal())
    if abs(total - parts) > _SUM_TOLERANCE * max(abs(total), abs(parts)):
        raise ma.ValidationError({"ghg": [f"its parts sum to {parts}, the scopes to {total}"]})
