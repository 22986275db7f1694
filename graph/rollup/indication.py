"""The indicators of a chain, decided level by level beside the emissions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graph.model.indicators import GHG_PARTS, MEMBERS, Group
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.choice import choose
from graph.rollup.indicators import RATED, Choices, Indicated
from graph.rollup.loops import Options, decide, flags_of, options_of, solved, system
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

    def here(self, nodes: slice) -> dict[Basis, IntArray]:
        """The best offer of each basis for some of the nodes."""
        return {basis: first[nodes] for basis, first in self.of.items()}


class _Said(NamedTuple):
    """What declarations say, one a row: ``values`` of some columns, and ``flags`` in some bits."""

    columns: IntArray
    values: FloatArray
    flags: IntArray
    bits: np.int16


def _together(parts: Sequence[_Said]) -> _Said:
    """What the same declarations say of several groups."""
    columns, values, flags, bits = zip(*parts, strict=True)
    return _Said(np.concatenate(columns), np.hstack(values), np.bitwise_or.reduce(flags), np.bitwise_or.reduce(bits))


class Indication:
    """The amounts being made, shape (nodes, amounts), and the flags: the kernel adds up a level, then it is decided
    here.

    A flag of what lies below is one of what lies above where any of it is taken: coefficients are never negative.
    """

    def __init__(self, snapshot: ChainSnapshot) -> None:
        self._snapshot = snapshot
        self._layout = snapshot.indicators.layout
        own = snapshot.indicators.own
        self.values = own.matrix(len(snapshot.kind), self._layout.first_flag)
        self._flags = own.flags.astype(np.int16)
        self._bits = {g: tuple(map(np.int16, self._layout.bits(g))) for g in self._layout.groups}
        self._best = {group: Best(snapshot, found) for group, found in snapshot.indicators.choices.items()}
        self._chosen = {group: self._said(group, found.values) for group, found in snapshot.indicators.choices.items()}
        every = np.arange(len(snapshot.offers.node), dtype=np.int64)
        self._brought = _together([self._said(group, self._stated(group, every)) for group in self._with_footprints()])

    def decide(self, level: int, here: slice, offer: IntArray) -> None:
        """Flags come up; footprints that count bring their parts; each other group takes what ranks best."""
        starts = self._snapshot.level_starts
        rows = slice(int(starts[level]), int(starts[level + 1]))
        self._flags[rows] = self._handed_on(rows)
        taken = offer != ABSENT
        self._put(self._brought, self._snapshot.decided[here][taken], offer[taken])
        for group, best in self._best.items():
            self._choose(group, best, slice(best.stops[level], best.stops[level + 1]))

    def _handed_on(self, rows: slice) -> IntArray:
        """The flags of some nodes, and of all below them but these themselves."""
        indptr, found = self._snapshot.indptr[rows.start : rows.stop + 1], self._flags[rows].copy()
        edges = slice(int(indptr[0]), int(indptr[-1]))
        below = self._snapshot.indices[edges]
        flags = self._flags[below]
        flags[~((self._snapshot.emissions[edges] > 0) & (below < rows.start))] = 0
        some = np.flatnonzero(indptr[1:] > indptr[:-1])
        if len(some):
            found[some] |= np.bitwise_or.reduceat(flags, indptr[some] - indptr[0])
        return found

    def _with_footprints(self) -> list[Group]:
        """The groups that a footprint brings with it."""
        return [group for group in (Group.GHG, Group.QUALITY) if group in self._layout.groups]

    def _stated(self, group: Group, offer: IntArray) -> FloatArray:
        """What some footprints say of such a group, nan where nothing."""
        extra = self._snapshot.offers.extra[offer]
        if group is Group.GHG:
            return extra[:, : len(GHG_PARTS)]
        rating = extra[:, RATED]
        weight = np.where(np.isnan(rating).any(axis=1), 0.0, self._snapshot.offers.values[offer, KNOWN_ABS])
        return np.concatenate([np.nan_to_num(rating) * weight[:, None], weight[:, None]], axis=1)

    def go_round(self, level: int, here: slice, offer: IntArray) -> None:
        """The same for a level that is one loop: each group is cut where its own evidence counts, then solved.

        A group whose loop diverges is unknown, also where the emissions are not because evidence cuts theirs.
        """
        snapshot, starts = self._snapshot, self._snapshot.level_starts
        rows = slice(int(starts[level]), int(starts[level + 1]))
        inner, right = system(snapshot, rows, snapshot.emissions, self.values)
        outside = self._handed_on(rows)
        for group in self._layout.groups:
            span, start = self._layout.span(group), np.stack([outside & bit > 0 for bit in self._bits[group]], axis=1)
            options, stated = self._options(group, level, rows, (snapshot.decided[here], offer))
            found, taken = decide(inner, start, options, silent=group is Group.GHG)
            nodes = np.flatnonzero(taken != ABSENT)
            self._flag(group, rows.start + np.flatnonzero(taken == ABSENT), *found[taken == ABSENT].T)
            self._put(self._said(group, stated[taken[nodes]]), rows.start + nodes, np.arange(len(nodes)))
            values = self.values[rows, span]
            values[taken == ABSENT], cause = solved(inner, right[:, span], values, taken == ABSENT)
            values[cause != ABSENT] = 0.0
            self.values[rows, span] = values
            self._forget(group, rows.start + np.flatnonzero(cause != ABSENT))
            if group in self._best:
                best = self._best[group]
                mine = slice(best.stops[level], best.stops[level + 1])
                best.taken[mine] = taken[best.nodes[mine] - rows.start]

    def _options(
        self, group: Group, level: int, rows: slice, footprints: tuple[IntArray, IntArray]
    ) -> tuple[Options, FloatArray]:
        """What may count for a group in a loop, and what it states; ``footprints``: decided nodes, and offers taken."""
        size = rows.stop - rows.start
        stated, fixed = np.zeros((0, len(MEMBERS[group]))), np.full(size, ABSENT, np.int64)
        if group in self._best:
            best = self._best[group]
            mine = slice(best.stops[level], best.stops[level + 1])
            stated = best.found.values
            nodes = best.nodes[mine] - rows.start
            return options_of(self._snapshot.policy.order, best.here(mine), nodes, size, _flags(stated)), stated
        if group in self._with_footprints():
            taken = footprints[1] != ABSENT
            fixed[footprints[0][taken] - rows.start] = np.arange(int(taken.sum()))
            stated = self._stated(group, footprints[1][taken])
        offer = np.stack([fixed] * 3)
        return Options(offer, flags_of(offer, _flags(stated))), stated

    def _forget(self, group: Group, nodes: IntArray) -> None:
        """Nothing of a group is known of some nodes."""
        self.values[nodes, self._layout.span(group)] = 0.0
        self._flag(group, nodes, np.ones(len(nodes), np.bool_), np.zeros(len(nodes), np.bool_))

    def _flag(self, group: Group, nodes: IntArray, gap: BoolArray, known: BoolArray) -> None:
        of_gap, of_known = self._bits[group]
        self._flags[nodes] = self._flags[nodes] & ~(of_gap | of_known) | gap * of_gap | known * of_known

    def _choose(self, group: Group, best: Best, here: slice) -> None:
        """As for emissions (ruling 2): by the order of the policy, never averaged, never added."""
        nodes = best.nodes[here]
        gap, known = (self._flags[nodes] & bit > 0 for bit in self._bits[group])
        taken = choose(self._snapshot.policy.order, best.here(here), known, ~gap)
        best.taken[here] = taken
        stated = taken != ABSENT
        self._put(self._chosen[group], nodes[stated], taken[stated])

    def _said(self, group: Group, stated: FloatArray) -> _Said:
        """What declarations say of a group, nan where nothing: that is unknown, not zero."""
        (gap, known), (of_gap, of_known) = _flags(stated).T, self._bits[group]
        columns = np.arange(self._layout.first_flag, dtype=np.int64)[self._layout.span(group)]
        return _Said(columns, np.nan_to_num(stated), gap * of_gap | known * of_known, of_gap | of_known)

    def _put(self, said: _Said, nodes: IntArray, which: IntArray) -> None:
        """Stated values in place of computed ones."""
        self.values[nodes[:, None], said.columns] = said.values[which]
        self._flags[nodes] = self._flags[nodes] & ~said.bits | said.flags[which]

    def finished(self, lost: BoolArray) -> tuple[Indicated, dict[Group, tuple[IntArray, IntArray]]]:
        """The matrix, and by group the nodes decided with what was taken.

        Nodes without a figure know nothing, and a group with an amount that is no number is unknown.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            sound = bool(np.isfinite(self.values.sum()))
        for group in self._layout.groups:
            broken = lost if sound else lost | ~np.isfinite(self.values[:, self._layout.span(group)]).all(axis=1)
            self._forget(group, np.flatnonzero(broken))
        taken = {group: (best.nodes, best.taken) for group, best in self._best.items()}
        return Indicated(self.values, self._flags, self._layout.size - self._layout.first_flag), taken


def _flags(stated: FloatArray) -> BoolArray:
    """What offers leave out of a group, and whether they say anything: shape (offers, 2)."""
    unsaid = np.isnan(stated)
    found: BoolArray = np.stack([unsaid.any(axis=1), ~unsaid.all(axis=1)], axis=1)
    return found
