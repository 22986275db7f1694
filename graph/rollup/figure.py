"""The figures people ask for: a lot's footprint and content, a product's footprint, each with what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from graph.rollup.allocation import keys_used
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.closure import (
    Closure,
    NodeName,
    closure,
    defaulted,
    document_indices,
    missing,
    notes_on,
    published,
    taken_offers,
)
from graph.rollup.errors import LotUnknown
from graph.rollup.findings import Finding, in_order
from graph.rollup.judge import MIXED, boundaries, findings
from graph.rollup.kernel import Rolled
from graph.rollup.offers import (
    CONTENT,
    CONTENT_UNKNOWN,
    DEFAULT_ABS,
    DEFAULTED,
    DIRECT,
    GAP,
    INDIRECT,
    KNOWN,
    KNOWN_ABS,
    MASS_DEFAULT,
    MASS_UNKNOWN,
    PRIMARY_ABS,
    TRACED,
    UNDIVIDED,
    VERIFIED_ABS,
)
from graph.rollup.particulars import Particulars, biogenic, particulars
from graph.rollup.policy import ASSURANCE, Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.rollup.uncertainty import spread
from graph.units import Dimension

# A share of mass below this is what float sums leave over.
_NOTHING = 1e-9

# Findings that bear on content.
CONTENT_CODES = frozenset(
    {
        *("content-refused", "mass-out-exceeds-in", "recycled-exceeds", "unit-mismatch"),
        *("evidence-compromised", "evidence-revoked", "evidence-suspended"),
    }
)


def told(scopes: Mapping[str, float | None], gaps: bool) -> dict[str, float | None]:
    """Emissions by scope (and their total, where it is among them) as they may be shown: what nobody states is None.

    Where something is unknown (``gaps``), nothing known is not zero; and of what is stated as a total only nobody tells
    how much of it is direct.
    """
    apart = bool(scopes["undivided"])
    return {
        name: None if value == 0 and (gaps or (apart and name in ("direct", "indirect"))) else value
        for name, value in scopes.items()
    }


@dataclass(frozen=True)
class Shadow:
    """A candidate that was not taken: kgCO2e per canonical unit, None where nothing is known.

    ``lower_bound``: it is only what is known. ``document``: the ledger index of its document (None: computed, or a
    default).
    """

    basis: Basis
    direct: float | None
    indirect: float | None
    undivided: float | None
    total: float | None
    lower_bound: bool
    document: int | None


@dataclass(frozen=True)
class Figure:
    """A footprint: kgCO2e per canonical unit of ``dimension``, and everything one should know about it.

    Emissions are None when nothing is known; ``lower_bound`` says that the figure is only what is known. ``boundary``
    is "mixed" where several stand behind it. ``allocation``: the keys by which processes behind it divide over several
    products (of a footprint that was taken its own word counts).
    ``coverage_mass``, ``default_mass_share`` and ``unknown_share`` are of
    mass and sum to 1; ``coverage_emissions``, ``default_share`` and ``primary_data_share`` are of emissions, of the
    known ones alone where ``coverage_of_known``, and None where there are none (reference/accounting.md, ruling 3).
    ``assurance`` is the least level ("", limited, reasonable) of the attested footprints it rests on, None where it
    rests on none. ``documents`` are ledger indices; ``published`` those of published factors, by the node that rests on
    them.
    """

    subject: str
    dimension: Dimension
    direct: float | None
    indirect: float | None
    undivided: float | None
    total: float | None
    basis: Basis
    boundary: str
    allocation: tuple[str, ...]
    gwp: str
    lower_bound: bool
    missing: tuple[NodeName, ...]
    defaulted: tuple[NodeName, ...]
    coverage_mass: float
    coverage_emissions: float | None
    coverage_of_known: bool
    default_mass_share: float
    default_share: float | None
    unknown_share: float
    primary_data_share: float | None
    assurance: str | None
    shadows: tuple[Shadow, ...]
    findings: tuple[Finding, ...]
    documents: tuple[int, ...]
    published: tuple[tuple[NodeName, int], ...]
    policy: str
    as_of: int
    particulars: Particulars

    @property
    def total_with_uptake(self) -> float | None:
        """The total including biogenic uptake: excluding + uptake, always; None where one of the two is unknown."""
        uptake = self.particulars.biogenic.uptake
        return None if self.total is None or uptake is None else self.total + uptake


@dataclass(frozen=True)
class ContentFigure:
    """Physical content of a lot as mass fractions that sum to 1, ``unknown`` among them (reference/custody.md).

    ``declared`` tells whether a declaration for the lot itself was taken. ``coverage_mass``: the share of mass traced.
    """

    subject: str
    pre_consumer: float
    post_consumer: float
    non_grain_bio: float
    other_bio: float
    virgin: float
    unknown: float
    declared: bool
    coverage_mass: float
    findings: tuple[Finding, ...]
    documents: tuple[int, ...]
    as_of: int

    @property
    def told(self) -> dict[str, float | None]:
        """The shares but ``unknown``: where some of the mass is unknown, a share of which nothing is known is None."""
        known = self.unknown <= _NOTHING
        shares = {name: float(getattr(self, name)) for name in CONTENT[:CONTENT_UNKNOWN]}
        return {name: share if known or share else None for name, share in shares.items()}


class Explained(TypedDict):
    """What the closure of a figure tells about it."""

    assurance: str | None
    boundaries: tuple[str, ...]
    allocation: tuple[str, ...]
    gwp: str
    missing: tuple[NodeName, ...]
    defaulted: tuple[NodeName, ...]
    findings: frozenset[Finding]
    documents: tuple[int, ...]
    published: tuple[tuple[NodeName, int], ...]


@dataclass(frozen=True)
class Value:
    """The numbers of a figure, vectors as in ``Rolled``, and what its closure tells about it."""

    subject: str
    dimension: Dimension
    vector: FloatArray
    mass: FloatArray
    basis: Basis
    shadows: tuple[Shadow, ...]
    assurance: str | None
    boundaries: tuple[str, ...]
    allocation: tuple[str, ...]
    gwp: str
    missing: tuple[NodeName, ...]
    defaulted: tuple[NodeName, ...]
    findings: frozenset[Finding]
    documents: tuple[int, ...]
    published: tuple[tuple[NodeName, int], ...]
    particulars: Particulars


def node_of(snapshot: ChainSnapshot, lot: str) -> int:
    """The node of a lot. Raises ``LotUnknown``."""
    if lot not in snapshot.lots:
        raise LotUnknown(lot)
    return snapshot.lots[lot]


def footprint(snapshot: ChainSnapshot, rolled: Rolled, lot_key: str) -> Figure:
    """The footprint of a lot at the gate. Raises ``LotUnknown`` and what ``closure`` raises."""
    node = node_of(snapshot, lot_key)
    found = closure(snapshot, rolled, np.array([node], np.int64))
    value = Value(
        subject=lot_key,
        dimension=Dimension(int(snapshot.dimension[node])),
        vector=rolled.chosen[node],
        mass=rolled.mass[node],
        basis=Basis(int(rolled.basis[node])),
        shadows=_shadows(snapshot, rolled, node),
        particulars=_particulars(snapshot, rolled, found, node),
        **explain(snapshot, rolled, found),
    )
    return figure_of(snapshot, value)


def _particulars(snapshot: ChainSnapshot, rolled: Rolled, found: Closure, node: int) -> Particulars:
    vector = rolled.chosen[node]
    total, gap = float(vector[: UNDIVIDED + 1].sum()), bool(vector[GAP] > 0)
    width = spread(snapshot, rolled, found, np.ones(1), total=total, gap=gap)
    layout = snapshot.indicators.layout
    return particulars(layout, rolled.indicators[node], vector, biogenic(snapshot, rolled, node), width)


def explain(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> Explained:
    """What a closure tells about a figure, as the arguments of a ``Value``."""
    gwps = {
        snapshot.offers.gwp[i] for i in rolled.offer[np.searchsorted(snapshot.decided, found.nodes[found.override])]
    }
    alone = gwps - {""} if bool(found.override[found.roots].all()) else set()
    return {
        "assurance": _assurance(snapshot, rolled, found),
        "boundaries": boundaries(snapshot, rolled, found),
        "allocation": keys_used(snapshot, found),
        "gwp": "/".join(sorted(alone)) or snapshot.policy.gwp,
        "missing": missing(snapshot, rolled, found),
        "defaulted": defaulted(snapshot, rolled, found),
        "findings": frozenset(findings(snapshot, rolled, found)),
        "documents": document_indices(snapshot, rolled, found),
        "published": published(snapshot, rolled, found),
    }


def _assurance(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> str | None:
    """A chain is assured as far as its least assured attestation."""
    taken = taken_offers(snapshot, rolled, found.nodes[found.override])
    attested = taken[snapshot.offers.basis[taken] == Basis.ATTESTED]
    levels = {snapshot.offers.assurance[i] for i in attested.tolist()}
    return min(levels, key=ASSURANCE.__getitem__, default=None)


def figure_of(snapshot: ChainSnapshot, value: Value) -> Figure:
    """A figure from its numbers: unknown is None, never zero."""
    known = bool(value.vector[KNOWN] > 0)
    scopes = [float(value.vector[i]) if known else None for i in (DIRECT, INDIRECT, UNDIVIDED)]
    lower_bound = bool(value.vector[GAP] > 0)
    return Figure(
        subject=value.subject,
        dimension=value.dimension,
        direct=scopes[0],
        indirect=scopes[1],
        undivided=scopes[2],
        total=float(value.vector[: UNDIVIDED + 1].sum()) if known else None,
        basis=value.basis,
        boundary=MIXED if len(value.boundaries) > 1 else "".join(value.boundaries),
        allocation=value.allocation,
        gwp=value.gwp,
        lower_bound=lower_bound,
        missing=value.missing,
        defaulted=value.defaulted,
        coverage_mass=float(value.mass[TRACED]),
        coverage_emissions=_share(value.vector, VERIFIED_ABS),
        coverage_of_known=lower_bound,
        default_mass_share=float(value.mass[MASS_DEFAULT]),
        default_share=_share(value.vector, DEFAULT_ABS),
        unknown_share=float(value.mass[MASS_UNKNOWN]),
        primary_data_share=_share(value.vector, PRIMARY_ABS),
        assurance=value.assurance,
        shadows=value.shadows,
        findings=in_order(value.findings),
        documents=value.documents,
        published=value.published,
        policy=f"{snapshot.policy.name}/{snapshot.policy.version}",
        as_of=snapshot.as_of,
        particulars=value.particulars,
    )


def _share(vector: FloatArray, column: int) -> float | None:
    return float(vector[column] / vector[KNOWN_ABS]) if vector[KNOWN_ABS] > 0 else None


def shadow(basis: Basis, vector: FloatArray, document: int) -> Shadow:
    """A candidate not taken."""
    values = vector[: UNDIVIDED + 1].tolist()
    gaps = bool(vector[GAP] > 0)
    scopes = told(dict(zip(("direct", "indirect", "undivided", "total"), (*values, sum(values)), strict=True)), gaps)
    return Shadow(basis, **scopes, lower_bound=gaps, document=None if document == ABSENT else document)


def _shadows(snapshot: ChainSnapshot, rolled: Rolled, node: int) -> tuple[Shadow, ...]:
    """The other candidates of a node, computed first, then in the order of ruling 1."""
    at = int(np.searchsorted(snapshot.decided, node))
    if at == len(snapshot.decided) or snapshot.decided[at] != node:
        return ()
    offers, computed, taken = snapshot.offers, rolled.computed[at], int(rolled.offer[at])
    result = []
    if taken != ABSENT and computed[KNOWN] > 0:
        whole = computed[GAP] == 0 and computed[DEFAULTED] == 0
        result.append(shadow(Basis.COMPUTED if whole else Basis.COMPUTED_GAPS, computed, ABSENT))
    first, last = np.searchsorted(offers.node, [node, node + 1]).tolist()
    for i in range(first, last):
        if i != taken:
            result.append(shadow(Basis(int(offers.basis[i])), offers.values[i], int(offers.document[i])))
    return tuple(result)


def content(snapshot: ChainSnapshot, rolled: Rolled, lot_key: str) -> ContentFigure:
    """The physical content of a lot. Raises ``LotUnknown`` and what ``closure`` raises."""
    node = node_of(snapshot, lot_key)
    found = closure(snapshot, rolled, np.array([node], np.int64), lambda nodes: _declared(snapshot, nodes))
    over = found.nodes[found.override]
    offered = snapshot.content_offers.document[np.searchsorted(snapshot.content_offers.node, over)]
    documents = np.unique(np.concatenate([snapshot.document[found.nodes], offered]))
    notes = {note for note in notes_on(snapshot, found.nodes) if note.code in CONTENT_CODES}
    shares = dict(zip(CONTENT, rolled.mass[node, : CONTENT_UNKNOWN + 1].tolist(), strict=True))
    return ContentFigure(
        subject=lot_key,
        **shares,
        declared=bool(_declared(snapshot, np.array([node], np.int64))[0]),
        coverage_mass=float(rolled.mass[node, TRACED]),
        findings=in_order(notes),
        documents=tuple(documents[documents != ABSENT].tolist()),
        as_of=snapshot.as_of,
    )


def _declared(snapshot: ChainSnapshot, nodes: IntArray) -> BoolArray:
    return np.isin(nodes, snapshot.content_offers.node)
