"""Many lots at once: what an organization made or received in a period, why that changed, and the way to a target."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from graph.model.refs import Kind
from graph.rollup import asking, comparison, decomposition, portfolio
from graph.rollup.budget import budget
from graph.rollup.figure import told
from graph.rollup.portfolio import Group, Holding
from graph.rollup.rows import of_table
from schemas.documents import moment
from service.budgets import budget_told, telling
from service.chain import Chain, NotFound, World
from service.figures import Ask, View, _cycles, _name, _told
from service.questions import Standing, scenarios_told
from service.visibility import Sight

# Lots without a figure that are named; more are counted.
_MOST_NAMED = 100
# A key that no product has.
_NO_PRODUCT = "|"

Period = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Held:
    """Which lots: ``scope`` "made" (by ``organization``, the viewer's own where "", one whose facts the viewer may see
    in any case) or "received" (by the viewer's), of one product (an address) where one is named."""

    scope: str = "made"
    organization: str = ""
    product: str = ""


class Portfolios:
    """Totals, comparisons and targets of the lots that the viewer may see."""

    def __init__(self, chain: Chain, min_contributors: int) -> None:
        self._chain = chain
        self._min_contributors = min_contributors

    def totals(self, ask: Ask, held: Held, period: Period, by: Sequence[str]) -> View:
        """The lots of a period by some dimensions. Raises ``AsOfUnknown``."""
        world, sees = self._world(ask)
        holding, undated = self._holding(world, sees, held, period)
        snapshot, rolled = world.snapshot, world.rolled
        (whole,) = portfolio.totals(snapshot, rolled, holding, ())
        groups = portfolio.totals(snapshot, rolled, holding, by) if by else ()
        return _heading(world) | {
            "period": _period(period),
            "by": list(by),
            "total": _group(whole, ()),
            "groups": [_group(group, by, world) for group in groups],
            "counted_twice": portfolio.overlap(world.prepared, holding),
            "without_figure": _without(world, holding),
            "undated_lots": undated,
        }

    def compare(self, ask: Ask, held: Held, periods: tuple[Period, Period], by: Sequence[str]) -> View:
        """Two periods, the change split into volume, mix and intensity. Raises ``AsOfUnknown``."""
        world, sees = self._world(ask)
        before, after = (self._holding(world, sees, held, period)[0] for period in periods)
        found = comparison.compare(world.snapshot, world.rolled, before, after, by)
        sides = zip(("before", "after"), (found.before, found.after), periods, strict=True)
        return _heading(world) | {
            **{name: _side(side, period) for name, side, period in sides},
            "by": list(by),
            "change": found.change,
            "effects": {"volume": found.volume, "mix": found.mix, "intensity": found.intensity},
            "groups": [_moved(world, by, group) for group in found.groups],
            "of_known": found.before.whole.lower_bound or found.after.whole.lower_bound,
        }

    def target(self, ask: Ask, held: Held, years: tuple[int, int], reduction_percent: float) -> View | None:
        """The linear way from a base year to a target, beside what was emitted; None where nothing is known of the base
        year. Raises ``AsOfUnknown``."""
        world, sees = self._world(ask)
        first, last = years
        found = {year: self._year(world, sees, held, year) for year in range(first, last + 1)}
        base = found[first]
        if base.total is None:
            return None
        actual = {year: (group.total, group.lower_bound) for year, group in found.items()}
        steps = decomposition.path((first, base.total), (last, reduction_percent / 100), actual)
        return _heading(world) | {
            "base_year": first,
            "target_year": last,
            "reduction_percent": reduction_percent,
            "base_lower_bound": base.lower_bound,
            "years": [_step(step, found[step.year], base.lower_bound) for step in steps],
        }

    def what_if(self, ask: Ask, held: Held, period: Period, scenarios: Sequence[View]) -> View:
        """The emissions of all lots of a period as they are and in each scenario.

        Raises ``AsOfUnknown``, ``CycleFound``, ``Unresolved``.
        """
        world, sees = self._world(ask)
        holding, _ = self._holding(world, sees, held, period)
        # Of chains of others nothing is known by being named in one's own.
        sees = sees if held.scope == "made" else sees.apart()
        standing = Standing(world, sees, self._min_contributors)
        openly = asking.those(world.snapshot, sees.facts_of)
        with _cycles(sees):
            told = scenarios_told(standing, asking.about_holding(holding, openly, self._min_contributors), scenarios)
        return told | {"period": _period(period), "lots": len(holding.nodes), "unit": "kgCO2e"}

    def uncertainty(self, ask: Ask, held: Held, period: Period, top: int) -> View:
        """What of the emissions of all lots of a period is unknown, and whom to ask first. Raises ``AsOfUnknown``."""
        world, sees = self._world(ask)
        holding, undated = self._holding(world, sees, held, period)
        sees = sees if held.scope == "made" else sees.apart()
        (whole,) = portfolio.totals(world.snapshot, world.rolled, holding, ())
        asked = asking.sum_of(world.rolled, holding, whole.total or 0.0)
        found = budget(world.prepared, asked, telling(world, sees))
        return (
            budget_told(world, found, top)
            | _heading(world)
            | {
                "period": _period(period),
                "lots": whole.lots,
                "unknown_lots": whole.unknown,
                "undated_lots": undated,
                "total": _told(whole.total, whole.lower_bound),
                "lower_bound": whole.lower_bound,
            }
        )

    def _holding(self, world: World, sees: Sight, held: Held, period: Period) -> tuple[Holding, int]:
        """What may not be seen is as if there were none of it."""
        product = self._product(held.product) if held.product else ""
        if held.scope == "received":
            return asking.holding_received(world.snapshot, _received(world, sees), period, product)
        organization = held.organization or sees.organization
        wanted = frozenset({organization}) if sees.facts_of(organization) else frozenset()
        return asking.holding_made(world.snapshot, wanted.__contains__, product, period)

    def _product(self, address: str) -> str:
        try:
            return self._chain.key(Kind.PRODUCT, address)
        except NotFound:
            return _NO_PRODUCT

    def _year(self, world: World, sees: Sight, held: Held, year: int) -> Group:
        start, end = (datetime(y, 1, 1, tzinfo=UTC).timestamp() for y in (year, year + 1))
        holding, _ = self._holding(world, sees, held, (start, end))
        return portfolio.totals(world.snapshot, world.rolled, holding, ())[0]

    def _world(self, ask: Ask) -> tuple[World, Sight]:
        return self._chain.world(ask.as_of, ask.policy, ask.gwp), self._chain.sight(ask.viewer)


def _heading(world: World) -> View:
    policy = world.snapshot.policy
    return {"unit": "kgCO2e", "policy": f"{policy.name}/{policy.version}", "as_of": world.snapshot.as_of}


def _period(period: Period) -> View:
    return {"start": moment(period[0]), "end": moment(period[1])}


def _received(world: World, sees: Sight) -> Iterator[tuple[str, float, int]]:
    """Lots, quantities and dimensions that went to the viewer's organization, by its own word where there is one.

    One transfer may name a lot several times."""
    rows = of_table(world.tables, "transfers", world.snapshot.as_of).about("receiver", [sees.organization])
    rows = rows.about("lot", sees.received)
    said: dict[tuple[str, str], dict[str, list[tuple[str, float, int]]]] = {}
    texts = (rows.text(name) for name in ("key", "asserted_by", "lot"))
    numbers = rows.floats("quantity").tolist(), rows.ints("dimension").tolist()
    for key, by, lot, quantity, dimension in zip(*texts, *numbers, strict=True):
        said.setdefault((key, lot), {}).setdefault(by, []).append((lot, quantity, dimension))
    for sides in said.values():
        yield from sides.get(sees.organization) or next(iter(sides.values()))


def _group(group: Group, by: Sequence[str], world: World | None = None) -> View:
    total = _told(group.total, group.lower_bound)
    scopes = dict(zip(("direct", "indirect", "undivided"), group.scopes.tolist(), strict=True))
    return {
        "names": _labels(world, by, group.names) if world else {},
        "lots": group.lots,
        "unknown_lots": group.unknown,
        "mass": group.mass,
        **(told(scopes, group.lower_bound) if group.lots else dict.fromkeys(scopes)),
        "total": total,
        "intensity": total / group.mass if total is not None and group.mass else None,
        "lower_bound": group.lower_bound,
    }


def _labels(world: World, by: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Labels by dimension, and the names that people gave to suppliers, facilities and products."""
    given = {
        "supplier": world.organization_names,
        "facility": world.facility_names,
        "product": world.product_names,
    }
    found = dict(zip(by, names, strict=True))
    said = {f"{b}_name": given[b][n] for b, n in found.items() if b in given and given[b].get(n)}
    return found | said


def _without(world: World, holding: Holding) -> View:
    """The lots that are in no sum, by name as far as a page holds them."""
    keys = asking.keys_of(world.snapshot, holding.nodes[~portfolio.counted(world.rolled, holding)])
    return {
        "named": [_name(Kind.LOT, key) for key in keys[:_MOST_NAMED]],
        "undisclosed": max(0, len(keys) - _MOST_NAMED),
    }


def _side(side: comparison.Side, period: Period) -> View:
    return {
        "period": _period(period),
        "total": _group(side.whole, ()),
        "unweighed_lots": side.unweighed,
        "unweighed_total": side.unweighed_total,
    }


def _moved(world: World, by: Sequence[str], group: comparison.Moved) -> View:
    effects = group.effects or (None, None, None)
    return {
        "names": _labels(world, by, group.names),
        "mass_before": group.mass[0],
        "mass_after": group.mass[1],
        "before": group.emissions[0],
        "after": group.emissions[1],
        "unknown_before": group.apart[0],
        "unknown_after": group.apart[1],
        "lower_bound_before": group.partly[0],
        "lower_bound_after": group.partly[1],
        **dict(zip(("volume", "mix", "intensity"), effects, strict=True)),
    }


def _step(step: decomposition.Step, group: Group, base_bound: bool) -> View:
    bound = "unknown" if step.gap is None else "exact"
    if step.gap is not None and (base_bound or step.lower_bound):
        bound = "unknown" if base_bound and step.lower_bound else "known-part"
    return {
        "year": step.year,
        "aim": step.aim,
        "actual": _told(step.actual, step.lower_bound),
        "gap": step.gap if bound != "unknown" else None,
        "gap_bound": bound,
        "lower_bound": step.lower_bound,
        "unknown_lots": group.unknown,
    }
