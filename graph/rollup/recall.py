"""Where a lot went: every lot made of it, by the chain read the other way round."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.adjacency import Users, below
from graph.rollup.arrays import BoolArray, IntArray
from graph.rollup.nodes import NodeKind
from graph.rollup.snapshot import ChainSnapshot


@dataclass(frozen=True)
class Downstream:
    """The lots that hold, or may hold, something of a lot: nodes ascending.

    ``named`` marks those that lots and processes name all along; the others were reached by somebody who named only a
    product and a period, of which the lot is one.
    """

    lots: IntArray
    named: BoolArray


def downstream(snapshot: ChainSnapshot, users: Users, node: int, first: BoolArray) -> Downstream:
    """All lots made of a lot, at whatever distance. Evidence plays no part: what a footprint stands for, too, was made
    of something.

    ``first`` marks the organizations (codes) whose own uses of the lot are followed; beyond them, everybody's are.
    """
    used = users.row[users.indptr[node] : users.indptr[node + 1]]
    starts = used[first[snapshot.attributes.organization[used]]]
    every = np.ones(len(snapshot.kind), np.bool_)
    reached = below(users, starts, every)
    named = below(users, starts, snapshot.kind != NodeKind.PRODUCT)
    reached[node] = False
    lots = np.flatnonzero(reached & (snapshot.kind == NodeKind.LOT))
    return Downstream(lots, named[lots])
