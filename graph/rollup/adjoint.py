"""The adjoint pass: how much of each node goes into a target, tier by tier, without enumerating paths."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import _sparsetools, csr_array

from graph.rollup.arrays import BoolArray, FloatArray, IntArray
from graph.rollup.closure import Closure
from graph.rollup.exact import System
from graph.rollup.snapshot import ChainSnapshot

# What lies more organizations away than this is counted with the last tier.
MAX_TIERS = 64
# How far round a loop is followed, and the share of every node from which on its tiers are counted with the one before.
LOOP_TIERS = 32
TAIL = 1e-9

_csr_matvecs: Callable[..., None] = _sparsetools.csr_matvecs
_Matrix = tuple[IntArray, IntArray, FloatArray]


def reach(snapshot: ChainSnapshot, found: Closure, weights: FloatArray) -> FloatArray:
    """How much of each node of a closure goes into its roots, by tier: shape (nodes, tiers).

    A lot reached at several depths is split over them by the path series (ruling 7): an edge that crosses an
    organization boundary moves what it carries one tier on. In a loop between organizations the series has no end: it
    is followed for ``LOOP_TIERS`` more than the chain has levels, cut where less than ``TAIL`` of every node is left,
    and the last tier holds all that remains of it, so that a node's tiers always add up to its share.
    """
    level = np.searchsorted(snapshot.level_starts, found.nodes, "right")
    starts = np.searchsorted(level, np.unique(level))
    looped = snapshot.looped[level[starts] - 1]
    tiers = min(MAX_TIERS, len(starts) + (LOOP_TIERS if looped.any() else 0)) + 1
    share = np.zeros((len(found.nodes), tiers))
    np.add.at(share, (found.roots, np.zeros(len(found.roots), np.int64)), weights)
    organization = snapshot.attributes.organization[found.nodes]
    crossing = organization[found.row] != organization[found.column]
    within = level[found.row] == level[found.column]
    inside, across = _transposed(found, ~crossing & ~within), _transposed(found, crossing & ~within)
    stays, leaves = _transposed(found, ~crossing & within), _transposed(found, crossing & within)
    for low, high, in_loop in zip(
        starts[::-1].tolist(), [len(share), *starts[:0:-1].tolist()], looped[::-1].tolist(), strict=True
    ):
        _hand_down(inside, share, share[low:high], (low, high))
        moved = np.zeros((high - low, tiers))
        _hand_down(across, share, moved, (low, high))
        share[low:high, 1:] += moved[:, :-1]
        share[low:high, -1] += moved[:, -1]
        if in_loop:
            share[low:high] = _series(_block(stays, low, high), _block(leaves, low, high), share[low:high])
    return _folded(share) if looped.any() else share


def _block(matrix: _Matrix, low: int, high: int) -> csr_array:
    """The rows and columns of one loop."""
    indptr = matrix[0][low : high + 1]
    part = slice(int(indptr[0]), int(indptr[-1]))
    return csr_array((matrix[2][part], matrix[1][part] - low, indptr - indptr[0]), shape=(high - low, high - low))


def _series(stays: csr_array, leaves: csr_array, share: FloatArray) -> FloatArray:
    """The shares of a loop's nodes by tier, from what comes from outside the loop.

    Going round within an organization stays in a tier. The roll-up has found that both together converge; what is left
    of the whole where the series is cut stands in the tier after it.
    """
    found = np.zeros_like(share)
    whole = System(stays + leaves).solve(share.sum(axis=1, keepdims=True))
    rest, before, tier, system = whole, np.zeros_like(whole), 0, System(stays)
    while tier + 1 < share.shape[1] and (rest > TAIL / 2 * whole).any():
        before = system.solve(share[:, tier : tier + 1] + leaves @ before)
        found[:, tier : tier + 1] = before
        rest = np.maximum(0.0, whole - found.sum(axis=1, keepdims=True))
        tier += 1
    found[:, tier : tier + 1] = rest
    return found


def _folded(share: FloatArray) -> FloatArray:
    """The tiers as far as they matter; what lies beyond is in the last."""
    rest = share[:, ::-1].cumsum(axis=1)[:, ::-1]
    count = max(1, int((rest > TAIL * rest[:, :1]).any(axis=0).sum()))
    return np.concatenate([share[:, : count - 1], rest[:, count - 1 : count]], axis=1)


def _transposed(found: Closure, keep: BoolArray) -> _Matrix:
    """From what is needed to who needs it, for some of the edges."""
    row, column, data = found.row[keep], found.column[keep], found.emissions[keep]
    order = np.argsort(column, kind="stable")
    indptr = np.searchsorted(column[order], np.arange(len(found.nodes) + 1, dtype=np.int64))
    return indptr, row[order], data[order]


def _hand_down(matrix: _Matrix, share: FloatArray, into: FloatArray, span: tuple[int, int]) -> None:
    low, high = span
    _csr_matvecs(
        high - low,
        len(share),
        share.shape[1],
        matrix[0][low : high + 1],
        matrix[1],
        matrix[2],
        share.reshape(-1),
        into.reshape(-1),
    )
