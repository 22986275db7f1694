"""What a figure would be: scenarios on a solved snapshot, several in one pass, without building it again.

Where only own emissions change, evidence does not change hands (it goes by what is known, not by how much), so a
figure moves by the adjoint weights times the change: one backward pass serves any number of scenarios. Where inputs
change, what is made of them is rolled up again: a copy of it for each scenario, all copies in one pass of one kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from graph.rollup.adjacency import above, below, weights
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.closure import edges_of, refuse_cycles
from graph.rollup.errors import RollupError
from graph.rollup.kernel import roll_up
from graph.rollup.levels import CYCLIC, topological_levels
from graph.rollup.offers import CONTENT, GAP, KNOWN, UNDIVIDED, ContentOffers
from graph.rollup.policy import Basis
from graph.rollup.scenarios import Asked, Change, Effect, Patch, Prepared, patch, scope_of
from graph.rollup.snapshot import ChainSnapshot

SCOPES = UNDIVIDED + 1
# Nodes rolled up in one pass at most; more scenarios take another pass.
MOST_NODES = 2_000_000


class MadeOfItself(RollupError):
    """What should stand in for an input is itself made of what it goes into."""


@dataclass(frozen=True)
class Sum:
    """sum(amounts x values) over the roots that have one: kgCO2e by scope, shape (3,).

    ``known``: some root has a figure; ``gap``: something is unknown, perhaps an amount, so it is what is known.
    ``basis`` is that of the one root, or None.
    """

    scopes: FloatArray
    known: bool
    gap: bool
    basis: Basis | None

    @property
    def total(self) -> float:
        """All scopes together."""
        return float(self.scopes.sum())


@dataclass(frozen=True)
class Outcome:
    """A scenario: its sum, what each change did, and how far the difference to the base can be told.

    ``bound`` is "exact", "at-least" or "at-most" where one side alone is a lower bound, and "unknown" where both are
    and not by the same unknowns.
    """

    found: Sum
    difference: FloatArray
    bound: str
    effects: tuple[Effect, ...]


def what_if(prepared: Prepared, asked: Asked, scenarios: Sequence[Sequence[Change]]) -> tuple[Sum, list[Outcome]]:
    """The sum asked about as it is, and as it would be in each scenario.

    Raises ``CycleFound`` for a root in a cycle, ``UnitsDiffer``, ``MadeOfItself``.
    """
    snapshot, rolled = prepared.snapshot, prepared.rolled
    refuse_cycles(snapshot, asked.roots)
    base = _sum(asked, rolled.chosen[asked.roots], rolled.basis[asked.roots])
    scope = scope_of(prepared, asked.roots)
    patches = [patch(prepared, asked, scope, changes) for changes in scenarios]
    known = rolled.chosen[asked.roots, KNOWN] > 0
    reach = weights(snapshot, prepared.users, prepared.override, asked.roots[known], asked.amounts[known])
    again = [s for s, p in enumerate(patches) if len(p.edge)]
    rolled_again = dict(zip(again, _rolled_again(prepared, asked, [patches[s] for s in again]), strict=True))
    outcomes = []
    for s, found in enumerate(patches):
        if s in rolled_again:
            values, basis = rolled_again[s]
            after = _sum(asked, values, basis)
            difference = _moved(asked, rolled.chosen[asked.roots], values)
        else:
            difference = reach[found.node] @ found.delta
            after = replace(base, scopes=base.scopes + difference)
        outcomes.append(Outcome(after, difference, _bound(base, after, found), found.effects))
    return base, outcomes


def _sum(asked: Asked, values: FloatArray, basis: IntArray) -> Sum:
    known = values[:, KNOWN] > 0
    one = Basis(int(basis[0])) if len(basis) == 1 else None
    scopes: FloatArray = asked.amounts[known] @ values[known, :SCOPES]
    gap = bool((values[:, GAP] > 0).any() or (asked.amounts == 0).any())
    return Sum(scopes, bool(known.any()), gap, one)


def _moved(asked: Asked, before: FloatArray, after: FloatArray) -> FloatArray:
    """The difference by scope, root by root: what did not change adds no rounding."""
    moved: FloatArray = asked.amounts @ (after[:, :SCOPES] - before[:, :SCOPES])
    return moved


def _bound(base: Sum, after: Sum, found: Patch) -> str:
    if not (base.known and after.known):
        return "unknown"
    if base.gap and after.gap:
        return "exact" if found.same_unknowns else "unknown"
    return "at-most" if base.gap else "at-least" if after.gap else "exact"


_Values = tuple[FloatArray, IntArray]


def _rolled_again(prepared: Prepared, asked: Asked, patches: Sequence[Patch]) -> list[_Values]:
    """Values and basis of the roots in each scenario."""
    found: list[_Values] = []
    waiting: list[_Copy] = []
    for each in patches:
        copy = _copy(prepared, asked, each)
        if waiting and sum(len(c.nodes) for c in waiting) + len(copy.nodes) > MOST_NODES:
            found += _pass(prepared, asked, waiting)
            waiting = []
        waiting.append(copy)
    return found + _pass(prepared, asked, waiting)


@dataclass(frozen=True)
class _Copy:
    """The nodes that a scenario rolls up again, and its patch."""

    nodes: IntArray
    patch: Patch


def _copy(prepared: Prepared, asked: Asked, found: Patch) -> _Copy:
    """All between what changes and the roots, but for nodes whose evidence ranks above anything computed."""
    snapshot = prepared.snapshot
    rows = np.searchsorted(snapshot.indptr, found.edge, "right") - 1
    used = [source for number, source in enumerate(found.sources) if (found.source == number).any()]
    within = above(snapshot, np.concatenate([asked.roots, *(s.nodes for s in used)]))
    for number, source in enumerate(found.sources):
        if below(prepared.users, rows[found.source == number], within)[source.nodes].any():
            raise MadeOfItself("what should stand in for an input is itself made of what it goes into")
    within &= ~_pinned(prepared)
    within[snapshot.ready :] = False
    return _Copy(np.flatnonzero(below(prepared.users, np.concatenate([rows, found.node]), within)), found)


def _pinned(prepared: Prepared) -> BoolArray:
    """Nodes whose evidence counts before a complete computation: nothing below them can change them."""
    order = prepared.snapshot.policy.order
    better = [basis for basis in order[: order.index(Basis.COMPUTED)] if basis != Basis.UNKNOWN]
    found: BoolArray = np.isin(prepared.rolled.basis, better)
    return found


def _pass(prepared: Prepared, asked: Asked, copies: Sequence[_Copy]) -> list[_Values]:
    """One roll-up of the copies of all scenarios, over what they rest on with its values as they are."""
    if not copies:
        return []
    rolled = prepared.rolled
    numbered, system = _system(prepared, copies)
    again = roll_up(system)
    found = []
    for copy, places in zip(copies, numbered, strict=True):
        values, basis = rolled.chosen[asked.roots], rolled.basis[asked.roots]
        at = np.minimum(np.searchsorted(copy.nodes, asked.roots), max(len(copy.nodes) - 1, 0))
        mine = np.flatnonzero(copy.nodes[at] == asked.roots) if len(copy.nodes) else at[:0]
        values[mine], basis[mine] = again.chosen[places[at[mine]]], again.basis[places[at[mine]]]
        found.append((values, basis))
    return found


def _system(prepared: Prepared, copies: Sequence[_Copy]) -> tuple[list[IntArray], ChainSnapshot]:
    """A snapshot of the copies: numbers of their nodes in it, and its arrays. Content is not part of it."""
    snapshot = prepared.snapshot
    parts = [_edges(snapshot, copy) for copy in copies]
    still = np.unique(np.concatenate([part.column[part.column >= 0] for part in parts]))
    starts = np.cumsum([len(still), *(len(part.own) for part in parts)])
    own = np.concatenate([prepared.rolled.chosen[still], *(part.own for part in parts)])
    row = np.concatenate([part.row + start for part, start in zip(parts, starts, strict=False)])
    column = np.concatenate([_placed(part.column, still, start) for part, start in zip(parts, starts, strict=False)])
    data = np.concatenate([part.data for part in parts])
    levels = topological_levels(row, column, len(own))
    if (levels == CYCLIC).any():
        raise MadeOfItself("what should stand in for an input is itself made of what it goes into")
    order = np.argsort(levels, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    numbers = [place[start : start + len(copy.nodes)] for start, copy in zip(starts, copies, strict=False)]
    decided, offered = _decided(snapshot, copies, numbers)
    by_row = np.argsort(place[row], kind="stable")
    system = replace(
        snapshot,
        level_starts=np.searchsorted(levels[order], np.arange(int(levels.max(initial=-1)) + 2)),
        indptr=np.searchsorted(place[row][by_row], np.arange(len(own) + 1)),
        indices=place[column][by_row],
        emissions=data[by_row],
        mass=np.zeros(len(row)),
        own=own[order],
        own_mass=np.zeros((len(own), snapshot.own_mass.shape[1])),
        decided=decided,
        attested=snapshot.attested[offered],
        declared=snapshot.declared[offered],
        default=snapshot.default[offered],
        content_offers=_no_content(),
    )
    return numbers, system


def _placed(column: IntArray, still: IntArray, start: int) -> IntArray:
    return np.where(column >= 0, np.searchsorted(still, column), -1 - column + start)


def _no_content() -> ContentOffers:
    none = np.zeros(0, np.int64)
    return ContentOffers(none, np.zeros((0, len(CONTENT))), none, np.zeros(0, np.bool_))


@dataclass(frozen=True)
class _Part:
    """One scenario's rows: its copied nodes, then its sources. ``column`` is a node of the snapshot, whose value
    stays, or -1 - a row of this part."""

    own: FloatArray
    row: IntArray
    column: IntArray
    data: FloatArray


def _edges(snapshot: ChainSnapshot, copy: _Copy) -> _Part:
    """Rows in the order of the snapshot, so that what does not change is the same to the last bit."""
    nodes, found = copy.nodes, copy.patch
    edges, owner = edges_of(snapshot, nodes)
    column, data = snapshot.indices[edges], snapshot.emissions[edges].copy()
    row = np.searchsorted(nodes, owner)
    inside = _within(nodes, column)
    column = np.where(inside >= 0, -1 - inside, column)
    changed = np.flatnonzero(np.isin(edges, found.edge))
    at = np.searchsorted(found.edge, edges[changed])
    data[changed] = found.coefficient[at]
    switched = found.source[at] != ABSENT
    column[changed[switched]] = -1 - (len(nodes) + found.source[at[switched]])
    own = snapshot.own[nodes]
    at = _within(nodes, found.node)
    own[at[at >= 0], :SCOPES] += found.delta[at >= 0]
    rows, columns, amounts, vectors = [row], [column], [data], [own]
    for number, source in enumerate(found.sources):
        inside = _within(nodes, source.nodes)
        rows.append(np.full(len(source.nodes), len(nodes) + number, np.int64))
        columns.append(np.where(inside >= 0, -1 - inside, source.nodes))
        amounts.append(source.shares)
        vectors.append(source.vector[None, :])
    return _Part(np.concatenate(vectors), np.concatenate(rows), np.concatenate(columns), np.concatenate(amounts))


def _within(nodes: IntArray, wanted: IntArray) -> IntArray:
    """Positions of some nodes among ascending others, or absent."""
    if not len(nodes):
        return np.full(len(wanted), ABSENT, np.int64)
    at = np.minimum(np.searchsorted(nodes, wanted), len(nodes) - 1)
    return np.where(nodes[at] == wanted, at, ABSENT)


def _decided(
    snapshot: ChainSnapshot, copies: Sequence[_Copy], numbers: Sequence[IntArray]
) -> tuple[IntArray, IntArray]:
    """Copied nodes that have offers, by their new number, and where those stand in the snapshot."""
    parts = []
    for copy, places in zip(copies, numbers, strict=True):
        at = _within(snapshot.decided, copy.nodes)
        parts.append(np.stack([places[at >= 0], at[at >= 0]]))
    both = np.concatenate(parts, axis=1)
    both = both[:, np.argsort(both[0])]
    return both[0], both[1]
