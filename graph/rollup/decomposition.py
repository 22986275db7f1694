"""Why emissions changed between two periods: volume, mix and intensity, exactly, with nothing left over.

The additive logarithmic mean Divisia index, LMDI-I (B. W. Ang, "LMDI decomposition approach: A guide for
implementation", Energy Policy 86, 2015): for E = sum of Q S_i I_i, with Q the volume, S_i the share and I_i the
intensity of group i, effect(x) = sum of L(E_i1, E_i0) ln(x_i1 / x_i0), L(a, b) = (a - b) / ln(a / b). Zeros by their
analytical limits (B. W. Ang, N. Liu, "Handling zero values in the logarithmic mean Divisia index decomposition
approach", Energy Policy 35, 2007).
"""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Effects:
    """What each group's emissions moved by, kgCO2e, shapes (groups,); the three sum to the change."""

    volume: FloatArray
    mix: FloatArray
    intensity: FloatArray


def decompose(before: tuple[FloatArray, FloatArray], after: tuple[FloatArray, FloatArray]) -> Effects:
    """The split of a change; each period is (volumes in one unit, emissions in kgCO2e), by group, shapes (groups,).

    A group of one period only is a matter of mix; one whose emissions come from or go to zero, or change sign, at a
    volume above zero is a matter of intensity. Where a period has no volume at all, everything is volume.
    Raises ``ValueError`` for a volume below zero, or emissions without a volume.
    """
    (q0, e0), (q1, e1) = before, after
    _check(q0, e0)
    _check(q1, e1)
    change = e1 - e0
    none = np.zeros(len(change))
    if q0.sum() == 0 or q1.sum() == 0:
        return Effects(change, none, none.copy())
    both = (q0 > 0) & (q1 > 0)
    regular = both & (np.sign(e0) == np.sign(e1)) & (e0 != 0)
    mean = _log_mean(e1, e0, regular)
    # A negative zero is nothing, too.
    volume = mean * _log_ratio(q1.sum(), q0.sum()) + 0.0
    share = _log_ratio(np.where(regular, q1, 1.0), np.where(regular, q0, 1.0)) - _log_ratio(q1.sum(), q0.sum())
    mix = mean * share
    # What is left is mean x ln(I1 / I0) up to rounding, so that the three add up.
    intensity = np.where(regular, change - volume - mix, np.where(both, change, 0.0))
    return Effects(volume, np.where(both, mix, change), intensity)


def _check(volume: FloatArray, emissions: FloatArray) -> None:
    if (volume < 0).any() or ((volume == 0) & (emissions != 0)).any():
        raise ValueError("emissions without a volume, or a volume below zero")


def _log_mean(a: FloatArray, b: FloatArray, where: BoolArray) -> FloatArray:
    """L(a, b), its limit where the two are equal, the same sign as both; 0 elsewhere."""
    one, other = np.where(where, a, 1.0), np.where(where, b, 1.0)
    log = _log_ratio(np.abs(one), np.abs(other))
    near = np.abs(log) < 1
    # b (e^x - 1) / x loses no digits where a and b are close, and (a - b) / x cannot overflow where they are not.
    grown = np.where(log == 0, 1.0, np.expm1(np.where(near, log, 0.0)) / np.where(log == 0, 1.0, log))
    return np.where(where, np.where(near, other * grown, (one - other) / np.where(near, 1.0, log)), 0.0)


def _log_ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """ln(a / b) of numbers above zero, also where the quotient is beyond a float or close to 1."""
    close = np.abs(a - b) < b / 2
    found: FloatArray = np.where(close, np.log1p(np.where(close, a - b, 0.0) / b), np.log(a) - np.log(b))
    return found


@dataclass(frozen=True)
class Step:
    """One year of the way to a target: what is aimed at, what it was (None: not known), and how far that is above.

    ``gap`` is the known part of it where ``lower_bound``.
    """

    year: int
    aim: float
    actual: float | None
    gap: float | None
    lower_bound: bool


def path(
    start: tuple[int, float], end: tuple[int, float], actual: dict[int, tuple[float | None, bool]]
) -> tuple[Step, ...]:
    """The linear way from (year, kgCO2e) to (year, reduction as a fraction), beside what was emitted by year.

    ``actual`` holds by year the emissions, None where nothing is known, and whether they are the known part.
    Raises ``ValueError`` for a target year that is not after the first.
    """
    (first, base), (last, reduction) = start, end
    if last <= first:
        raise ValueError("the target year is not after the base year")
    steps = []
    for year in range(first, last + 1):
        aim = base * (1 - reduction * (year - first) / (last - first))
        emitted, lower_bound = actual.get(year, (None, False))
        steps.append(Step(year, aim, emitted, None if emitted is None else emitted - aim, lower_bound))
    return tuple(steps)
