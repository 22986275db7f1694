"""The nodes of a chain: lots, processes, references to a supplier's product and to a material from somewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, distinct
from graph.rollup.facts import Facts
from graph.rollup.names import Names, Texts, marked
from graph.rollup.policy import CBAM, Policy
from graph.units import Dimension


class NodeKind(IntEnum):
    """What a node is. A process holds totals (kgCO2e), all others are per canonical unit."""

    LOT = 0
    PROCESS = 1
    PRODUCT = 2
    MATERIAL = 3


class ProductRef(NamedTuple):
    """A product of a supplier in a period [start, end), and the country of origin where stated."""

    product: str
    country: str
    start: float
    end: float


class MaterialRef(NamedTuple):
    """A material from a country, as one consumer declares it; ``cbam`` tells the boundary of the consuming process."""

    name: str
    country: str
    origin: str
    cbam: bool
    dimension: int


@dataclass(frozen=True)
class Nodes:
    """All nodes in canonical order (kind, then key), which no permutation of input rows changes.

    Arrays have shape (nodes,): ``dimension`` of the unit a node is counted in, ``product`` its product's code, ``at``
    its facility's code, ``document`` the ledger index that described it, ``when`` its production date (lots).
    ``input_node`` has one entry for each row of the inputs in force: the node it names. ``issuer`` is the organization
    that a key names, as a code of the pool (of a material, which nobody names: "").
    """

    lots: Names
    processes: Names
    product_refs: Mapping[ProductRef, int]
    material_refs: Mapping[MaterialRef, int]
    kind: IntArray
    key: Texts
    issuer: IntArray
    dimension: IntArray
    product: IntArray
    at: IntArray
    document: IntArray
    signed: BoolArray
    when: FloatArray
    quantity: FloatArray
    described: BoolArray
    boundary: Texts
    country: Texts
    origin: Texts
    input_node: IntArray

    def __len__(self) -> int:
        return len(self.key)


def period(start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A period with its open ends at infinity."""
    return np.where(np.isnan(start), -np.inf, start), np.where(np.isnan(end), np.inf, end)


@dataclass(frozen=True)
class _References:
    """Distinct references of one kind in the order of their names: the earliest row of each, each row's reference."""

    rows: IntArray
    firsts: IntArray
    reference: IntArray


def number(facts: Facts, policy: Policy) -> Nodes:
    """Every lot and process that is described or named, and every distinct reference, numbered and described."""
    boundary = _boundaries(facts, policy)
    lots = Names.ranked(facts.pool, _lot_keys(facts))
    processes = Names.ranked(facts.pool, _process_keys(facts), len(lots))
    products, materials = _product_references(facts), _material_references(facts, boundary)
    start = len(lots) + len(processes)
    target = facts.rows["inputs"].codes("target", lots)
    target[products.rows] = start + products.reference
    target[materials.rows] = start + len(products.firsts) + materials.reference
    return _described(facts, boundary, (lots, processes), (products, materials), target)


def _boundaries(facts: Facts, policy: Policy) -> IntArray:
    """The boundary of each process by the code of its key, shape (pool,): as stated, or else the policy's."""
    usual, rows = facts.pool.code(policy.boundary), facts.rows["processes"]
    found = np.full(len(facts.pool), usual, np.int64)
    stated = rows.coded("boundary")
    found[rows.coded("key")] = np.where(stated > 0, stated, usual)
    return found


def _references(rows: IntArray, columns: list[npt.NDArray[Any]]) -> _References:
    firsts, reference = distinct(columns, len(rows))
    return _References(rows, rows[firsts], reference)


def _product_references(facts: Facts) -> _References:
    rows, ranks = facts.rows["inputs"], facts.pool.ranks()
    which = np.flatnonzero(rows.are("kind", "product"))
    texts = [ranks[rows.coded(name)[which]] for name in ("target", "country")]
    return _references(which, [*texts, *(side[which] for side in period(rows.floats("start"), rows.floats("end")))])


def _material_references(facts: Facts, boundary: IntArray) -> _References:
    rows, ranks = facts.rows["inputs"], facts.pool.ranks()
    which = np.flatnonzero(rows.are("kind", "material"))
    texts = [ranks[rows.coded(name)[which]] for name in ("target", "country", "origin")]
    cbam = _is_cbam(facts, boundary, which)
    return _references(which, [*texts, cbam.astype(np.int64), rows.ints("dimension")[which]])


def _is_cbam(facts: Facts, boundary: IntArray, inputs: IntArray) -> BoolArray:
    """Whether the process of each of some inputs is looked at under ``cbam-embedded``."""
    found: BoolArray = boundary[facts.rows["inputs"].coded("process")[inputs]] == facts.pool.find(CBAM)
    return found


def _of_kind(facts: Facts, table: str, column: str, kind: tuple[str, str]) -> IntArray:
    rows = facts.rows[table]
    return rows.coded(column)[rows.are(*kind)]


def _lot_keys(facts: Facts) -> BoolArray:
    rows = facts.rows
    return marked(
        facts.pool,
        rows["lots"].coded("key"),
        rows["lot_sources"].coded("lot"),
        _of_kind(facts, "lot_sources", "source", ("kind", "lot")),
        _of_kind(facts, "inputs", "target", ("kind", "lot")),
        _of_kind(facts, "footprints", "subject", ("subject_kind", "lot")),
        _of_kind(facts, "contents", "subject", ("subject_kind", "lot")),
        rows["transfers"].coded("lot"),
    )


def _process_keys(facts: Facts) -> BoolArray:
    rows = facts.rows
    return marked(
        facts.pool,
        rows["processes"].coded("key"),
        _of_kind(facts, "lot_sources", "source", ("kind", "output")),
        *(rows[table].coded("process") for table in ("inputs", "outputs", "activities")),
    )


def _described(
    facts: Facts,
    boundary: IntArray,
    named: tuple[Names, Names],
    references: tuple[_References, _References],
    target: IntArray,
) -> Nodes:
    (lots, processes), (products, materials) = named, references
    pool, inputs = facts.pool, facts.rows["inputs"]
    sizes = [len(lots), len(processes), len(products.firsts), len(materials.firsts)]
    size = sum(sizes)
    keys = [lots.codes, processes.codes, *(inputs.coded("target")[r.firsts] for r in references)]
    kind = np.repeat(np.arange(4, dtype=np.int64), sizes)
    issuer = pool.issuers()[np.concatenate(keys)].astype(np.int64)
    nodes = Nodes(
        lots=lots,
        processes=processes,
        product_refs=_product_refs(facts, products, size - sizes[3] - sizes[2]),
        material_refs=_material_refs(facts, materials, boundary, size - sizes[3]),
        kind=kind,
        key=Texts(pool, np.concatenate(keys)),
        issuer=np.where(kind == NodeKind.MATERIAL, 0, issuer),
        dimension=np.zeros(size, np.int64),
        product=np.full(size, ABSENT, np.int64),
        at=np.full(size, ABSENT, np.int64),
        document=np.full(size, ABSENT, np.int64),
        signed=np.zeros(size, np.bool_),
        when=np.full(size, np.nan),
        quantity=np.full(size, np.nan),
        described=np.zeros(size, np.bool_),
        boundary=Texts(pool, np.zeros(size, np.int64)),
        country=Texts(pool, np.zeros(size, np.int64)),
        origin=Texts(pool, np.zeros(size, np.int64)),
        input_node=target,
    )
    _describe_processes(facts, boundary, nodes)
    _describe_lots(facts, nodes)
    _describe_products(facts, nodes, products)
    _describe_materials(facts, nodes, materials)
    nodes.signed[:] = facts.signed(nodes.document)
    _locate(facts, nodes)
    return nodes


def _product_refs(facts: Facts, found: _References, offset: int) -> dict[ProductRef, int]:
    rows, at = facts.rows["inputs"], found.firsts
    texts = [facts.pool.texts(rows.coded(name)[at]) for name in ("target", "country")]
    sides = [side[at].tolist() for side in period(rows.floats("start"), rows.floats("end"))]
    return {ProductRef(*each): node for node, each in enumerate(zip(*texts, *sides, strict=True), offset)}


def _material_refs(facts: Facts, found: _References, boundary: IntArray, offset: int) -> dict[MaterialRef, int]:
    rows, at = facts.rows["inputs"], found.firsts
    texts = [facts.pool.texts(rows.coded(name)[at]) for name in ("target", "country", "origin")]
    more = [_is_cbam(facts, boundary, at).tolist(), rows.ints("dimension")[at].tolist()]
    return {MaterialRef(*each): node for node, each in enumerate(zip(*texts, *more, strict=True), offset)}


def _describe_processes(facts: Facts, boundary: IntArray, nodes: Nodes) -> None:
    rows = facts.rows["processes"]
    at = rows.codes("key", nodes.processes)
    nodes.document[at] = rows.documents
    nodes.described[at] = True
    nodes.at[at] = rows.codes("facility", facts.places.codes)
    nodes.boundary.codes[nodes.processes.numbers] = boundary[nodes.processes.codes]


def _describe_lots(facts: Facts, nodes: Nodes) -> None:
    """An undescribed lot is counted as the first fact that names it does: its own footprint before who uses it."""
    inputs, sources, footprints = (facts.rows[name] for name in ("inputs", "lot_sources", "footprints"))
    _count_in(nodes, np.where(nodes.input_node < len(nodes.lots), nodes.input_node, ABSENT), inputs.ints("dimension"))
    for column in ("source", "lot"):
        _count_in(nodes, sources.codes(column, nodes.lots), sources.ints("dimension"))
    _count_in(nodes, footprints.codes("subject", nodes.lots), footprints.ints("dimension"))
    rows = facts.rows["lots"]
    at = rows.codes("key", nodes.lots)
    nodes.dimension[at] = rows.ints("dimension")
    nodes.product[at] = rows.codes("product", facts.products.codes)
    nodes.document[at] = rows.documents
    nodes.described[at] = True
    nodes.when[at] = rows.floats("produced_at")
    nodes.quantity[at] = rows.floats("quantity")
    unnamed = nodes.dimension[: len(nodes.lots)] == 0
    nodes.dimension[: len(nodes.lots)][unnamed] = Dimension.MASS


def _count_in(nodes: Nodes, lot: IntArray, dimension: IntArray) -> None:
    named = np.flatnonzero(lot != ABSENT)[::-1]
    nodes.dimension[lot[named]] = dimension[named]


def _describe_products(facts: Facts, nodes: Nodes, found: _References) -> None:
    """A reference is counted in its product's unit, or as the first input that makes it does."""
    rows, products = facts.rows["inputs"], facts.products
    node = np.flatnonzero(nodes.kind == NodeKind.PRODUCT)
    code = rows.codes("target", products.codes)[found.firsts]
    nodes.product[node] = code
    stated = products.dimension[code]
    nodes.dimension[node] = np.where(stated != 0, stated, rows.ints("dimension")[found.firsts])
    nodes.country.codes[node] = rows.coded("country")[found.firsts]


def _describe_materials(facts: Facts, nodes: Nodes, found: _References) -> None:
    rows = facts.rows["inputs"]
    node = np.flatnonzero(nodes.kind == NodeKind.MATERIAL)
    nodes.dimension[node] = rows.ints("dimension")[found.firsts]
    nodes.country.codes[node] = rows.coded("country")[found.firsts]
    nodes.origin.codes[node] = rows.coded("origin")[found.firsts]
    cbam = np.array([ref.cbam for ref in nodes.material_refs], np.bool_)
    nodes.boundary.codes[node] = np.where(cbam, facts.pool.code(CBAM), 0)


def _locate(facts: Facts, nodes: Nodes) -> None:
    """A lot was made where its processes are, if that is one place; its country is otherwise its organization's."""
    rows, places = facts.rows["lot_sources"], facts.places
    lot = rows.codes("lot", nodes.lots)
    process = rows.codes("source", nodes.processes)
    made = np.flatnonzero(process != ABSENT)
    least, most = np.full(len(nodes), len(places.keys)), np.full(len(nodes), ABSENT)
    np.minimum.at(least, lot[made], nodes.at[process[made]])
    np.maximum.at(most, lot[made], nodes.at[process[made]])
    one = np.flatnonzero(least == most)
    nodes.at[one] = most[one]
    home = np.zeros(len(facts.pool), np.int64)
    for organization, country in facts.organization_country.items():
        home[facts.pool.code(organization)] = facts.pool.code(country)
    placed = places.country.codes[nodes.at]
    usual = np.where(placed > 0, placed, home[nodes.issuer])
    unsaid = (nodes.country.codes == 0) & (nodes.kind != NodeKind.MATERIAL)
    nodes.country.codes[unsaid] = usual[unsaid]
