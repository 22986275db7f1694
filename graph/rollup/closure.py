"""What a figure rests on: the part of the chain below it, as far as chosen evidence lets one look."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, expand
from graph.rollup.errors import CycleFound
from graph.rollup.kernel import Rolled
from graph.rollup.levels import CYCLIC, components
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot

OVERRIDING = (Basis.ATTESTED, Basis.DECLARED, Basis.DEFAULT)


@dataclass(frozen=True)
class Closure:
    """Nodes below some roots, ascending (so each stands after all it needs), and the edges between them.

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
    return np.isin(rolled.basis[nodes], OVERRIDING)


def edges_of(snapshot: ChainSnapshot, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of all edges of some nodes, and the node each belongs to."""
    counts = snapshot.indptr[nodes + 1] - snapshot.indptr[nodes]
    return expand(snapshot.indptr[nodes], counts), np.repeat(nodes, counts)


def closure(
    snapshot: ChainSnapshot, rolled: Rolled, roots: IntArray, cut: Callable[[IntArray], BoolArray] | None = None
) -> Closure:
    """The closure of some nodes: a breadth-first walk that touches nothing else. Raises ``CycleFound``.

    The walk ends where ``cut`` says so: where a footprint or default was taken, unless told otherwise.
    """
    refuse_cycles(snapshot, roots)
    ends = cut or (lambda nodes: overrides(rolled, nodes))
    seen = frontier = np.unique(roots)
    while len(frontier):
        edges, _ = edges_of(snapshot, frontier[~ends(frontier)])
        frontier = np.setdiff1d(snapshot.indices[edges], seen)
        seen = np.union1d(seen, frontier)
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


def refuse_cycles(snapshot: ChainSnapshot, roots: IntArray) -> None:
    """Raise ``CycleFound`` for the first root that has no figure (ruling 8)."""
    for root in roots[roots >= snapshot.ready].tolist():
        raise CycleFound(snapshot.key[root], _cycle(snapshot, root))


def _cycle(snapshot: ChainSnapshot, root: int) -> tuple[str, ...]:
    """The lots of a cycle at or below a node, or the processes and products of one without lots."""
    seen = frontier = np.array([root], np.int64)
    while len(frontier):
        edges, _ = edges_of(snapshot, frontier)
        below = snapshot.indices[edges]
        frontier = np.setdiff1d(below[below >= snapshot.ready], seen)
        seen = np.union1d(seen, frontier)
    edges, owner = edges_of(snapshot, seen)
    inside = snapshot.indices[edges] >= snapshot.ready
    row, column = np.searchsorted(seen, owner[inside]), np.searchsorted(seen, snapshot.indices[edges][inside])
    component = components(row, column, len(seen))
    members = seen[component == component[component != CYCLIC].min()]
    lots = members[snapshot.kind[members] == NodeKind.LOT]
    named = lots if len(lots) else members
    return tuple(sorted({snapshot.key[node] for node in named.tolist()}))


def document_indices(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[int, ...]:
    """Ledger indices of all documents a figure rests on: descriptions, activities and the footprints chosen."""
    lots_and_processes = snapshot.document[found.nodes]
    offer = taken_offers(snapshot, rolled, found.nodes[found.override])
    activities = own_activities(snapshot, found.nodes[~found.override])
    parts = (lots_and_processes, snapshot.offers.document[offer], snapshot.activities.document[activities])
    documents = np.unique(np.concatenate(parts))
    return tuple(documents[documents != ABSENT].tolist())


def taken_offers(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> IntArray:
    """The offer that is the value of each of some overridden nodes."""
    return rolled.offer[np.searchsorted(snapshot.decided, nodes)]


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
    """Nodes of which something is unknown: no account at all, or one with a gap of its own."""
    nodes = found.nodes[~found.override]
    partial = found.nodes[found.override]
    partial = partial[snapshot.offers.partial[taken_offers(snapshot, rolled, partial)]]
    gaps = np.concatenate([nodes[snapshot.own[nodes, GAP] > 0], partial])
    return tuple(sorted({name_of(snapshot, node) for node in gaps.tolist()}))


def defaulted(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[NodeName, ...]:
    """Nodes that a published default fills: references and lots, and processes with a published factor."""
    nodes = found.nodes[rolled.basis[found.nodes] == Basis.DEFAULT]
    activities = own_activities(snapshot, found.nodes[~found.override])
    processes = snapshot.activities.process[activities[snapshot.activities.default[activities]]]
    return tuple(sorted({name_of(snapshot, n) for n in [*nodes.tolist(), *processes.tolist()]}))


def own_activities(snapshot: ChainSnapshot, nodes: IntArray) -> IntArray:
    """Positions of the activities of some nodes."""
    starts = snapshot.activity_starts
    return expand(starts[nodes], starts[nodes + 1] - starts[nodes])
