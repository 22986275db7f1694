"""Nodes that have no figure, and why: a wrong number is never shown, nor one that is none.

The cause of a node is the number of a node of the cycle or of the diverging loop that it rests on, or ``BEYOND`` where
a sum has left the range of floating-point numbers.
"""

import numpy as np

from graph.rollup.arrays import ABSENT, FloatArray, IntArray
from graph.rollup.offers import GAP
from graph.rollup.snapshot import ChainSnapshot

BEYOND = -2


def refused(snapshot: ChainSnapshot, chosen: FloatArray, offer: IntArray, cause: IntArray) -> IntArray:
    """The cause of every node, absent where it has a figure, from the causes of the nodes of diverging loops."""
    if (cause != ABSENT).any():
        cause = _passed_on(snapshot, offer, cause)
    cause[snapshot.ready :] = np.arange(snapshot.ready, len(cause))
    with np.errstate(over="ignore", invalid="ignore"):
        sound = bool(np.isfinite(chosen.sum()))
    if not sound:
        # What rests on a value that is not finite is not finite itself: nothing needs to be passed on.
        cause[~np.isfinite(chosen).all(axis=1) & (cause == ABSENT)] = BEYOND
    return cause


def _passed_on(snapshot: ChainSnapshot, offer: IntArray, cause: IntArray) -> IntArray:
    """The least cause among what each node needs, unless evidence stands in for it; level by level."""
    cut = np.zeros(len(cause), np.bool_)
    cut[snapshot.decided[offer != ABSENT]] = True
    none = len(cause)
    cause = np.where(cause == ABSENT, none, cause)
    bounds = snapshot.level_starts.tolist()
    for low, high, looped in zip(bounds[:-1], bounds[1:], snapshot.looped.tolist(), strict=True):
        edges = slice(int(snapshot.indptr[low]), int(snapshot.indptr[high]))
        row = np.repeat(np.arange(low, high), np.diff(snapshot.indptr[low : high + 1]))
        kept = ~cut[row]
        row, column = row[kept], snapshot.indices[edges][kept]
        before = None
        while before is None or (looped and (before != cause[low:high]).any()):
            before = cause[low:high].copy()
            np.minimum.at(cause, row, cause[column])
    return np.where(cause == none, ABSENT, cause)


def finite(computed: FloatArray) -> FloatArray:
    """Computed vectors, unknown where they are not finite."""
    lost = ~np.isfinite(computed).all(axis=1)
    computed[lost] = 0.0
    computed[lost, GAP] = 1.0
    return computed
