"""The order in which a chain can be rolled up: topological levels, loops that are legal, and cycles that are not."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.rollup.arrays import BoolArray, IntArray, by_code, expand, sorted_once

CYCLIC = -1


@dataclass(frozen=True)
class Order:
    """``level`` of every node, shape (nodes,), or ``CYCLIC``; ``looped``, shape (levels,): it is one legal loop."""

    level: IntArray
    looped: BoolArray


def order_of(rows: IntArray, columns: IntArray, breaks: BoolArray) -> Order:
    """The levels of a chain, each strongly connected component that is legal a level of its own.

    ``rows[k]`` needs ``columns[k]``; ``breaks`` has shape (nodes,): references to a product in a period. A loop is
    legal if each of its cycles passes one of these (closed-loop recycling: both firms state what a period took on
    average); where lots alone go round, something was made of itself, and neither it nor what stands above has a level
    (reference/accounting.md, "Cycles").
    """
    size = len(breaks)
    level = topological_levels(rows, columns, size)
    if (level != CYCLIC).all():
        return Order(level, np.zeros(int(level.max(initial=CYCLIC)) + 1, np.bool_))
    loop = _legal_loops(rows, columns, breaks)
    inside = (loop[rows] == loop[columns]) & (loop[rows] != CYCLIC)
    unit = np.where(loop == CYCLIC, np.arange(size), loop)
    level = topological_levels(unit[rows[~inside]], unit[columns[~inside]], size)[unit]
    has = np.flatnonzero(level != CYCLIC)
    # Within a level first what is in no loop, then loop by loop.
    found, at = np.unique(level[has] * (size + 1) + loop[has] + 1, return_inverse=True)
    level[has] = at
    return Order(level, found % (size + 1) > 0)


def _legal_loops(rows: IntArray, columns: IntArray, breaks: BoolArray) -> IntArray:
    """The least node of the legal loop that each node is in, ``CYCLIC`` where it is in none, shape (nodes,)."""
    size = len(breaks)
    found = components(rows, columns, size)
    unbroken = ~(breaks[rows] | breaks[columns])
    round_ = components(rows[unbroken], columns[unbroken], size) != CYCLIC
    members = np.flatnonzero((found != CYCLIC) & ~np.isin(found, found[round_]))
    least = np.full(size, size, np.int64)
    np.minimum.at(least, found[members], members)
    loop = np.full(size, CYCLIC, np.int64)
    loop[members] = least[found[members]]
    return loop


def topological_levels(rows: IntArray, columns: IntArray, size: int) -> IntArray:
    """Level of every node, shape (size,): 0 needs nothing, a node stands above all it needs.

    ``rows[k]`` needs ``columns[k]``; an edge may be stated more than once. Nodes in a cycle or above one have no level:
    ``CYCLIC``. Kahn's algorithm, one frontier at a time.
    """
    missing = np.bincount(rows, minlength=size).astype(np.int64)
    order = by_code(columns)
    users = rows[order]
    starts = np.searchsorted(columns[order], np.arange(size + 1, dtype=np.int64))
    levels = np.full(size, CYCLIC, np.int64)
    frontier = np.flatnonzero(missing == 0)
    level = 0
    while len(frontier):
        levels[frontier] = level
        touched = users[expand(starts[frontier], starts[frontier + 1] - starts[frontier])]
        np.subtract.at(missing, touched, 1)
        frontier = sorted_once(touched[missing[touched] == 0])
        level += 1
    return levels


def components(rows: IntArray, columns: IntArray, size: int) -> IntArray:
    """Strongly connected component of every node, shape (size,); ``CYCLIC`` where a node is in no cycle."""
    graph = csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    _, labels = connected_components(graph, directed=True, connection="strong")
    found = labels.astype(np.int64)
    loops = np.zeros(size, np.bool_)
    loops[rows[rows == columns]] = True
    return np.where((np.bincount(found)[found] > 1) | loops, found, CYCLIC)
