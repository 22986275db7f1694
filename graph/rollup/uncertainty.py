"""How wide a figure is: geometric standard deviations, parts that rest on one factor taken as fully correlated.

``ln GSD = sqrt(sum ((E_k / E) ln GSD_k)^2)``, 95 % interval ``E / GSD^2 .. E GSD^2`` (log-normal; accounting
reference, Data quality).
"""

from dataclasses import dataclass
from math import exp, isfinite, log

import numpy as np

from graph.rollup.adjoint import reach
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.closure import Closure, own_activities, taken_offers
from graph.rollup.indicators import GSD
from graph.rollup.kernel import Rolled
from graph.rollup.offers import UNDIVIDED
from graph.rollup.snapshot import ChainSnapshot

_GSD = 3
# ln of what a factor may be at most for a number to hold it.
_WIDEST = 700.0
_NOT_STATED = "no geometric standard deviation is stated"


@dataclass(frozen=True)
class Spread:
    """The 95 % interval of a total, kgCO2e per unit as the figure, or why there is none.

    ``share``: of emissions, those whose geometric standard deviation is stated.
    """

    low: float | None
    high: float | None
    gsd: float | None
    share: float
    reason: str


@dataclass(frozen=True)
class Terms:
    """What adds up to a figure: kgCO2e, its geometric standard deviation (nan where not stated), who rests on the same
    (codes), and the node it is of; shapes (terms,)."""

    value: FloatArray
    gsd: FloatArray
    shared: IntArray
    node: IntArray

    @property
    def stated(self) -> BoolArray:
        """Which state their width."""
        found: BoolArray = ~np.isnan(self.gsd)
        return found

    @property
    def unstated(self) -> FloatArray:
        """The size of each, kgCO2e, where its width is not stated; 0 elsewhere."""
        found: FloatArray = np.where(self.stated, 0.0, np.abs(self.value))
        return found

    @property
    def weighed(self) -> FloatArray:
        """E_k ln GSD_k, 0 where not stated."""
        found: FloatArray = np.where(self.stated, self.value * np.log(np.where(self.stated, self.gsd, 1.0)), 0.0)
        return found

    def part(self, at: IntArray | BoolArray) -> "Terms":
        """Some of them, by position."""
        return Terms(self.value[at], self.gsd[at], self.shared[at], self.node[at])

    def joined(self, other: "Terms") -> "Terms":
        """These and others."""
        return Terms(
            np.concatenate([self.value, other.value]),
            np.concatenate([self.gsd, other.gsd]),
            np.concatenate([self.shared, other.shared]),
            np.concatenate([self.node, other.node]),
        )

    def grouped(self) -> tuple[IntArray, FloatArray]:
        """The codes of what is independent of each other, ascending, and the sum of E_k ln GSD_k of each."""
        weighed = self.weighed
        order = np.lexsort((weighed, self.shared))
        codes, starts = np.unique(self.shared[order], return_index=True)
        return codes, np.add.reduceat(weighed[order], starts)


def spread(
    snapshot: ChainSnapshot, rolled: Rolled, found: Closure, weights: FloatArray, *, total: float, gap: bool
) -> Spread:
    """The interval of the weighted sum of a closure's roots; none where the width of a part is not stated."""
    if not _any_stated(snapshot, rolled, found):
        return Spread(None, None, None, 0.0, _NOT_STATED)
    whole = reach(snapshot, found, weights).sum(axis=1)
    return spread_of(terms_of(snapshot, rolled, found.nodes, found.override, whole), total=total, gap=gap)


def spread_of(terms: Terms, *, total: float, gap: bool) -> Spread:
    """The interval of what some terms add up to; none where the width of one is not stated."""
    size = np.abs(terms.value)
    share = float(size[terms.stated].sum() / size.sum()) if size.sum() > 0 else 0.0
    reason = _refusal(total, gap=gap, whole=not bool((terms.unstated > 0).any()))
    if share == 0 and size.any():
        reason = _NOT_STATED
    if reason:
        return Spread(None, None, None, share, reason)
    with np.errstate(over="ignore"):
        width = float(np.sqrt(np.sort(terms.grouped()[1] ** 2).sum()))
    return interval(total, width / total, share)


def alone(total: float, gsd: float | None, *, gap: bool) -> Spread:
    """The interval of a single declared total."""
    reason = _refusal(total, gap=gap, whole=gsd is not None)
    if reason or gsd is None:
        return Spread(None, None, None, float(gsd is not None), reason)
    return interval(total, log(gsd), 1.0)


def interval(total: float, log_gsd: float, share: float) -> Spread:
    """The interval of a total above 0 by its ln GSD; ``share`` as in ``Spread``."""
    width = float(np.exp(np.minimum(2 * log_gsd, _WIDEST)))
    high = total * width
    if not isfinite(high) or 2 * log_gsd > _WIDEST:
        return Spread(None, None, None, share, "the interval is wider than numbers go")
    return Spread(total / width, high, exp(log_gsd), share, "")


def _refusal(total: float, *, gap: bool, whole: bool) -> str:
    if total <= 0:
        return "no log-normal interval for a total that is not above 0"
    if gap:
        return "something upstream is unknown: the total is its known part"
    return "" if whole else "not every part states its geometric standard deviation"


def _any_stated(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> bool:
    activity = own_activities(snapshot, found.nodes[~found.override])
    offer = taken_offers(snapshot, rolled, found.nodes[found.override])
    given = snapshot.activities.quality[activity, _GSD], snapshot.offers.extra[offer, GSD]
    return not all(bool(np.isnan(each).all()) for each in given)


def terms_of(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray, override: BoolArray, whole: FloatArray) -> Terms:
    """One term for each activity of some processes, and one for each footprint or default among some nodes.

    ``nodes`` ascend, ``override`` marks those with a footprint or default, ``whole`` is how much of each is used.
    Activities with one factor share it; footprints of one document do. The floor at zero is arithmetic, without width.
    """
    listed = snapshot.activities
    activity = own_activities(snapshot, nodes[~override])
    at = np.searchsorted(nodes, listed.process[activity])
    over = np.flatnonzero(override)
    offer = taken_offers(snapshot, rolled, nodes[over])
    alone = len(listed.factors) + np.arange(len(activity), dtype=np.int64)
    shared = np.where(listed.factor[activity] == ABSENT, alone, listed.factor[activity])
    of_document = len(listed.factors) + len(activity) + snapshot.offers.document[offer] + 1
    declared = rolled.chosen[nodes[over], : UNDIVIDED + 1].sum(axis=1) * whole[over]
    width = np.where(listed.floor[activity], 1.0, listed.quality[activity, _GSD])
    return Terms(
        np.concatenate([listed.value[activity] * whole[at], declared]),
        np.concatenate([width, snapshot.offers.extra[offer, GSD]]),
        np.concatenate([shared, of_document]),
        np.concatenate([listed.process[activity], nodes[over]]),
    )
