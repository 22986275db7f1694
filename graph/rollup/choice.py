"""Which candidate counts for a node: the best by the policy's order, given how complete the computed value is."""

from collections.abc import Mapping, Sequence

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, IntArray
from graph.rollup.policy import Basis


def choose(order: Sequence[Basis], best: Mapping[Basis, IntArray], known: BoolArray, whole: BoolArray) -> IntArray:
    """The offer taken for some nodes, or absent where the computed value ranks better in ``order``, best first.

    ``best``: the first offer of each basis for each node (or absent). ``known``: anything of the computed value is
    known; ``whole``: nothing of it is missing or filled by a default.
    """
    available = {Basis.COMPUTED: known & whole, Basis.COMPUTED_GAPS: known & ~whole}
    taken = np.full(len(known), ABSENT, np.int64)
    for basis in reversed(order):
        if basis in best:
            taken = np.where(best[basis] != ABSENT, best[basis], taken)
        elif basis in available:
            taken = np.where(available[basis], ABSENT, taken)
    return taken
