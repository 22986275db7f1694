"""The nodes of a chain: lots, processes, references to a supplier's product and to a material from somewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import NamedTuple, TypeVar

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, first
from graph.rollup.facts import Facts
from graph.rollup.policy import CBAM, Policy
from graph.units import Dimension

_Key = TypeVar("_Key", str, "ProductRef", "MaterialRef")


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
    ``input_node`` has one entry for each row of the inputs in force: the node it names.
    """

    lots: Mapping[str, int]
    processes: Mapping[str, int]
    product_refs: Mapping[ProductRef, int]
    material_refs: Mapping[MaterialRef, int]
    kind: IntArray
    key: list[str]
    dimension: IntArray
    product: IntArray
    at: IntArray
    document: IntArray
    signed: BoolArray
    when: FloatArray
    quantity: FloatArray
    described: BoolArray
    boundary: list[str]
    country: list[str]
    origin: list[str]
    input_node: IntArray

    def __len__(self) -> int:
        return len(self.key)


def _numbered(keys: Iterable[_Key], offset: int) -> dict[_Key, int]:
    return {key: i for i, key in enumerate(sorted(set(keys)), offset)}


def period(start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A period with its open ends at infinity."""
    return np.where(np.isnan(start), -np.inf, start), np.where(np.isnan(end), np.inf, end)


def number(facts: Facts, policy: Policy) -> Nodes:
    """Every lot and process that is described or named, and every distinct reference, numbered and described."""
    rows = facts.rows
    boundaries = dict(zip(rows["processes"].text("key"), rows["processes"].text("boundary"), strict=True))
    products, materials = _references(facts, policy, boundaries)
    lots = _numbered(_lot_keys(facts), 0)
    processes = _numbered(_process_keys(facts), len(lots))
    product_refs = _numbered(products.values(), len(lots) + len(processes))
    material_refs = _numbered(materials.values(), len(lots) + len(processes) + len(product_refs))
    inputs = rows["inputs"]
    target = inputs.codes("target", lots).copy()
    for i, product_ref in products.items():
        target[i] = product_refs[product_ref]
    for i, material_ref in materials.items():
        target[i] = material_refs[material_ref]
    return _described(facts, policy, boundaries, (lots, processes, product_refs, material_refs), target)


def _references(
    facts: Facts, policy: Policy, boundaries: Mapping[str, str]
) -> tuple[dict[int, ProductRef], dict[int, MaterialRef]]:
    """The references among the inputs, by row."""
    rows = facts.rows["inputs"]
    kind, target, country, process = (rows.text(name) for name in ("kind", "target", "country", "process"))
    if not {"product", "material"} & set(kind):
        return {}, {}
    start, end = (side.tolist() for side in period(rows.floats("start"), rows.floats("end")))
    origin, dimension = rows.text("origin"), rows.ints("dimension").tolist()
    products: dict[int, ProductRef] = {}
    materials: dict[int, MaterialRef] = {}
    for i, what in enumerate(kind):
        if what == "product":
            products[i] = ProductRef(target[i], country[i], start[i], end[i])
        elif what == "material":
            cbam = (boundaries.get(process[i]) or policy.boundary) == CBAM
            materials[i] = MaterialRef(target[i], country[i], origin[i], cbam, dimension[i])
    return products, materials


def _of_kind(facts: Facts, table: str, column: str, kind: tuple[str, str]) -> list[str]:
    rows = facts.rows[table]
    return [key for key, what in zip(rows.text(column), rows.text(kind[0]), strict=True) if what == kind[1]]


def _lot_keys(facts: Facts) -> Iterable[str]:
    rows = facts.rows
    return chain(
        rows["lots"].text("key"),
        rows["lot_sources"].text("lot"),
        _of_kind(facts, "lot_sources", "source", ("kind", "lot")),
        _of_kind(facts, "inputs", "target", ("kind", "lot")),
        _of_kind(facts, "footprints", "subject", ("subject_kind", "lot")),
        _of_kind(facts, "contents", "subject", ("subject_kind", "lot")),
        rows["transfers"].text("lot"),
    )


def _process_keys(facts: Facts) -> Iterable[str]:
    rows = facts.rows
    return chain(
        rows["processes"].text("key"),
        _of_kind(facts, "lot_sources", "source", ("kind", "output")),
        *(rows[table].text("process") for table in ("inputs", "outputs", "activities")),
    )


_Maps = tuple[dict[str, int], dict[str, int], dict[ProductRef, int], dict[MaterialRef, int]]


def _described(facts: Facts, policy: Policy, boundaries: Mapping[str, str], maps: _Maps, target: IntArray) -> Nodes:
    lots, processes, product_refs, material_refs = maps
    size = sum(len(names) for names in maps)
    country = [""] * size
    nodes = Nodes(
        lots=lots,
        processes=processes,
        product_refs=product_refs,
        material_refs=material_refs,
        kind=np.repeat(np.arange(4, dtype=np.int64), [len(names) for names in maps]),
        key=[*lots, *processes, *(ref.product for ref in product_refs), *(ref.name for ref in material_refs)],
        dimension=np.zeros(size, np.int64),
        product=np.full(size, ABSENT, np.int64),
        at=np.full(size, ABSENT, np.int64),
        document=np.full(size, ABSENT, np.int64),
        signed=np.zeros(size, np.bool_),
        when=np.full(size, np.nan),
        quantity=np.full(size, np.nan),
        described=np.zeros(size, np.bool_),
        boundary=[""] * size,
        country=country,
        origin=[""] * size,
        input_node=target,
    )
    _describe_processes(facts, policy, boundaries, nodes)
    _describe_lots(facts, nodes)
    _describe_references(facts, nodes)
    nodes.signed[:] = facts.signed(nodes.document)
    _locate(facts, nodes)
    return nodes


def _describe_processes(facts: Facts, policy: Policy, boundaries: Mapping[str, str], nodes: Nodes) -> None:
    rows = facts.rows["processes"]
    at = rows.codes("key", nodes.processes)
    nodes.document[at] = rows.documents
    nodes.described[at] = True
    nodes.at[at] = rows.codes("facility", facts.places.codes)
    for key, node in nodes.processes.items():
        nodes.boundary[node] = boundaries.get(key) or policy.boundary


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


def _describe_references(facts: Facts, nodes: Nodes) -> None:
    rows = facts.rows["inputs"]
    _count = first(np.where(nodes.input_node == ABSENT, len(nodes), nodes.input_node), len(nodes) + 1)
    dimension = rows.ints("dimension")
    for product_ref, node in nodes.product_refs.items():
        code = facts.products.codes.get(product_ref.product, ABSENT)
        stated = int(facts.products.dimension[code])
        nodes.product[node] = code
        nodes.dimension[node] = stated or dimension[_count[node]]
        nodes.country[node] = product_ref.country
    for material_ref, node in nodes.material_refs.items():
        nodes.dimension[node] = material_ref.dimension
        nodes.country[node] = material_ref.country
        nodes.origin[node] = material_ref.origin
        nodes.boundary[node] = CBAM if material_ref.cbam else ""


def _locate(facts: Facts, nodes: Nodes) -> None:
    """A lot was made where its processes are, if that is one place; its country is otherwise its organization's."""
    rows = facts.rows["lot_sources"]
    lot = rows.codes("lot", nodes.lots)
    process = rows.codes("source", nodes.processes)
    made = np.flatnonzero(process != ABSENT)
    least, most = np.full(len(nodes), len(facts.places.keys)), np.full(len(nodes), ABSENT)
    np.minimum.at(least, lot[made], nodes.at[process[made]])
    np.maximum.at(most, lot[made], nodes.at[process[made]])
    one = np.flatnonzero(least == most)
    nodes.at[one] = most[one]
    for node in range(len(nodes.lots) + len(nodes.processes) + len(nodes.product_refs)):
        if not nodes.country[node]:
            place = facts.places.country[nodes.at[node]]
            nodes.country[node] = place or facts.organization_country.get(nodes.key[node].partition("|")[0], "")
