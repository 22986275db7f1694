"""What moved a figure between two points of the ledger, and which documents moved it.

The figure is computed after each document that bears on it; the steps between sum to the whole difference, within
``SAME`` of the figure for each step.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graph.model.refs import asserted_at
from graph.rollup.errors import LotUnknown, NoFigure
from graph.rollup.figure import Figure

# More documents than this are told in groups that follow each other.
MOST_STEPS = 20
# A difference of less than this share of the values is none: a figure is a sum of float64, which leaves noise of about
# 1e-16 of it for each addition, and nobody states nine digits.
SAME = 1e-9


@dataclass(frozen=True)
class Step:
    """What one document, or several in a row, changed: kgCO2e per unit after them, and the difference to before.

    ``documents``: ledger indices. None where there is no figure, or no number, before or after. ``lower_bound``: of
    the figure after; between known parts the difference is that of what is known. Less than ``SAME`` of the values is
    no difference.
    """

    documents: tuple[int, ...]
    total: float | None
    change: float | None
    lower_bound: bool
    basis: str


@dataclass(frozen=True)
class Changes:
    """A figure as of two ledger indices, and the steps from the one to the other (``first`` < ``last``)."""

    first: int
    last: int
    before: Figure | None
    after: Figure | None
    steps: tuple[Step, ...]

    @property
    def change(self) -> float | None:
        """The whole difference, kgCO2e per unit; None where one of the two is unknown."""
        return _difference(_total(self.before), _total(self.after))


# The ledger index at which facts ended, by fact: of those that some documents stated, or of more.
Ended = Callable[[Collection[int]], Mapping[int, int]]


def changes(ended: Ended, first: int, last: int, figure_at: Callable[[int], Figure]) -> Changes:
    """The steps of a figure from ledger index ``first`` to ``last``.

    ``figure_at`` gives the figure as of an index; it may raise ``LotUnknown`` and ``NoFigure``.
    """
    before, after = _figure(figure_at, first), _figure(figure_at, last)
    bearing = sorted(_bearing(ended, (first, last), before, after))
    steps: list[Step] = []
    previous = before
    for group in _groups(bearing, MOST_STEPS):
        here = after if group[-1] == bearing[-1] else _figure(figure_at, group[-1])
        steps.append(_step(group, previous, here))
        previous = here
    return Changes(first, last, before, after, tuple(steps))


def _figure(figure_at: Callable[[int], Figure], index: int) -> Figure | None:
    try:
        return figure_at(index)
    except (LotUnknown, NoFigure):
        return None


def _bearing(over: Ended, span: tuple[int, int], before: Figure | None, after: Figure | None) -> Iterable[int]:
    """Documents after ``first`` and up to ``last`` that the later figure rests on, or that ended facts of the earlier.

    What came between and was taken back again moved nothing from the one to the other.
    """
    first, last = span
    behind = set(before.documents) if before else set()
    found = {index for index in (after.documents if after else ()) if index > first}
    ended = ((asserted_at(fid), index) for fid, index in over(behind).items() if first < index <= last)
    return found | {index for document, index in ended if document in behind}


def _groups(indices: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Each by itself, or so many runs of about one length."""
    count = min(most, len(indices))
    bounds = [len(indices) * i // count for i in range(count + 1)] if count else [0]
    return [tuple(indices[low:high]) for low, high in pairwise(bounds)]


def _step(documents: tuple[int, ...], before: Figure | None, after: Figure | None) -> Step:
    total = _total(after)
    change = _difference(_total(before), total)
    return Step(documents, total, change, after is None or after.lower_bound, after.basis.label if after else "unknown")


def _total(found: Figure | None) -> float | None:
    return None if found is None else found.total


def _difference(before: float | None, after: float | None) -> float | None:
    """``after`` - ``before``; 0 where it is less than ``SAME`` of the larger, which is noise of the sums."""
    if before is None or after is None:
        return None
    found = after - before
    return 0.0 if abs(found) < SAME * max(abs(before), abs(after)) else found
