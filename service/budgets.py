"""The budget of uncertainty as it is told: whom to ask first, and what an interval would be if they told all."""

from graph.rollup import asking
from graph.rollup.budget import OTHERS, Budget, Lack, Telling
from schemas.figures import strip
from service.chain import World
from service.figures import View, _node_name
from service.visibility import UNDISCLOSED, Sight, visible


def telling(world: World, sees: Sight) -> Telling:
    """Whom a viewer may be told of."""
    opened, named = (asking.those(world.snapshot, known) for known in (sees.facts_of, sees.name_of))
    return Telling(opened, named, lambda name: visible(name, sees), UNDISCLOSED)


def budget_told(world: World, found: Budget, top: int) -> View:
    """A budget as ``schemas.budgets.UncertaintyView`` writes it, without what it is about; the ``top`` rows."""
    spread = found.spread
    return {
        "interval": _interval(spread.low, spread.high, spread.gsd),
        "interval_missing": spread.reason,
        "interval_share": spread.share if found.size else None,
        "rows": [_row(world, lack, found) for lack in found.lacks[:top]],
        "others": max(0, len(found.lacks) - top),
    }


def _interval(low: float | None, high: float | None, gsd: float | None) -> View | None:
    return None if low is None else {"low": low, "high": high, "gsd": gsd}


def _row(world: World, lack: Lack, found: Budget) -> View:
    hidden = lack.organization in (UNDISCLOSED, OTHERS)
    without = lack.without
    gap = bool(lack.unknown or lack.hidden)
    return strip({"organization": "" if hidden else lack.organization}) | {
        "name": lack.organization if hidden else world.organization_names.get(lack.organization, lack.organization),
        "missing": {"named": [_node_name(name) for name in lack.unknown], "undisclosed": lack.hidden},
        "missing_mass": lack.kilograms,
        "emissions_share": _share(lack.emissions, found.size, gap),
        "unstated_share": _share(lack.unstated, found.size, gap and lack.emissions == 0),
        "variance_share": lack.variance,
        "without": None if without is None else _interval(without.low, without.high, without.gsd),
        "narrower": _narrower(lack, found),
    }


def _share(part: float, size: float, gap: bool) -> float | None:
    """A share of the known emissions; of who leaves something unknown nothing known is no zero."""
    return None if size == 0 or (gap and part == 0) else part / size


def _narrower(lack: Lack, found: Budget) -> float | None:
    """By which share of its width the interval would be narrower."""
    whole, left = found.spread, lack.without
    if left is None or left.low is None or left.high is None or whole.low is None or whole.high is None:
        return None
    width = whole.high - whole.low
    return 1 - (left.high - left.low) / width if width > 0 else None
