"""The edges of a chain as a matrix: what is stated twice added up, sorted by row."""

import numpy as np

from graph.rollup.arrays import FloatArray, IntArray, by_code
from graph.rollup.links import Draft

Edges = tuple[IntArray, IntArray, FloatArray, FloatArray]


def merged(draft: Draft) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """All edges once, sorted by row and column; what is stated twice is added up in an order of its own.

    The draft has them no more: they are most of what a build holds.
    """
    row, column, emissions, mass = (np.concatenate([edge[i] for edge in draft.edges]) for i in range(4))
    draft.edges.clear()
    mass = np.where(draft.unweighed[row], 0.0, mass)
    pair = row * len(draft.nodes) + column
    order = np.argsort(pair, kind="stable")
    fresh = np.diff(pair[order], prepend=-1) != 0
    again = np.flatnonzero(~fresh | ~np.append(fresh[1:], True))
    twice = order[again]
    order[again] = twice[np.lexsort((mass[twice], emissions[twice], pair[twice]))]
    starts = np.flatnonzero(fresh)
    if not len(starts):
        return row, column, emissions, mass
    if not len(again):
        return row[order], column[order], emissions[order], mass[order]
    kept = order[starts]
    return row[kept], column[kept], np.add.reduceat(emissions[order], starts), np.add.reduceat(mass[order], starts)


def by_row(place: IntArray, row: IntArray, column: IntArray, emissions: FloatArray, mass: FloatArray) -> Edges:
    """Edges as rows in another numbering of nodes: starts of rows, columns and coefficients.

    Within a row they keep their order, that of the names of nodes: a sum does not depend on how nodes are numbered.
    """
    new_row = place[row]
    order = by_code(new_row)
    indptr = np.zeros(len(place) + 1, np.int64)
    np.cumsum(np.bincount(new_row, minlength=len(place)), out=indptr[1:])
    return indptr, place[column[order]], emissions[order], mass[order]
