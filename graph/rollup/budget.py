"""The budget of uncertainty: what is unknown of a figure or a portfolio, by whom to ask, and how much narrower its
interval would be if that one were exact.

With ``S_g`` the sum of ``E_k ln GSD_k`` over what rests on one factor, the whole has ``(E ln GSD)^2 = sum S_g^2`` (the
propagation of ``graph.rollup.uncertainty``). If all that one organization o is unsure of were exact, it would have
``sum (S_g - S_go)^2``, as its part of a shared factor leaves that factor to the others (ISO/IEC Guide 98-3, 5.1.5: what
is known exactly leaves the sum).
"""

from dataclasses import dataclass, replace
from math import inf, sqrt

import numpy as np

from graph.rollup.adjacency import above, weights
from graph.rollup.arrays import BoolArray, FloatArray, IntArray
from graph.rollup.closure import NodeName, name_of, taken_offers
from graph.rollup.contributions import Disclosure
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP
from graph.rollup.scenarios import Prepared
from graph.rollup.uncertainty import Spread, Terms, interval, spread_of, terms_of

# What is left of a variance below this share of it is rounding.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Lack:
    """What one organization could tell.

    ``unknown``: what of its own (or, of a material, what it takes in) is not known, and ``kilograms`` the mass of that,
    or of the lots made by it, as it is used (None where nothing relates it to a mass). ``emissions``: kgCO2e that arise
    there, as far as known, in absolute amounts; ``unstated``: those of which no geometric standard deviation is stated.
    ``variance``: the share of the stated variance that would go if all of this were exact, below 0 where it offsets
    another's; ``without``: the interval that would be left, None where there is no interval.
    """

    organization: str
    unknown: tuple[NodeName, ...]
    kilograms: float | None
    emissions: float
    unstated: float
    variance: float | None
    without: Spread | None


@dataclass(frozen=True)
class Budget:
    """The interval of a sum and what would narrow it, whom to ask first at the head: who leaves something unknown, by
    its mass, then who states no width, by its emissions, then who is unsure of most. ``size``: kgCO2e, absolute."""

    spread: Spread
    lacks: tuple[Lack, ...]
    size: float


@dataclass(frozen=True)
class Sum:
    """Amounts of some nodes, whose values add up to ``total`` kgCO2e; ``lacking``: nodes that belong to it and are in
    no sum, having no figure or no quantity."""

    roots: IntArray
    amounts: FloatArray
    lacking: IntArray
    total: float


def budget(prepared: Prepared, asked: Sum, told: Disclosure) -> Budget:
    """The budget of uncertainty of a sum, as far as it may be told apart: who may not be named stands in one row."""
    snapshot = prepared.snapshot
    used = weights(snapshot, prepared.users, prepared.ends, asked.roots, asked.amounts)
    reached = above(snapshot, asked.roots, prepared.ends)
    nodes = np.flatnonzero(reached)
    override = prepared.override[nodes]
    terms = terms_of(snapshot, prepared.rolled, nodes, override, used[nodes])
    gaps = np.union1d(_gaps(prepared, nodes, override), asked.lacking)
    rows = _Rows(prepared, used, reached & ~prepared.ends, told)
    by, terms = rows.of_terms(terms)
    spread = spread_of(terms, total=asked.total, gap=len(gaps) > 0)
    unknown = rows.of_unknown(gaps, np.isin(gaps, np.concatenate([asked.roots, asked.lacking])))
    lacks = _lacks(terms, by, rows.labels, unknown, _Whole(asked.total, spread))
    return Budget(spread, tuple(sorted(lacks, key=_first)), float(np.abs(terms.value).sum()))


def _first(lack: Lack) -> tuple[bool, float, float, float, str]:
    return not lack.unknown, -(lack.kilograms or 0.0), -lack.unstated, -(lack.variance or 0.0), lack.organization


def _gaps(prepared: Prepared, nodes: IntArray, override: BoolArray) -> IntArray:
    """Those of some nodes of which something is unknown (``graph.rollup.closure.missing``)."""
    snapshot, given = prepared.snapshot, nodes[override]
    partial = snapshot.offers.partial[taken_offers(snapshot, prepared.rolled, given)]
    return np.concatenate([nodes[~override & (snapshot.own[nodes, GAP] > 0)], given[partial]])


@dataclass(frozen=True)
class _Unknown:
    """What is unknown of one row: names, and the mass of each, nan where nothing tells it."""

    names: set[NodeName]
    kilograms: list[float]


@dataclass(frozen=True)
class _Whole:
    """The interval that there is of a total, kgCO2e."""

    total: float
    spread: Spread

    def with_variance(self, variance: float) -> Spread | None:
        """The interval with another variance of ``E ln GSD``; None where there is none now."""
        if self.spread.low is None:
            return None
        return interval(self.total, sqrt(variance) / self.total, self.spread.share)


class _Rows:
    """Who is asked about what: the issuer of a lot or product, who ran a process, who takes in a material.

    What an organization that may not be named has issued is told by that name where one takes it in that may be looked
    into: it is that one's own word. Rows are codes of organizations, the last for all that may not be named.
    """

    def __init__(self, prepared: Prepared, used: FloatArray, consuming: BoolArray, told: Disclosure) -> None:
        self._prepared, self._used, self._consuming = prepared, used, consuming
        names = prepared.snapshot.attributes.organizations
        self.labels = (*names, told.label)
        self._open, self._named = (np.array([n in known for n in names], np.bool_) for known in (told.open, told.named))
        self._row = np.where(self._named, np.arange(len(names)), len(names))

    def _by(self, nodes: IntArray) -> IntArray:
        return self._prepared.snapshot.attributes.organization[nodes]

    def _uses(self, nodes: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Of each use of some nodes in the sum: the position of the node, who uses it, and how much of it."""
        users = self._prepared.users
        at = users.of(nodes)
        position = np.repeat(np.arange(len(nodes)), np.diff(users.indptr)[nodes])
        inside = self._consuming[users.row[at]]
        row = users.row[at][inside]
        return position[inside], self._by(row), self._used[row] * users.emissions[at][inside]

    def of_terms(self, terms: Terms) -> tuple[IntArray, Terms]:
        """Terms and whom to ask about each; one of a material is split over those who take it in."""
        material = self._prepared.snapshot.kind[terms.node] == NodeKind.MATERIAL
        rest, split = terms.part(~material), terms.part(material & (self._used[terms.node] != 0))
        position, who, amount = self._uses(split.node)
        split = split.part(position)
        split = replace(split, value=split.value * amount / self._used[split.node])
        return np.concatenate([self._row[self._by(rest.node)], self._row[who]]), rest.joined(split)

    def of_unknown(self, gaps: IntArray, roots: BoolArray) -> dict[int, _Unknown]:
        """What is unknown, by row; ``roots`` marks what belongs to the sum itself."""
        snapshot = self._prepared.snapshot
        by_use = ~roots & ((snapshot.kind[gaps] == NodeKind.MATERIAL) | ~self._named[self._by(gaps)])
        by_use &= snapshot.kind[gaps] != NodeKind.PROCESS
        whole, taken = gaps[~by_use], gaps[by_use]
        position, who, amount = self._uses(taken)
        taken = taken[position]
        issuer = np.where(self._open[who], self._by(taken), len(self.labels) - 1)
        row = np.where(snapshot.kind[taken] == NodeKind.MATERIAL, self._row[who], issuer)
        found: dict[int, _Unknown] = {}
        for codes, nodes, masses in (
            (self._row[self._by(whole)], whole, self._mass(whole)),
            (row, taken, amount * self._per_unit(taken)),
        ):
            for code, node, kilograms in zip(codes.tolist(), nodes.tolist(), masses.tolist(), strict=True):
                entry = found.setdefault(code, _Unknown(set(), []))
                entry.names.add(name_of(snapshot, node))
                entry.kilograms.append(kilograms)
        return found

    def _mass(self, nodes: IntArray) -> FloatArray:
        """kg of some lots and products as they are used, and of what is drawn from some processes; nan if not known."""
        users, process = self._prepared.users, self._prepared.snapshot.kind[nodes] == NodeKind.PROCESS
        at = users.of(nodes[process])
        position = np.repeat(np.arange(int(process.sum())), np.diff(users.indptr)[nodes[process]])
        drawn = np.unique(np.stack([position, users.row[at]]), axis=1)
        used = self._used[drawn[1]] > 0
        made = np.where(used, self._used[drawn[1]] * self._per_unit(drawn[1]), 0.0)
        found = np.where(self._used[nodes] > 0, self._used[nodes] * self._per_unit(nodes), np.nan)
        found[process] = np.bincount(drawn[0], made, len(found[process]))
        return found

    def _per_unit(self, nodes: IntArray) -> FloatArray:
        snapshot = self._prepared.snapshot
        return snapshot.facts.products.kg_per(snapshot.product[nodes], snapshot.dimension[nodes])


def _lacks(
    terms: Terms, by: IntArray, labels: tuple[str, ...], unknown: dict[int, _Unknown], whole: _Whole
) -> list[Lack]:
    size = len(labels)
    emissions, unstated = np.bincount(by, np.abs(terms.value), size), np.bincount(by, terms.unstated, size)
    variance, left = _without(terms, by, size)
    nothing = _Unknown(set(), [])
    return [
        Lack(
            organization=labels[row],
            unknown=tuple(sorted(unknown.get(row, nothing).names)),
            kilograms=_together(unknown[row].kilograms) if row in unknown else None,
            emissions=float(emissions[row]),
            unstated=float(unstated[row]),
            variance=float(1 - left[row] / variance) if variance > 0 else None,
            without=whole.with_variance(float(left[row])),
        )
        for row in sorted({*by.tolist(), *unknown})
    ]


def _together(kilograms: list[float]) -> float | None:
    mass = float(np.sort(kilograms).sum())
    return None if np.isnan(mass) else mass


def _without(terms: Terms, by: IntArray, size: int) -> tuple[float, FloatArray]:
    """The variance of ``E ln GSD``, and what would be left of it with each row exact, shape (rows,)."""
    codes, sums = terms.grouped() if len(terms.value) else (np.zeros(0, np.int64), np.zeros(0))
    with np.errstate(over="ignore"):
        variance = float(np.sort(sums**2).sum())
    if not 0 < variance < inf:
        return 0.0, np.zeros(size)
    pair = np.searchsorted(codes, terms.shared) * size + by
    order = np.lexsort((terms.weighed, pair))
    present, starts = np.unique(pair[order], return_index=True)
    own, group = np.add.reduceat(terms.weighed[order], starts), sums[present // size]
    gone = np.bincount(present % size, group**2 - (group - own) ** 2, size)
    left = variance - gone
    return variance, np.where(left <= _NOTHING * variance, 0.0, left)
