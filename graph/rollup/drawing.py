"""A lot's chain as nodes and edges for drawing: lots and references, joined by the processes between them."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import IntArray
from graph.rollup.closure import NodeName, name_of, refuse
from graph.rollup.figure import node_of
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP, KNOWN, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.units import Dimension


@dataclass(frozen=True)
class ChainNode:
    """A lot or reference: its figure (kgCO2e per canonical unit of ``dimension``; None: unknown) and its least tier."""

    name: NodeName
    organization: str
    facility: str
    country: str
    material: str
    tier: int
    basis: Basis
    dimension: Dimension
    total: float | None
    lower_bound: bool


@dataclass(frozen=True)
class ChainEdge:
    """So many units of ``source`` in one of ``target`` (positions in ``Chain.nodes``), through ``process`` or ""."""

    source: int
    target: int
    process: str
    amount: float


@dataclass(frozen=True)
class Chain:
    """What can be drawn; ``truncated`` where the chain goes on beyond the limit."""

    nodes: tuple[ChainNode, ...]
    edges: tuple[ChainEdge, ...]
    truncated: bool


def chain(snapshot: ChainSnapshot, rolled: Rolled, lot_key: str, limit: int) -> Chain:
    """The chain above a lot, nearest first, at most ``limit`` nodes. Raises ``LotUnknown`` and what ``closure`` raises.

    It shows what is recorded, also below lots whose figure is a footprint.
    """
    root = node_of(snapshot, lot_key)
    refuse(snapshot, rolled, np.array([root], np.int64))
    tiers = {root: 0}
    edges: list[tuple[int, int, str, float]] = []
    waiting, truncated = [root], False
    for target in waiting:
        for source, process, amount in _sources(snapshot, target):
            if source not in tiers and len(tiers) >= limit:
                truncated = True
                continue
            tier = tiers[target] + _crossing(snapshot, source, target)
            if source not in tiers:
                waiting.append(source)
            tiers[source] = min(tier, tiers.get(source, tier))
            edges.append((source, target, process, amount))
    place = {node: i for i, node in enumerate(waiting)}
    return Chain(
        nodes=tuple(_node(snapshot, rolled, node, tiers[node]) for node in waiting),
        edges=tuple(ChainEdge(place[s], place[t], process, amount) for s, t, process, amount in edges),
        truncated=truncated,
    )


def _sources(snapshot: ChainSnapshot, node: int) -> list[tuple[int, str, float]]:
    """What a lot is made of: (lot or reference, process between, units of it per unit of the lot)."""
    result: list[tuple[int, str, float]] = []
    for below, amount in _edges(snapshot, node):
        if snapshot.kind[below] != NodeKind.PROCESS:
            result.append((below, "", amount))
            continue
        result += [(source, snapshot.key[below], amount * used) for source, used in _edges(snapshot, below)]
    return result


def _edges(snapshot: ChainSnapshot, node: int) -> list[tuple[int, float]]:
    edges = slice(int(snapshot.indptr[node]), int(snapshot.indptr[node + 1]))
    return list(zip(snapshot.indices[edges].tolist(), snapshot.emissions[edges].tolist(), strict=True))


def _crossing(snapshot: ChainSnapshot, source: int, target: int) -> int:
    organization: IntArray = snapshot.attributes.organization
    return int(organization[source] != organization[target])


def _node(snapshot: ChainSnapshot, rolled: Rolled, node: int, tier: int) -> ChainNode:
    a, vector = snapshot.attributes, rolled.chosen[node]
    return ChainNode(
        name=name_of(snapshot, node),
        organization=a.organizations[a.organization[node]],
        facility=a.facilities[a.facility[node]],
        country=a.countries[a.country[node]],
        material=a.materials[a.material[node]],
        tier=tier,
        basis=Basis(int(rolled.basis[node])),
        dimension=Dimension(int(snapshot.dimension[node])),
        total=float(vector[: UNDIVIDED + 1].sum()) if vector[KNOWN] > 0 else None,
        lower_bound=bool(vector[GAP] > 0),
    )
