"""Where a lot's number comes from, node by node: each with what it is the sum of, and the documents that say so."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT
from graph.rollup.closure import NodeName, edges_of, name_of, overrides, own_activities, refuse, taken_offers
from graph.rollup.figure import node_of
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP, KNOWN, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.units import Dimension


@dataclass(frozen=True)
class Emitted:
    """One activity of a process: kgCO2e over the whole process; ``default``: by a published factor."""

    name: str
    value: float
    default: bool


@dataclass(frozen=True)
class Term:
    """So much of a source in what it is a term of; ``source``: its position among the nodes, None beyond the limit."""

    source: int | None
    amount: float


@dataclass(frozen=True)
class Explained:
    """A node and what its number is the sum of: ``sum(amount x total of source) + sum(emitted)``.

    ``total``: kgCO2e, per canonical unit of ``dimension`` but for processes, which hold the whole
    and have none; None: unknown.
    ``stated``: the number is a footprint's or a default's, and nothing below counts. ``documents``: ledger indices.
    """

    name: NodeName
    basis: Basis
    dimension: Dimension | None
    total: float | None
    lower_bound: bool
    stated: bool
    terms: tuple[Term, ...]
    emitted: tuple[Emitted, ...]
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Explanation:
    """All that a lot's number rests on, the lot first, each node once; ``truncated``: there is more."""

    nodes: tuple[Explained, ...]
    truncated: bool


def explanation(snapshot: ChainSnapshot, rolled: Rolled, lot: str, limit: int) -> Explanation:
    """What a lot's footprint is the sum of, nearest first, at most ``limit`` nodes.

    Raises ``LotUnknown``, and what ``closure`` raises.
    """
    root = node_of(snapshot, lot)
    refuse(snapshot, rolled, np.array([root], np.int64))
    place, waiting, truncated = {root: 0}, [root], False
    rows: list[tuple[bool, list[tuple[int, float]]]] = []
    for node in waiting:
        one = np.array([node], np.int64)
        stated = bool(overrides(rolled, one)[0])
        below = [] if stated else _below(snapshot, node)
        rows.append((stated, below))
        for source, _ in below:
            if source not in place and len(place) < limit:
                place[source] = len(place)
                waiting.append(source)
            truncated = truncated or source not in place
    nodes = [_node(snapshot, rolled, place, node, row) for node, row in zip(waiting, rows, strict=True)]
    return Explanation(tuple(nodes), truncated)


def _below(snapshot: ChainSnapshot, node: int) -> list[tuple[int, float]]:
    edges, _ = edges_of(snapshot, np.array([node], np.int64))
    return list(zip(snapshot.indices[edges].tolist(), snapshot.emissions[edges].tolist(), strict=True))


def _node(
    snapshot: ChainSnapshot, rolled: Rolled, place: dict[int, int], node: int, row: tuple[bool, list[tuple[int, float]]]
) -> Explained:
    (stated, below), vector, one = row, rolled.chosen[node], np.array([node], np.int64)
    listed = snapshot.activities
    own = np.zeros(0, np.int64) if stated else own_activities(snapshot, one)
    said = snapshot.offers.document[taken_offers(snapshot, rolled, one)] if stated else listed.document[own]
    documents = np.unique(np.concatenate([said, listed.published[own], snapshot.document[[node]]]))
    return Explained(
        name=name_of(snapshot, node),
        basis=Basis(int(rolled.basis[node])),
        dimension=None if snapshot.kind[node] == NodeKind.PROCESS else Dimension(int(snapshot.dimension[node])),
        total=float(vector[: UNDIVIDED + 1].sum()) if vector[KNOWN] > 0 else None,
        lower_bound=bool(vector[GAP] > 0),
        stated=stated,
        terms=tuple(Term(place.get(source), amount) for source, amount in below),
        emitted=tuple(
            Emitted(listed.names[listed.name[i]], float(listed.value[i]), bool(listed.default[i])) for i in own.tolist()
        ),
        documents=tuple(documents[documents != ABSENT].tolist()),
    )
