"""What goes with a footprint beside its scopes: its parts, biogenic carbon and uptake, data quality, interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from graph.model.indicators import GHG_PARTS, MEMBERS, QUALITIES, Group
from graph.rollup.arrays import ABSENT, FloatArray, IntArray
from graph.rollup.closure import edges_of
from graph.rollup.indicators import BIOGENIC, EXTRA, Layout
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import CONTENT, CONTENT_UNKNOWN, GAP, KNOWN_ABS, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.rollup.uncertainty import Spread, alone

# kgCO2 per kg of carbon, by molar mass (ISO 14067; PACT: uptake = -44/12 x biogenic carbon content).
CO2_PER_CARBON = 44 / 12
_BIO = (CONTENT.index("non_grain_bio"), CONTENT.index("other_bio"))


@dataclass(frozen=True)
class Biogenic:
    """Biogenic carbon of a lot: ``carbon`` kgC in a unit of it, ``released`` kgCO2 that went in and is not in it.

    Uptake is derived from what is in the product, never rolled up; None is unknown.
    """

    carbon: float | None
    released: float | None

    @property
    def uptake(self) -> float | None:
        """kgCO2 a unit, <= 0."""
        return None if self.carbon is None else -CO2_PER_CARBON * self.carbon


NOTHING_BIOGENIC = Biogenic(None, None)


@dataclass(frozen=True)
class Particulars:
    """``parts``: kgCO2e a unit by name, None where nothing is known; ``parts_lower_bound``: not all of it is known.

    ``quality``: DQR by dimension, 1 (best) to 5, weighted by emissions, over ``rated_share`` of them; None where none
    is rated.
    """

    parts: Mapping[str, float | None]
    parts_lower_bound: bool
    biogenic: Biogenic
    quality: Mapping[str, float] | None
    rated_share: float | None
    spread: Spread


def read(layout: Layout, row: FloatArray, group: Group) -> tuple[dict[str, float | None], bool]:
    """The amounts of a group by name, and whether they are the known part alone; nothing known is None, never 0."""
    names = MEMBERS[group]
    if group not in layout.groups or row[layout.known[group]] == 0:
        return dict.fromkeys(names), True
    gap = bool(row[layout.gap[group]] > 0)
    values = {name: float(row[layout.column[name]]) for name in names}
    return {name: None if gap and value == 0 else value for name, value in values.items()}, gap


def particulars(layout: Layout, row: FloatArray, vector: FloatArray, biogenic: Biogenic, spread: Spread) -> Particulars:
    """From a row of the indicator matrix and the emission vector of the same figure."""
    parts, gap = read(layout, row, Group.GHG)
    quality, share = _quality(layout, row, float(vector[KNOWN_ABS]))
    return Particulars(parts, gap, biogenic, quality, share, spread)


def offered(vector: FloatArray, extra: FloatArray) -> Particulars:
    """Those of one footprint, from its emission vector and what it says beside (``graph.rollup.indicators.EXTRA``)."""
    stated = {name: None if np.isnan(value) else float(value) for name, value in zip(EXTRA, extra, strict=True)}
    parts = {name: stated[name] for name in GHG_PARTS}
    quality = {name: value for name in QUALITIES if (value := stated[name]) is not None}
    whole = len(quality) == len(QUALITIES)
    total, gap = float(vector[: UNDIVIDED + 1].sum()), bool(vector[GAP] > 0)
    return Particulars(
        parts=parts,
        parts_lower_bound=None in parts.values(),
        biogenic=Biogenic(stated["biogenic_carbon"], None),
        quality=quality if whole else None,
        rated_share=float(whole),
        spread=alone(total, stated["gsd"], gap=gap),
    )


def _quality(layout: Layout, row: FloatArray, size: float) -> tuple[dict[str, float] | None, float | None]:
    if Group.QUALITY not in layout.groups or row[layout.column["rated"]] <= 0:
        return None, 0.0 if size > 0 else None
    weight = float(row[layout.column["rated"]])
    return {name: float(row[layout.column[name]]) / weight for name in QUALITIES}, weight / size


def biogenic(snapshot: ChainSnapshot, rolled: Rolled, node: int) -> Biogenic:
    """Biogenic carbon of a lot, and what its process released of the biogenic carbon that went into it."""
    known = Carbon(snapshot, rolled)
    carbon = known.of(node)
    went_in = known.into(node)
    if carbon is None or went_in is None or went_in < carbon:
        return Biogenic(carbon, None)
    return Biogenic(carbon, CO2_PER_CARBON * (went_in - carbon))


class Carbon:
    """Biogenic carbon by node, kgC a unit: declared; else of what a lot is part of; 0 where no content is bio-based."""

    def __init__(self, snapshot: ChainSnapshot, rolled: Rolled) -> None:
        self._snapshot, self._rolled = snapshot, rolled
        self._known: dict[int, float | None] = {}
        self._went: dict[int, float | None] = {}
        self._unsure = snapshot.indicators.unsure

    def of(self, node: int) -> float | None:
        """The carbon in a unit of a node, None where unknown. Lots that are parts of lots are followed."""
        waiting = [node]
        while waiting:
            top = waiting[-1]
            if top not in self._known:
                below = self._parts(top) if self._stated(top) is None else np.zeros(0, np.int64)
                open_ = [n for n in below.tolist() if n not in self._known]
                if open_:
                    waiting.extend(open_)
                    continue
                self._known[top] = self._value(top)
            waiting.pop()
        return self._known[node]

    def into(self, lot: int) -> float | None:
        """Biogenic carbon consumed for a unit of a lot and of the lots that it is part of; None where it is unknown.

        A process without inputs may take its carbon from the air: nothing is known of what went in. Of several outputs
        nobody tells how much carbon left with each: it follows the material, whatever divides the burdens.
        """
        waiting = [lot]
        while waiting:
            top = waiting[-1]
            open_ = [n for n, _ in self._edges(top) if self._snapshot.kind[n] == NodeKind.LOT and n not in self._went]
            if open_:
                waiting.extend(open_)
                continue
            self._went[top] = self._sum(top, self._through)
            waiting.pop()
        return self._went[lot]

    def _through(self, source: int) -> float | None:
        """What went into one of the sources of a lot: a lot, or all of a process that makes one thing."""
        if self._snapshot.kind[source] != NodeKind.PROCESS:
            return self._went[source]
        if np.count_nonzero(self._snapshot.outputs.process == source) != 1:
            return None
        return self._sum(source, self.of)

    def _sum(self, node: int, carbon: Callable[[int], float | None]) -> float | None:
        """What is behind a node, by weight; None where something of it, or how much of it there is, is unknown."""
        parts = [(weight, carbon(below)) for below, weight in self._edges(node)]
        known = [weight * value for weight, value in parts if value is not None]
        return sum(known) if parts and len(known) == len(parts) and not self._unsure[node] else None

    def _edges(self, node: int) -> list[tuple[int, float]]:
        edges, _ = edges_of(self._snapshot, np.array([node], np.int64))
        return list(zip(self._snapshot.indices[edges].tolist(), self._snapshot.emissions[edges].tolist(), strict=True))

    def _parts(self, node: int) -> IntArray:
        """The lots that a lot is made up of, none where it comes from a process."""
        edges, _ = edges_of(self._snapshot, np.array([node], np.int64))
        below = self._snapshot.indices[edges]
        return below if bool((self._snapshot.kind[below] == NodeKind.LOT).all()) else np.zeros(0, np.int64)

    def _value(self, node: int) -> float | None:
        stated = self._stated(node)
        if stated is not None:
            return stated
        parts = self._parts(node)
        if not len(parts) or self._snapshot.kind[node] == NodeKind.PROCESS:
            return None
        return self._sum(node, self._known.__getitem__)

    def _stated(self, node: int) -> float | None:
        offers = self._snapshot.offers
        first, last = np.searchsorted(offers.node, [node, node + 1]).tolist()
        stated = [i for i in range(first, last) if not np.isnan(offers.extra[i, BIOGENIC])]
        taken = self._taken(node)
        best = min(stated, key=lambda i: (i != taken, offers.basis[i] != Basis.ATTESTED, i), default=ABSENT)
        if best != ABSENT:
            return float(offers.extra[best, BIOGENIC])
        mass = self._rolled.mass[node]
        return 0.0 if mass[CONTENT_UNKNOWN] == 0 and all(mass[i] == 0 for i in _BIO) else None

    def _taken(self, node: int) -> int:
        decided = self._snapshot.decided
        at = int(np.searchsorted(decided, node))
        return int(self._rolled.offer[at]) if at < len(decided) and decided[at] == node else ABSENT
