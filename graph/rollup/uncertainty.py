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
class _Terms:
    """What adds up to a figure: kgCO2e, its geometric standard deviation, and who rests on the same (codes)."""

    value: FloatArray
    gsd: FloatArray
    shared: IntArray


def spread(
    snapshot: ChainSnapshot, rolled: Rolled, found: Closure, weights: FloatArray, *, total: float, gap: bool
) -> Spread:
    """The interval of the weighted sum of a closure's roots; none where the width of a part is not stated."""
    if not _any_stated(snapshot, rolled, found):
        return Spread(None, None, None, 0.0, "no geometric standard deviation is stated")
    terms = _terms(snapshot, rolled, found, reach(snapshot, found, weights).sum(axis=1))
    size = np.abs(terms.value)
    stated = ~np.isnan(terms.gsd)
    share = float(size[stated].sum() / size.sum()) if size.sum() > 0 else 0.0
    reason = _refusal(total, gap=gap, whole=not bool((size[~stated] > 0).any()))
    if reason:
        return Spread(None, None, None, share, reason)
    return _interval(total, _log_gsd(terms, stated) / total, share)


def alone(total: float, gsd: float | None, *, gap: bool) -> Spread:
    """The interval of a single declared total."""
    reason = _refusal(total, gap=gap, whole=gsd is not None)
    if reason or gsd is None:
        return Spread(None, None, None, float(gsd is not None), reason)
    return _interval(total, log(gsd), 1.0)


def _interval(total: float, log_gsd: float, share: float) -> Spread:
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


def _log_gsd(terms: _Terms, stated: BoolArray) -> float:
    """sqrt(sum over what is independent of (sum over what is shared of E_k ln GSD_k)^2)."""
    weighed = np.where(stated, terms.value * np.log(np.where(stated, terms.gsd, 1.0)), 0.0)
    order = np.lexsort((weighed, terms.shared))
    _, starts = np.unique(terms.shared[order], return_index=True)
    sums = np.add.reduceat(weighed[order], starts)
    return float(np.sqrt(np.sort(sums**2).sum()))


def _any_stated(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> bool:
    activity = own_activities(snapshot, found.nodes[~found.override])
    offer = taken_offers(snapshot, rolled, found.nodes[found.override])
    given = snapshot.activities.quality[activity, _GSD], snapshot.offers.extra[offer, GSD]
    return not all(bool(np.isnan(each).all()) for each in given)


def _terms(snapshot: ChainSnapshot, rolled: Rolled, found: Closure, whole: FloatArray) -> _Terms:
    """One term for each activity of the closure's processes, and one for each footprint or default in it.

    Activities with one factor share it; footprints of one document do. The floor at zero is arithmetic, without width.
    """
    listed = snapshot.activities
    activity = own_activities(snapshot, found.nodes[~found.override])
    at = np.searchsorted(found.nodes, listed.process[activity])
    over = np.flatnonzero(found.override)
    offer = taken_offers(snapshot, rolled, found.nodes[over])
    alone = len(listed.factors) + np.arange(len(activity), dtype=np.int64)
    shared = np.where(listed.factor[activity] == ABSENT, alone, listed.factor[activity])
    of_document = len(listed.factors) + len(activity) + snapshot.offers.document[offer] + 1
    declared = rolled.chosen[found.nodes[over], : UNDIVIDED + 1].sum(axis=1) * whole[over]
    width = np.where(listed.floor[activity], 1.0, listed.quality[activity, _GSD])
    return _Terms(
        np.concatenate([listed.value[activity] * whole[at], declared]),
        np.concatenate([width, snapshot.offers.extra[offer, GSD]]),
        np.concatenate([shared, of_document]),
    )
