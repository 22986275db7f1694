"""The budget of uncertainty: what is unknown of a figure or a portfolio, by whom to ask, and how much narrower its
interval would be if that one were exact.

With ``S_g`` the sum of ``E_k ln GSD_k`` over what rests on one factor, the whole has ``(E ln GSD)^2 = sum S_g^2`` (the
propagation of ``graph.rollup.uncertainty``). If all that one organization o could tell were exact, it would have
``sum (S_g - S_go)^2``, as its part of a shared factor leaves that factor to the others (ISO/IEC Guide 98-3, 5.1.5: what
is known exactly leaves the sum).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf, nan, sqrt

import numpy as np

from graph.rollup.adjacency import above, weights
from graph.rollup.arrays import BoolArray, FloatArray, IntArray, expand
from graph.rollup.closure import NodeName, bearing, edges_of, name_of, taken_offers, unaccounted
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import UNDIVIDED
from graph.rollup.scenarios import Prepared
from graph.rollup.uncertainty import Spread, Terms, interval, spread_of, terms_of

# What is left of a variance below this share of it is rounding.
_NOTHING = 1e-12
SCOPES = UNDIVIDED + 1
# Suppliers that are told apart, the largest by what comes through them; the others stand in one row.
MOST = 64
OTHERS = "other suppliers"


@dataclass(frozen=True)
class Lack:
    """What one organization could tell, of itself or of what is behind it.

    ``unknown``: what is not known and may be named, ``hidden`` how many more, and ``kilograms`` the mass of all that as
    it is used, or of the lots made by it (None where nothing tells it, or some of it may not be named). ``emissions``:
    kgCO2e that arise there, as far as known, in absolute amounts; ``unstated``: those of which no geometric standard
    deviation is stated. ``variance``: the share of the stated variance that would go if all of this were exact, below 0
    where it offsets another's; ``without``: the interval that would be left, None where there is no interval.
    """

    organization: str
    unknown: tuple[NodeName, ...]
    hidden: int
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


@dataclass(frozen=True)
class Telling:
    """Who is told apart. ``open`` (codes of organizations): each for itself; what is behind these is told by the
    supplier that they take it from, where that is ``named`` or ``tells`` allows what it made to be named; else under
    ``label``."""

    open: BoolArray
    named: BoolArray
    tells: Callable[[NodeName], bool]
    label: str


def budget(prepared: Prepared, asked: Sum, told: Telling) -> Budget:
    """The budget of uncertainty of a sum, as far as it may be told apart."""
    snapshot = prepared.snapshot
    used = weights(snapshot, prepared.users, prepared.ends, asked.roots, asked.amounts)
    nodes = np.flatnonzero(above(snapshot, asked.roots, prepared.ends, bearing))
    override = prepared.override[nodes]
    terms = terms_of(snapshot, prepared.rolled, nodes, override, used[nodes])
    gaps = np.union1d(_gaps(prepared, nodes, override), asked.lacking)
    spread = spread_of(terms, total=asked.total, gap=len(gaps) > 0)
    rows = _Rows(prepared, used, nodes, told)
    parts = rows.parts(asked)
    by, terms = _split(terms, parts, used)
    unknown = rows.unknown(gaps, parts)
    lacks = _lacks(terms, by, rows.labels, unknown, _Whole(asked.total, spread))
    return Budget(spread, tuple(sorted(lacks, key=_first)), float(np.abs(terms.value).sum()))


def _first(lack: Lack) -> tuple[bool, float, float, float, str]:
    return (
        not (lack.unknown or lack.hidden),
        -(lack.kilograms or 0.0),
        -lack.unstated,
        -(lack.variance or 0.0),
        lack.organization,
    )


def _gaps(prepared: Prepared, nodes: IntArray, override: BoolArray) -> IntArray:
    """Those of some nodes of which something is unknown (``graph.rollup.closure.missing``)."""
    snapshot, given = prepared.snapshot, nodes[override]
    partial = snapshot.offers.partial[taken_offers(snapshot, prepared.rolled, given)]
    return np.concatenate([nodes[~override & unaccounted(snapshot, prepared.rolled, nodes)], given[partial]])


@dataclass(frozen=True)
class _Unknown:
    """What is unknown of one row: names that may be told, how many more, and the mass of each, nan where not told."""

    names: set[NodeName] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    kilograms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Parts:
    """How much of a node a row accounts for, sorted by node; ``known``: the row may know the node by name.

    Together they are all that is used.
    """

    node: IntArray
    row: IntArray
    used: FloatArray
    known: BoolArray

    def of(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """Positions here of all parts of some nodes, and the position of the node of each."""
        starts = np.searchsorted(self.node, nodes)
        counts = np.searchsorted(self.node, nodes, "right") - starts
        return expand(starts, counts), np.repeat(np.arange(len(nodes)), counts)


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
    """Who is asked about what: organizations that may be looked into about themselves and the materials they take in;
    about all else those that they take it from.

    Rows are codes of organizations, then one for all that may not be named, and one for small suppliers.
    """

    def __init__(self, prepared: Prepared, used: FloatArray, nodes: IntArray, told: Telling) -> None:
        self._prepared, self._used, self._nodes, self._told = prepared, used, nodes, told
        names = prepared.snapshot.attributes.organizations
        self.labels = (*names, told.label, OTHERS)
        self._hidden, self._others = len(names), len(names) + 1
        self._owner = prepared.snapshot.attributes.organization
        self._material = prepared.snapshot.kind == NodeKind.MATERIAL
        self._open = told.open[self._owner] & ~self._material

    def parts(self, asked: Sum) -> _Parts:
        """What each row accounts for."""
        doors, amounts = self._doors(asked)
        told = self._told_as(doors)
        size = np.abs(amounts * self._prepared.rolled.chosen[doors, :SCOPES].sum(axis=1))
        present, at = np.unique(told, return_inverse=True)
        largest = present[np.lexsort((present, -np.bincount(at, size, len(present))))[:MOST]]
        told = np.where(np.isin(told, largest), told, self._others)
        found = [
            self._own(),
            *(self._behind(row, doors[told == row], amounts[told == row]) for row in set(told.tolist())),
        ]
        node, row, used, known = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((row, node))
        return _Parts(node[order], row[order], used[order], known[order])

    def _taken(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Who may be looked into and takes what in, and how much of it: user, node, amount."""
        snapshot = self._prepared.snapshot
        on = self._nodes[self._open[self._nodes] & ~self._prepared.ends[self._nodes]]
        edges, user = edges_of(snapshot, on)
        return user, snapshot.indices[edges].astype(np.int64), self._used[user] * snapshot.emissions[edges]

    def _doors(self, asked: Sum) -> tuple[IntArray, FloatArray]:
        """The nodes of others that are taken in by who may be looked into, or are asked about; and how much of them."""
        _, node, amount = self._taken()
        entry = ~self._open[node] & ~self._material[node]
        root = ~self._open[asked.roots]
        doors = np.concatenate([node[entry], asked.roots[root]])
        present, at = np.unique(doors, return_inverse=True)
        amounts = np.bincount(at, np.concatenate([amount[entry], asked.amounts[root]]), len(present))
        return present.astype(np.int64), amounts.astype(np.float64)

    def _own(self) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
        """What is of those who may be looked into themselves: their nodes, and the materials they take in."""
        mine = self._nodes[self._open[self._nodes]]
        user, node, amount = self._taken()
        material = self._material[node]
        nodes = np.concatenate([mine, node[material]])
        owner = self._owner[np.concatenate([mine, user[material]])].astype(np.int64)
        return nodes, owner, np.concatenate([self._used[mine], amount[material]]), np.ones(len(nodes), np.bool_)

    def _behind(
        self, row: int, doors: IntArray, amounts: FloatArray
    ) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
        """What others' goes through some doors: up to where one may look again."""
        prepared = self._prepared
        used = weights(prepared.snapshot, prepared.users, prepared.ends | self._open, doors, amounts)
        nodes = np.flatnonzero((used != 0) & ~self._open)
        return nodes, np.full(len(nodes), row, np.int64), used[nodes], np.isin(nodes, doors)

    def _told_as(self, doors: IntArray) -> IntArray:
        owner = self._owner[doors].astype(np.int64)
        told = self._told.named[owner]
        for i in np.flatnonzero(~told).tolist():
            told[i] = self._tells(int(doors[i]))
        return np.where(told, owner, self._hidden)

    def _tells(self, node: int) -> bool:
        return self._told.tells(name_of(self._prepared.snapshot, node))

    def unknown(self, gaps: IntArray, parts: _Parts) -> dict[int, _Unknown]:
        """What is unknown, by row; that of which nothing is used, by whose it is."""
        at, of = parts.of(gaps)
        none = np.setdiff1d(np.arange(len(gaps)), of)
        owner = self._owner[gaps[none]]
        named = self._told.named[owner] & ~self._material[gaps[none]]
        rows = np.concatenate([parts.row[at], np.where(named, owner, self._hidden)])
        known = np.concatenate([parts.known[at], np.ones(len(none), np.bool_)])
        share = parts.used[at] / np.where(self._used[gaps[of]] > 0, self._used[gaps[of]], 1.0)
        mass = np.concatenate([self._mass(gaps)[of] * share, np.full(len(none), nan)])
        return self._noted(rows, gaps[np.concatenate([of, none])], mass, known)

    def _noted(self, rows: IntArray, nodes: IntArray, masses: FloatArray, known: BoolArray) -> dict[int, _Unknown]:
        found: dict[int, _Unknown] = {}
        columns = (rows.tolist(), nodes.tolist(), masses.tolist(), known.tolist())
        for row, node, kilograms, may in zip(*columns, strict=True):
            entry = found.setdefault(row, _Unknown())
            if may and self._tells(node):
                entry.names.add(name_of(self._prepared.snapshot, node))
                entry.kilograms.append(kilograms)
            else:
                entry.hidden.add(node)
                entry.kilograms.append(nan)
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
        found[process] = np.bincount(drawn[0], made, int(process.sum()))
        return found

    def _per_unit(self, nodes: IntArray) -> FloatArray:
        snapshot = self._prepared.snapshot
        return snapshot.facts.products.kg_per(snapshot.product[nodes], snapshot.dimension[nodes])


def _split(terms: Terms, parts: _Parts, used: FloatArray) -> tuple[IntArray, Terms]:
    """Terms divided over the rows that account for their nodes, and the row of each."""
    terms = terms.part(used[terms.node] != 0)
    at, of = parts.of(terms.node)
    found = terms.part(of)
    return parts.row[at], replace(found, value=found.value * parts.used[at] / used[found.node])


def _lacks(
    terms: Terms, by: IntArray, labels: tuple[str, ...], unknown: dict[int, _Unknown], whole: _Whole
) -> list[Lack]:
    size = len(labels)
    emissions, unstated = np.bincount(by, np.abs(terms.value), size), np.bincount(by, terms.unstated, size)
    variance, left = _without(terms, by, size)
    return [
        Lack(
            organization=labels[row],
            unknown=tuple(sorted(unknown.get(row, _Unknown()).names)),
            hidden=len(unknown.get(row, _Unknown()).hidden),
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
