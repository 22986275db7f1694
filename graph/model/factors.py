"""Published factors that may stand in for unknown ones: sets as their publishers state them, in canonical units.

A set is a fact of the service's own (``Kind.FACTOR_SET``): a record states it, and a newer version supersedes it.
"""

from dataclasses import dataclass
from enum import StrEnum

from graph.model.indicators import Scope
from graph.model.refs import Kind, Ref

# The country of a value that holds for all countries that the source does not list.
OTHER = "other"


class FactorKind(StrEnum):
    """What factors are of: electricity of a grid region, or materials by country."""

    GRID = "grid"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True)
class Factor:
    """One value: kgCO2e per MJ of a grid region, or per kg of materials (names, HS codes) from a country or ``OTHER``.

    ``value`` None: the source lists the country and states no value. ``source``: who published it, and what.
    """

    value: float | None
    source: str
    region: str = ""
    materials: tuple[str, ...] = ()
    hs: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, slots=True)
class FactorSet:
    """A version of a set: numbers with dots between, later ones are higher. ``unit``: as the source states it.

    ``scope``: a grid's is indirect, a material's direct emissions alone or all of them undivided.
    """

    ref: Ref
    version: str
    title: str
    source: str
    of: FactorKind
    scope: Scope
    boundary: str
    year: int
    unit: str
    rows: tuple[Factor, ...]
    note: str = ""
    kind: Kind = Kind.FACTOR_SET

    @property
    def order(self) -> tuple[int, ...]:
        """What versions of one set are compared by."""
        return version_order(self.version)


def version_order(version: str) -> tuple[int, ...]:
    """A version as numbers: 2024.10 is later than 2024.9. Zeros at the end say nothing."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
