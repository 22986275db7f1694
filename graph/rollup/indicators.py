"""The indicators beside the scopes, as a matrix: columns, what each process adds, and what declarations offer.

A group (``graph.model.indicators``) has two flags beside its amounts: ``gap``, something below is unknown, and
``known``, something is known. Only groups that somebody states something about have columns; of the others nothing is
known.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.model.indicators import BY_THEMSELVES, FATES, FLOWS, GHG_PARTS, MEMBERS, QUALITIES, Group
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, distinct, narrow, once
from graph.rollup.emissions import Activities
from graph.rollup.evidence import Candidates
from graph.rollup.links import Draft
from graph.rollup.names import Texts
from graph.rollup.nodes import NodeKind
from graph.rollup.policy import Basis, carrier_names
from graph.rollup.rows import Rows

# What an offer of a footprint says beside its scopes, nan where it does not, per canonical unit of its node.
EXTRA = (*GHG_PARTS, *QUALITIES, "gsd", "biogenic_carbon")
RATED = slice(len(GHG_PARTS), len(GHG_PARTS) + len(QUALITIES))
GSD, BIOGENIC = EXTRA.index("gsd"), EXTRA.index("biogenic_carbon")


@dataclass(frozen=True)
class Layout:
    """The columns of a snapshot's indicator matrix: amounts by name, then two flags a group."""

    groups: tuple[Group, ...]
    column: Mapping[str, int]
    gap: Mapping[Group, int]
    known: Mapping[Group, int]

    @property
    def first_flag(self) -> int:
        """Where the flags begin."""
        return len(self.column)

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self.column) + 2 * len(self.groups)

    def bits(self, group: Group) -> tuple[int, int]:
        """The bits that stand for a group's two flags, gap and known, where flags are kept as bits."""
        return 1 << self.gap[group] - self.first_flag, 1 << self.known[group] - self.first_flag

    def span(self, group: Group) -> slice:
        """The amounts of a group."""
        first = self.column[MEMBERS[group][0]]
        return slice(first, first + len(MEMBERS[group]))


def layout_of(groups: tuple[Group, ...]) -> Layout:
    """The layout of some groups, in their order."""
    names = [name for group in groups for name in MEMBERS[group]]
    flags = len(names)
    return Layout(
        groups,
        {name: i for i, name in enumerate(names)},
        {group: flags + 2 * i for i, group in enumerate(groups)},
        {group: flags + 2 * i + 1 for i, group in enumerate(groups)},
    )


@dataclass(frozen=True)
class Choices:
    """What declarations say of one group, best first within a node (ruling 1), per canonical unit of the node.

    ``values`` has the group's members as columns, nan where not stated; ``basis`` ATTESTED or DECLARED.
    """

    node: IntArray
    basis: IntArray
    values: FloatArray
    document: IntArray

    def renumbered(self, place: IntArray) -> "Choices":
        """The same in another numbering of nodes."""
        order = np.argsort(place[self.node], kind="stable")
        return Choices(place[self.node][order], self.basis[order], self.values[order], self.document[order])


@dataclass(frozen=True)
class Own:
    """What nodes have by themselves: by column the nodes that have some of it, each once, and how much; and flags.

    ``flags``, shape (nodes,): bit i stands for the i-th of ``width`` columns of flags, which are the last ones.
    """

    amounts: Sequence[tuple[int, IntArray, FloatArray]]
    flags: IntArray
    width: int

    def renumbered(self, place: IntArray, order: IntArray) -> "Own":
        """The same in another numbering of nodes, to be kept."""
        kept: list[tuple[int, IntArray, FloatArray]] = []
        for column, node, value in self.amounts:
            moved = narrow(place[node])
            # Columns that the same nodes have share these.
            moved = next((other for _, other, _ in kept if np.array_equal(other, moved)), moved)
            kept.append((column, moved, once(value)))
        return Own(tuple(kept), narrow(self.flags[order]), self.width)

    def flagged(self, nodes: IntArray, flag: int) -> BoolArray:
        """Which of some nodes have a flag."""
        found: BoolArray = (self.flags[nodes] >> flag & 1).astype(np.bool_)
        return found

    def matrix(self, nodes: int, columns: int) -> FloatArray:
        """A fresh matrix with the amounts, shape (nodes, columns)."""
        found = np.zeros((nodes, columns))
        for column, node, value in self.amounts:
            found[node, column] = value
        return found


@dataclass(frozen=True)
class Indicated:
    """A solved matrix of indicators: amounts, shape (nodes, amounts), then flags, of which node n has those of the bits
    of ``flags[n]``; read by position like one array in which flags are 0 or 1."""

    values: FloatArray
    flags: IntArray
    width: int

    def __getitem__(self, at: Any) -> FloatArray:
        rows, columns = at if isinstance(at, tuple) else (at, slice(None))
        first = self.values.shape[1]
        if isinstance(columns, slice) and (columns.stop or first + 1) <= first:
            return self.values[rows, columns]
        flags = self.flags[rows][..., None] >> np.arange(self.width) & 1
        found: FloatArray = np.concatenate([self.values[rows], flags.astype(np.float64)], axis=-1)[..., columns]
        return found

    def flagged(self, nodes: IntArray, flag: int) -> BoolArray:
        """Which of some nodes have a flag."""
        found: BoolArray = (self.flags[nodes] >> flag & 1).astype(np.bool_)
        return found

    def same(self, other: "Indicated") -> bool:
        """Whether every value is the same, bit for bit."""
        return np.array_equal(self.values, other.values) and np.array_equal(self.flags, other.flags)


@dataclass(frozen=True)
class Gaps:
    """Nodes, shape (nodes,), whose own emissions are not fully known, and whose inputs or sources are not."""

    emissions: BoolArray
    quantities: BoolArray


@dataclass(frozen=True)
class IndicatorSystem:
    """What the engine needs for the indicators of a snapshot, nodes numbered by level.

    ``unsure``, shape (nodes,): inputs or sources are not fully known, and the node is not free of burden.
    """

    layout: Layout
    own: Own
    choices: Mapping[Group, Choices]
    unsure: BoolArray


def choices(draft: Draft, found: Candidates, node: IntArray, ratio: FloatArray) -> dict[Group, Choices]:
    """What footprints state of the groups that are decided by themselves; nothing for those nobody states."""
    rows = draft.facts.rows["footprints"]
    result: dict[Group, Choices] = {}
    for group in BY_THEMSELVES:
        stated = np.stack([rows.floats(name) for name in MEMBERS[group]], axis=1)[found.row] * ratio[:, None]
        some = ~np.isnan(stated).all(axis=1)
        if some.any():
            basis = np.where(found.signed, Basis.ATTESTED, Basis.DECLARED).astype(np.int64)
            result[group] = Choices(node[some], basis[some], stated[some], rows.documents[found.row[some]])
    return result


def extra_of(rows: Rows, row: IntArray, ratio: FloatArray) -> FloatArray:
    """What footprints say beside their scopes, shape (rows, EXTRA): amounts brought to the unit of their node."""
    found = np.stack([rows.floats(name) for name in EXTRA], axis=1)[row]
    amounts = [i for i, name in enumerate(EXTRA) if name not in (*QUALITIES, "gsd")]
    found[:, amounts] *= ratio[:, None]
    return found


def own_indicators(
    draft: Draft, activities: Activities, offered: AbstractSet[Group], *, gaps: Gaps, free: IntArray, bare: IntArray
) -> tuple[Layout, Own]:
    """The columns that are needed, and what each node has of them by itself.

    ``offered``: groups that declarations state; ``free``: materials without burden; ``bare``: they, and what bears no
    share of any burden, of which the parts of its total are as known as the total.
    """
    sums = _Sums(draft)
    _add_emissions(sums, activities)
    _add_flows(sums)
    _note_capture(draft, activities)
    sums.accounts()
    layout = layout_of(tuple(g for g in Group if g is Group.GHG or g in sums.used or g in offered))
    return layout, sums.own(layout, gaps, free, bare)


class _Sums:
    """Entries (node, name, value) of a draft being collected."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.used: set[Group] = set()
        self._entries: list[tuple[str, IntArray, FloatArray]] = []
        self._known: list[tuple[Group, IntArray]] = []
        self._complete: dict[Group, IntArray] = {}
        self.open: dict[Group, IntArray] = {}

    def add(self, group: Group, name: str, node: IntArray, value: FloatArray) -> None:
        """Amounts of a member of a group, several a node."""
        if len(node):
            self.used.add(group)
            self._entries.append((name, node, value))
            self._known.append((group, node))

    def accounts(self) -> None:
        """Which processes say that their account of a group is complete."""
        rows = self.draft.facts.rows["processes"]
        node, (accounts, texts) = rows.codes("key", self.draft.nodes.processes), rows.distinct("accounts")
        for group in BY_THEMSELVES:
            said = np.array([group in text.split() for text in texts], np.bool_)[accounts]
            if said.any():
                self.used.add(group)
                self._complete[group] = node[said]
                self._known.append((group, node[said]))

    def own(self, layout: Layout, gaps: Gaps, free: IntArray, bare: IntArray) -> Own:
        """All entries, summed in an order of their own, with the flags.

        What is free of burden took nothing and emitted nothing; that nothing was captured is for those to say who emit.
        """
        flags = np.zeros(len(self.draft.nodes), np.int64)
        for group in layout.groups:
            gap, known = layout.bits(group)
            for nodes in (n for g, n in self._known if g is group):
                flags[nodes] |= known
            missing = self._missing(group, gaps)
            missing[free] = False
            flags[missing] |= gap
            if group is Group.GHG:
                flags[bare] |= known
            if group in BY_THEMSELVES:
                flags[free] |= known
        amounts = [(layout.column[name], *_summed(node, value)) for name, node, value in self._grouped()]
        return Own(amounts, flags, layout.size - layout.first_flag)

    def _missing(self, group: Group, gaps: Gaps) -> BoolArray:
        if group not in BY_THEMSELVES:
            return gaps.emissions.copy()
        found = np.asarray(self.draft.nodes.kind == NodeKind.PROCESS)
        complete = np.zeros(len(found), np.bool_)
        complete[self._complete.get(group, np.zeros(0, np.int64))] = True
        complete[self.open.get(group, np.zeros(0, np.int64))] = False
        found[complete] = False
        found[gaps.quantities] = True
        return found

    def _grouped(self) -> Iterator[tuple[str, IntArray, FloatArray]]:
        """The entries of each name; they are handed over, one name after the other, and kept no longer."""
        waiting, self._entries = self._entries, []
        for name in dict.fromkeys(name for name, _, _ in waiting):
            parts = [(node, value) for other, node, value in waiting if other == name]
            waiting = [each for each in waiting if each[0] != name]
            yield name, np.concatenate([node for node, _ in parts]), np.concatenate([value for _, value in parts])


def _summed(node: IntArray, value: FloatArray) -> tuple[IntArray, FloatArray]:
    """Nodes, each once, and the sum of what each has: of three or more amounts in the order of their size, of two in
    either."""
    if (node[1:] < node[:-1]).any():
        order = np.argsort(node, kind="stable")
        node, value = node[order], value[order]
    starts = np.flatnonzero(np.diff(node, prepend=ABSENT))
    lengths = np.diff(starts, append=len(node))
    if (lengths > 2).any():
        many = np.flatnonzero(np.repeat(lengths > 2, lengths))
        value = value.copy()
        value[many] = value[many][np.lexsort((value[many], node[many]))]
    return node[starts], np.add.reduceat(value, starts)


def _add_emissions(sums: _Sums, activities: Activities) -> None:
    """Parts of the total, and the data quality of what is rated in all three dimensions, weighted by emissions."""
    for i, name in enumerate(GHG_PARTS):
        mine = activities.part == i
        sums.add(Group.GHG, name, activities.process[mine], activities.value[mine])
    ratings = activities.quality.values[:, : len(QUALITIES)]
    whole = np.asarray(~np.isnan(ratings).any(axis=1))
    rated = whole[activities.quality.row] & ~activities.floor
    process, weight = activities.process[rated], np.abs(activities.value[rated])
    for i, name in enumerate(QUALITIES):
        sums.add(Group.QUALITY, name, process, weight * activities.quality[rated, i])
    sums.add(Group.QUALITY, "rated", process, weight)


def _add_flows(sums: _Sums) -> None:
    """Energy by carrier, water, waste and captured CO2, as the activities of processes state them."""
    draft = sums.draft
    rows = draft.facts.rows["activities"]
    process = rows.codes("process", draft.nodes.processes)
    quantity, energy = rows.floats("quantity"), rows.floats("energy")
    carrier, named = _carriers(rows), rows.coded("carrier") != 0
    _note_unstated(sums, process, np.isnan(energy) & (carrier != ABSENT) & named, rows.texts("name"), "calorific value")
    unnamed = ~np.isnan(energy) & (rows.mapped("type", dict.fromkeys(_FUELS, 1)) == 1) & ~named
    _note_unstated(sums, process, unnamed, rows.texts("name"), "carrier")
    for i, name in enumerate(MEMBERS[Group.ENERGY]):
        mine = (carrier == i) & ~np.isnan(energy) & ~unnamed
        sums.add(Group.ENERGY, name, process[mine], energy[mine])
    codes = rows.mapped("type", {name: i for i, name in enumerate(FLOWS)})
    for i, group in enumerate(FLOWS.values()):
        sums.add(group, MEMBERS[group][0], process[codes == i], quantity[codes == i])
    fate = rows.mapped("fate", {name: i for i, name in enumerate(FATES)})
    sums.add(Group.CAPTURE, "captured", process[fate != ABSENT], quantity[fate != ABSENT])
    for i, name in enumerate(FATES):
        sums.add(Group.CAPTURE, name, process[fate == i], quantity[fate == i])


def _note_capture(draft: Draft, activities: Activities) -> None:
    """More CO2 captured than the process emits before capture cannot be, but for biogenic CO2, not told here."""
    rows, size = draft.facts.rows["activities"], len(draft.nodes)
    captured = rows.coded("fate") != 0
    process = rows.codes("process", draft.nodes.processes)[captured]
    taken = np.bincount(process, rows.floats("quantity")[captured], size)
    gross = (activities.scope == 0) & (activities.part == GHG_PARTS.index("fossil")) & ~activities.floor
    emitted = np.bincount(activities.process[gross], activities.value[gross], size)
    for node in np.flatnonzero(taken > np.maximum(emitted, 0.0) * (1 + 1e-9)).tolist():
        words = f"{draft.nodes.key[node]}: {taken[node]:.6g} kg of CO2 captured, {emitted[node]:.6g} kg emitted"
        draft.note(node, "capture-exceeds", words)


def _note_unstated(sums: _Sums, process: IntArray, unstated: BoolArray, names: Texts, what: str) -> None:
    """Fuels that leave the energy by carrier unknown, for want of ``what``."""
    nodes, known = sums.draft.nodes, sums.open.get(Group.ENERGY, process[:0])
    sums.open[Group.ENERGY] = np.union1d(known, process[unstated])
    for i in np.flatnonzero(unstated).tolist():
        node = int(process[i])
        sums.draft.note(node, "energy-unknown", f"{nodes.key[node]}: {names[i]} states no {what}")


# Types of activities that are energy whatever carrier they name.
_BY_TYPE = {"electricity": "electricity", "heat": "heat", "waste-gas": "gas"}
_FUELS = ("stream", "carbon")


def _carriers(rows: Rows) -> IntArray:
    """The carrier that each activity counts into, absent for what is no energy."""
    known = carrier_names()
    code = {name: i for i, name in enumerate(MEMBERS[Group.ENERGY])}
    kinds, carriers = rows.texts("type"), rows.texts("carrier")
    firsts, which = distinct([kinds.codes, carriers.codes], len(rows))
    found: list[int] = []
    for kind, carrier in zip(kinds.take(firsts), carriers.take(firsts), strict=True):
        named = known.get(carrier.lower(), "other_fuel")
        if kind == "electricity" and named != "renewable_electricity":
            named = "electricity"
        named = _BY_TYPE.get(kind, named) if kind != "electricity" else named
        found.append(code[named] if kind in _BY_TYPE or kind in _FUELS else ABSENT)
    return np.array(found, np.int64)[which]
