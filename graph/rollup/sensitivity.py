"""What a figure is most sensitive to: derivatives by factors and quantities, from one adjoint pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.rollup.adjoint import reach
from graph.rollup.arrays import BoolArray, FloatArray, IntArray
from graph.rollup.closure import closure, own_activities, taken_offers
from graph.rollup.figure import node_of
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import KNOWN, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.scenarios import ELECTRICITY, Prepared
from graph.rollup.snapshot import ChainSnapshot

SCOPES = UNDIVIDED + 1


@dataclass(frozen=True)
class Sensitivity:
    """One factor or quantity that a figure depends on, all else equal.

    ``kind``: "factor" (an activity's; its quantity has the same elasticity), "footprint" or "default" (the value that
    stands for a node), "input" (the quantity consumed, of what something is known of; legs of transport are factors of
    their own). ``subject`` is the node it belongs to, ``name`` the activity, or the key of what is consumed.
    ``derivative``: kgCO2e per unit of the figure, by one unit of the factor or quantity. ``elasticity``: per cent that
    the total moves by for one per cent, None where the total is 0.
    """

    kind: str
    subject: str
    name: str
    region: str
    derivative: float
    elasticity: float | None


@dataclass(frozen=True)
class Sensitivities:
    """The largest by elasticity; and what those add up to that are not listed, apart for factors (with footprints and
    defaults: all of them together have the elasticity 1) and for inputs. ``hidden``: how many may not be told."""

    factors: tuple[Sensitivity, ...]
    inputs: tuple[Sensitivity, ...]
    other_factors: float
    hidden: int


@dataclass(frozen=True)
class _Listed:
    """Candidates: whose node, what it moves per unit and in all (kgCO2e), and a position to name it by."""

    node: IntArray
    derivative: FloatArray
    effect: FloatArray
    position: IntArray


def sensitivities(prepared: Prepared, lot: str, top: int, may_open: BoolArray) -> Sensitivities:
    """What the total of a lot moves with, the ``top`` of each kind; ``may_open`` marks organizations that may be
    looked into, shape (organizations,). Raises ``LotUnknown``, ``CycleFound``."""
    snapshot, rolled = prepared.snapshot, prepared.rolled
    node = node_of(snapshot, lot)
    found = closure(snapshot, rolled, np.array([node], np.int64))
    share = reach(snapshot, found, np.ones(1)).sum(axis=1)
    total = float(rolled.chosen[node, :SCOPES].sum())
    given = found.nodes[found.override]
    basis = snapshot.offers.basis[taken_offers(snapshot, rolled, given)]
    weight = share[found.override]
    value = rolled.chosen[given, :SCOPES].sum(axis=1)
    activities, by_activity = _activities(snapshot, found.nodes, found.override, share)
    evidence = _Listed(given, weight, weight * value, np.arange(len(given)))
    row = found.nodes[found.row]
    # Of an input of which nothing is known nobody can tell what more of it would do: it is not listed.
    made = (snapshot.kind[row] == NodeKind.PROCESS) & (rolled.chosen[found.nodes[found.column], KNOWN] > 0)
    unit = share[found.row[made]] * rolled.chosen[found.nodes[found.column[made]], :SCOPES].sum(axis=1)
    consumed = _Listed(row[made], unit, unit * found.emissions[made], found.nodes[found.column[made]])
    organization = snapshot.attributes.organization
    names = [(by_activity, activities), (evidence, None)]
    told = [np.flatnonzero(may_open[organization[each.node]]) for each, _ in names]
    first = _leading([each.effect[may] for (each, _), may in zip(names, told, strict=True)], total, top)
    factors = [
        _named(snapshot, each, i, total, activities=at, basis=basis)
        for (each, at), may, leads in zip(names, told, first, strict=True)
        for i in may[leads].tolist()
    ]
    may = np.flatnonzero(may_open[organization[consumed.node]])
    [leads] = _leading([consumed.effect[may]], total, top)
    inputs = [_input(snapshot, consumed, i, total) for i in may[leads].tolist()]
    hidden = sum(len(each.node) - len(may) for (each, _), may in zip(names, told, strict=True))
    shown = _largest(factors, top)
    listed = sum(s.elasticity for s in shown if s.elasticity is not None)
    return Sensitivities(shown, _largest(inputs, top), 1.0 - listed if total else 0.0, hidden)


def _leading(effects: Sequence[FloatArray], total: float, top: int) -> list[BoolArray]:
    """Which candidates are among the ``top`` of all by the size of their elasticity, or tie with the last of these."""
    every = np.concatenate(effects)
    size = np.abs(every / total) if total else np.zeros(len(every))
    least = np.sort(size)[-top] if len(size) > top > 0 else 0.0
    return np.split(~(size < least), np.cumsum([len(each) for each in effects])[:-1])


def _activities(
    snapshot: ChainSnapshot, nodes: IntArray, override: BoolArray, share: FloatArray
) -> tuple[IntArray, _Listed]:
    """The activities that count; the floor at zero is nobody's to turn."""
    listed = snapshot.activities
    at = own_activities(snapshot, nodes[~override])
    at = at[~listed.floor[at]]
    weight = share[np.searchsorted(nodes, listed.process[at])]
    return at, _Listed(listed.process[at], weight * listed.base[at], weight * listed.value[at], at)


def _named(
    snapshot: ChainSnapshot, each: _Listed, i: int, total: float, *, activities: IntArray | None, basis: IntArray
) -> Sensitivity:
    key = snapshot.key[int(each.node[i])]
    if activities is None:
        kind = "default" if basis[i] == Basis.DEFAULT else "footprint"
        return Sensitivity(kind, key, "", "", float(each.derivative[i]), _elasticity(each, i, total))
    listed = snapshot.activities
    kind, _, region = listed.levers[int(listed.lever[each.position[i]])].partition("|")
    name = listed.names[int(listed.name[each.position[i]])]
    region = region if kind == ELECTRICITY else ""
    return Sensitivity("factor", key, name, region, float(each.derivative[i]), _elasticity(each, i, total))


def _input(snapshot: ChainSnapshot, each: _Listed, i: int, total: float) -> Sensitivity:
    subject, name = snapshot.key[int(each.node[i])], snapshot.key[int(each.position[i])]
    return Sensitivity("input", subject, name, "", float(each.derivative[i]), _elasticity(each, i, total))


def _elasticity(each: _Listed, i: int, total: float) -> float | None:
    return float(each.effect[i]) / total if total else None


def _largest(found: list[Sensitivity], top: int) -> tuple[Sensitivity, ...]:
    ranked = sorted(found, key=lambda s: (-abs(s.elasticity or 0.0), s.kind, s.subject, s.name, -s.derivative))
    return tuple(ranked[:top])
