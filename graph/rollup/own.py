"""What nodes have by themselves, before anything flows into them: emissions, and content and coverage of mass."""

import numpy as np

from graph.rollup.arrays import BoolArray, FloatArray, IntArray
from graph.rollup.emissions import Activities
from graph.rollup.links import Draft
from graph.rollup.matrices import Matrix
from graph.rollup.nodes import NodeKind, Nodes
from graph.rollup.offers import (
    CONTENT_UNKNOWN,
    DEFAULT_ABS,
    EMISSION_COLUMNS,
    GAP,
    KNOWN,
    KNOWN_ABS,
    MASS_COLUMNS,
    MASS_UNKNOWN,
    ORIGINS,
    PRIMARY_ABS,
    TRACED,
    VERIFIED_ABS,
)
from graph.rollup.policy import Policy

# Which of the two a row of own mass says, if any: that all of it is traced, or that none is.
_SAID = (TRACED, MASS_UNKNOWN)


def leaves_of(draft: Draft, row: IntArray, activities: Activities) -> IntArray:
    """Nodes of which nothing is known: no edge, and for a process no activity either."""
    something = np.zeros(len(draft.nodes), np.bool_)
    something[row] = True
    something[activities.process] = True
    return np.flatnonzero(~something)


def burden_free(nodes: Nodes, policy: Policy) -> IntArray:
    """Materials that come without burden."""
    found = [
        n
        for n in nodes.material_refs.values()
        if policy.is_burden_free(nodes.key[n], nodes.boundary[n], nodes.origin[n])
    ]
    return np.array(found, np.int64)


def without_share(draft: Draft, row: IntArray, emissions: FloatArray) -> IntArray:
    """Lots and products of which it is known that they bear nothing: all they come from divides its burdens to others.

    A co-product without value (ISO 14044, 4.3.4.2) bears 0, which is a figure, whatever is unknown of its process.
    """
    nodes = draft.nodes
    bears = np.bincount(row, emissions > 0, len(nodes)) > 0
    comes = np.bincount(row, minlength=len(nodes)) > 0
    return np.flatnonzero(comes & ~bears & ~draft.gap & (nodes.kind != NodeKind.PROCESS))


def own_emission_rows(draft: Draft, activities: Activities, leaves: IntArray, free: IntArray) -> Matrix:
    """Own emissions of all nodes, shape (nodes, 10); those without activities share a row with their like."""
    size = len(draft.nodes)
    known, gap = np.zeros(size, np.int64), np.zeros(size, np.int64)
    known[activities.process] = known[free] = 1
    gap[leaves] = gap[np.flatnonzero(draft.gap)] = 1
    gap[free] = 0
    busy = np.zeros(size, np.bool_)
    busy[activities.process] = True
    at = np.flatnonzero(busy)
    alike = np.zeros((4, EMISSION_COLUMNS))
    alike[:, KNOWN], alike[:, GAP] = (0, 1, 0, 1), (0, 0, 1, 1)
    values = np.concatenate([alike, np.zeros((len(at), EMISSION_COLUMNS))])
    row = known + 2 * gap
    values[4:] = alike[row[at]]
    row[at] = np.arange(4, len(values))
    _add_up(values, row[activities.process], activities)
    return Matrix(row, values)


def _add_up(values: FloatArray, row: IntArray, activities: Activities) -> None:
    """Activities into rows, in their order: a sum does not depend on anything else."""
    size = np.where(activities.floor, 0.0, np.abs(activities.value))
    for column in range(KNOWN_ABS):
        mine = activities.scope == column
        values[:, column] = np.bincount(row[mine], activities.value[mine], len(values))
    for column, counts in (
        (KNOWN_ABS, None),
        (VERIFIED_ABS, activities.signed & ~activities.default),
        (DEFAULT_ABS, activities.default),
        (PRIMARY_ABS, activities.primary),
    ):
        values[:, column] = np.bincount(row, size if counts is None else np.where(counts, size, 0.0), len(values))


def own_mass_rows(draft: Draft, row: IntArray, mass: FloatArray, free: IntArray) -> Matrix:
    """Content and coverage of what has no incorporated input to take them from, shape (nodes, 9).

    A process without material inputs is a raw producer: what it makes is traced, of unknown content.
    """
    nodes = draft.nodes
    weighed = np.bincount(row, mass, len(nodes)) > 0
    content = np.where(weighed, 0, CONTENT_UNKNOWN + 1)
    raw: BoolArray = ~weighed & (nodes.kind == NodeKind.PROCESS) & ~draft.unweighed
    raw[free] = True
    said = np.where(raw, 1, np.where(weighed, 0, 2))
    for node in nodes.material_refs.values():
        content[node] = ORIGINS.get(nodes.origin[node], CONTENT_UNKNOWN) + 1
    return Matrix(content * (len(_SAID) + 1) + said, _mass_values())


def _mass_values() -> FloatArray:
    """A row for each content, or none, and each thing that may be said of the mass, or nothing."""
    values = np.zeros((CONTENT_UNKNOWN + 2, len(_SAID) + 1, MASS_COLUMNS))
    for content in range(CONTENT_UNKNOWN + 1):
        values[content + 1, :, content] = 1.0
    for said, column in enumerate(_SAID):
        values[:, said + 1, column] = 1.0
    return values.reshape(-1, MASS_COLUMNS)
