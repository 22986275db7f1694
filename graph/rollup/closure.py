"""What a figure rests on: the part of the chain below it, as far as chosen evidence lets one look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, expand, sorted_once
from graph.rollup.errors import BeyondRange, CycleFound, LoopDiverges
from graph.rollup.findings import Finding
from graph.rollup.kernel import Rolled
from graph.rollup.levels import CYCLIC, components
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP, KNOWN
from graph.rollup.policy import Basis
from graph.rollup.refusals import BEYOND
from graph.rollup.snapshot import ChainSnapshot

OVERRIDING = (Basis.ATTESTED, Basis.DECLARED, Basis.DEFAULT)
_OVERRIDES = np.array([basis in OVERRIDING for basis in Basis])


@dataclass(frozen=True)
class Closure:
    """Nodes below some roots, ascending (so each stands after all it needs but within its loop), and their edges.

    Edges are sorted by row; ``row`` and ``column`` are positions in ``nodes``. ``override`` marks nodes whose value is
    a footprint or a default: nothing below them counts, so nothing below them is reached.
    """

    nodes: IntArray
    override: BoolArray
    row: IntArray
    column: IntArray
    emissions: FloatArray
    mass: FloatArray
    roots: IntArray


def overrides(rolled: Rolled, nodes: IntArray) -> BoolArray:
    """Which nodes take their value from a footprint or default."""
    found: BoolArray = _OVERRIDES[rolled.basis[nodes]]
    return found


def edges_of(snapshot: ChainSnapshot, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of all edges of some nodes, and the node each belongs to."""
    counts = snapshot.indptr[nodes + 1] - snapshot.indptr[nodes]
    return expand(snapshot.indptr[nodes], counts), np.repeat(nodes, counts)


def bearing(snapshot: ChainSnapshot, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """As ``edges_of``, without those that are known to bring nothing: a co-product without a share, nothing consumed.

    Of a node with a gap of its own all count: what it takes in of which nobody can tell how much stands there as 0.
    """
    edges, owner = edges_of(snapshot, nodes)
    kept = (snapshot.emissions[edges] > 0) | (snapshot.own[owner, GAP] > 0)
    return edges[kept], owner[kept]


def closure(
    snapshot: ChainSnapshot, rolled: Rolled, roots: IntArray, cut: Callable[[IntArray], BoolArray] | None = None
) -> Closure:
    """The closure of some nodes: a breadth-first walk that touches nothing else.

    The walk ends where ``cut`` says so: where a footprint or default was taken, unless told otherwise. Raises
    ``CycleFound`` (of which ``LoopDiverges`` is one) and ``BeyondRange`` where a root has no figure.
    """
    refuse(snapshot, rolled, roots)
    ends = cut or (lambda nodes: overrides(rolled, nodes))
    seen = _walk(snapshot, roots, lambda frontier: edges_of(snapshot, frontier[~ends(frontier)])[0])
    override = ends(seen)
    edges, owner = edges_of(snapshot, seen[~override])
    return Closure(
        nodes=seen,
        override=override,
        row=np.searchsorted(seen, owner),
        column=np.searchsorted(seen, snapshot.indices[edges]),
        emissions=snapshot.emissions[edges],
        mass=snapshot.mass[edges],
        roots=np.searchsorted(seen, roots),
    )


def _walk(snapshot: ChainSnapshot, roots: IntArray, onward: Callable[[IntArray], IntArray]) -> IntArray:
    """All nodes that some roots reach, ascending; ``onward`` gives the edges that lead on from a frontier."""
    met = np.zeros(len(snapshot.kind), np.bool_)
    frontier = sorted_once(roots)
    found = [frontier]
    met[frontier] = True
    while len(frontier):
        below = snapshot.indices[onward(frontier)]
        frontier = sorted_once(below[~met[below]])
        met[frontier] = True
        found.append(frontier)
    return np.sort(np.concatenate(found))


def refuse(snapshot: ChainSnapshot, rolled: Rolled, roots: IntArray) -> None:
    """Raise for the first root that has no figure (ruling 8): what ``closure`` raises."""
    for root in roots[rolled.cause[roots] != ABSENT].tolist():
        key, cause = snapshot.key[root], int(rolled.cause[root])
        if cause == BEYOND:
            raise BeyondRange(key)
        if cause >= snapshot.ready:
            raise CycleFound(key, _named(snapshot, _cycle(snapshot, root)))
        raise LoopDiverges(key, _named(snapshot, _loop(snapshot, rolled, cause)))


def _cycle(snapshot: ChainSnapshot, root: int) -> IntArray:
    """The nodes of a cycle of lots at or below a node."""

    def onward(frontier: IntArray) -> IntArray:
        edges, _ = edges_of(snapshot, frontier)
        kept: IntArray = edges[snapshot.indices[edges] >= snapshot.ready]
        return kept

    seen = _walk(snapshot, np.array([root], np.int64), onward)
    return _round(snapshot, seen[snapshot.kind[seen] != NodeKind.PRODUCT], None)


def _loop(snapshot: ChainSnapshot, rolled: Rolled, cause: int) -> IntArray:
    """The nodes of the diverging loop that a node is in: those of its component that no evidence stands in for."""
    level = int(np.searchsorted(snapshot.level_starts, cause, "right"))
    members = np.arange(snapshot.level_starts[level - 1], snapshot.level_starts[level], dtype=np.int64)
    return _round(snapshot, members[~overrides(rolled, members)], cause)


def _round(snapshot: ChainSnapshot, nodes: IntArray, through: int | None) -> IntArray:
    """Those of some nodes that are in one cycle among them: that through a node, or the first there is."""
    edges, owner = edges_of(snapshot, nodes)
    inside = np.isin(snapshot.indices[edges], nodes) & ((snapshot.emissions[edges] > 0) | (through is None))
    row, column = np.searchsorted(nodes, owner[inside]), np.searchsorted(nodes, snapshot.indices[edges][inside])
    component = components(row, column, len(nodes))
    first = component[component != CYCLIC].min() if through is None else component[np.searchsorted(nodes, through)]
    found: IntArray = nodes[component == first]
    return found


def _named(snapshot: ChainSnapshot, members: IntArray) -> tuple[str, ...]:
    """The lots of a cycle, or the products of one without lots."""
    lots = members[snapshot.kind[members] == NodeKind.LOT]
    named = lots if len(lots) else members[snapshot.kind[members] == NodeKind.PRODUCT]
    return tuple(sorted({snapshot.key[node] for node in named.tolist()}))


def document_indices(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[int, ...]:
    """Ledger indices of all documents a figure rests on: descriptions, activities, the footprints and defaults chosen,
    and published factors."""
    lots_and_processes = snapshot.document[found.nodes]
    offer = taken_offers(snapshot, rolled, found.nodes[found.override])
    activities = own_activities(snapshot, found.nodes[~found.override])
    listed = snapshot.activities
    said = listed.document[activities], listed.published[activities]
    parts = (lots_and_processes, snapshot.offers.document[offer], *said)
    documents = sorted_once(*parts)
    return tuple(documents[documents != ABSENT].tolist())


def taken_offers(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> IntArray:
    """The offer that is the value of each of some overridden nodes."""
    return rolled.offer[np.searchsorted(snapshot.decided, nodes)]


def notes_on(snapshot: ChainSnapshot, nodes: IntArray) -> Iterator[Finding]:
    """The findings that some nodes came with."""
    if len(nodes) > len(snapshot.notes):
        noted = np.fromiter(snapshot.notes, np.int64, len(snapshot.notes))
        nodes = noted[np.isin(noted, nodes)]
    return (note for node in nodes.tolist() for note in snapshot.notes.get(node, ()))


@dataclass(frozen=True, order=True)
class NodeName:
    """A node as people know it: its kind (lot, process, product, material), its key, and a reference's country."""

    kind: str
    key: str
    country: str = ""


def name_of(snapshot: ChainSnapshot, node: int) -> NodeName:
    """The name of a node."""
    kind = NodeKind(int(snapshot.kind[node]))
    country = snapshot.attributes.countries[snapshot.attributes.country[node]] if kind == NodeKind.MATERIAL else ""
    return NodeName(kind.name.lower(), snapshot.key[node], country)


def missing(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[NodeName, ...]:
    """Nodes of which something is unknown: no account at all, or one with a gap of its own.

    Not those of which nothing is borne: what is unknown of them is unknown of no figure here.
    """
    over, nodes = found.nodes[found.override], found.nodes
    if (found.emissions == 0).any():
        roots = nodes[found.roots]
        nodes = _walk(snapshot, roots, lambda frontier: bearing(snapshot, frontier[~np.isin(frontier, over)])[0])
    ended = np.isin(nodes, over, assume_unique=True)
    nodes, partial = nodes[~ended], nodes[ended]
    partial = partial[snapshot.offers.partial[taken_offers(snapshot, rolled, partial)]]
    gaps = np.concatenate([nodes[unaccounted(snapshot, rolled, nodes)], partial])
    return tuple(sorted({name_of(snapshot, node) for node in gaps.tolist()}))


def unaccounted(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> BoolArray:
    """Which nodes have a gap of their own, or are processes of a loop in which nobody states anything that is known."""
    gap = snapshot.own[nodes, GAP] > 0
    level = np.searchsorted(snapshot.level_starts, nodes, "right") - 1
    silent = np.append(snapshot.looped, False)[level] & (rolled.chosen[nodes, KNOWN] == 0)
    found: BoolArray = gap | (silent & (snapshot.kind[nodes] == NodeKind.PROCESS))
    return found


def defaulted(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[NodeName, ...]:
    """Nodes that a published default fills: references and lots, and processes with a published factor."""
    nodes = found.nodes[rolled.basis[found.nodes] == Basis.DEFAULT]
    activities = own_activities(snapshot, found.nodes[~found.override])
    processes = snapshot.activities.process[activities[snapshot.activities.default[activities]]]
    return tuple(sorted({name_of(snapshot, n) for n in [*nodes.tolist(), *processes.tolist()]}))


def published(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[tuple[NodeName, int], ...]:
    """The nodes that rest on published factors, each with the ledger index of the record of the set."""
    nodes = found.nodes[rolled.basis[found.nodes] == Basis.DEFAULT]
    listed, own = snapshot.activities, own_activities(snapshot, found.nodes[~found.override])
    own = own[listed.published[own] != ABSENT]
    every = np.concatenate([nodes, listed.process[own]]).tolist()
    records = np.concatenate([snapshot.offers.document[taken_offers(snapshot, rolled, nodes)], listed.published[own]])
    return tuple(sorted({(name_of(snapshot, n), d) for n, d in zip(every, records.tolist(), strict=True)}))


def own_activities(snapshot: ChainSnapshot, nodes: IntArray) -> IntArray:
    """Positions of the activities of some nodes."""
    starts = snapshot.activity_starts
    return expand(starts[nodes], starts[nodes + 1] - starts[nodes])
