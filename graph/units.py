"""Quantities: decimals with a unit come in, one canonical unit per dimension goes on.

Canonical units: kg, m3, MJ, m2, m, h, piece, kg.km, Mbit. Nothing converts between dimensions here: that needs a stated
mass per piece or density (``graph.rollup.snapshot``).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache

import pint

from graph.errors import UnknownUnit

# Arbitrary expressions are refused: a unit is one name, or a product of two.
_UNIT = re.compile(r"[A-Za-zµ]{1,20}[23]?([*·][A-Za-zµ]{1,20}[23]?)?")


class Dimension(IntEnum):
    """The dimensions a lot or a flow can be counted in; the numbers are stored in the graph, never change one."""

    MASS = 1
    VOLUME = 2
    ENERGY = 3
    AREA = 4
    LENGTH = 5
    TIME = 6
    PIECE = 7
    TRANSPORT = 8
    DATA = 9


CANONICAL: dict[Dimension, str] = {
    Dimension.MASS: "kg",
    Dimension.VOLUME: "m3",
    Dimension.ENERGY: "MJ",
    Dimension.AREA: "m2",
    Dimension.LENGTH: "m",
    Dimension.TIME: "h",
    Dimension.PIECE: "piece",
    Dimension.TRANSPORT: "kg*km",
    Dimension.DATA: "Mbit",
}

# Binary prefixes go with data, and "kibit" would be 1,024 tonnes.
_BINARY = re.compile(r"([KMGTPEZY]i|kibi|mebi|gibi|tebi|pebi|exbi|zebi|yobi).*")

# PACT's names of declared units, and everyday spellings that pint reads otherwise.
_SPELLINGS = {
    "liter": "l",
    "kilogram": "kg",
    "cubic meter": "m3",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "ton kilometer": "tonne*km",
    "square meter": "m2",
    "hour": "h",
    "megabit second": "Mbit",
    "tkm": "tonne*km",
    "pcs": "piece",
    "pc": "piece",
    "t": "tonne",
    "ton": "tonne",
    "kt": "kilotonne",
    "Mt": "megatonne",
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity in the canonical unit of its dimension, exact."""

    value: Decimal
    dimension: Dimension

    @property
    def unit(self) -> str:
        """The canonical unit."""
        return CANONICAL[self.dimension]


@lru_cache(maxsize=1)
def _registry() -> "pint.UnitRegistry[Decimal]":
    registry: pint.UnitRegistry[Decimal] = pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)
    registry.define("piece = [piece]")
    registry.define("Mbit = [megabit]")
    return registry


@lru_cache(maxsize=1)
def _dimensionalities() -> dict[str, Dimension]:
    registry = _registry()
    return {str(registry.parse_units(_pint_name(unit)).dimensionality): d for d, unit in CANONICAL.items()}


def _pint_name(unit: str) -> str:
    spelled = _SPELLINGS.get(unit, unit)
    if not _UNIT.fullmatch(spelled):
        raise UnknownUnit(unit)
    if any(_BINARY.match(part) for part in re.split(r"[*·]", spelled)):
        raise UnknownUnit(unit)
    parts = [_SPELLINGS.get(part, part) for part in re.split(r"[*·]", spelled)]
    return re.sub(r"([A-Za-zµ])([23])", r"\1**\2", "*".join(parts))


def _is_short_ton(name: str) -> bool:
    """Whether a unit is pint's "ton", 907 kg, by prefix or plural: with "ton" a tonne here, nobody could tell which."""
    return any(base == "ton" for _, base, _ in _registry().parse_unit_name(name))


@lru_cache(maxsize=1024)
def conversion(unit: str) -> tuple[Dimension, Decimal]:
    """Dimension of a unit and what one of it is in the canonical unit.

    Raises ``UnknownUnit`` for what is no unit, or of a dimension that nothing here is counted in.
    """
    registry = _registry()
    try:
        parsed = registry.parse_units(_pint_name(unit))
        if any(_is_short_ton(name) for name, _ in registry.Quantity(Decimal(1), parsed).unit_items()):
            raise UnknownUnit(unit)
        dimension = _dimensionalities()[str(parsed.dimensionality)]
        target = registry.parse_units(_pint_name(CANONICAL[dimension]))
        factor = registry.Quantity(Decimal(1), parsed).to(target).magnitude
    except (pint.errors.PintError, KeyError, AttributeError, ValueError, TypeError) as error:
        raise UnknownUnit(unit) from error
    return dimension, Decimal(factor)


def amount(value: Decimal, unit: str) -> Amount:
    """A quantity as stated, in its canonical unit. Raises ``UnknownUnit``."""
    dimension, factor = conversion(unit)
    return Amount(value * factor, dimension)


def per_amount(value: Decimal, unit: str) -> tuple[Decimal, Dimension, Dimension]:
    """A quotient such as 95 kg/GJ: its value in canonical units, the dimension above and the one below the stroke.

    Raises ``UnknownUnit`` when it is not a quotient of two units.
    """
    above, stroke, below = unit.partition("/")
    if not stroke:
        raise UnknownUnit(unit)
    top, top_factor = conversion(above)
    bottom, bottom_factor = conversion(below)
    return value * top_factor / bottom_factor, top, bottom
