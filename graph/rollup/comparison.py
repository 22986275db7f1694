"""A portfolio in two periods: what changed, and by volume, mix and intensity. What is unknown is in neither side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import BoolArray, FloatArray
from graph.rollup.decomposition import decompose
from graph.rollup.kernel import Rolled
from graph.rollup.portfolio import Group, Holding, counted, kilograms, totals
from graph.rollup.snapshot import ChainSnapshot

_Groups = Mapping[tuple[str, ...], Group]


@dataclass(frozen=True)
class Side:
    """One period: all its lots, and how many have no figure or quantity, or no mass (and what they emit, kgCO2e)."""

    whole: Group
    unweighed: int
    unweighed_total: float


@dataclass(frozen=True)
class Moved:
    """One group: kg and kgCO2e of the two periods, 0 where it was not made and None where nothing is known of what was.

    ``apart``: how many lots of each period have no figure, quantity or mass and are in neither. ``partly``: whether the
    emissions of each are only what is known. ``effects``: what moved its emissions, by volume, mix and intensity; None
    where one of the periods is unknown.
    """

    names: tuple[str, ...]
    mass: tuple[float | None, float | None]
    emissions: tuple[float | None, float | None]
    apart: tuple[int, int]
    partly: tuple[bool, bool]
    effects: tuple[float, float, float] | None


@dataclass(frozen=True)
class Comparison:
    """``change`` is that of the groups that are known in both periods, of their lots that have a figure and a mass:
    ``volume``, ``mix`` and ``intensity`` together. All four are None where nothing is known of one of the periods.
    """

    before: Side
    after: Side
    change: float | None
    volume: float | None
    mix: float | None
    intensity: float | None
    groups: tuple[Moved, ...]


@dataclass(frozen=True)
class _Period:
    """The groups of one period: all lots of each, and those with a figure and a mass."""

    every: _Groups
    weighed: _Groups

    def known(self, name: tuple[str, ...]) -> bool:
        """Whether a group's emissions are: of what was not made, too, where anything is known of the period."""
        return name in self.weighed or (bool(self.weighed) and name not in self.every)

    def told(self, name: tuple[str, ...]) -> tuple[float | None, float | None, int]:
        """kg, kgCO2e, and how many lots are in neither."""
        lots = self.every[name].lots + self.every[name].unknown if name in self.every else 0
        if not self.known(name):
            return None, None, lots
        found = self.weighed.get(name)
        return (float(found.mass or 0.0), float(found.scopes.sum()), lots - found.lots) if found else (0.0, 0.0, 0)

    def partly(self, name: tuple[str, ...]) -> bool:
        """Whether something of a group is unknown: of its lots, of what is above them, or the mass of some."""
        return name in self.every and (self.every[name].lower_bound or self.told(name)[2] > 0)


def compare(snapshot: ChainSnapshot, rolled: Rolled, before: Holding, after: Holding, by: Sequence[str]) -> Comparison:
    """Two periods of a portfolio, by groups that are told apart by some dimensions."""
    first, last = (_period(snapshot, rolled, holding, by) for holding in (before, after))
    names = sorted({*first.every, *last.every})
    both = [name for name in names if first.known(name) and last.known(name)]
    sides = [_side(snapshot, rolled, holding) for holding in (before, after)]
    moved: dict[tuple[str, ...], tuple[float, float, float]] = {}
    change, volume, mix, intensity = None, None, None, None
    if both:
        started, ended = _columns(first, both), _columns(last, both)
        effects = decompose(started, ended)
        parts = np.stack([effects.volume, effects.mix, effects.intensity], axis=1)
        moved = {name: (v, m, i) for name, (v, m, i) in zip(both, parts.tolist(), strict=True)}
        change = float(ended[1].sum() - started[1].sum())
        volume, mix, intensity = parts.sum(axis=0).tolist()
    groups = tuple(_moved(first, last, name, moved.get(name)) for name in names)
    return Comparison(sides[0], sides[1], change, volume, mix, intensity, groups)


def _moved(first: _Period, last: _Period, name: tuple[str, ...], effects: tuple[float, float, float] | None) -> Moved:
    (m0, e0, apart0), (m1, e1, apart1) = first.told(name), last.told(name)
    partly = first.partly(name), last.partly(name)
    return Moved(name, (m0, m1), (e0, e1), (apart0, apart1), partly, effects)


def _period(snapshot: ChainSnapshot, rolled: Rolled, holding: Holding, by: Sequence[str]) -> _Period:
    every = {group.names: group for group in totals(snapshot, rolled, holding, by)}
    return _Period(every, _weighed(snapshot, rolled, holding, by))


def _usable(snapshot: ChainSnapshot, rolled: Rolled, holding: Holding) -> tuple[BoolArray, BoolArray]:
    """Which lots have a figure, and which a mass too."""
    known = counted(rolled, holding)
    return known, known & (kilograms(snapshot, holding) > 0)


def _side(snapshot: ChainSnapshot, rolled: Rolled, holding: Holding) -> Side:
    (whole,) = totals(snapshot, rolled, holding, ())
    known, weighed = _usable(snapshot, rolled, holding)
    apart = _part(holding, known & ~weighed)
    return Side(whole, len(apart.nodes), float(totals(snapshot, rolled, apart, ())[0].scopes.sum()))


def _part(holding: Holding, which: BoolArray) -> Holding:
    return Holding(holding.nodes[which], holding.quantity[which])


def _weighed(snapshot: ChainSnapshot, rolled: Rolled, holding: Holding, by: Sequence[str]) -> _Groups:
    """What has a figure and a mass; where something is unknown, nothing known is not zero."""
    _, weighed = _usable(snapshot, rolled, holding)
    found = totals(snapshot, rolled, _part(holding, weighed), by)
    return {group.names: group for group in found if group.scopes.sum() != 0 or not group.lower_bound}


def _columns(period: _Period, names: Sequence[tuple[str, ...]]) -> tuple[FloatArray, FloatArray]:
    """Mass and emissions by name, zero for a group that was not made."""
    told = [period.told(name) for name in names]
    return np.array([m or 0.0 for m, _, _ in told]), np.array([e or 0.0 for _, e, _ in told])
