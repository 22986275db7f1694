"""Many lots at once: their emissions, weighted by quantity, by supplier, month and whatever else people group them by.

A lot without a figure or without a quantity is never counted as zero: it stands apart, and the total is the known part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.rollup.adjacency import weights
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP, KNOWN, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.scenarios import Prepared
from graph.rollup.snapshot import ChainSnapshot

SCOPES = UNDIVIDED + 1
DIMENSIONS = ("supplier", "facility", "country", "material", "product", "month", "year", "evidence")
# Combined codes are counted in a table as long as that has at most so many cells.
_DENSE = 4_000_000


@dataclass(frozen=True)
class Holding:
    """Lots of a portfolio, and how much of each: ``quantity`` in the lot's own unit, nan where it is not known."""

    nodes: IntArray
    quantity: FloatArray


@dataclass(frozen=True)
class Group:
    """Lots summed up. ``names``: a label for each dimension, "" where it is not stated.

    ``lots`` have a figure and a quantity, and ``scopes`` are their emissions, kgCO2e, shape (3,), and ``mass`` their
    mass in kg (None where that of one is not known). ``unknown`` lots have none and are not in the emissions.
    ``lower_bound``: there are such, or something above a lot is unknown.
    """

    names: tuple[str, ...]
    lots: int
    unknown: int
    mass: float | None
    scopes: FloatArray
    lower_bound: bool

    @property
    def total(self) -> float | None:
        """All scopes together; None where no lot has a figure."""
        return float(self.scopes.sum()) if self.lots else None


def made_by(snapshot: ChainSnapshot, organizations: BoolArray, product: int = ABSENT) -> Holding:
    """All lots that some organizations (a mask over codes) made, or those of one product, whole."""
    found = (snapshot.kind == NodeKind.LOT) & organizations[snapshot.attributes.organization]
    if product != ABSENT:
        found &= snapshot.product == product
    nodes = np.flatnonzero(found)
    return Holding(nodes, snapshot.quantity[nodes])


def within(snapshot: ChainSnapshot, holding: Holding, start: float, end: float) -> tuple[Holding, int]:
    """The lots produced in [start, end), in seconds; and how many have no production date and so are in no period."""
    when = snapshot.when[holding.nodes]
    keep = (when >= start) & (when < end)
    return Holding(holding.nodes[keep], holding.quantity[keep]), int(np.isnan(when).sum())


def counted(rolled: Rolled, holding: Holding) -> BoolArray:
    """Which lots have a figure and a quantity."""
    found: BoolArray = (rolled.chosen[holding.nodes, KNOWN] > 0) & (holding.quantity > 0)
    return found


def kilograms(snapshot: ChainSnapshot, holding: Holding) -> FloatArray:
    """The mass of each lot, nan where nothing relates its unit to kg."""
    per_unit = snapshot.facts.products.kg_per(snapshot.product[holding.nodes], snapshot.dimension[holding.nodes])
    weighed: FloatArray = holding.quantity * per_unit
    return weighed


def totals(snapshot: ChainSnapshot, rolled: Rolled, holding: Holding, by: Sequence[str]) -> tuple[Group, ...]:
    """The lots of a portfolio by some dimensions, in the order of their labels; without dimensions one group."""
    codes, labels = _codes(snapshot, rolled, holding, by)
    size = len(labels)
    known = counted(rolled, holding)
    mass = kilograms(snapshot, holding)
    values = rolled.chosen[holding.nodes]
    amount = np.where(known, holding.quantity, 0.0)
    lots = np.bincount(codes[known], minlength=size)
    unknown = np.bincount(codes[~known], minlength=size)
    gaps = np.bincount(codes[known], values[known, GAP], size) > 0
    weighed = np.bincount(codes[known], mass[known], size)
    sums = np.stack([np.bincount(codes, amount * values[:, s], size) for s in range(SCOPES)], axis=1)
    return tuple(
        Group(
            names=labels[i],
            lots=int(lots[i]),
            unknown=int(unknown[i]),
            mass=None if np.isnan(weighed[i]) or not lots[i] else float(weighed[i]),
            scopes=sums[i],
            lower_bound=bool(gaps[i]) or bool(unknown[i]),
        )
        for i in range(size)
    )


def _codes(
    snapshot: ChainSnapshot, rolled: Rolled, holding: Holding, by: Sequence[str]
) -> tuple[IntArray, list[tuple[str, ...]]]:
    """Codes of the lots and the labels of each code, codes in the order of the labels."""
    if not by:
        return np.zeros(len(holding.nodes), np.int64), [()]
    columns = [_dimension(snapshot, rolled, holding.nodes, name) for name in by]
    combined = np.zeros(len(holding.nodes), np.int64)
    width = 1
    for codes, labels in columns:
        combined = combined * len(labels) + codes
        width *= len(labels)
    present, found = _compressed(combined, width)
    names: list[list[str]] = []
    rest = present
    for _, labels in reversed(columns):
        names.insert(0, [labels[i] for i in (rest % len(labels)).tolist()])
        rest //= len(labels)
    return found, list(zip(*names, strict=True))


def _compressed(codes: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """The codes there are, ascending, and the position among them of each."""
    if width > _DENSE:
        present, found = np.unique(codes, return_inverse=True)
        return present, found.astype(np.int64)
    there = np.bincount(codes, minlength=width) > 0
    place = np.cumsum(there) - 1
    return np.flatnonzero(there), place[codes]


def _dimension(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray, name: str) -> tuple[IntArray, Sequence[str]]:
    a = snapshot.attributes
    if name in ("month", "year"):
        return _periods(snapshot.when[nodes], "M" if name == "month" else "Y")
    if name == "product":
        products = tuple(snapshot.facts.products.codes)
        return snapshot.product[nodes].astype(np.int64) - ABSENT, ("", *products)
    if name == "evidence":
        return rolled.basis[nodes], [basis.label for basis in sorted(Basis)]
    codes, labels = {
        "supplier": (a.organization, a.organizations),
        "facility": (a.facility, a.facilities),
        "country": (a.country, a.countries),
        "material": (a.material, a.materials),
    }[name]
    return codes[nodes], labels


def _periods(when: FloatArray, unit: str) -> tuple[IntArray, Sequence[str]]:
    """Calendar months or years (UTC) as codes from the earliest on; code 0 is "not stated"."""
    dated = ~np.isnan(when)
    number = np.where(dated, when, 0.0).astype("datetime64[s]").astype(f"datetime64[{unit}]").astype(np.int64)
    if not dated.any():
        return np.zeros(len(when), np.int64), ("",)
    low, high = int(number[dated].min()), int(number[dated].max())
    labels = np.arange(low, high + 1).astype(f"datetime64[{unit}]").astype(str).tolist()
    return np.where(dated, number - low + 1, 0), ("", *labels)


def overlap(prepared: Prepared, holding: Holding) -> float:
    """kgCO2e that stand in the sum of a portfolio more than once: of its lots that others of its lots are made of."""
    snapshot, rolled = prepared.snapshot, prepared.rolled
    known = counted(rolled, holding)
    nodes, amount = holding.nodes[known], holding.quantity[known]
    level = np.searchsorted(snapshot.level_starts, np.arange(len(snapshot.kind)), "right") - 1
    # What goes round a loop is followed as far as figures are; everywhere else it is what was really used.
    ends = prepared.ends & np.append(snapshot.looped, True)[level]
    used = weights(snapshot, prepared.users, ends, nodes, amount)[nodes] - amount
    return float(np.minimum(np.maximum(used, 0.0), amount) @ rolled.chosen[nodes, :SCOPES].sum(axis=1))
