"""The chain read both ways: who needs a node, what lies above and below, and how much of each node counts in a sum."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import _sparsetools, csr_array

from graph.rollup.arrays import BoolArray, FloatArray, IntArray, expand, sorted_once
from graph.rollup.closure import OVERRIDING, edges_of
from graph.rollup.exact import System
from graph.rollup.kernel import Rolled
from graph.rollup.snapshot import ChainSnapshot

# (rows, columns, indptr, indices, data, x, y): y += A x.
_csr_matvec: Callable[..., None] = _sparsetools.csr_matvec
Along = Callable[[ChainSnapshot, IntArray], tuple[IntArray, IntArray]]


@dataclass(frozen=True)
class Users:
    """Reverse adjacency: ``row[indptr[n] : indptr[n + 1]]`` are the nodes that need node n, ascending, ``edge`` the
    positions of these edges in the snapshot and ``emissions`` their coefficients, shapes (nodes + 1,) and (edges,)."""

    indptr: IntArray
    row: IntArray
    edge: IntArray
    emissions: FloatArray

    def of(self, nodes: IntArray) -> IntArray:
        """Positions, in these arrays, of all that need some nodes."""
        return expand(self.indptr[nodes], self.indptr[nodes + 1] - self.indptr[nodes])


def users_of(snapshot: ChainSnapshot) -> Users:
    """The reverse adjacency of a snapshot; made once for it."""
    size = len(snapshot.kind)
    number = np.arange(len(snapshot.indices), dtype=snapshot.indices.dtype)
    turned = csr_array((number, snapshot.indices, snapshot.indptr), shape=(size, size)).tocsc()
    return Users(turned.indptr, turned.indices, turned.data, snapshot.emissions[turned.data])


def below(users: Users, starts: IntArray, within: BoolArray) -> BoolArray:
    """The nodes made of some nodes, and those among the ``starts`` that are ``within``: a mask of shape (nodes,).

    The walk ends at nodes that are not ``within``.
    """
    seen = np.zeros(len(within), np.bool_)
    seen[starts[within[starts]]] = True
    frontier = np.flatnonzero(seen)
    while len(frontier):
        made = users.row[users.of(frontier)]
        frontier = sorted_once(made[within[made] & ~seen[made]])
        seen[frontier] = True
    return seen


def above(
    snapshot: ChainSnapshot, starts: IntArray, ends: BoolArray | None = None, along: Along = edges_of
) -> BoolArray:
    """The nodes that some nodes need, and these themselves: a mask of shape (nodes,). The walk ends at ``ends``.

    ``along``: the edges of some nodes that are followed.
    """
    seen = np.zeros(len(snapshot.kind), np.bool_)
    seen[starts] = True
    frontier = np.flatnonzero(seen)
    while len(frontier):
        on = frontier if ends is None else frontier[~ends[frontier]]
        needed = snapshot.indices[along(snapshot, on)[0]]
        frontier = sorted_once(needed[~seen[needed]])
        seen[frontier] = True
    return seen


def overriding(rolled: Rolled) -> BoolArray:
    """Nodes whose value is a footprint or a default, shape (nodes,)."""
    found: BoolArray = np.isin(rolled.basis, OVERRIDING)
    return found


def weights(snapshot: ChainSnapshot, users: Users, ends: BoolArray, roots: IntArray, amounts: FloatArray) -> FloatArray:
    """How much of each node goes into sum(amounts x value(roots)), shape (nodes,): one backward pass over the levels.

    Nothing is handed on behind ``ends``: evidence, and what has no figure. The sum is weights @ what each node adds by
    itself. A loop that is left is solved by its transpose.
    """
    size = len(snapshot.kind)
    found = np.bincount(roots, amounts, size).astype(np.float64)
    handed = np.zeros(size)
    starts = snapshot.level_starts.tolist()
    for low, high, looped in zip(starts[-2::-1], starts[:0:-1], snapshot.looped[::-1].tolist(), strict=True):
        _csr_matvec(high - low, size, users.indptr[low : high + 1], users.row, users.emissions, handed, found[low:high])
        if looped:
            found[low:high] = _round(users, ends, slice(low, high), found[low:high])
        handed[low:high] = np.where(ends[low:high], 0.0, found[low:high])
    return found


def _round(users: Users, ends: BoolArray, rows: slice, share: FloatArray) -> FloatArray:
    """The weights of the nodes of one loop, from what comes from outside it."""
    edges = slice(int(users.indptr[rows.start]), int(users.indptr[rows.stop]))
    node = np.repeat(np.arange(rows.stop - rows.start), np.diff(users.indptr[rows.start : rows.stop + 1]))
    user = users.row[edges]
    kept = (user >= rows.start) & (user < rows.stop) & ~ends[user]
    entries = users.emissions[edges][kept], (node[kept], user[kept] - rows.start)
    return System(csr_array(entries, shape=(len(share), len(share)))).solve(share[:, None])[:, 0]
