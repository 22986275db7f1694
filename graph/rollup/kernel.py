"""The engine: one pass over the levels of a chain, all indicators at once, evidence chosen on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import _sparsetools

from graph.model.indicators import Group
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, narrow
from graph.rollup.choice import choose
from graph.rollup.indication import Indication
from graph.rollup.indicators import Indicated
from graph.rollup.loops import best_offers, solve_loop
from graph.rollup.offers import (
    CONTENT,
    CONTENT_UNKNOWN,
    DEFAULTED,
    EMISSION_COLUMNS,
    FIRST_FLAG,
    GAP,
    KNOWN,
    MASS_DEFAULT,
    MASS_UNKNOWN,
    TRACED,
)
from graph.rollup.policy import Basis
from graph.rollup.refusals import finite, refused
from graph.rollup.snapshot import ChainSnapshot

# (rows, columns, vectors, indptr, indices, data, x, y): y += A x for row-major x and y, y may be rows of x's own array.
_csr_matvecs: Callable[..., None] = _sparsetools.csr_matvecs


@dataclass(frozen=True)
class Rolled:
    """Values of every node of a snapshot.

    ``chosen`` has shape (nodes, 10), kgCO2e per canonical unit (a process: in total), ``mass`` (nodes, 9); columns as
    named in ``graph.rollup.offers``, flags 0 or 1. ``computed`` holds the computed vector of each decided
    node, shape (decided, 10): its shadow where something else was chosen. ``basis`` is the ``Basis`` of each node,
    ``offer`` the offer chosen for each decided node (or absent); ``indicators`` the amounts and flags of
    ``snapshot.indicators.layout``, and ``taken`` by group the nodes that declarations speak for with the choice taken
    for each (or absent). ``cause``, shape (nodes,), is absent where there is a figure and tells why there is none
    elsewhere (``graph.rollup.refusals``): such a node is unknown, its basis UNKNOWN.
    """

    chosen: FloatArray
    mass: FloatArray
    basis: IntArray
    computed: FloatArray
    offer: IntArray
    cause: IntArray
    indicators: Indicated
    taken: Mapping[Group, tuple[IntArray, IntArray]]

    def same(self, other: "Rolled") -> bool:
        """Whether every value is the same, bit for bit."""
        alike = np.array_equal(self.chosen, other.chosen) and np.array_equal(self.mass, other.mass)
        return alike and self.indicators.same(other.indicators)

    @property
    def lower_bound(self) -> BoolArray:
        """Nodes whose value is only what is known of it, shape (nodes,)."""
        return self.chosen[:, GAP] > 0


# Called with the nodes of a level and the values of all nodes once that level is decided; may change the level's.
Settle = Callable[[slice, FloatArray, FloatArray], None]


def _as_decided(_rows: slice, _chosen: FloatArray, _mass: FloatArray) -> None:
    """Nothing is to be settled: everything that counts is in the snapshot."""


@np.errstate(over="ignore", invalid="ignore")
def roll_up(snapshot: ChainSnapshot, settle: Settle = _as_decided) -> Rolled:
    """Values of all nodes, in one pass of sparse products over the topological levels.

    ``E_T = sum q_i f_i + own`` and ``f_o = a_o E_T / q_o`` (reference/accounting.md, "Roll-up of one transformation");
    per node the evidence that ranks best by the policy replaces the computed value: never averaged, never added.
    """
    chosen, mass = snapshot.own.whole(), snapshot.own_mass.whole()
    decided, indication = snapshot.decided, Indication(snapshot)
    computed = np.zeros((len(decided), EMISSION_COLUMNS))
    offer = np.full(len(decided), ABSENT, np.int64)
    cause = np.full(len(chosen), ABSENT, np.int64)
    stops = np.searchsorted(decided, snapshot.level_starts).tolist()
    contents = np.searchsorted(snapshot.content_offers.node, snapshot.level_starts).tolist()
    starts = snapshot.level_starts.tolist()
    for level, looped in enumerate(snapshot.looped.tolist()):
        rows, here = slice(starts[level], starts[level + 1]), slice(stops[level], stops[level + 1])
        if looped:
            found = solve_loop(snapshot, rows, here, chosen, mass)
            computed[here], offer[here], cause[rows] = found.computed, found.offer, found.cause
            indication.go_round(level, here, offer[here])
        else:
            _sum_up(snapshot, rows, here, chosen=chosen, mass=mass, computed=computed, offer=offer)
            _product(snapshot, snapshot.emissions, indication.values, rows)
            indication.decide(level, here, offer[here])
        declared = slice(contents[level], contents[level + 1])
        mass[snapshot.content_offers.node[declared], : len(CONTENT)] = snapshot.content_offers.values[declared]
        settle(rows, chosen, mass)
    # What settles values knows better than a loop of which it sees a part: that loop is merely unknown.
    cause = refused(snapshot, chosen, offer, cause if settle is _as_decided else np.full_like(cause, ABSENT))
    lost = cause != ABSENT
    chosen[lost], mass[lost] = 0.0, 0.0
    chosen[lost, GAP] = 1.0
    mass[np.ix_(lost, (CONTENT_UNKNOWN, MASS_UNKNOWN))] = 1.0
    basis = _basis(snapshot, chosen, offer, lost)
    return Rolled(
        chosen, mass, narrow(basis), finite(computed), narrow(offer), narrow(cause), *indication.finished(lost)
    )


def _sum_up(
    snapshot: ChainSnapshot,
    rows: slice,
    here: slice,
    *,
    chosen: FloatArray,
    mass: FloatArray,
    computed: FloatArray,
    offer: IntArray,
) -> None:
    """The values of a level without loops, from those of lower levels."""
    _product(snapshot, snapshot.emissions, chosen, rows)
    chosen[rows, FIRST_FLAG:] = chosen[rows, FIRST_FLAG:] > 0
    if here.start < here.stop:
        computed[here] = chosen[snapshot.decided[here]]
        offer[here] = _choose(snapshot, here, computed[here])
        _override(snapshot, chosen, here, offer[here])
    _product(snapshot, snapshot.mass, mass, rows)
    _trace(snapshot, chosen, mass, here=here, offer=offer[here], rows=rows)


def _product(snapshot: ChainSnapshot, data: FloatArray, values: FloatArray, rows: slice) -> None:
    """values[rows] += rows of the system times values; they rest on lower rows only."""
    columns, low, high = values.shape[1], rows.start, rows.stop
    flat = values.reshape(-1)
    _csr_matvecs(
        high - low, len(values), columns, snapshot.indptr[low : high + 1], snapshot.indices, data,
        flat, flat[low * columns : high * columns],
    )  # fmt: skip


def _choose(snapshot: ChainSnapshot, here: slice, computed: FloatArray) -> IntArray:
    whole = (computed[:, GAP] == 0) & (computed[:, DEFAULTED] == 0)
    return choose(snapshot.policy.order, best_offers(snapshot, here), computed[:, KNOWN] > 0, whole)


def _override(snapshot: ChainSnapshot, chosen: FloatArray, here: slice, offer: IntArray) -> None:
    taken = offer != ABSENT
    chosen[snapshot.decided[here][taken]] = snapshot.offers.values[offer[taken]]


def _trace(
    snapshot: ChainSnapshot, chosen: FloatArray, mass: FloatArray, *, here: slice, offer: IntArray, rows: slice
) -> None:
    """Mass coverage (ruling 3): what a footprint speaks for is traced, a default is none, nothing known is unknown."""
    traced = mass[:, TRACED:]
    unknown = np.arange(rows.start, rows.stop)[chosen[rows, KNOWN] == 0]
    _assign(traced, unknown, MASS_UNKNOWN)
    taken = offer != ABSENT
    nodes, basis = snapshot.decided[here][taken], snapshot.offers.basis[offer[taken]]
    _assign(traced, nodes[basis == Basis.DEFAULT], MASS_DEFAULT)
    _assign(traced, nodes[basis != Basis.DEFAULT], TRACED)


def _assign(traced: FloatArray, nodes: IntArray, column: int) -> None:
    traced[nodes] = 0.0
    traced[nodes, column - TRACED] = 1.0


def _basis(snapshot: ChainSnapshot, chosen: FloatArray, offer: IntArray, lost: BoolArray) -> IntArray:
    whole = (chosen[:, GAP] == 0) & (chosen[:, DEFAULTED] == 0)
    basis = np.where(whole, Basis.COMPUTED, Basis.COMPUTED_GAPS)
    basis = np.where(chosen[:, KNOWN] > 0, basis, Basis.UNKNOWN).astype(np.int64)
    taken = offer != ABSENT
    basis[snapshot.decided[taken]] = snapshot.offers.basis[offer[taken]]
    return np.where(lost, Basis.UNKNOWN, basis)
