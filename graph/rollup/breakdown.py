"""Contributions by any one or two of what people ask for, the largest apart, the rest in one row: exact sums.

Each piece of emissions stands in one row: an activity of a process (or a footprint, or a default), in one tier, drawn
by one lot. Every grouping of these pieces has the same total.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.rollup.adjoint import reach
from graph.rollup.arrays import FloatArray, IntArray, expand
from graph.rollup.closure import Closure, closure, own_activities, taken_offers
from graph.rollup.contributions import Disclosure, Emissions, Labels, labels_of
from graph.rollup.exact import sums
from graph.rollup.figure import node_of
from graph.rollup.kernel import Rolled
from graph.rollup.links import issuer_of
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import UNDIVIDED
from graph.rollup.snapshot import ChainSnapshot

DIMENSIONS = ("lot", "process", "tier", "organization", "facility", "country", "material", "activity", "evidence")
SCOPES = UNDIVIDED + 1


@dataclass(frozen=True)
class Part:
    """One row of a breakdown: a label for each dimension asked for; ``others``: how many rows it stands for, or 0."""

    names: tuple[str, ...]
    emissions: Emissions
    others: int = 0


@dataclass(frozen=True)
class _Pieces:
    """Pieces of emissions: kgCO2e by scope (pieces, 3), whose they are, and their codes and labels by dimension."""

    values: FloatArray
    owner: IntArray
    owners: tuple[str, ...]
    codes: dict[str, IntArray]
    labels: dict[str, tuple[str, ...]]


def breakdown(
    snapshot: ChainSnapshot,
    rolled: Rolled,
    lot: str,
    by: Sequence[str],
    *,
    top: int = 0,
    disclosure: Disclosure | None = None,
) -> tuple[Part, ...]:
    """A lot's figure by one or two dimensions, the ``top`` rows by size and the others as one (0: all rows).

    Rows sum to the figure. What may not be told stands under the disclosure's label. Raises ``LotUnknown``,
    ``CycleFound``.
    """
    found = closure(snapshot, rolled, np.array([node_of(snapshot, lot)], np.int64))
    pieces = _pieces(snapshot, rolled, found)
    told = disclosure or Disclosure(frozenset(pieces.owners), frozenset(pieces.owners), frozenset(), 0, "")
    codes, names = _grouped(pieces, tuple(by), told)
    whole = sums(codes, pieces.values, len(names))
    order = sorted(range(len(names)), key=lambda i: (-abs(float(whole[i].sum())), names[i]))
    parts = [Part(names[i], _emissions(whole[i])) for i in (order[:top] if top else order)]
    rest = order[top:] if top else []
    if rest:
        together = sums(np.zeros(len(rest), np.int64), whole[rest], 1)[0]
        parts.append(Part(("",) * len(by), _emissions(together), len(rest)))
    return tuple(parts)


def _emissions(values: FloatArray) -> Emissions:
    return Emissions(float(values[0]), float(values[1]), float(values[2]))


def _pieces(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> _Pieces:
    share = reach(snapshot, found, np.ones(1))
    position, lot, tier, weight = _uses(snapshot, found, share)
    entry, values, activity, evidence = _entries(snapshot, rolled, found)
    # Each use of a node takes all entries of it.
    order = np.argsort(entry, kind="stable")
    starts = np.searchsorted(entry[order], position)
    counts = np.searchsorted(entry[order], position, "right") - starts
    use, at = np.repeat(np.arange(len(position)), counts), order[expand(starts, counts)]
    node, a = found.nodes[entry[at]], snapshot.attributes
    process = np.where(snapshot.kind[node] == NodeKind.PROCESS, node, -1)
    codes = {
        "organization": a.organization[node],
        "facility": a.facility[node],
        "country": a.country[node],
        "material": a.material[node],
        "tier": tier[use],
    }
    labels = {
        "organization": a.organizations,
        "facility": a.facilities,
        "country": a.countries,
        "material": a.materials,
        "tier": tuple(str(t) for t in range(share.shape[1])),
    }
    for name, nodes in (("lot", found.nodes[lot[use]]), ("process", process)):
        present, codes[name] = np.unique(nodes, return_inverse=True)
        labels[name] = (*[""] * int((present < 0).sum()), *snapshot.key.take(present[present >= 0]))
    for name, told in (("activity", activity), ("evidence", evidence)):
        labels[name], codes[name] = tuple(told.texts), told.codes[at]
    return _Pieces(values[at] * weight[use, None], a.organization[node], a.organizations, codes, labels)


def _uses(
    snapshot: ChainSnapshot, found: Closure, share: FloatArray
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """How much of each carrying node is used, by the lot that draws it and by tier: position, lot, tier, weight."""
    process = snapshot.kind[found.nodes] == NodeKind.PROCESS
    drawn = np.flatnonzero(process[found.column])
    row, column = found.row[drawn], found.column[drawn]
    organization = snapshot.attributes.organization[found.nodes]
    last = share.shape[1] - 1
    step = (organization[row] != organization[column]).astype(np.int64)
    edge, tier = np.nonzero(share[row])
    itself, own_tier = np.nonzero(share * (found.override & ~process)[:, None])
    return (
        np.concatenate([column[edge], itself]),
        np.concatenate([row[edge], itself]),
        np.concatenate([np.minimum(tier + step[edge], last), own_tier]),
        np.concatenate([share[row[edge], tier] * found.emissions[drawn][edge], share[itself, own_tier]]),
    )


def _entries(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[IntArray, FloatArray, Labels, Labels]:
    """What carries emissions, per unit of its node: position in the closure, kgCO2e by scope, activity, evidence."""
    listed = snapshot.activities
    activity = own_activities(snapshot, found.nodes[~found.override])
    values = np.zeros((len(activity), SCOPES))
    values[np.arange(len(activity)), listed.scope[activity]] = listed.value[activity]
    over = np.flatnonzero(found.override)
    basis = snapshot.offers.basis[taken_offers(snapshot, rolled, found.nodes[over])]
    return (
        np.concatenate([np.searchsorted(found.nodes, listed.process[activity]), over]),
        np.concatenate([values, rolled.chosen[found.nodes[over], :SCOPES]]),
        *labels_of(listed, activity, basis),
    )


def _grouped(pieces: _Pieces, by: tuple[str, ...], told: Disclosure) -> tuple[IntArray, list[tuple[str, ...]]]:
    """Codes of the pieces, and the labels of each code, as far as they may be told."""
    width = [len(pieces.labels[name]) for name in by]
    combined = pieces.codes[by[0]].astype(np.int64)
    combined = combined if len(by) == 1 else combined * width[1] + pieces.codes[by[1]]
    pair = combined * len(pieces.owners) + pieces.owner
    present, at = np.unique(pair, return_inverse=True)
    owners = [pieces.owners[o] for o in (present % len(pieces.owners)).tolist()]
    group = present // len(pieces.owners)
    split = [group] if len(by) == 1 else [group // width[1], group % width[1]]
    columns = [[pieces.labels[name][c] for c in codes.tolist()] for name, codes in zip(by, split, strict=True)]
    labels = _singly(by[0], columns[0], owners, told) if len(by) == 1 else _pairs(by, columns, owners, told)
    names = sorted(set(labels))
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[label] for label in labels], np.int64)[at], names


def _alone(by: str, labels: Sequence[str], owners: Sequence[str], told: Disclosure) -> list[str]:
    """Labels of one dimension by its own rule (``graph.rollup.contributions``)."""
    if by == "lot":
        return told.of_lots(labels, [issuer_of(label) if "|" in label else "" for label in labels])
    if by in ("process", "facility"):
        return told.exactly(labels, owners, told.open)
    if by == "organization":
        return told.exactly(labels, owners, told.named)
    return list(labels) if by == "evidence" else told.crowded(labels, owners)


def _singly(by: str, labels: Sequence[str], owners: Sequence[str], told: Disclosure) -> list[tuple[str, ...]]:
    return [(label,) for label in _alone(by, labels, owners, told)]


def _pairs(
    by: tuple[str, ...], columns: Sequence[list[str]], owners: Sequence[str], told: Disclosure
) -> list[tuple[str, ...]]:
    """Both labels where the owner is open or enough organizations share both; else the first, where that may be told
    and what stands behind it is nobody's alone; else none.

    An organization that may be named is named with its total only: what is inside is its own.
    """
    both = list(zip(*columns, strict=True))
    crowds: dict[tuple[str, ...], set[str]] = {}
    for pair, owner in zip(both, owners, strict=True):
        if owner not in told.open:
            crowds.setdefault(pair, set()).add(owner)
    exact = {"lot", "process", "facility", "organization"} & set(by)
    plain = [
        owner in told.open or (not exact and len(crowds[pair]) >= told.minimum)
        for pair, owner in zip(both, owners, strict=True)
    ]
    singles = [_alone(name, labels, owners, told) for name, labels in zip(by, columns, strict=True)]
    left: dict[str, set[str]] = {}
    for first, owner, shown in zip(singles[0], owners, plain, strict=True):
        if not shown:
            left.setdefault(first, set()).add(owner)
    named = by[0] in ("organization", "lot")
    return [
        pair if shown else (first if named or len(left[first]) >= told.minimum else told.label, told.label)
        for pair, first, shown in zip(both, singles[0], plain, strict=True)
    ]
