"""Where a figure comes from: one backward pass over its closure, and sums by whatever people ask for.

Paths are never enumerated: each node holds, per tier, how much of it goes into the target, and hands that on to what it
needs. Every breakdown adds up to the same total, in sums of twice the working precision.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.rollup.adjoint import reach
from graph.rollup.arrays import FloatArray, IntArray, factorize
from graph.rollup.closure import (
    Closure,
    NodeName,
    closure,
    defaulted,
    document_indices,
    missing,
    own_activities,
    published,
    taken_offers,
)
from graph.rollup.emissions import Activities
from graph.rollup.errors import LotUnknown
from graph.rollup.exact import sums
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot


@dataclass(frozen=True)
class Emissions:
    """kgCO2e per canonical unit of the target, by scope."""

    direct: float
    indirect: float
    undivided: float

    @property
    def total(self) -> float:
        """Direct, indirect and undivided together."""
        return self.direct + self.indirect + self.undivided


@dataclass(frozen=True)
class Contributions:
    """A lot's figure, decomposed. Each breakdown sums to ``total``; "" stands for "not stated".

    ``by_tier`` counts organization boundaries crossed (ruling 7); with ``tiers_merged``, 2 is all from there on. In a
    recycling loop the boundaries crossed have no end: the last tier there is all from there on
    (``graph.rollup.adjoint.reach``).
    ``by_lot`` names the lot or reference whose production or evidence carries the emission. ``missing`` and
    ``defaulted`` are the nodes that are unknown, or filled by a published figure; ``documents`` the ledger indices of
    all documents behind the figure, ``published`` those of published factors by the node that rests on them.
    """

    total: Emissions
    by_lot: Mapping[str, Emissions]
    by_process: Mapping[str, Emissions]
    by_tier: Mapping[int, Emissions]
    tiers_merged: bool
    by_organization: Mapping[str, Emissions]
    by_facility: Mapping[str, Emissions]
    by_country: Mapping[str, Emissions]
    by_material: Mapping[str, Emissions]
    by_activity: Mapping[str, Emissions]
    by_evidence: Mapping[str, Emissions]
    missing: tuple[NodeName, ...]
    defaulted: tuple[NodeName, ...]
    documents: tuple[int, ...]
    published: tuple[tuple[NodeName, int], ...]


@dataclass(frozen=True)
class Disclosure:
    """What may be told apart to a reader; the rest of each breakdown stands under ``label``, so that sums stay exact.

    ``named``: organizations that may be named. ``open``: those whose facilities, processes and activities may be.
    ``lots``: lots that may be named beside those of open organizations. A country, material, activity or tier of
    organizations that are not open is told only where at least ``minimum`` of them contribute to it (ruling 9).
    """

    named: frozenset[str]
    open: frozenset[str]
    lots: Container[str]
    minimum: int
    label: str

    def exactly(self, labels: Sequence[str], owners: Sequence[str], shown: frozenset[str]) -> list[str]:
        """Labels of what belongs to the owners shown."""
        return [x if o in shown else self.label for x, o in zip(labels, owners, strict=True)]

    def of_lots(self, keys: Sequence[str], owners: Sequence[str]) -> list[str]:
        """Labels of lots and references."""
        pairs = zip(keys, owners, strict=True)
        return [x if o in self.open or x in self.lots else self.label for x, o in pairs]

    def crowded(self, labels: Sequence[str], owners: Sequence[str]) -> list[str]:
        """Labels that enough organizations share, and those of open ones."""
        crowds: dict[str, set[str]] = {}
        for x, o in zip(labels, owners, strict=True):
            if o not in self.open:
                crowds.setdefault(x, set()).add(o)
        pairs = zip(labels, owners, strict=True)
        return [x if o in self.open or len(crowds[x]) >= self.minimum else self.label for x, o in pairs]


@dataclass(frozen=True)
class Labels:
    """Labels of rows: ``texts`` by code, of which some may be the same, and the code of each row."""

    texts: Sequence[str]
    codes: IntArray

    def by(self, owner: "Labels", told: Callable[[Sequence[str], Sequence[str]], list[str]]) -> "Labels":
        """What may be told of them, which goes by the label and its owner."""
        pair = self.codes.astype(np.int64) * len(owner.texts) + owner.codes
        present, at = np.unique(pair, return_inverse=True)
        labels, owners = np.divmod(present, len(owner.texts))
        return Labels(told(_texts(labels, self.texts), _texts(owners, owner.texts)), at)


@dataclass(frozen=True)
class _Entries:
    """What carries emissions, one row each: position in the closure, labels, kgCO2e (entries, 3) in the target."""

    position: IntArray
    values: FloatArray
    activity: Labels
    evidence: Labels


def contributions(
    snapshot: ChainSnapshot, rolled: Rolled, lot: str, disclosure: Disclosure | None = None
) -> Contributions:
    """The contributions to a lot's figure, as far as they may be told apart (all, where no disclosure is given).

    Raises ``LotUnknown`` and what ``closure`` raises.
    """
    if lot not in snapshot.lots:
        raise LotUnknown(lot)
    found = closure(snapshot, rolled, np.array([snapshot.lots[lot]], np.int64))
    share = reach(snapshot, found, np.ones(1))
    whole = share.sum(axis=1)
    entries = _entries(snapshot, rolled, found, whole)
    nodes, a = found.nodes[entries.position], snapshot.attributes
    own = _own(snapshot, rolled, found)
    told = disclosure or _everything(a.organizations)
    owner, facility, country, material = (
        Labels(labels, codes[nodes])
        for codes, labels in (
            (a.organization, a.organizations), (a.facility, a.facilities), (a.country, a.countries),
            (a.material, a.materials),
        )
    )  # fmt: skip
    tiers, merged = _by_tier(snapshot, found, share, own, told)
    return Contributions(
        total=_summed(own * whole[:, None]),
        by_lot=_by_lot(snapshot, found, whole, own, told),
        by_process=_labelled(_processes(snapshot, nodes, told), entries.values),
        by_tier=tiers,
        tiers_merged=merged,
        by_organization=_labelled(owner.by(owner, lambda x, o: told.exactly(x, o, told.named)), entries.values),
        by_facility=_labelled(facility.by(owner, lambda x, o: told.exactly(x, o, told.open)), entries.values),
        by_country=_labelled(country.by(owner, told.crowded), entries.values),
        by_material=_labelled(material.by(owner, told.crowded), entries.values),
        by_activity=_labelled(entries.activity.by(owner, told.crowded), entries.values),
        by_evidence=_labelled(entries.evidence, entries.values),
        missing=missing(snapshot, rolled, found),
        defaulted=defaulted(snapshot, rolled, found),
        documents=document_indices(snapshot, rolled, found),
        published=published(snapshot, rolled, found),
    )


def _everything(organizations: tuple[str, ...]) -> Disclosure:
    every = frozenset(organizations)
    return Disclosure(every, every, frozenset(), 0, "")


def _texts(codes: IntArray, labels: Sequence[str]) -> list[str]:
    return [labels[code] for code in codes.tolist()]


def _processes(snapshot: ChainSnapshot, nodes: IntArray, told: Disclosure) -> Labels:
    """The processes of those that are open; of these "" where something is no process."""
    a = snapshot.attributes
    openly = np.array([o in told.open for o in a.organizations], np.bool_)[a.organization[nodes]]
    process = openly & (snapshot.kind[nodes] == NodeKind.PROCESS)
    present, at = np.unique(nodes[process], return_inverse=True)
    codes = np.where(openly, 1, 0)
    codes[process] = at + 2
    return Labels([told.label, "", *snapshot.key.take(present)], codes)


def _by_tier(
    snapshot: ChainSnapshot, found: Closure, share: FloatArray, own: FloatArray, told: Disclosure
) -> tuple[dict[int, Emissions], bool]:
    """Emissions by tier; from the second on one row where a tier has too few organizations to be told apart."""
    owners, a = snapshot.attributes.organization[found.nodes], snapshot.attributes
    tiers = [t for t in range(share.shape[1]) if share[:, t].any()]
    carrying = own.any(axis=1)

    def thin(tier: int) -> bool:
        present = np.unique(owners[(share[:, tier] != 0) & carrying])
        hidden = {a.organizations[o] for o in present.tolist()} - told.open
        return 0 < len(hidden) < told.minimum

    merged = sum(t >= 2 for t in tiers) > 1 and any(thin(t) for t in tiers if t >= 2)
    if not merged:
        return {t: _summed(own * share[:, t, None]) for t in tiers}, False
    return {t: _summed(own * share[:, t, None]) for t in tiers if t < 2} | {
        2: _summed(own * share[:, 2:].sum(axis=1)[:, None])
    }, True


def _own(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> FloatArray:
    """What each node of the closure adds by itself: its evidence, or its process's own emissions; shape (nodes, 3)."""
    own = snapshot.own[found.nodes, : UNDIVIDED + 1]
    own[found.override] = rolled.chosen[found.nodes[found.override], : UNDIVIDED + 1]
    return own


def _entries(snapshot: ChainSnapshot, rolled: Rolled, found: Closure, whole: FloatArray) -> _Entries:
    """One entry for each activity of the closure's processes, and one for each footprint or default in it."""
    listed = snapshot.activities
    activity = own_activities(snapshot, found.nodes[~found.override])
    at = np.searchsorted(found.nodes, listed.process[activity])
    stated = np.zeros((len(activity), UNDIVIDED + 1))
    stated[np.arange(len(activity)), listed.scope[activity]] = listed.value[activity] * whole[at]
    over = np.flatnonzero(found.override)
    given = rolled.chosen[found.nodes[over], : UNDIVIDED + 1] * whole[over, None]
    basis = snapshot.offers.basis[taken_offers(snapshot, rolled, found.nodes[over])]
    labels = labels_of(listed, activity, basis)
    return _Entries(np.concatenate([at, over]), np.concatenate([stated, given]), *labels)


def labels_of(listed: Activities, activity: IntArray, basis: IntArray) -> tuple[Labels, Labels]:
    """What some activities, and then footprints and defaults of some basis, are named, and what they rest on."""
    of_offer = np.where(basis == Basis.DEFAULT, 0, 1) + len(listed.names)
    default, signed, floor = (x[activity].astype(np.int64) for x in (listed.default, listed.signed, listed.floor))
    kind = default | signed << 1 | floor << 2
    return (
        Labels((*listed.names, "default", "footprint"), np.concatenate([listed.name[activity], of_offer])),
        Labels(_EVIDENCE, np.concatenate([kind, basis.astype(np.int64) + _KINDS])),
    )


def _evidence_label(default: bool, signed: bool, floor: bool) -> str:
    """What an activity rests on, in words."""
    if floor:
        return "rule"
    if default:
        return "default-factor"
    return "signed-activity" if signed else "unsigned-activity"


# By whether a default, signed, the floor; then by the basis of a footprint or default.
_KINDS = 8
_EVIDENCE = (
    *(_evidence_label(bool(kind & 1), bool(kind & 2), bool(kind & 4)) for kind in range(_KINDS)),
    *(basis.label for basis in Basis),
)


def _by_lot(
    snapshot: ChainSnapshot, found: Closure, whole: FloatArray, own: FloatArray, told: Disclosure
) -> dict[str, Emissions]:
    """A process's emissions go to the lots (or references) drawn from it, as the target uses them."""
    process = snapshot.kind[found.nodes] == NodeKind.PROCESS
    drawn = np.flatnonzero(process[found.column])
    used = (whole[found.row[drawn]] * found.emissions[drawn])[:, None] * own[found.column[drawn]]
    itself = np.flatnonzero(~process & found.override)
    position = np.concatenate([found.row[drawn], itself])
    values = np.concatenate([used, own[itself] * whole[itself, None]])
    nodes, at = np.unique(found.nodes[position], return_inverse=True)
    owners = _texts(snapshot.attributes.organization[nodes], snapshot.attributes.organizations)
    return _labelled(Labels(told.of_lots(list(snapshot.key.take(nodes)), owners), at), values)


def _summed(values: FloatArray) -> Emissions:
    return Emissions(*sums(np.zeros(len(values), np.int64), values, 1)[0].tolist())


def _labelled(labels: Labels, values: FloatArray) -> dict[str, Emissions]:
    codes, names = factorize(labels.texts)
    return _grouped(codes[labels.codes], names, values)


def _grouped(codes: IntArray, labels: Sequence[str], values: FloatArray) -> dict[str, Emissions]:
    present, at = np.unique(codes, return_inverse=True)
    parts = sums(at, values, len(present))
    return {labels[code]: Emissions(*row) for code, row in zip(present.tolist(), parts.tolist(), strict=True)}
