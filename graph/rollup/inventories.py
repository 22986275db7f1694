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
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from graph.rollup.allocated import Stated, loose, most_a_unit, most_by_lots, moving, stated
from graph.rollup.arrays import ABSENT, FloatArray, IntArray
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


@dataclass(frozen=True)
class Compared:
    """An inventory (keys as in the graph, kgCO2e, period [start, end) in seconds) and what came of it.

    ``indirect`` None: not stated. ``whole``: direct and indirect were compared, else the direct emissions alone.
    ``least`` and ``most``: what is accounted for at least and at most, ``most`` None where something of it is unknown.
    ``amount``: what is allocated to nothing, or what processes state beyond the inventory. ``processes`` and ``lots``:
    how many were looked at; ``spanning``: processes that overlap the period and are not within it. ``gaps``: what could
    not be compared, as far as it is named, of ``gap_count``.
    """

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
    outcome: Outcome
    whole: bool
    least: float
    most: float | None
    amount: float | None
    processes: int
    lots: int
    spanning: tuple[str, ...]
    gaps: tuple[Gap, ...]
    gap_count: int

    @property
    def compared(self) -> float:
        """The part of the inventory that was compared, kgCO2e."""
        return self.direct + ((self.indirect or 0.0) if self.whole else 0.0)

    @property
    def share(self) -> float | None:
        """``amount`` as a share of what was compared, None where that is 0."""
        return None if self.amount is None or not self.compared else self.amount / self.compared


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
    for each, place in books.inventories():
        one, made = books.held_against(each, place)
        found.append(one)
        finding = _finding(one)
        draft.notes += [(lot, finding) for lot in books.lots_of(made) if finding is not None]
    return tuple(found)


def _finding(found: Compared) -> Finding | None:
    """In words for who may see the facility's facts: the facility counts as one of the processes."""
    if found.outcome not in (Outcome.UNALLOCATED, Outcome.EXCEEDED) or found.amount is None:
        return None
    share = "" if found.share is None else f" ({found.share:.3g} of it)"
    what = "total" if found.whole else "direct emissions"
    words = f"{found.facility}: its inventory {found.key} has {found.compared:.6g} kgCO2e ({what}), and its processes "
    if found.outcome is Outcome.EXCEEDED:
        words += f"state {found.least:.6g} kgCO2e in that period: {found.amount:.6g} more{share}"
    else:
        words += f"and lots of that period hold {found.most:.6g} at most: {found.amount:.6g}{share} went to nothing"
    subjects = (found.facility, found.key)
    return Finding(f"inventory-{found.outcome}", words, subjects, (found.document,), subjects)


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
        self._by_gwp: dict[str, tuple[FloatArray, FloatArray]] = {}

    def inventories(self) -> Iterator[tuple[Compared, tuple[int, int]]]:
        """Each as stated, with the codes of its facility and of the organization."""
        rows = self._draft.facts.rows["inventories"]
        issuers, signed = rows.pool.issuers()[rows.coded("key")], self._draft.facts.signed(rows.documents)
        texts = zip(*(rows.text(name) for name in ("key", "facility", "method", "gwp", "boundary")), strict=True)
        numbers = zip(*(rows.floats(name).tolist() for name in ("start", "end", "direct", "indirect")), strict=True)
        places = rows.codes("facility", self._draft.facts.places.codes)
        more = zip(rows.documents.tolist(), signed.tolist(), places.tolist(), issuers.tolist(), strict=True)
        for (key, facility, method, gwp, boundary), (start, end, direct, indirect), (document, sound, *place) in zip(
            texts, numbers, more, strict=True
        ):
            stated_ = None if np.isnan(indirect) else indirect
            one = Compared(
                key, facility, start, end, direct, stated_, method, gwp, boundary, document, sound,
                Outcome.UNDECIDED, True, 0.0, None, None, 0, 0, (), (), 0,
            )  # fmt: skip
            yield one, (place[0], place[1])

    def lots_of(self, processes: IntArray) -> list[int]:
        """The lots that were drawn from some processes."""
        rows, nodes = self._draft.facts.rows["lot_sources"], self._draft.nodes
        drawn = rows.are("kind", "output") & np.isin(rows.codes("source", nodes.processes), processes)
        found: list[int] = np.unique(rows.codes("lot", nodes.lots)[drawn]).tolist()
        return found

    def held_against(self, each: Compared, place: tuple[int, int]) -> tuple[Compared, IntArray]:
        """What came of an inventory, and the processes at its facility that overlap its period."""
        told = self._told
        here, nowhere = (
            self._overlapping(each, nodes) for nodes in (self._at.of(place[0]), self._nowhere.of(place[1]))
        )
        lots = self._loosely.of(place[1])
        lots = lots[(self._loose.start[lots] < each.end) & (self._loose.end[lots] > each.start)]
        every = np.concatenate([here, nowhere])
        each = replace(each, whole=self._alike(each, every[told.told[every]]))
        within = here[(told.start[here] >= each.start) & (told.end[here] <= each.end)]
        by_process, reasons = self._most(each, every)
        by_lot = self._most_of_lots(each, lots)
        gaps = [*self._open(every, by_process, reasons), *self._open_lots(lots, by_lot)]
        most = float(np.concatenate([by_process, by_lot]).sum())
        spanning = np.setdiff1d(here, within)
        looked_at = replace(
            each,
            least=self._least(each, within),
            most=None if np.isnan(most) else most,
            processes=len(every),
            lots=len(lots),
            spanning=tuple(sorted(self._draft.nodes.key[n] for n in spanning.tolist())[:_NAMED]),
            gaps=tuple(sorted(gaps)[:_NAMED]),
            gap_count=len(gaps),
        )
        return _judged(looked_at, self._policy.materiality, bool(len(every) or len(lots))), here

    def _overlapping(self, each: Compared, processes: IntArray) -> IntArray:
        start, end = self._told.start[processes], self._told.end[processes]
        found: IntArray = processes[(start < each.end) & (end > each.start)]
        return found

    def _alike(self, each: Compared, processes: IntArray) -> bool:
        """Whether bought electricity is counted by one method on both sides (GHG Protocol Scope 2 Guidance).

        What names no contract is counted by the grid it comes from.
        """
        if each.indirect is None:
            return False
        other = self._told.contractual if each.method == "location-based" else self._told.grid
        return not bool(other[processes].any())

    def _most(self, each: Compared, processes: IntArray) -> tuple[FloatArray, IntArray]:
        """The most that each process can have emitted, nan where it is unknown, and why (place in ``_REASONS``)."""
        told = self._told
        value = (told.whole if each.whole else told.direct)[processes]
        of_lots = self._usable(each.gwp)[1][processes]
        silent = np.where(self._moving[processes], 0.0, of_lots)
        another = told.told[processes] & (each.gwp != self._policy.gwp)
        found = np.where(told.told[processes], np.maximum(value, 0.0), silent)
        return np.where(told.open[processes] | another, np.nan, found), np.where(
            told.open[processes], 0, np.where(another, 1, 2)
        )

    def _least(self, each: Compared, within: IntArray) -> float:
        """What is stated for sure: a process of which something is unknown adds nothing, as it emits no less than 0."""
        told = self._told
        value = told.whole[within] if each.whole else told.direct[within] - told.undivided[within]
        known = told.told[within] & ~told.open[within] & (each.gwp == self._policy.gwp)
        return float(np.where(known, np.maximum(value, 0.0), 0.0).sum())

    def _most_of_lots(self, each: Compared, lots: IntArray) -> FloatArray:
        found: FloatArray = self._loose.amount[lots] * self._usable(each.gwp)[0][self._loose.lot[lots]]
        return found

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


def _judged(found: Compared, materiality: float, any_made: bool) -> Compared:
    """Beyond what is material on either side; where nothing was made, nobody has begun to account for it."""
    limit = materiality * found.compared
    if any_made and found.most is not None and found.compared - found.most > limit:
        return replace(found, outcome=Outcome.UNALLOCATED, amount=found.compared - found.most)
    if found.least - found.compared > limit:
        return replace(found, outcome=Outcome.EXCEEDED, amount=found.least - found.compared)
    open_ = found.most is None or not any_made
    return replace(found, outcome=Outcome.UNDECIDED if open_ else Outcome.CONSISTENT)
