"""The indicators of a chain, decided level by level beside the emissions."""

import numpy as np

from graph.model.indicators import GHG_PARTS, Group
from graph.rollup.arrays import ABSENT, FloatArray, IntArray
from graph.rollup.indicators import RATED, Choices
from graph.rollup.offers import KNOWN_ABS
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot


class Best:
    """The best offer of each basis for the nodes of a group, ascending, and where each level begins among them."""

    def __init__(self, snapshot: ChainSnapshot, found: Choices) -> None:
        self.found = found
        self.nodes = np.unique(found.node)
        self.stops = np.searchsorted(self.nodes, snapshot.level_starts).tolist()
        self.of = {basis: self._first(basis) for basis in (Basis.ATTESTED, Basis.DECLARED)}
        self.taken = np.full(len(self.nodes), ABSENT, np.int64)

    def _first(self, basis: Basis) -> IntArray:
        mine = np.flatnonzero(self.found.basis == basis)
        nodes, starts = np.unique(self.found.node[mine], return_index=True)
        first = np.full(len(self.nodes), ABSENT, np.int64)
        first[np.searchsorted(self.nodes, nodes)] = mine[starts]
        return first


class Indication:
    """The indicator matrix being made, shape (nodes, columns): the kernel adds up a level, then it is decided here."""

    def __init__(self, snapshot: ChainSnapshot) -> None:
        self._snapshot = snapshot
        self._layout = snapshot.indicators.layout
        self.values = snapshot.indicators.own.matrix(len(snapshot.kind), self._layout.size)
        self._best = {group: Best(snapshot, found) for group, found in snapshot.indicators.choices.items()}

    def decide(self, level: int, here: slice, offer: IntArray) -> None:
        """Flags become 0 or 1; footprints that count bring their parts; each other group takes what ranks best."""
        starts = self._snapshot.level_starts
        rows, flags = slice(int(starts[level]), int(starts[level + 1])), slice(self._layout.first_flag, None)
        self.values[rows, flags] = self.values[rows, flags] > 0
        taken = offer != ABSENT
        self._of_footprints(self._snapshot.decided[here][taken], offer[taken])
        for group, best in self._best.items():
            self._choose(group, best, slice(best.stops[level], best.stops[level + 1]))

    def _of_footprints(self, nodes: IntArray, offer: IntArray) -> None:
        extra = self._snapshot.offers.extra[offer]
        self._put(Group.GHG, nodes, extra[:, : len(GHG_PARTS)])
        if Group.QUALITY in self._layout.groups:
            rating = extra[:, RATED]
            weight = np.where(np.isnan(rating).any(axis=1), 0.0, self._snapshot.offers.values[offer, KNOWN_ABS])
            weighed = np.nan_to_num(rating) * weight[:, None]
            self._put(Group.QUALITY, nodes, np.concatenate([weighed, weight[:, None]], axis=1))

    def _choose(self, group: Group, best: Best, here: slice) -> None:
        """As for emissions (ruling 2): by the order of the policy, never averaged, never added."""
        nodes = best.nodes[here]
        known = self.values[nodes, self._layout.known[group]] > 0
        whole = known & (self.values[nodes, self._layout.gap[group]] == 0)
        available = {Basis.COMPUTED: whole, Basis.COMPUTED_GAPS: known & ~whole}
        taken = np.full(len(nodes), ABSENT, np.int64)
        for basis in reversed(self._snapshot.policy.order):
            if basis in best.of:
                taken = np.where(best.of[basis][here] != ABSENT, best.of[basis][here], taken)
            elif basis in available:
                taken = np.where(available[basis], ABSENT, taken)
        best.taken[here] = taken
        stated = taken != ABSENT
        self._put(group, nodes[stated], best.found.values[taken[stated]])

    def _put(self, group: Group, nodes: IntArray, values: FloatArray) -> None:
        """Stated values in place of computed ones; what is not stated is unknown, not zero."""
        self.values[nodes, self._layout.span(group)] = np.nan_to_num(values)
        self.values[nodes, self._layout.gap[group]] = np.isnan(values).any(axis=1)
        self.values[nodes, self._layout.known[group]] = (~np.isnan(values)).any(axis=1)

    def finished(self) -> tuple[FloatArray, dict[Group, tuple[IntArray, IntArray]]]:
        """The matrix, and by group the nodes decided with what was taken; nodes without a level know nothing."""
        rest = self.values[self._snapshot.ready :]
        rest[:] = 0.0
        rest[:, list(self._layout.gap.values())] = 1.0
        return self.values, {group: (best.nodes, best.taken) for group, best in self._best.items()}
