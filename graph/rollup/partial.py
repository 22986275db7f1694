"""Figures from a part of the documents: what the hidden ones add is one aggregate a node, and no name.

Whoever may read some of the documents behind a figure rolls those up alone; at each lot or process where the whole
chain says something else, the difference stands for all that is hidden above it. So a reader recomputes every sum whose
parts it may see, and takes on somebody's word only the aggregates of the branches it may not.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, FloatArray, IntArray
from graph.rollup.closure import name_of
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import EMISSION_COLUMNS, FIRST_FLAG, MASS_COLUMNS
from graph.rollup.snapshot import ChainSnapshot

# Differences below this, relative to the value, are what another order of sums leaves over.
_ROUNDING = 1e-12


class PartUnknown(ValueError):
    """An aggregate stands at a node that the documents in hand do not name."""


@dataclass(frozen=True, slots=True)
class Part:
    """What hidden documents add to a node: ``kind`` is lot or process.

    ``emissions``, 10 numbers: to be added (kgCO2e per canonical unit; a process: in total), but the last three, flags
    0 or 1, stand instead. ``mass``, 9 numbers, stands instead. Columns as named in ``graph.rollup.offers``.
    ``hidden``: of the node itself nothing may be seen; it counts as nothing, and what it adds is in the aggregates of
    those who use it.
    """

    kind: str
    key: str
    hidden: bool
    emissions: tuple[float, ...]
    mass: tuple[float, ...]


def conceal(whole: ChainSnapshot, rolled: Rolled, seen: ChainSnapshot) -> tuple[Rolled, tuple[Part, ...]]:
    """The chain of the documents that may be seen, brought to the figures of the whole one, and how.

    ``seen`` is built from some of the documents of ``whole``, at the same index under the same policy. What ``reveal``
    makes of ``seen`` and the parts is bitwise the same ``Rolled``.
    """
    parts: list[Part] = []
    place = _places(whole)

    def settle(rows: slice, chosen: FloatArray, mass: FloatArray) -> None:
        for node in range(rows.start, rows.stop):
            counterpart = place.get(_name(seen, node)) if seen.kind[node] <= NodeKind.PROCESS else None
            if counterpart is not None:
                wanted = rolled.chosen[counterpart], rolled.mass[counterpart]
                part = _part(seen, node, (chosen[node], mass[node]), wanted)
                parts.extend(part)
                _apply(node, part, chosen, mass)

    return roll_up(seen, settle), tuple(parts)


def reveal(seen: ChainSnapshot, parts: Iterable[Part]) -> Rolled:
    """Values of all nodes of a chain of some documents, with the aggregates that stand for the others.

    Raises ``PartUnknown`` for an aggregate of a node that is not there, stated twice, or not of its shape.
    """
    given = _given(seen, parts)

    def settle(rows: slice, chosen: FloatArray, mass: FloatArray) -> None:
        for node in range(rows.start, rows.stop):
            if node in given:
                _apply(node, [given[node]], chosen, mass)

    return roll_up(seen, settle)


def _name(snapshot: ChainSnapshot, node: int) -> tuple[str, str]:
    found = name_of(snapshot, node)
    return found.kind, found.key


def _places(snapshot: ChainSnapshot) -> dict[tuple[str, str], int]:
    nodes: IntArray = np.flatnonzero(snapshot.kind <= NodeKind.PROCESS)
    return {_name(snapshot, node): node for node in nodes.tolist()}


def _given(seen: ChainSnapshot, parts: Iterable[Part]) -> dict[int, Part]:
    place, given = _places(seen), dict[int, Part]()
    for part in parts:
        node = place.get((part.kind, part.key))
        if node is None or node in given:
            raise PartUnknown(
                f"an aggregate stands at {part.kind} {part.key}: no document names it, or it stands twice"
            )
        if len(part.emissions) != EMISSION_COLUMNS or len(part.mass) != MASS_COLUMNS:
            raise PartUnknown(f"the aggregate of {part.kind} {part.key} is not of its shape")
        given[node] = part
    return given


_Values = tuple[FloatArray, FloatArray]


def _part(seen: ChainSnapshot, node: int, has: _Values, wants: _Values) -> list[Part]:
    """The aggregate of a node, none where the documents seen say it all; values are (emissions, mass)."""
    flags = bool((has[0][FIRST_FLAG:] == wants[0][FIRST_FLAG:]).all())
    if flags and all(map(_alike, has, wants)):
        return []
    kind, key = _name(seen, node)
    if seen.kind[node] == NodeKind.LOT and seen.document[node] == ABSENT:
        return [Part(kind, key, True, (0.0,) * EMISSION_COLUMNS, (0.0,) * MASS_COLUMNS)]
    added = np.concatenate([(wants[0] - has[0])[:FIRST_FLAG], wants[0][FIRST_FLAG:]])
    return [Part(kind, key, False, tuple(added.tolist()), tuple(wants[1].tolist()))]


def _alike(has: FloatArray, wants: FloatArray) -> bool:
    size = np.maximum(np.abs(has), np.abs(wants))
    return bool((np.abs(has - wants) <= _ROUNDING * size).all())


def _apply(node: int, parts: list[Part], chosen: FloatArray, mass: FloatArray) -> None:
    for part in parts:
        if part.hidden:
            chosen[node], mass[node] = 0.0, 0.0
            continue
        chosen[node, :FIRST_FLAG] += part.emissions[:FIRST_FLAG]
        chosen[node, FIRST_FLAG:] = part.emissions[FIRST_FLAG:]
        mass[node] = part.mass
