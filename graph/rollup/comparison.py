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
    """One group: kg and kgCO2e of the two periods, and what moved its emissions by how much."""

    names: tuple[str, ...]
    mass: tuple[float, float]
    emissions: tuple[float, float]
    volume: float
    mix: float
    intensity: float


@dataclass(frozen=True)
class Comparison:
    """``change`` is that of the lots that have a figure and a mass: ``volume``, ``mix`` and ``intensity`` together."""

    before: Side
    after: Side
    change: float
    volume: float
    mix: float
    intensity: float
    groups: tuple[Moved, ...]


def compare(snapshot: ChainSnapshot, rolled: Rolled, before: Holding, after: Holding, by: Sequence[str]) -> Comparison:
    """Two periods of a portfolio, by groups that are told apart by some dimensions."""
    grouped = [_weighed(snapshot, rolled, holding, by) for holding in (before, after)]
    names = sorted({*grouped[0], *grouped[1]})
    first, last = (_columns(found, names) for found in grouped)
    effects = decompose(first, last)
    parts = np.stack([effects.volume, effects.mix, effects.intensity], axis=1)
    groups = tuple(
        Moved(name, (m0, m1), (e0, e1), *moved)
        for name, m0, m1, e0, e1, moved in zip(
            names, *(c.tolist() for c in (first[0], last[0], first[1], last[1])), parts.tolist(), strict=True
        )
    )
    volume, mix, intensity = parts.sum(axis=0).tolist()
    change = float(last[1].sum() - first[1].sum())
    sides = [_side(snapshot, rolled, holding) for holding in (before, after)]
    return Comparison(sides[0], sides[1], change, volume, mix, intensity, groups)


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
    _, weighed = _usable(snapshot, rolled, holding)
    return {group.names: group for group in totals(snapshot, rolled, _part(holding, weighed), by)}


def _columns(found: _Groups, names: Sequence[tuple[str, ...]]) -> tuple[FloatArray, FloatArray]:
    """Mass and emissions by name, zero for a group that is not there."""
    mass = [float(found[n].mass or 0.0) if n in found else 0.0 for n in names]
    return np.array(mass), np.array([float(found[n].scopes.sum()) if n in found else 0.0 for n in names])
