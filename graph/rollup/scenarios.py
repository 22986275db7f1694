"""What somebody would like to change, and what that is in the arrays of a snapshot: own emissions and coefficients."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from graph.rollup.adjacency import Users, above, below, overriding, users_of
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.closure import own_activities
from graph.rollup.emissions import Activities
from graph.rollup.errors import RollupError
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import DIRECT, GAP, UNDIVIDED
from graph.rollup.policy import CBAM, Basis
from graph.rollup.snapshot import ChainSnapshot

ELECTRICITY = "electricity"


class UnitsDiffer(RollupError):
    """One thing cannot stand in for another: nothing relates their units (a mass per piece or a density is missing)."""


@dataclass(frozen=True)
class Prepared:
    """A solved snapshot with what every question about it needs; made once and kept with it.

    ``override`` marks nodes whose value is a footprint or a default, ``ends`` these and those that have no figure, and
    ``pinned`` those whose evidence counts before a complete computation, so that nothing below can change them.
    """

    snapshot: ChainSnapshot
    rolled: Rolled
    users: Users
    override: BoolArray
    ends: BoolArray
    pinned: BoolArray


def prepare(snapshot: ChainSnapshot, rolled: Rolled) -> Prepared:
    """A solved snapshot made ready for questions."""
    override = overriding(rolled)
    ends = override | (rolled.cause != ABSENT)
    return Prepared(snapshot, rolled, users_of(snapshot), override, ends, _pinned(snapshot, rolled))


def _pinned(snapshot: ChainSnapshot, rolled: Rolled) -> BoolArray:
    order = snapshot.policy.order
    better = [basis for basis in order[: order.index(Basis.COMPUTED)] if basis != Basis.UNKNOWN]
    found: BoolArray = np.isin(rolled.basis, better)
    return found


@dataclass(frozen=True)
class Grid:
    """Electricity of a region ("": everywhere; "CN" takes in "CN-EAST") at another factor, kgCO2e per MJ."""

    region: str
    factor: float


@dataclass(frozen=True)
class Scale:
    """Activities with their factor, or equally their quantity, times ``scale``.

    ``activity`` their name, ``type`` their type ("" any; a leg's is "transport"), ``process`` the key of their process:
    one that may be looked into ("" any).
    """

    scale: float
    activity: str = ""
    type: str = ""
    process: str = ""


@dataclass(frozen=True)
class Source:
    """What stands in for an input: a node of the chain, or an average of nodes, or a stated vector of one unit.

    ``nodes`` and ``shares`` give the value per unit of (``product``, ``dimension``); without nodes it is ``vector``.
    """

    product: int
    dimension: int
    nodes: IntArray
    shares: FloatArray
    vector: FloatArray


@dataclass(frozen=True)
class Switch:
    """Inputs taken from elsewhere, and in another quantity.

    ``inputs`` are the nodes that are replaced, ``source`` what they are replaced by (None: they stay), ``scale`` what
    the quantity is multiplied by. Only inputs of those that may be looked into are switched.
    """

    inputs: IntArray
    source: Source | None
    scale: float = 1.0


Change = Grid | Scale | Switch


@dataclass(frozen=True)
class Asked:
    """The sum that is asked about, and who may know what: ``roots`` with ``amounts``, shapes (roots,), 0 if unknown.

    ``open`` marks the organizations (codes) that may be looked into. What is changed at others is only taken in where
    at least ``minimum`` of them take part (reference/accounting.md, ruling 9).
    """

    roots: IntArray
    amounts: FloatArray
    open: BoolArray
    minimum: int


@dataclass(frozen=True)
class Scope:
    """The part of a chain that a question can touch, as masks of shape (nodes,).

    ``upstream`` is all above the roots, ``counting`` what their figures rest on (up to chosen evidence), ``activities``
    positions of the activities of the former, ``picked`` what changes have been found to name among them.
    """

    upstream: BoolArray
    counting: BoolArray
    activities: IntArray
    picked: dict["Change", "Picked"] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What became of one change.

    ``matched``: there is something it names. ``counted``: some of that counts in the figure. ``covered``: nodes whose
    footprint or default stands for what was named below them, which a change below cannot alter. ``withheld``: too few
    organizations take part for it to be told.
    """

    matched: bool
    counted: bool
    covered: IntArray
    withheld: bool


@dataclass(frozen=True)
class Picked:
    """The activities that a change names and may change (positions in ``Scope.activities``), and what becomes of it.

    ``floored``: some are direct emissions of a process that Annex III keeps from falling below zero. ``unresolved``: it
    names some that count and have no value, too, so that how much of the unknown it changes is unknown.
    """

    chosen: IntArray
    effect: Effect
    floored: bool
    unresolved: bool


@dataclass(frozen=True)
class Patch:
    """A scenario in the arrays: what own emissions of processes grow by, and edges with another end or coefficient.

    ``node`` and ``delta`` (changes, 3); ``edge`` (positions, ascending), ``coefficient``, and ``source``: the position
    in ``sources`` of what they now lead to, or absent. ``same_unknowns``: what is unknown is the same as before.
    ``scope`` takes in what the sources rest on.
    """

    node: IntArray
    delta: FloatArray
    edge: IntArray
    coefficient: FloatArray
    source: IntArray
    sources: tuple[Source, ...]
    same_unknowns: bool
    effects: tuple[Effect, ...]
    scope: Scope


def scope_of(prepared: Prepared, roots: IntArray) -> Scope:
    """What a question about some nodes can touch."""
    snapshot = prepared.snapshot
    upstream = above(snapshot, roots)
    counting = above(snapshot, roots, prepared.override)
    return Scope(upstream, counting, own_activities(snapshot, np.flatnonzero(upstream)))


def patch(prepared: Prepared, asked: Asked, scope: Scope, changes: Sequence[Change]) -> Patch:
    """The changes of one scenario, in their order: a later one starts from what an earlier one left.

    Raises ``UnitsDiffer``.
    """
    switches = [c for c in changes if isinstance(c, Switch)]
    scope = _widened(prepared, asked, scope, switches)
    edges, ends, same = _switched(prepared, asked, scope, switches)
    effects, turned = [], []
    for change in changes:
        if isinstance(change, Switch):
            effects.append(_effect(prepared, scope, _rows(prepared.snapshot, ends[id(change)]), withheld=False))
            continue
        picked = pick(prepared, asked, scope, change)
        effects.append(picked.effect)
        turned.append((picked.chosen, change))
        same = same and not picked.unresolved
    node, delta = _own(prepared.snapshot, scope.activities, turned)
    edge = np.array(sorted(edges), np.int64)
    return Patch(
        node=node,
        delta=delta,
        edge=edge,
        coefficient=np.array([edges[e][0] * edges[e][1] for e in edge.tolist()]),
        source=np.array([edges[e][2] for e in edge.tolist()], np.int64),
        sources=tuple(c.source for c in switches if c.source is not None),
        same_unknowns=same,
        effects=tuple(effects),
        scope=scope,
    )


def pick(prepared: Prepared, asked: Asked, scope: Scope, change: "Grid | Scale") -> Picked:
    """What a change names; the same for the same words, whatever the number is."""
    key = replace(change, factor=0.0) if isinstance(change, Grid) else replace(change, scale=0.0)
    if key not in scope.picked:
        snapshot, listed = prepared.snapshot, prepared.snapshot.activities
        named = _named(snapshot, listed, asked, scope.activities, change)
        chosen, withheld = _told(prepared, asked, scope, named)
        at = scope.activities[chosen]
        process = listed.process[at]
        floored = _cbam(snapshot, process) & (listed.scope[at] == DIRECT)
        effect = _effect(prepared, scope, process, withheld=withheld)
        lacking = np.flatnonzero((scope.counting & ~prepared.override)[snapshot.unresolved.process])
        unresolved = len(_named(snapshot, snapshot.unresolved, asked, lacking, change)) > 0
        scope.picked[key] = Picked(chosen, effect, bool(floored.any()), unresolved)
    return scope.picked[key]


def _cbam(snapshot: ChainSnapshot, nodes: IntArray) -> BoolArray:
    names = snapshot.attributes.boundaries
    found: BoolArray = snapshot.attributes.boundary[nodes] == (names.index(CBAM) if CBAM in names else ABSENT)
    return found


def _rows(snapshot: ChainSnapshot, edges: IntArray) -> IntArray:
    """The node that each edge belongs to."""
    return np.searchsorted(snapshot.indptr, edges, "right") - 1


def _named(
    snapshot: ChainSnapshot, listed: Activities, asked: Asked, activities: IntArray, change: Grid | Scale
) -> IntArray:
    """Positions, among some of the activities listed, of those that a change names."""
    kinds = [label.partition("|") for label in listed.levers]
    if isinstance(change, Grid):
        region = change.region.upper()
        fits = [k == ELECTRICITY and (not region or (r + "-").startswith(region + "-")) for k, _, r in kinds]
        return np.flatnonzero(np.array(fits, np.bool_)[listed.lever[activities]])
    named = np.array([not change.activity or name == change.activity for name in listed.names], np.bool_)
    fits = [k == change.type or (not change.type and k != "floor") for k, _, _ in kinds]
    found = np.array(fits, np.bool_)[listed.lever[activities]] & named[listed.name[activities]]
    if change.process:
        process = listed.process[activities]
        mine = asked.open[snapshot.attributes.organization[process]]
        keys = np.array([snapshot.key[n] == change.process for n in process[found & mine].tolist()], np.bool_)
        return np.flatnonzero(found & mine)[keys]
    return np.flatnonzero(found)


def _told(prepared: Prepared, asked: Asked, scope: Scope, chosen: IntArray) -> tuple[IntArray, bool]:
    """Without what belongs to organizations that are too few to be told of; and whether there are such."""
    snapshot = prepared.snapshot
    process = snapshot.activities.process[scope.activities[chosen]]
    owner = snapshot.attributes.organization[process]
    hidden = ~asked.open[owner]
    crowd = int((np.bincount(owner[hidden & scope.counting[process]]) > 0).sum())
    if 0 < crowd < asked.minimum:
        return chosen[~hidden], True
    return chosen, False


def _own(
    snapshot: ChainSnapshot, activities: IntArray, turned: Sequence[tuple[IntArray, "Grid | Scale"]]
) -> tuple[IntArray, FloatArray]:
    """What own emissions grow by, by process and scope; the floor of Annex III holds for the new values too."""
    if not turned:
        return np.zeros(0, np.int64), np.zeros((0, UNDIVIDED + 1))
    listed = snapshot.activities
    value = listed.value[activities]
    changed = value.copy()
    for chosen, change in turned:
        if isinstance(change, Grid):
            changed[chosen] = listed.base[activities[chosen]] * change.factor
        else:
            changed[chosen] *= change.scale
    moved = np.flatnonzero(changed != value)
    at = activities[moved]
    node, place = np.unique(listed.process[at], return_inverse=True)
    delta = np.zeros((len(node), UNDIVIDED + 1))
    np.add.at(delta, (place, listed.scope[at]), changed[moved] - value[moved])
    floored = np.flatnonzero(_cbam(snapshot, node) & (delta[:, DIRECT] != 0))
    if len(floored):
        delta[floored, DIRECT] += _floor_moves(snapshot, node[floored], delta[floored, DIRECT])
    return node, delta


def _floor_moves(snapshot: ChainSnapshot, node: IntArray, delta: FloatArray) -> FloatArray:
    """What the floor at zero of some processes grows by when their direct emissions do."""
    listed, at = snapshot.activities, own_activities(snapshot, node)
    direct = at[listed.scope[at] == DIRECT]
    place = np.searchsorted(node, listed.process[direct])
    floor = np.bincount(place, np.where(listed.floor[direct], listed.value[direct], 0.0), len(node))
    raw = np.bincount(place, np.where(listed.floor[direct], 0.0, listed.value[direct]), len(node)) + delta
    moves: FloatArray = np.maximum(0.0, -raw) - floor
    return moves


def _widened(prepared: Prepared, asked: Asked, scope: Scope, switches: Sequence[Switch]) -> Scope:
    """A scenario holds for what is newly used, too."""
    roots, waiting = asked.roots, [s for s in switches if s.source is not None and len(s.source.nodes)]
    while used := [s for s in waiting if len(_inputs(prepared, asked, scope, s))]:
        roots = np.concatenate([roots, *(s.source.nodes for s in used if s.source is not None)])
        waiting = [s for s in waiting if all(s is not u for u in used)]
        scope = scope_of(prepared, roots)
    return scope


# By edge: the amount in the unit of what it led to, units of the source that stand in for one of these, the source.
_Edges = dict[int, tuple[float, float, int]]


def _switched(
    prepared: Prepared, asked: Asked, scope: Scope, switches: Sequence[Switch]
) -> tuple[_Edges, dict[int, IntArray], bool]:
    """The edges that change; by switch its edges; and whether what is unknown stays the same."""
    snapshot, rolled = prepared.snapshot, prepared.rolled
    edges: _Edges = {}
    ends: dict[int, IntArray] = {}
    same, count = True, 0
    for switch in switches:
        found = ends[id(switch)] = _inputs(prepared, asked, scope, switch)
        old = snapshot.indices[found]
        ratio = _ratio(snapshot, old, switch.source)
        for edge, r in zip(found.tolist(), ratio.tolist(), strict=True):
            amount, kept, end = edges.get(edge, (float(snapshot.emissions[edge]), 1.0, ABSENT))
            stays = switch.source is None
            edges[edge] = amount * switch.scale, kept if stays else r, end if stays else count
        same = same and bool((rolled.chosen[old, GAP] == 0).all())
        if switch.source is not None:
            same = same and _whole(rolled, switch.source)
            count += 1
    return edges, ends, same


def _whole(rolled: Rolled, source: Source) -> bool:
    gaps = rolled.chosen[source.nodes, GAP] if len(source.nodes) else source.vector[[GAP]]
    return not bool(gaps.any())


def _inputs(prepared: Prepared, asked: Asked, scope: Scope, switch: Switch) -> IntArray:
    """The edges of a switch, ascending: from processes and lots that may be looked into; shares of a lot stay."""
    snapshot, users = prepared.snapshot, prepared.users
    at = users.of(switch.inputs)
    row = users.row[at]
    mine = scope.upstream[row] & asked.open[snapshot.attributes.organization[row]]
    if switch.source is None:
        mine &= snapshot.kind[row] == NodeKind.PROCESS
    return np.sort(users.edge[at[mine]])


def _ratio(snapshot: ChainSnapshot, old: IntArray, source: Source | None) -> FloatArray:
    """Units of the source that stand in for one unit of each input. Raises ``UnitsDiffer``."""
    if source is None:
        return np.ones(len(old))
    new = np.full(len(old), source.product, np.int64), np.full(len(old), source.dimension, np.int64)
    found = snapshot.facts.products.ratio((snapshot.product[old], snapshot.dimension[old]), new)
    if np.isnan(found).any():
        key = snapshot.key[int(old[np.isnan(found)][0])]
        raise UnitsDiffer(f"nothing relates the unit of {key} to that of what should stand in for it")
    return found


def _effect(prepared: Prepared, scope: Scope, nodes: IntArray, *, withheld: bool) -> Effect:
    """Whether nodes that a change names count, and which evidence stands in the way of those that do not."""
    counted = scope.counting[nodes] & ~prepared.override[nodes]
    behind = nodes[~counted]
    covered = np.zeros(0, np.int64)
    if len(behind):
        reached = below(prepared.users, behind, scope.upstream)
        covered = np.flatnonzero(reached & scope.counting & prepared.override)
    return Effect(bool(len(nodes)), bool(counted.any()), covered, withheld)
