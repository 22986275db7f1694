"""Legal loops: the values of a strongly connected component, (I - A) x = d (reference/accounting.md, "Cycles").

First it is settled which evidence counts where, which depends on no number: an attested footprint cuts the loop at its
node whatever would be computed there; what ranks below a whole computed value cuts it where something is missing, and
that is found by following the loop (``_flags``). What is left is solved for all columns together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, expand
from graph.rollup.choice import choose
from graph.rollup.exact import System, convergent
from graph.rollup.levels import CYCLIC, components
from graph.rollup.offers import CONTENT_UNKNOWN, EMISSION_COLUMNS, GAP, KNOWN, MASS_UNKNOWN, TRACED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot

_FLAGS = slice(GAP, KNOWN + 1)


@dataclass(frozen=True)
class Looped:
    """What was found for a loop.

    ``computed`` are the computed vectors of its decided nodes, ``offer`` the offers taken for them (or absent), as in
    ``Rolled``. ``cause``, one entry a node of the loop: the first node of a part of it whose spectral radius is not
    below 1 and on which the node rests, absent where the node has a value.
    """

    computed: FloatArray
    offer: IntArray
    cause: IntArray


@dataclass(frozen=True)
class Options:
    """What may be taken for each node of a loop, by what is computed there: nothing, a part, or all of it.

    ``offer``, shape (3, nodes), or absent; ``flags``, shape (3, nodes, k + 1): what that offer lacks, and last whether
    anything of it is known.
    """

    offer: IntArray
    flags: BoolArray


def solve_loop(snapshot: ChainSnapshot, rows: slice, here: slice, chosen: FloatArray, mass: FloatArray) -> Looped:
    """Fill in ``chosen`` and ``mass`` of the nodes of one loop (``rows``, whose decided nodes are ``here``).

    All that the loop needs from outside stands in these arrays. A node without a value is unknown there.
    """
    inner, right = system(snapshot, rows, snapshot.emissions, chosen)
    decided, best = snapshot.decided[here] - rows.start, best_offers(snapshot, here)
    options = options_of(snapshot.policy.order, best, decided, len(right), snapshot.offers.values[:, _FLAGS])
    flags, offer = decide(inner, right[:, _FLAGS] > 0, options)
    cut = offer != ABSENT
    values = np.zeros((len(offer), EMISSION_COLUMNS))
    values[cut] = snapshot.offers.values[offer[cut]]
    values[~cut], cause = solved(inner, right, values, ~cut)
    computed = right[decided] + inner[decided] @ values
    computed[~cut[decided]] = values[decided[~cut[decided]]]
    values[~cut, _FLAGS], computed[:, _FLAGS] = flags[~cut], flags[decided]
    lost = cause != ABSENT
    values[lost] = 0.0
    values[lost, GAP] = 1.0
    computed[lost[decided], :] = values[decided[lost[decided]]]
    computed[(inner @ lost.astype(np.float64))[decided] > 0, GAP] = 1.0
    chosen[rows] = values
    _trace(snapshot, rows, offer, chosen=chosen, mass=mass)
    return Looped(computed, offer[decided], np.where(lost, cause + rows.start, ABSENT))


def best_offers(snapshot: ChainSnapshot, here: slice) -> dict[Basis, IntArray]:
    """The best offer of each basis for some decided nodes."""
    return {
        Basis.ATTESTED: snapshot.attested[here],
        Basis.DECLARED: snapshot.declared[here],
        Basis.DEFAULT: snapshot.default[here],
    }


def options_of(
    order: Sequence[Basis], best: Mapping[Basis, IntArray], nodes: IntArray, size: int, flags: FloatArray | BoolArray
) -> Options:
    """What a policy's order makes of the best offers of some ``nodes`` of a loop; ``flags`` of all offers."""
    yes, no = np.ones(len(nodes), np.bool_), np.zeros(len(nodes), np.bool_)
    offer = np.full((3, size), ABSENT, np.int64)
    for state, (known, whole) in enumerate(((no, no), (yes, no), (yes, yes))):
        offer[state, nodes] = choose(order, best, known, whole)
    return Options(offer, flags_of(offer, flags))


def flags_of(offer: IntArray, flags: FloatArray | BoolArray) -> BoolArray:
    """The flags of some offers, none where there is no offer."""
    found = np.zeros((*offer.shape, flags.shape[1]), np.bool_)
    found[offer != ABSENT] = flags[offer[offer != ABSENT]] > 0
    return found


def system(snapshot: ChainSnapshot, rows: slice, data: FloatArray, values: FloatArray) -> tuple[csr_array, FloatArray]:
    """The coefficients within a loop, and what its nodes have of their own and from outside."""
    low, size = rows.start, rows.stop - rows.start
    edges = slice(int(snapshot.indptr[low]), int(snapshot.indptr[rows.stop]))
    row = np.repeat(np.arange(size), np.diff(snapshot.indptr[low : rows.stop + 1]))
    column, weight = snapshot.indices[edges], data[edges]
    inside = column >= low
    linked = inside & (weight > 0)
    inner = csr_array((weight[linked], (row[linked], column[linked] - low)), shape=(size, size))
    outer = csr_array((weight[~inside], (row[~inside], column[~inside])), shape=(size, low))
    return inner, values[rows] + outer @ values[:low]


def decide(inner: csr_array, start: BoolArray, options: Options, *, silent: bool = True) -> tuple[BoolArray, IntArray]:
    """Flags of the computed value of each node, shape (nodes, k + 1), and the offer taken for it (or absent).

    ``start``: the flags as far as they come from outside the loop, the last: known. Gaps are followed from where they
    are until nothing changes, and evidence is taken only where a gap arrives: so no more of the loop is cut than the
    policy asks for. Where ``silent``, that nothing is known is a gap (the first flag): what only goes round between
    those who state nothing is unknown to whoever takes it, not 0.
    """
    offered = options.offer != ABSENT

    def known_on(nodes: IntArray, found: BoolArray) -> BoolArray:
        state, taken = found[:, 0].astype(np.int64), np.where(found[:, 0], offered[2, nodes], offered[0, nodes])
        return np.where(taken, options.flags[state, nodes, -1], found[:, 0])[:, None]

    known = _follow(inner, start[:, -1:], known_on)
    lacks = start[:, :-1].copy()
    lacks[:, 0] |= silent & ~known[:, 0]

    def state_of(nodes: IntArray, found: BoolArray) -> IntArray:
        state: IntArray = np.where(known[nodes, 0], np.where(found.any(axis=1), 1, 2), 0)
        return state

    def lacking_on(nodes: IntArray, found: BoolArray) -> BoolArray:
        state = state_of(nodes, found)
        return np.where(offered[state, nodes][:, None], options.flags[state, nodes, :-1], found)

    lacking, everyone = _follow(inner, lacks, lacking_on), np.arange(len(start), dtype=np.int64)
    return np.concatenate([lacking, known], axis=1), options.offer[state_of(everyone, lacking), everyone]


def _follow(inner: csr_array, start: BoolArray, handed_on: Callable[[IntArray, BoolArray], BoolArray]) -> BoolArray:
    """What each node of a loop has, shape as ``start``: its own, and what the nodes that it needs hand on to it."""
    users = inner.T.tocsr()
    found = start.copy()
    everyone: IntArray = np.arange(len(start), dtype=np.int64)
    gives = handed_on(everyone, found).copy()
    frontier = everyone[gives.any(axis=1)]
    while len(frontier):
        first, last = users.indptr[frontier].astype(np.int64), users.indptr[frontier + 1].astype(np.int64)
        user = users.indices[expand(first, last - first)]
        before = found[user]
        np.logical_or.at(found, user, np.repeat(gives[frontier], last - first, axis=0))
        reached = np.unique(user[(found[user] != before).any(axis=1)]).astype(np.int64)
        now = gives[reached] | handed_on(reached, found[reached])
        frontier = reached[(now != gives[reached]).any(axis=1)]
        gives[reached] = now
    return found


def solved(inner: csr_array, right: FloatArray, values: FloatArray, free: BoolArray) -> tuple[FloatArray, IntArray]:
    """Values of the free nodes, given those of the others, and for every node the cause why it has none (or absent)."""
    nodes = np.flatnonzero(free)
    among = inner[nodes][:, nodes]
    given = right[nodes] + inner[nodes][:, np.flatnonzero(~free)] @ values[~free]
    cause = np.full(len(free), ABSENT, np.int64)
    system = convergent(among) if len(nodes) else None
    if system is not None or not len(nodes):
        return given if system is None else system.solve(given), cause
    least = _causes(among)
    cause[nodes] = np.where(least == ABSENT, ABSENT, nodes[least])
    found = np.zeros_like(given)
    rest = np.flatnonzero(least == ABSENT)
    if len(rest):
        found[rest] = System(among[rest][:, rest]).solve(given[rest])
    return found, cause


def _causes(matrix: csr_array) -> IntArray:
    """For each row the least row of a component with a spectral radius of 1 or more that it needs, or absent."""
    entries = matrix.tocoo()
    label = components(entries.row.astype(np.int64), entries.col.astype(np.int64), matrix.shape[0])
    cause = np.full(len(label), ABSENT, np.int64)
    for one in np.unique(label[label != CYCLIC]).tolist():
        members = np.flatnonzero(label == one)
        if convergent(matrix[members][:, members]) is None:
            cause[members] = members[0]
    for start in np.unique(cause[cause != ABSENT])[::-1].tolist():
        above = _follow(matrix, (cause == start)[:, None], lambda _nodes, found: found)
        cause[above[:, 0]] = start
    return cause


def _trace(snapshot: ChainSnapshot, rows: slice, offer: IntArray, *, chosen: FloatArray, mass: FloatArray) -> None:
    """Content and mass coverage of the nodes of a loop; what goes round and comes from nowhere is unknown."""
    inner, right = system(snapshot, rows, snapshot.mass, mass)
    declared = slice(*np.searchsorted(snapshot.content_offers.node, [rows.start, rows.stop]).tolist())
    stated = np.zeros(len(offer), np.bool_)
    stated[snapshot.content_offers.node[declared] - rows.start] = True
    content = np.zeros((len(offer), TRACED))
    content[stated] = snapshot.content_offers.values[declared]
    mass[rows, :TRACED] = _mixed(inner, right[:, :TRACED], content, stated, CONTENT_UNKNOWN)
    traced = np.zeros((len(offer), right.shape[1] - TRACED))
    taken = np.flatnonzero(offer != ABSENT)
    basis = snapshot.offers.basis[offer[taken]]
    traced[taken, np.where(basis == Basis.DEFAULT, 1, 0)] = 1.0
    unknown = chosen[rows, KNOWN] == 0
    traced[unknown] = 0.0
    traced[unknown, MASS_UNKNOWN - TRACED] = 1.0
    mass[rows, TRACED:] = _mixed(inner, right[:, TRACED:], traced, (offer != ABSENT) | unknown, MASS_UNKNOWN - TRACED)


def _mixed(inner: csr_array, right: FloatArray, values: FloatArray, stated: BoolArray, unknown: int) -> FloatArray:
    """Shares that sum to 1, given those of some nodes; ``unknown`` is the column of what nobody tells."""
    fed = _follow(inner, (stated | (right > 0).any(axis=1))[:, None], lambda _nodes, found: found)[:, 0]
    values[~fed & ~stated, unknown] = 1.0
    free = fed & ~stated
    values[free], cause = solved(inner, right, values, free)
    values[cause != ABSENT] = 0.0
    values[cause != ABSENT, unknown] = 1.0
    return values
