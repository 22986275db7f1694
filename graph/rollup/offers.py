"""What is offered for a node beside its computed value: declarations in the node's own unit, and published defaults."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graph.model.indicators import Group, Scope
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, distinct, values_by_code
from graph.rollup.assurance import FAULTS
from graph.rollup.evidence import Candidates, Subjects, candidates
from graph.rollup.facts import Facts
from graph.rollup.findings import Finding
from graph.rollup.indicators import EXTRA, Choices, choices, extra_of
from graph.rollup.links import Draft
from graph.rollup.nodes import NodeKind, Nodes
from graph.rollup.policy import Basis, Factor, Policy
from graph.rollup.rows import Rows
from graph.units import Dimension

# Columns of the emission pass. The last three are flags: unknown below, default precursor below, anything known.
DIRECT, INDIRECT, UNDIVIDED, KNOWN_ABS, VERIFIED_ABS, DEFAULT_ABS, PRIMARY_ABS, GAP, DEFAULTED, KNOWN = range(10)
EMISSION_COLUMNS = 10
FIRST_FLAG = GAP

# Columns of the mass pass: content (they sum to 1), then what is traced (they sum to 1).
CONTENT = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin", "unknown")
CONTENT_UNKNOWN, TRACED, MASS_DEFAULT, MASS_UNKNOWN = 5, 6, 7, 8
MASS_COLUMNS = 9
CONTENT_TOLERANCE = 1e-3

# "Only non-grain and waste count as non-grain; unknown never does" (reference/custody.md).
ORIGINS = {
    "pre-consumer": 0, "post-consumer": 1, "non-grain-bio": 2, "waste-bio": 2, "grain-bio": 3, "virgin": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Offers:
    """Candidates for the value of nodes, best first within a node.

    ``values`` has shape (offers, 10), kgCO2e per canonical unit of the node; ``basis`` ATTESTED, DECLARED or DEFAULT;
    ``document`` of a default is the record of its set, ``factor`` says more of it. ``share_stated``: a primary data
    share is stated; ``partial``: a scope is not stated; ``assurance``: "", limited or reasonable. ``extra``: what else
    is stated, shape (offers, ``graph.rollup.indicators.EXTRA``), nan where it is not. ``row``: its place
    among the footprints in force.
    """

    node: IntArray
    basis: IntArray
    values: FloatArray
    row: IntArray
    document: IntArray
    boundary: tuple[str, ...]
    gwp: tuple[str, ...]
    share_stated: BoolArray
    partial: BoolArray
    assurance: tuple[str, ...]
    extra: FloatArray
    factor: Mapping[int, Factor]


@dataclass(frozen=True)
class ContentOffers:
    """The content declaration that counts for a node: ``values`` of shape (offers, 6), mass fractions that sum to 1."""

    node: IntArray
    values: FloatArray
    document: IntArray
    signed: BoolArray


def subjects_of(nodes: Nodes) -> tuple[Subjects, IntArray]:
    """Lots and product references as subjects of declarations, and their nodes."""
    count = len(nodes.lots)
    which = np.flatnonzero((nodes.kind == NodeKind.LOT) | (nodes.kind == NodeKind.PRODUCT))
    refs = list(nodes.product_refs)
    start = np.concatenate([nodes.when[:count], [ref.start for ref in refs]])
    end = np.concatenate([nodes.when[:count], [ref.end for ref in refs]])
    refs_country = nodes.country.pool.intern([ref.country for ref in refs])
    country = np.concatenate([nodes.country.codes[:count], refs_country])
    lot = np.where(which < count, which, ABSENT)
    return Subjects(nodes.lots, lot, nodes.product[which], nodes.at[which], country, start, end), which


def declared(draft: Draft, policy: Policy) -> tuple[Offers, dict[Group, Choices]]:
    """Every footprint that speaks for a node and can be brought to its unit; the others are findings.

    With them what they say of the groups of indicators that are decided by themselves.
    """
    subjects, which = subjects_of(draft.nodes)
    found = candidates(draft.facts, policy, "footprints", subjects)
    node = which[found.subject]
    product, dimension = draft.nodes.product[node], draft.nodes.dimension[node]
    offers, usable = footprint_offers(draft.facts, found, node, (product, dimension))
    _note_assurance(draft, node, found)
    ratio = draft.facts.products.ratio(
        (product, dimension), (product, draft.facts.rows["footprints"].ints("dimension")[found.row])
    )
    others = choices(draft, found, node, ratio)
    _check_periods(draft, which[found.missed[0]], found.missed[1], node)
    told = {(n, d) for each in others.values() for n, d in zip(each.node.tolist(), each.document.tolist(), strict=True)}
    for i in np.flatnonzero(~usable).tolist():
        place = int(node[i]), int(draft.facts.rows["footprints"].documents[found.row[i]])
        if place not in told:
            _refuse(draft, *place)
    return offers, others


def _check_periods(draft: Draft, missed: IntArray, row: IntArray, found: IntArray) -> None:
    """Lots for which, or for whose product, there are declarations, none of them for the time of production."""
    alone = ~np.isin(missed, found)
    documents = draft.facts.rows["footprints"].documents[row[alone]]
    for node, said in values_by_code(missed[alone], documents):
        words = f"{draft.nodes.key[node]}: what is declared of it or its product is of another time, or has expired"
        draft.note(node, "evidence-out-of-period", words, documents=said)


def _assurance(rows: Rows, name: str = "assurance") -> list[str]:
    """A column that is there only where somebody assures something."""
    return rows.text(name) if name in rows.columns else [""] * len(rows)


def assurance_finding(rows: Rows, row: int, key: str) -> Finding | None:
    """Why the assurance of a footprint does not count, where there is one that does not."""
    fault = _assurance(rows, "assurance_fault")[row]
    if not fault:
        return None
    return Finding(fault, f"{key}: the assurance of its footprint {FAULTS[fault]}", (key,), (int(rows.documents[row]),))


def _note_assurance(draft: Draft, node: IntArray, found: Candidates) -> None:
    rows = draft.facts.rows["footprints"]
    if "assurance_fault" not in rows.columns:
        return
    for n, row in zip(node.tolist(), found.row.tolist(), strict=True):
        finding = assurance_finding(rows, row, draft.nodes.key[n])
        if finding is not None:
            draft.notes.append((n, finding))


def _refuse(draft: Draft, node: int, document: int) -> None:
    key = draft.nodes.key[node]
    message = f"{key}: a footprint in another unit, without a mass per piece or density, or without a value that counts"
    draft.notes.append((node, Finding("unit-mismatch", message, (key,), (document,))))


def footprint_offers(
    facts: Facts, found: Candidates, node: IntArray, unit: tuple[IntArray, IntArray]
) -> tuple[Offers, BoolArray]:
    """Candidates as offers per unit (product, dimension) of each, and which of the candidates could be used."""
    rows = facts.rows["footprints"]
    stated = np.stack([rows.floats(name) for name in ("direct", "indirect", "undivided")], axis=1)[found.row]
    ratio = facts.products.ratio(unit, (unit[0], rows.ints("dimension")[found.row]))
    scopes = np.where(np.isnan(stated), 0.0, stated) * ratio[:, None]
    usable = np.isfinite(np.abs(scopes).sum(axis=1)) & ~np.isnan(stated).all(axis=1)
    partial = np.isnan(stated[:, UNDIVIDED]) & np.isnan(stated[:, :UNDIVIDED]).any(axis=1)
    share = rows.floats("primary_data_share")[found.row]
    values = vectors(scopes, found.signed, np.nan_to_num(share), partial)
    row = found.row[usable]
    boundary, gwp, assurance = rows.text("boundary"), rows.text("gwp"), _assurance(rows)
    offers = Offers(
        node=node[usable],
        basis=np.where(found.signed, Basis.ATTESTED, Basis.DECLARED).astype(np.int64)[usable],
        values=values[usable],
        row=row,
        document=rows.documents[row],
        boundary=tuple(boundary[r] for r in row.tolist()),
        gwp=tuple(gwp[r] for r in row.tolist()),
        share_stated=~np.isnan(share)[usable],
        partial=partial[usable],
        assurance=tuple(assurance[r] for r in row.tolist()),
        extra=extra_of(rows, row, ratio[usable]),
        factor={},
    )
    return offers, usable


def vectors(scopes: FloatArray, signed: BoolArray, primary: FloatArray, partial: BoolArray) -> FloatArray:
    """Emission vectors of footprints, shape (n, 10), from direct, indirect and undivided, shape (n, 3)."""
    values = np.zeros((len(scopes), EMISSION_COLUMNS))
    values[:, :KNOWN_ABS] = scopes
    size = np.abs(scopes).sum(axis=1)
    values[:, KNOWN_ABS] = size
    values[:, VERIFIED_ABS] = np.where(signed, size, 0.0)
    values[:, PRIMARY_ABS] = size * primary
    values[:, GAP] = partial
    values[:, KNOWN] = 1.0
    return values


def defaults(draft: Draft, policy: Policy, leaves: IntArray) -> Offers:
    """Published values for nodes of which nothing is known upstream: the unknown precursor only (ruling 6)."""
    nodes = draft.nodes
    columns = (nodes.kind, nodes.product, nodes.key.codes * (nodes.kind == NodeKind.MATERIAL))
    more = (nodes.country.codes, nodes.boundary.codes, nodes.origin.codes, nodes.dimension)
    firsts, like = distinct([column[leaves] for column in (*columns, *more)], len(leaves))
    factors = [_default_of(draft, policy, node) for node in leaves[firsts].tolist()]
    every = zip(leaves.tolist(), (factors[i] for i in like.tolist()), strict=True)
    found = [(node, factor) for node, factor in every if factor is not None]
    node_of = np.array([node for node, _ in found], np.int64)
    per_kg = draft.facts.products.kg_per(nodes.product[node_of], nodes.dimension[node_of])
    scopes = np.zeros((len(found), 3))
    covered = np.array([covers(factor) for _, factor in found], np.int64)
    scopes[np.arange(len(found)), covered] = np.array([factor.value for _, factor in found]) * per_kg
    none = np.zeros(len(found), np.bool_)
    # Where the published values cover direct emissions alone, the indirect ones stay unknown, never zero.
    partial = covered != UNDIVIDED
    values = vectors(scopes, none, np.zeros(len(found)), partial)
    values[:, DEFAULT_ABS] = values[:, KNOWN_ABS]
    values[:, DEFAULTED] = 1.0
    return Offers(
        node=node_of,
        basis=np.full(len(found), Basis.DEFAULT, np.int64),
        values=values,
        document=np.array([factor.document for _, factor in found], np.int64),
        row=np.full(len(found), ABSENT, np.int64),
        boundary=tuple(factor.boundary for _, factor in found),
        gwp=("",) * len(found),
        share_stated=~none,
        partial=partial,
        assurance=("",) * len(found),
        extra=np.full((len(found), len(EXTRA)), np.nan),
        factor={i: factor for i, (_, factor) in enumerate(found)},
    )


def covers(factor: Factor) -> int:
    """The column of the scope that a material's published value covers."""
    return UNDIVIDED if factor.scope == Scope.UNDIVIDED else DIRECT


def _default_of(draft: Draft, policy: Policy, node: int) -> Factor | None:
    nodes, products = draft.nodes, draft.facts.products
    product, country = int(nodes.product[node]), nodes.country[node]
    if nodes.kind[node] == NodeKind.MATERIAL:
        name, hs = nodes.key[node], ""
        free = policy.is_burden_free(name, nodes.boundary[node], nodes.origin[node])
        if free or nodes.dimension[node] != Dimension.MASS:
            return None
    else:
        name, hs = products.material[product], products.hs[product]
        per_kg = products.kg_per(nodes.product[node : node + 1], nodes.dimension[node : node + 1])
        if np.isnan(per_kg[0]):
            return None
    return policy.material_default(name, hs, country)


def contents(draft: Draft, policy: Policy) -> ContentOffers:
    """The content declaration that counts for each node: signed before unsigned, then ruling 1.

    Only mass fractions under a physical custody model: bases are never averaged, and attributed or booked content is no
    physical content (reference/custody.md). Fractions beyond 100 % (+ .1 points) are refused. What is not stated is
    unknown.
    """
    subjects, which = subjects_of(draft.nodes)
    found = candidates(draft.facts, policy, "contents", subjects)
    rows = draft.facts.rows["contents"]
    values = np.zeros((len(rows), len(CONTENT)))
    stated = np.stack([rows.floats(name) for name in CONTENT[:CONTENT_UNKNOWN]], axis=1)
    values[:, :CONTENT_UNKNOWN] = np.nan_to_num(stated)
    summed = values.sum(axis=1)
    whole = np.maximum(summed, 1.0)
    values /= whole[:, None]
    values[:, CONTENT_UNKNOWN] = np.maximum(0.0, 1.0 - summed)
    custody, models = rows.distinct("custody")
    attributed = np.array([_attributed(model) for model in models], np.bool_)[custody]
    physical = (rows.are("basis", "") | rows.are("basis", "mass")) & ~attributed
    usable = physical & (summed <= 1.0 + CONTENT_TOLERANCE) & (np.nan_to_num(stated) >= 0).all(axis=1)
    node = which[found.subject]
    for i in np.flatnonzero(~usable[found.row]).tolist():
        _refuse_content(draft, int(node[i]), int(rows.documents[found.row[i]]))
    order = np.lexsort((~found.signed, node))
    order = order[usable[found.row[order]]]
    best = order[np.unique(node[order], return_index=True)[1]]
    row = found.row[best]
    return ContentOffers(node[best], values[row], rows.documents[row], found.signed[best])


def _attributed(custody: str) -> bool:
    return custody.startswith(("mass-balance", "book"))


def _refuse_content(draft: Draft, node: int, document: int) -> None:
    key = draft.nodes.key[node]
    message = f"{key}: a content declaration that is not physical, not by mass, or not between 0 and 100 %"
    draft.notes.append((node, Finding("content-refused", message, (key,), (document,))))
