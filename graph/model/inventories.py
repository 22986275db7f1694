"""The inventory of a facility: what was emitted there in a period, whatever was made there."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from graph.model.refs import Kind, Ref

# GHG Protocol Scope 2 Guidance: how emissions of bought energy are counted.
METHODS: Final = ("location-based", "market-based")


@dataclass(frozen=True, slots=True)
class Inventory:
    """Greenhouse gas inventory of a facility of the issuer over [start, end) (ISO 14064-1; GHG Protocol), kgCO2e.

    ``direct``: emissions at the facility (category 1; scope 1); ``indirect``: of the electricity, heat and steam it
    bought (category 2; scope 2) by ``method``, None and "" where not stated. Biogenic CO2 is in neither. ``boundary``:
    the issuer's note on what it takes in.
    """

    ref: Ref
    facility: Ref
    start: float
    end: float
    direct: Decimal
    indirect: Decimal | None
    method: str
    gwp: str
    boundary: str
    kind: Kind = Kind.INVENTORY
