"""The budget of uncertainty as it is told: whom to ask first, and what an interval would be if they told all."""

from graph.rollup.budget import Budget, Lack
from graph.rollup.closure import NodeName
from schemas.figures import strip
from service.chain import World
from service.figures import View, _names
from service.visibility import UNDISCLOSED, Sight


def budget_told(world: World, sees: Sight, found: Budget, top: int) -> View:
    """A budget as ``schemas.questions.UncertaintyView`` writes it, without what it is about; the ``top`` rows."""
    spread = found.spread
    return {
        "interval": _interval(spread.low, spread.high, spread.gsd),
        "interval_missing": spread.reason,
        "interval_share": spread.share,
        "rows": [_row(world, sees, lack, found) for lack in found.lacks[:top]],
        "others": max(0, len(found.lacks) - top),
    }


def _interval(low: float | None, high: float | None, gsd: float | None) -> View | None:
    return None if low is None else {"low": low, "high": high, "gsd": gsd}


def _row(world: World, sees: Sight, lack: Lack, found: Budget) -> View:
    hidden = lack.organization == UNDISCLOSED
    missing = _missing(sees, lack)
    without = lack.without
    # What an organization takes in and how much is its own: a mass is told where all that it is of is.
    mass = None if missing["undisclosed"] else lack.kilograms
    return strip({"organization": "" if hidden else lack.organization}) | {
        "name": lack.organization if hidden else world.organization_names.get(lack.organization, lack.organization),
        "missing": missing,
        "missing_mass": mass,
        "emissions_share": _share(lack.emissions, found.size, bool(lack.unknown)),
        "unstated_share": _share(lack.unstated, found.size, bool(lack.unknown)),
        "variance_share": lack.variance,
        "without": None if without is None else _interval(without.low, without.high, without.gsd),
        "narrower": _narrower(lack, found),
    }


def _missing(sees: Sight, lack: Lack) -> View:
    """What is unknown, by name as far as it is the viewer's to know: what others take in is theirs."""
    told: tuple[NodeName, ...] = lack.unknown
    if lack.organization == UNDISCLOSED:
        told = ()
    elif sees.name_of(lack.organization) and not sees.facts_of(lack.organization):
        told = tuple(name for name in told if name.kind == "lot")
    names = _names(told, sees)
    return names | {"undisclosed": len(lack.unknown) - len(names["named"])}


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
