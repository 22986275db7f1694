"""What a figure would be: scenarios on a solved snapshot, several in one pass, without building it again.

Where only own emissions change, evidence does not change hands (it goes by what is known, not by how much), so a
figure moves by the adjoint weights times the change: one backward pass serves any number of scenarios. Where inputs
change, what is made of them is rolled up again: a copy of it for each scenario, all copies in one pass of one kernel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from graph.model.indicators import Group
from graph.rollup.adjacency import above, below, weights
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, total
from graph.rollup.closure import edges_of, refuse
from graph.rollup.errors import BeyondRange, RollupError
from graph.rollup.indicators import IndicatorSystem, Own, layout_of
from graph.rollup.kernel import roll_up
from graph.rollup.levels import CYCLIC, order_of
from graph.rollup.matrices import Matrix
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import CONTENT, GAP, KNOWN, UNDIVIDED, ContentOffers
from graph.rollup.policy import Basis
from graph.rollup.refusals import BEYOND
from graph.rollup.scenarios import Asked, Change, Effect, Grid, Patch, Picked, Prepared, Switch, patch, pick, scope_of
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

    ``bound`` is "exact", "known-part" where something of one side alone is unknown, and "unknown" where something of
    both is, and not the same.
    """

    found: Sum
    difference: FloatArray
    bound: str
    effects: tuple[Effect, ...]


@np.errstate(over="ignore", invalid="ignore")
def what_if(prepared: Prepared, asked: Asked, scenarios: Sequence[Sequence[Change]]) -> tuple[Sum, list[Outcome]]:
    """The sum asked about as it is, and as it would be in each scenario.

    Raises what ``closure`` raises for a lone root without a figure (among others it is merely unknown), and
    ``UnitsDiffer``, ``MadeOfItself``, ``BeyondRange``.
    """
    if len(asked.roots) == 1:
        refuse(prepared.snapshot, prepared.rolled, asked.roots)
    found = _Base(prepared, asked)
    outcomes: list[Outcome | None] = [found.linear(changes) for changes in scenarios]
    again = [s for s, outcome in enumerate(outcomes) if outcome is None]
    patches = [patch(prepared, asked, found.scope, scenarios[s]) for s in again]
    for s, each, moved in zip(again, patches, _rolled_again(prepared, asked, patches), strict=True):
        outcomes[s] = found.outcome(each, moved)
    if not np.isfinite([outcome.found.scopes for outcome in outcomes if outcome is not None]).all():
        raise BeyondRange("a scenario")
    return found.sum, [outcome for outcome in outcomes if outcome is not None]


@dataclass(frozen=True)
class _Moved:
    """Roots that a scenario reaches (positions in ``Asked.roots``), their values and basis in it."""

    roots: IntArray
    values: FloatArray
    basis: IntArray


class _Base:
    """What is, and the ways from there to what would be."""

    def __init__(self, prepared: Prepared, asked: Asked) -> None:
        self._prepared, self._asked = prepared, asked
        rolled, roots = prepared.rolled, asked.roots
        self.scope = scope_of(prepared, roots)
        values = rolled.chosen[roots]
        self._refused = rolled.cause[roots] != ABSENT
        known = values[:, KNOWN] > 0
        self._known, self._gaps = int(known.sum()), int((values[:, GAP] > 0).sum())
        scopes: FloatArray = asked.amounts @ values[:, :SCOPES]
        self.sum = self._summed(scopes, self._known, self._gaps, rolled.basis[roots])
        self._amounts = np.where(known, asked.amounts, 0.0)
        self._weighted: dict[int, tuple[FloatArray, FloatArray]] = {}
        self._blind: dict[int, bool] = {}
        self._apart: dict[tuple[int, ...], bool] = {}

    def _summed(self, scopes: FloatArray, known: int, gaps: int, basis: IntArray) -> Sum:
        one = Basis(int(basis[0])) if len(self._asked.roots) == 1 else None
        return Sum(scopes, known > 0, gaps > 0 or bool((self._asked.amounts == 0).any()), one)

    @cached_property
    def _reach(self) -> FloatArray:
        """How much of each activity within the scope goes into the sum."""
        prepared = self._prepared
        reach = weights(prepared.snapshot, prepared.users, prepared.ends, self._asked.roots, self._amounts)
        return reach[prepared.snapshot.activities.process[self.scope.activities]]

    def linear(self, changes: Sequence[Change]) -> Outcome | None:
        """A scenario of factors and quantities of activities, each turned once; None where it is something else."""
        turned = [c for c in changes if not isinstance(c, Switch)]
        picks = [pick(self._prepared, self._asked, self.scope, c) for c in turned]
        if len(turned) < len(changes) or any(p.floored for p in picks) or not self._disjoint(picks):
            return None
        difference = np.zeros(SCOPES)
        for change, picked in zip(turned, picks, strict=True):
            base, value = self._sums(picked)
            difference += base * change.factor - value if isinstance(change, Grid) else value * (change.scale - 1)
        after = replace(self.sum, scopes=self.sum.scopes + difference)
        same = not any(p.unresolved or self._at_unweighed(p) for p in picks)
        bound = _bound(self.sum, after, same_unknowns=same)
        return Outcome(after, difference, bound, tuple(p.effect for p in picks))

    @cached_property
    def _unweighed(self) -> BoolArray:
        """What lots rest on of which nobody knows how much there is, or what one of them emits."""
        prepared, untold = self._prepared, (self._asked.amounts == 0) | self._refused
        found = above(prepared.snapshot, self._asked.roots[untold], prepared.override)
        return found & ~prepared.override

    def _at_unweighed(self, picked: Picked) -> bool:
        """Whether something changes of which nobody knows how much of it goes into the sum."""
        if id(picked) not in self._blind:
            process = self._prepared.snapshot.activities.process[self.scope.activities[picked.chosen]]
            self._blind[id(picked)] = bool(self._unweighed[process].any())
        return self._blind[id(picked)]

    def _disjoint(self, picks: Sequence[Picked]) -> bool:
        if len(picks) < 2:
            return True
        key = tuple(map(id, picks))
        if key not in self._apart:
            joined = np.concatenate([p.chosen for p in picks])
            self._apart[key] = len(np.unique(joined)) == len(joined)
        return self._apart[key]

    def _sums(self, picked: Picked) -> tuple[FloatArray, FloatArray]:
        """What the activities picked put into the sum, by scope: at a factor of 1, and as they are."""
        if id(picked) not in self._weighted:
            listed, at = self._prepared.snapshot.activities, self.scope.activities[picked.chosen]
            share, scope = self._reach[picked.chosen], listed.scope[at]
            base = total(scope, share * listed.base[at], SCOPES)
            self._weighted[id(picked)] = base, total(scope, share * listed.value[at], SCOPES)
        return self._weighted[id(picked)]

    def outcome(self, found: Patch, moved: _Moved) -> Outcome:
        """A scenario of which some roots have been rolled up again: what did not change adds no rounding."""
        rolled, roots = self._prepared.rolled, self._asked.roots
        before = rolled.chosen[roots[moved.roots]]
        amounts = self._asked.amounts[moved.roots]
        difference: FloatArray = amounts @ (moved.values[:, :SCOPES] - before[:, :SCOPES])
        known = self._known + _grown(before[:, KNOWN], moved.values[:, KNOWN])
        gaps = self._gaps + _grown(before[:, GAP], moved.values[:, GAP])
        alone = len(roots) == len(moved.roots) == 1
        scopes = amounts @ moved.values[:, :SCOPES] if alone else self.sum.scopes + difference
        after = self._summed(scopes, known, gaps, moved.basis if alone else rolled.basis[roots[:1]])
        differs = (moved.values[:, :SCOPES] != before[:, :SCOPES]).any(axis=1)
        untold = (differs & (amounts == 0)) | self._refused[moved.roots]
        same = found.same_unknowns and not bool(untold.any())
        return Outcome(after, difference, _bound(self.sum, after, same_unknowns=same), found.effects)


def _grown(before: FloatArray, after: FloatArray) -> int:
    return int((after > 0).sum()) - int((before > 0).sum())


def _bound(base: Sum, after: Sum, *, same_unknowns: bool) -> str:
    if not (base.known and after.known):
        return "unknown"
    if base.gap and after.gap:
        return "exact" if same_unknowns else "unknown"
    return "known-part" if base.gap or after.gap else "exact"


def _rolled_again(prepared: Prepared, asked: Asked, patches: Sequence[Patch]) -> Iterator[_Moved]:
    """The roots that each scenario reaches, as they would be."""
    waiting: list[_Copy] = []
    for each in patches:
        copy = _copy(prepared, each)
        if waiting and sum(len(c.nodes) for c in waiting) + len(copy.nodes) > MOST_NODES:
            yield from _pass(prepared, asked, waiting)
            waiting = []
        waiting.append(copy)
    yield from _pass(prepared, asked, waiting)


@dataclass(frozen=True)
class _Copy:
    """The nodes that a scenario rolls up again, and its patch."""

    nodes: IntArray
    patch: Patch


def _copy(prepared: Prepared, found: Patch) -> _Copy:
    """All between what changes and the roots, but for nodes whose evidence ranks above anything computed."""
    snapshot, upstream = prepared.snapshot, found.scope.upstream
    rows = np.searchsorted(snapshot.indptr, found.edge, "right") - 1
    # A loop is legal where it passes a product in a period, as in the chain itself.
    solid = upstream & (snapshot.kind != NodeKind.PRODUCT)
    for number, source in enumerate(found.sources):
        if len(source.nodes) and below(prepared.users, rows[found.source == number], solid)[source.nodes].any():
            raise MadeOfItself("what should stand in for an input is itself made of what it goes into")
    within = upstream & ~prepared.pinned
    within[snapshot.ready :] = False
    return _Copy(np.flatnonzero(below(prepared.users, np.concatenate([rows, found.node]), within)), found)


def _pass(prepared: Prepared, asked: Asked, copies: Sequence[_Copy]) -> Iterator[_Moved]:
    """One roll-up of the copies of all scenarios, over what they rest on with its values as they are."""
    if not copies:
        return
    numbered, system = _system(prepared, copies)
    again = roll_up(system)
    order = np.argsort(asked.roots, kind="stable")
    roots = asked.roots[order]
    for copy, places in zip(copies, numbered, strict=True):
        at = _within(roots, copy.nodes)
        mine, moved = places[at >= 0], order[at[at >= 0]]
        # A root that was beyond it before is merely unknown, as without any scenario.
        if ((again.cause[mine] == BEYOND) & (prepared.rolled.cause[asked.roots[moved]] != BEYOND)).any():
            raise BeyondRange("a scenario")
        yield _Moved(moved, again.chosen[mine], again.basis[mine])


def _system(prepared: Prepared, copies: Sequence[_Copy]) -> tuple[list[IntArray], ChainSnapshot]:
    """A snapshot of the copies: numbers of their nodes in it, and its arrays. It knows no content and no indicators."""
    snapshot = prepared.snapshot
    parts = [_edges(snapshot, copy) for copy in copies]
    still = np.unique(np.concatenate([part.column[part.column >= 0] for part in parts]))
    starts = np.cumsum([len(still), *(len(part.own) for part in parts)])
    own = np.concatenate([prepared.rolled.chosen[still], *(part.own for part in parts)])
    row = np.concatenate([part.row + start for part, start in zip(parts, starts, strict=False)])
    column = np.concatenate([_placed(part.column, still, start) for part, start in zip(parts, starts, strict=False)])
    data = np.concatenate([part.data for part in parts])
    kind = np.concatenate([snapshot.kind[still], *(part.kind for part in parts)])
    found = order_of(row, column, kind == NodeKind.PRODUCT)
    levels = found.level
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
        kind=kind[order],
        level_starts=np.searchsorted(levels[order], np.arange(len(found.looped) + 1)),
        looped=found.looped,
        indptr=np.searchsorted(place[row][by_row], np.arange(len(own) + 1)),
        indices=place[column][by_row],
        emissions=data[by_row],
        mass=np.zeros(len(row)),
        own=Matrix.of(own[order]),
        own_mass=Matrix(np.zeros(len(own), np.int8), np.zeros((1, snapshot.own_mass.shape[1]))),
        decided=decided,
        attested=snapshot.attested[offered],
        declared=snapshot.declared[offered],
        default=snapshot.default[offered],
        content_offers=_no_content(),
        indicators=_no_indicators(len(own)),
    )
    return numbers, system


def _placed(column: IntArray, still: IntArray, start: int) -> IntArray:
    return np.where(column >= 0, np.searchsorted(still, column), -1 - column + start)


def _no_indicators(nodes: int) -> IndicatorSystem:
    layout = layout_of((Group.GHG,))
    nothing = Own((), np.zeros(nodes, np.int8), layout.size - layout.first_flag)
    return IndicatorSystem(layout, nothing, {}, np.zeros(nodes, np.bool_))


def _no_content() -> ContentOffers:
    none = np.zeros(0, np.int64)
    return ContentOffers(none, np.zeros((0, len(CONTENT))), none, np.zeros(0, np.bool_))


@dataclass(frozen=True)
class _Part:
    """One scenario's rows: its copied nodes, then its sources. ``column`` is a node of the snapshot, whose value
    stays, or -1 - a row of this part."""

    own: FloatArray
    kind: IntArray
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
    kind = np.concatenate([snapshot.kind[nodes], np.full(len(found.sources), NodeKind.LOT, np.int64)])
    return _Part(np.concatenate(vectors), kind, np.concatenate(rows), np.concatenate(columns), np.concatenate(amounts))


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
