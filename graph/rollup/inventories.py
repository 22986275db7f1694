"""A facility's inventory against what its processes and lots of the same period account for.

An inventory holds what was emitted at a facility (ISO 14064-1; GHG Protocol, scopes 1 and 2), whatever was made there.
What the footprints of its products hold of it can be no less than the policy's materiality allows: what is missing was
allocated to nothing. It may be on products of which no footprint was published (cherry-picking).

Nothing unknown counts as nothing. ``most`` is the most that can be accounted for: every process that overlaps the
period with all that it states (how much of it falls into the period, nobody says), a process that states nothing of
itself with all that its lots carry, and whatever of the organization has no place. ``least`` is what processes within
the period state. There is a verdict where the inventory lies beyond one of the two, and none where what is unknown
could explain it.

For one lot it takes, in each period of an inventory of the facility where the lot was made: the processes there and
those of its organization without a place, with their activities, outputs and the lots drawn from them; the lots of the
organization without an account; and the footprints of all these lots.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from graph.rollup.allocated import Stated, loose, most_a_unit, most_by_lots, moving, stated
from graph.rollup.arrays import ABSENT, FloatArray, IntArray, expand
from graph.rollup.emissions import Activities
from graph.rollup.findings import Finding
from graph.rollup.links import Draft, Outputs
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import Offers
from graph.rollup.policy import Policy

# So much of what could not be compared is named of an inventory.
_NAMED = 100


class Outcome(StrEnum):
    """What came of a comparison."""

    UNALLOCATED = "unallocated"
    EXCEEDED = "exceeded"
    CONSISTENT = "consistent"
    UNDECIDED = "undecided"


@dataclass(frozen=True, order=True)
class Gap:
    """What could not be compared: a lot or process by its key, and why."""

    reason: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """An inventory as stated: keys as in the graph, kgCO2e, period [start, end) in seconds; None: not stated."""

    key: str
    facility: str
    start: float
    end: float
    direct: float
    indirect: float | None
    method: str
    gwp: str
    boundary: str
    document: int
    signed: bool


@dataclass(frozen=True)
class Compared:
    """An inventory and what came of it, kgCO2e.

    ``whole``: direct and indirect were compared, else the direct emissions alone.
    ``least`` and ``most``: what is accounted for at least and at most, ``most`` None where something of it is unknown.
    ``amount``: what is allocated to nothing, or what processes state beyond the inventory. ``processes`` and ``lots``:
    how many were looked at; ``spanning``: processes that overlap the period and are not within it. ``gaps``: what could
    not be compared, as far as it is named, of ``gap_count``.
    """

    inventory: Inventory
    outcome: Outcome
    amount: float | None
    whole: bool
    least: float
    most: float | None
    processes: int
    lots: int
    spanning: tuple[str, ...]
    gaps: tuple[Gap, ...]
    gap_count: int

    @property
    def compared(self) -> float:
        """The part of the inventory that was compared, kgCO2e."""
        return _compared(self.inventory, whole=self.whole)

    @property
    def share(self) -> float | None:
        """``amount`` as a share of what was compared, None where that is 0."""
        return None if self.amount is None or not self.compared else self.amount / self.compared


class _Stated(NamedTuple):
    """An inventory, and the codes of its facility and organization."""

    inventory: Inventory
    place: int
    issuer: int


class _Sums(NamedTuple):
    """What is accounted for, with bought energy or without it, at least and at most, kgCO2e."""

    whole: bool
    least: float
    most: float | None


def compare(
    draft: Draft, policy: Policy, outputs: Outputs, own: tuple[Activities, Activities], offers: Offers
) -> tuple[Compared, ...]:
    """Every inventory in force with what is held against it, in the order of the ledger; findings go to its lots.

    ``own``: activities, and those without a value.
    """
    if not len(draft.facts.rows["inventories"]):
        return ()
    books = _Books(draft, policy, outputs, stated(draft, *own), offers)
    found = []
    for each in books.inventories():
        one, made = books.held_against(each)
        found.append(one)
        if (finding := _finding(one)) is not None:
            draft.notes += [(lot, finding) for lot in books.lots_of(made)]
    return tuple(found)


def _finding(found: Compared) -> Finding | None:
    """In words for who may see the facility's facts: the facility counts as one of the processes."""
    if found.amount is None:
        return None
    share = "" if found.share is None else f" ({found.share:.3g} of it)"
    what = "total" if found.whole else "direct emissions"
    facility, key = found.inventory.facility, found.inventory.key
    words = f"{facility}: its inventory {key} has {found.compared:.6g} kgCO2e ({what}), and its processes "
    if found.outcome is Outcome.EXCEEDED:
        words += f"state {found.least:.6g} kgCO2e in that period: {found.amount:.6g} more{share}"
    else:
        words += f"and lots of that period hold {found.most:.6g} at most: {found.amount:.6g}{share} went to nothing"
    subjects = (facility, key)
    return Finding(f"inventory-{found.outcome}", words, subjects, (found.inventory.document,), subjects)


class _Books:
    """All accounts, made ready to be held against any inventory."""

    def __init__(self, draft: Draft, policy: Policy, outputs: Outputs, told: Stated, offers: Offers) -> None:
        self._draft, self._policy, self._outputs, self._offers = draft, policy, outputs, offers
        self._told, self._moving, self._loose = told, moving(draft), loose(draft)
        nodes = draft.nodes
        process = np.flatnonzero((nodes.kind == NodeKind.PROCESS) & nodes.described)
        placed = nodes.at[process] != ABSENT
        self._at = _Groups(nodes.at[process[placed]], process[placed])
        self._nowhere = _Groups(nodes.issuer[process[~placed]], process[~placed])
        self._loosely = _Groups(nodes.issuer[self._loose.lot], np.arange(len(self._loose.lot), dtype=np.int64))
        rows = draft.facts.rows["lot_sources"]
        drawn = rows.where(rows.are("kind", "output"))
        self._drawn = _Groups(drawn.codes("source", nodes.processes), drawn.codes("lot", nodes.lots))
        self._by_gwp: dict[str, tuple[FloatArray, FloatArray]] = {}

    def inventories(self) -> Iterator[_Stated]:
        """Each as stated."""
        rows = self._draft.facts.rows["inventories"]
        issuers, signed = rows.pool.issuers()[rows.coded("key")], self._draft.facts.signed(rows.documents)
        numbers = (rows.floats(name).tolist() for name in ("start", "end", "direct"))
        indirect = [None if np.isnan(value) else value for value in rows.floats("indirect").tolist()]
        texts = (rows.text(name) for name in ("method", "gwp", "boundary"))
        places = rows.codes("facility", self._draft.facts.places.codes)
        sources = rows.documents.tolist(), signed.tolist()
        columns = (rows.text("key"), rows.text("facility"), *numbers, indirect, *texts, *sources)
        return map(_Stated, map(Inventory, *columns), places.tolist(), issuers.tolist())

    def lots_of(self, processes: IntArray) -> list[int]:
        """The lots that were drawn from some processes."""
        found: list[int] = np.unique(self._drawn.of_all(processes)).tolist()
        return found

    def held_against(self, told: _Stated) -> tuple[Compared, IntArray]:
        """What came of an inventory, and the processes at its facility that overlap its period."""
        each = told.inventory
        here, nowhere = (
            self._overlapping(each, nodes) for nodes in (self._at.of(told.place), self._nowhere.of(told.issuer))
        )
        lots = self._loosely.of(told.issuer)
        lots = lots[(self._loose.start[lots] < each.end) & (self._loose.end[lots] > each.start)]
        every = np.concatenate([here, nowhere])
        whole = self._alike(each, every[self._told.told[every]])
        within = (self._told.start[here] >= each.start) & (self._told.end[here] <= each.end)
        by_process, reasons = self._most(each, every, whole)
        by_lot = self._loose.amount[lots] * self._usable(each.gwp)[0][self._loose.lot[lots]]
        gaps = [*self._open(every, by_process, reasons), *self._open_lots(lots, by_lot)]
        most = float(by_process.sum() + by_lot.sum())
        sums = _Sums(whole, self._least(each, here[within], whole), None if np.isnan(most) else most)
        found = Compared(
            each,
            *_judged(each, sums, self._policy.materiality, bool(len(every) or len(lots))),
            sums.whole,
            sums.least,
            sums.most,
            len(every),
            len(lots),
            tuple(sorted(self._draft.nodes.key[n] for n in here[~within].tolist())[:_NAMED]),
            tuple(sorted(gaps)[:_NAMED]),
            len(gaps),
        )
        return found, here

    def _overlapping(self, each: Inventory, processes: IntArray) -> IntArray:
        start, end = self._told.start[processes], self._told.end[processes]
        found: IntArray = processes[(start < each.end) & (end > each.start)]
        return found

    def _alike(self, each: Inventory, processes: IntArray) -> bool:
        """Whether bought electricity is counted by one method on both sides (GHG Protocol Scope 2 Guidance).

        What names no contract is counted by the grid it comes from.
        """
        if each.indirect is None:
            return False
        other = self._told.contractual if each.method == "location-based" else self._told.grid
        return not bool(other[processes].any())

    def _most(self, each: Inventory, processes: IntArray, whole: bool) -> tuple[FloatArray, IntArray]:
        """The most that each process can have emitted, nan where it is unknown, and why (place in ``_REASONS``)."""
        told = self._told
        value = (told.whole if whole else told.direct)[processes]
        of_lots = self._usable(each.gwp)[1][processes]
        silent = np.where(self._moving[processes], 0.0, of_lots)
        another = told.told[processes] & (each.gwp != self._policy.gwp)
        found = np.where(told.told[processes], np.maximum(value, 0.0), silent)
        return np.where(told.open[processes] | another, np.nan, found), np.where(
            told.open[processes], 0, np.where(another, 1, 2)
        )

    def _least(self, each: Inventory, within: IntArray, whole: bool) -> float:
        """What is stated for sure: a process of which something is unknown adds nothing, as it emits no less than 0."""
        told = self._told
        value = told.whole[within] if whole else told.direct[within] - told.undivided[within]
        known = told.told[within] & ~told.open[within] & (each.gwp == self._policy.gwp)
        return float(np.where(known, np.maximum(value, 0.0), 0.0).sum())

    def _usable(self, gwp: str) -> tuple[FloatArray, FloatArray]:
        """What lots and processes carry by the footprints that count with a set of warming potentials."""
        if gwp not in self._by_gwp:
            a_unit = most_a_unit(self._draft, self._offers, gwp)
            self._by_gwp[gwp] = a_unit, most_by_lots(self._draft, self._outputs, a_unit)
        return self._by_gwp[gwp]

    def _open(self, processes: IntArray, most: FloatArray, reasons: IntArray) -> Iterator[Gap]:
        for i in np.flatnonzero(np.isnan(most)).tolist():
            yield Gap(_REASONS[reasons[i]], "process", self._draft.nodes.key[int(processes[i])])

    def _open_lots(self, lots: IntArray, most: FloatArray) -> Iterator[Gap]:
        for i in np.flatnonzero(np.isnan(most)).tolist():
            yield Gap("lot-unknown", "lot", self._draft.nodes.key[int(self._loose.lot[lots[i]])])


_REASONS = ("activity-unknown", "gwp-differs", "nothing-stated")


class _Groups:
    """Numbers by the code they belong to."""

    def __init__(self, codes: IntArray, numbers: IntArray) -> None:
        order = np.argsort(codes, kind="stable")
        self._codes, self._numbers = codes[order], numbers[order]

    def of(self, code: int) -> IntArray:
        """Those of a code, ascending as they came."""
        low, high = np.searchsorted(self._codes, [code, code + 1]).tolist()
        found: IntArray = self._numbers[low:high]
        return found

    def of_all(self, codes: IntArray) -> IntArray:
        """Those of some codes."""
        starts = np.searchsorted(self._codes, codes, "left")
        return self._numbers[expand(starts, np.searchsorted(self._codes, codes, "right") - starts)]


def _judged(each: Inventory, sums: _Sums, materiality: float, any_made: bool) -> tuple[Outcome, float | None]:
    """Beyond what is material on either side; where nothing was made, nobody has begun to account for it."""
    compared = _compared(each, whole=sums.whole)
    missing = None if sums.most is None or not any_made else compared - sums.most
    if missing is not None and missing > materiality * compared:
        return Outcome.UNALLOCATED, missing
    if sums.least - compared > materiality * compared:
        return Outcome.EXCEEDED, sums.least - compared
    return Outcome.UNDECIDED if missing is None else Outcome.CONSISTENT, None


def _compared(each: Inventory, *, whole: bool) -> float:
    return each.direct + ((each.indirect or 0.0) if whole else 0.0)
