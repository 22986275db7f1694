"""The questions beyond a figure: what it would be, what it moves with, what it is made of by pairs, where a lot went.

Only what the viewer may see can be named; anything else answers like what does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.errors import GreenchainError
from graph.model.refs import Kind, Ref
from graph.rollup import asking, figure, recall, sensitivity, whatif
from graph.rollup.breakdown import Part, breakdown
from graph.rollup.budget import budget
from graph.rollup.closure import name_of
from graph.rollup.contributions import Emissions
from graph.rollup.reach import Root
from graph.rollup.rows import of_table
from graph.rollup.scenarios import Asked, Change, Effect, Grid, Scale, Source, Switch, UnitsDiffer
from graph.units import CANONICAL, Dimension
from schemas.figures import strip
from service.budgets import budget_told, telling
from service.chain import Chain, World
from service.figures import (
    Ask,
    Figures,
    View,
    _contribution,
    _cycles,
    _name,
    _names,
    _told,
    _unit,
)
from service.lots import seen
from service.visibility import Sight

_SCOPES = ("direct", "indirect", "undivided")
# Lots of a recall that are named; more are counted.
MOST_RECALLED = 1000


class Unresolved(GreenchainError):
    """A name in a question that nothing visible has, or that cannot be used there; ``pointer`` says where it stands."""

    def __init__(self, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a question is asked from: the chain, and what the viewer sees of it."""

    world: World
    sees: Sight
    minimum: int

    def lot(self, key: str) -> Asked:
        """A question about one lot."""
        snapshot = self.world.snapshot
        return asking.about_lot(snapshot, key, asking.those(snapshot, self.sees.facts_of), self.minimum)


class Questions:
    """What-if, sensitivities, breakdowns and recalls of lots."""

    def __init__(self, chain: Chain, figures: Figures, min_contributors: int) -> None:
        self._chain = chain
        self._figures = figures
        self._min_contributors = min_contributors

    def what_if(self, ask: Ask, address: str, scenarios: Sequence[View]) -> View:
        """A lot's figure as it is and in each scenario (``schemas.questions``), by one unit of the lot.

        Raises ``NotFound``, ``AsOfUnknown``, ``CycleFound``, ``Unresolved``.
        """
        standing, key = self._standing(ask, address, *self._sources(ask, scenarios))
        with _cycles(standing.sees):
            told = scenarios_told(standing, standing.lot(key), scenarios)
        dimension = figure.footprint(standing.world.snapshot, standing.world.rolled, key).dimension
        return told | {"subject": _name(Kind.LOT, key), "unit": _unit(dimension)}

    def sensitivities(self, ask: Ask, address: str, top: int) -> View:
        """What a lot's figure moves with most. Raises ``NotFound``, ``AsOfUnknown``, ``CycleFound``."""
        standing, key = self._standing(ask, address)
        world, snapshot = standing.world, standing.world.snapshot
        may = asking.those(snapshot, standing.sees.facts_of)
        with _cycles(standing.sees):
            found = sensitivity.sensitivities(world.prepared, key, top, may)
            whole = figure.footprint(snapshot, world.rolled, key)
        return {
            "subject": _name(Kind.LOT, key),
            "unit": _unit(whole.dimension),
            "total": _told(whole.total, whole.lower_bound),
            "lower_bound": whole.lower_bound,
            "factors": [_sensitive(s) for s in found.factors],
            "inputs": [_sensitive(s) for s in found.inputs],
            "others": found.other_factors,
            "undisclosed": found.hidden,
            "as_of": snapshot.as_of,
        }

    def uncertainty(self, ask: Ask, address: str, top: int) -> View:
        """What of a lot's figure is unknown, and whom to ask first. Raises as ``sensitivities``."""
        standing, key = self._standing(ask, address)
        world, snapshot = standing.world, standing.world.snapshot
        with _cycles(standing.sees):
            whole = figure.footprint(snapshot, world.rolled, key)
        asked = asking.sum_of_lot(snapshot, key, whole.total or 0.0)
        found = budget(world.prepared, asked, telling(world, standing.sees))
        return budget_told(world, found, top) | {
            "subject": _name(Kind.LOT, key),
            "unit": _unit(whole.dimension),
            "total": _told(whole.total, whole.lower_bound),
            "lower_bound": whole.lower_bound,
            "policy": whole.policy,
            "as_of": snapshot.as_of,
        }

    def contributions(self, ask: Ask, address: str, by: tuple[str, ...], top: int) -> View:
        """A lot's figure by one or two dimensions, the ``top`` rows and the others as one (0: all).

        Raises as ``sensitivities``.
        """
        standing, key = self._standing(ask, address)
        view, world = self._figures.contributions(ask, address), standing.world
        disclosure = self._figures._disclosure(standing.sees, world)
        with _cycles(standing.sees):
            parts = breakdown(world.snapshot, world.rolled, key, by, top=top, disclosure=disclosure)
        whole = figure.footprint(world.snapshot, world.rolled, key)
        total = _whole(parts)
        rows = [
            _contribution(_label(world, by, part), part.emissions, total, whole.lower_bound) | _others(part)
            for part in parts
        ]
        return view | {"by": {",".join(by): rows}}

    def recall(self, ask: Ask, address: str) -> View:
        """All lots made of a lot, and who holds them, as far as the viewer may see; the rest as counts.

        Of a lot of somebody else only what the viewer made of it is followed. Raises ``NotFound``, ``AsOfUnknown``.
        """
        standing, key = self._standing(ask, address, whole=True)
        world, sees, snapshot = standing.world, standing.sees, standing.world.snapshot
        mine = sees.facts_of(Ref.from_key(key).issuer)
        first = asking.those(snapshot, lambda organization: mine or sees.facts_of(organization))
        found = recall.downstream(snapshot, world.prepared.users, snapshot.lots[key], first)
        keys = snapshot.key.take(found.lots)
        lots, may = dict(zip(keys, found.named.tolist(), strict=True)), seen(keys, sees)
        held, others = _holders(world, sees, {key, *lots}, counted={key, *lots} if mine else set(lots))
        shown = sorted(keys.where(may))
        hidden = keys.where(~may)
        others |= hidden.issuers()
        named = sorted({holder for holders in held.values() for holder in holders})
        return {
            "subject": _name(Kind.LOT, key),
            "lots": [
                _name(Kind.LOT, lot) | {"certain": lots[lot], "holders": sorted(held.get(lot, ()))}
                for lot in shown[:MOST_RECALLED]
            ],
            "holders": [_holder(world, holder, held) for holder in named],
            "undisclosed": {
                "lots": len(hidden),
                "organizations": len({o for o in others if o not in named and not sees.facts_of(o)}),
            },
            "truncated": len(shown) > MOST_RECALLED,
            "as_of": snapshot.as_of,
        }

    def _standing(self, ask: Ask, address: str, *beside: Root, whole: bool = False) -> tuple[Standing, str]:
        world, key = self._figures.lot_asked(ask, address, *beside, whole=whole)
        return Standing(world, self._chain.sight(ask.viewer).about(key), self._min_contributors), key

    def _sources(self, ask: Ask, scenarios: Sequence[View]) -> list[Root]:
        """The lots and products that scenarios put in place of inputs."""
        named = (change["input"].get("to", {}) for s in scenarios for change in s["changes"] if "input" in change)
        own = ask.viewer.organization
        return [
            (kind, Ref(told[kind].issuer or own, told[kind].id).key)
            for told in named
            for kind in (Kind.LOT, Kind.PRODUCT)
            if kind in told
        ]


def scenarios_told(standing: Standing, asked: Asked, scenarios: Sequence[View]) -> View:
    """The base of a question and each scenario. Raises ``Unresolved``, ``CycleFound``."""
    changes = [
        [_change(standing, change, f"/scenarios/{s}/changes/{c}") for c, change in enumerate(scenario["changes"])]
        for s, scenario in enumerate(scenarios)
    ]
    try:
        base, outcomes = whatif.what_if(standing.world.prepared, asked, changes)
    except (UnitsDiffer, whatif.MadeOfItself) as error:
        raise Unresolved(str(error), "/scenarios") from error
    policy = standing.world.snapshot.policy
    return {
        "base": _sum(base),
        "scenarios": [
            _outcome(standing, scenario["name"], outcome) for scenario, outcome in zip(scenarios, outcomes, strict=True)
        ],
        "policy": f"{policy.name}/{policy.version}",
        "as_of": standing.world.snapshot.as_of,
    }


def _change(standing: Standing, change: View, pointer: str) -> Change:
    ((kind, asked),) = change.items()
    if kind == "grid":
        value, above, below = asked["factor"]
        if (above, below) != ("kg", "MJ"):
            raise Unresolved("must be mass over energy, such as kg/kWh", f"{pointer}/grid/factor")
        return Grid(asked["region"], float(value))
    if kind == "input":
        return _switch(standing, asked, f"{pointer}/input")
    process = _key(standing, asked["process"]) if "process" in asked else ""
    type_ = "transport" if kind == "transport" else asked.get("type", "")
    return Scale(float(asked["scale"]), asked.get("name", ""), type_, process)


def _key(standing: Standing, ref: Ref) -> str:
    return Ref(ref.issuer or standing.sees.organization, ref.id).key


def _switch(standing: Standing, asked: View, pointer: str) -> Switch:
    """What is replaced is looked for only where the viewer may look: a name that nothing has matches nothing."""
    named = asked["from_"]
    kind = next(k for k in ("lot", "product", "material", "supplier") if k in named)
    key = _key(standing, named[kind]) if isinstance(named[kind], Ref) else str(named[kind])
    inputs = asking.inputs_named(standing.world.snapshot, kind, key, named.get("country", ""))
    source = _source(standing, asked["to"], f"{pointer}/to") if "to" in asked else None
    return Switch(inputs, source, float(asked.get("scale", 1)))


def _source(standing: Standing, asked: View, pointer: str) -> Source:
    world, sees = standing.world, standing.sees
    snapshot = world.snapshot
    if "lot" in asked:
        key = _key(standing, asked["lot"])
        if key not in snapshot.lots or not sees.lot(key):
            raise Unresolved("there is no such lot", f"{pointer}/lot")
        return asking.source_lot(snapshot, key)
    if "product" in asked:
        key = _key(standing, asked["product"])
        if key not in snapshot.facts.products.codes or not sees.facts_of(Ref.from_key(key).issuer):
            raise Unresolved("there is no such product", f"{pointer}/product")
        return asking.source_product(world.prepared, key)
    if "material" in asked:
        found = asking.source_default(snapshot, asked["material"], asked.get("country", ""))
        if found is None:
            raise Unresolved("the policy has no published value for it", f"{pointer}/material")
        return found
    value, above, below = asked["footprint"]
    dimension = next(d for d, unit in CANONICAL.items() if unit == below)
    if above != "kg":
        raise Unresolved("must be kgCO2e over a quantity, such as kg/kg", f"{pointer}/footprint")
    return asking.source_stated(snapshot, float(value), Dimension(dimension))


def amounts(scopes: Any, known: bool, gaps: bool) -> View:
    """Emissions by scope; of nothing known null, and where something is unknown nothing known is not zero."""
    values = [float(v) for v in scopes.tolist()]
    found = dict(zip((*_SCOPES, "total"), (*values, sum(values)), strict=True))
    return figure.told(found, gaps) if known else dict.fromkeys(found)


def _sum(found: whatif.Sum) -> View:
    view = amounts(found.scopes, found.known, found.gap) | {"lower_bound": found.gap}
    return view if found.basis is None else view | {"basis": found.basis.label}


def _outcome(standing: Standing, name: str, outcome: whatif.Outcome) -> View:
    bound, found = outcome.bound, _sum(outcome.found)
    if any(effect.withheld for effect in outcome.effects):
        # What is not told is not nothing: with theirs left as it is the rest is a known part, or nothing is known.
        found |= {"lower_bound": True}
        if not outcome.difference.any():
            bound, found = "unknown", found | dict.fromkeys((*_SCOPES, "total"))
        elif bound == "exact":
            bound = "known-part"
    partly = bound != outcome.bound
    return found | {
        "name": name,
        "difference": amounts(outcome.difference, bound != "unknown", gaps=partly),
        "difference_bound": bound,
        "changes": [_effect(standing, effect) for effect in outcome.effects],
    }


def _effect(standing: Standing, effect: Effect) -> View:
    snapshot = standing.world.snapshot
    names = tuple(sorted({name_of(snapshot, n) for n in effect.covered.tolist()}))
    return {"effect": _effect_word(effect, bool(names)), "covered_by": _names(names, standing.sees)}


def _effect_word(effect: Effect, covered: bool) -> str:
    if effect.withheld:
        return "withheld"
    if not effect.matched:
        return "nothing-matches"
    if not effect.counted:
        return "covered-by-evidence"
    return "partly" if covered else "changed"


def _sensitive(found: sensitivity.Sensitivity) -> View:
    texts = strip({"kind": found.kind, "subject": found.subject, "name": found.name, "region": found.region})
    return texts | {"derivative": found.derivative, "elasticity": found.elasticity}


def _whole(parts: Sequence[Part]) -> Emissions:
    return Emissions(*(sum(getattr(part.emissions, scope) for part in parts) for scope in _SCOPES))


def _label(world: World, by: tuple[str, ...], part: Part) -> str:
    if part.others:
        return f"{part.others} other{'s' if part.others > 1 else ''}"
    return " / ".join(_part_name(world, name, label) for name, label in zip(by, part.names, strict=True))


def _part_name(world: World, by: str, label: str) -> str:
    names = {"organization": world.organization_names, "facility": world.facility_names}.get(by, {})
    if by in ("lot", "process") and "|" in label:
        return Ref.from_key(label).id
    return names.get(label) or label or "not stated"


def _others(part: Part) -> View:
    return {"others": part.others} if part.others else {"names": list(part.names)}


def _holders(world: World, sees: Sight, lots: set[str], *, counted: set[str]) -> tuple[dict[str, set[str]], set[str]]:
    """By lot the organizations it was passed to, of transfers that the viewer may see; and receivers of other transfers
    of the lots that are ``counted``."""
    rows = of_table(world.tables, "transfers", world.snapshot.as_of).about("lot", lots)
    held: dict[str, set[str]] = {}
    others: set[str] = set()
    for lot, sender, receiver in zip(*(rows.text(name) for name in ("lot", "sender", "receiver")), strict=True):
        if sees.facts_of(sender) or sees.facts_of(receiver):
            held.setdefault(lot, set()).add(receiver)
        elif lot in counted:
            others.add(receiver)
    return held, others


def _holder(world: World, holder: str, held: dict[str, set[str]]) -> View:
    count = sum(holder in holders for holders in held.values())
    return strip({"organization": holder, "name": world.organization_names.get(holder, "")}) | {"lots": count}
