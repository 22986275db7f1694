"""The order in which a chain can be rolled up: topological levels, and the cycles that have none."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.rollup.arrays import IntArray, expand

CYCLIC = -1


def topological_levels(rows: IntArray, columns: IntArray, size: int) -> IntArray:
    """Level of every node, shape (size,): 0 needs nothing, a node stands above all it needs.

    ``rows[k]`` needs ``columns[k]``; an edge may be stated more than once. Nodes in a cycle or above one have no level:
    ``CYCLIC``. Kahn's algorithm, one frontier at a time.
    """
    missing = np.bincount(rows, minlength=size).astype(np.int64)
    order = np.argsort(columns, kind="stable")
    users = rows[order]
    starts = np.searchsorted(columns[order], np.arange(size + 1, dtype=np.int64))
    levels = np.full(size, CYCLIC, np.int64)
    frontier = np.flatnonzero(missing == 0)
    level = 0
    while len(frontier):
        levels[frontier] = level
        touched = users[expand(starts[frontier], starts[frontier + 1] - starts[frontier])]
        np.subtract.at(missing, touched, 1)
        frontier = np.unique(touched[missing[touched] == 0])
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
