"""Questions in names, as people ask them, turned into the arrays of a snapshot."""

from collections.abc import Callable, Iterable

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray
from graph.rollup.budget import Sum
from graph.rollup.figure import node_of
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import DEFAULT_ABS, DEFAULTED, GAP, KNOWN, KNOWN_ABS, UNDIVIDED, covers
from graph.rollup.policy import Factor
from graph.rollup.portfolio import Holding, made_by, within
from graph.rollup.product import stands_for
from graph.rollup.scenarios import Asked, Prepared, Source
from graph.rollup.snapshot import ChainSnapshot
from graph.units import Dimension


def those(snapshot: ChainSnapshot, wanted: Callable[[str], bool]) -> BoolArray:
    """A mask over the codes of organizations."""
    return np.fromiter(map(wanted, snapshot.attributes.organizations), np.bool_, len(snapshot.attributes.organizations))


def about_lot(snapshot: ChainSnapshot, lot: str, openly: BoolArray, minimum: int) -> Asked:
    """A question about one lot, by one unit of it. Raises ``LotUnknown``."""
    return Asked(np.array([node_of(snapshot, lot)], np.int64), np.ones(1), openly, minimum)


def about_holding(holding: Holding, openly: BoolArray, minimum: int) -> Asked:
    """A question about a portfolio: lots without a quantity are known of by their gap alone."""
    return Asked(holding.nodes, np.where(holding.quantity > 0, holding.quantity, 0.0), openly, minimum)


def sum_of_lot(snapshot: ChainSnapshot, lot: str, total: float) -> Sum:
    """One unit of a lot as a sum. Raises ``LotUnknown``."""
    return Sum(np.array([node_of(snapshot, lot)], np.int64), np.ones(1), np.zeros(0, np.int64), total)


def sum_of(rolled: Rolled, holding: Holding, total: float) -> Sum:
    """A portfolio as a sum: lots of a quantity, whatever is known of them; the others and those refused apart."""
    inside = (holding.quantity > 0) & (rolled.cause[holding.nodes] == ABSENT)
    return Sum(holding.nodes[inside], holding.quantity[inside], holding.nodes[~inside], total)


def holding_made(
    snapshot: ChainSnapshot, wanted: Callable[[str], bool], product: str, period: tuple[float, float]
) -> tuple[Holding, int]:
    """Lots made by some organizations in a period, of one product where one is named; and how many have no date."""
    code = snapshot.facts.products.codes.get(product, ABSENT - 1) if product else ABSENT
    return within(snapshot, made_by(snapshot, those(snapshot, wanted), code), *period)


def holding_received(
    snapshot: ChainSnapshot, amounts: Iterable[tuple[str, float, int]], period: tuple[float, float], product: str = ""
) -> tuple[Holding, int]:
    """Lots received, from (lot, quantity, dimension) of each transfer: what cannot be brought to the lot's unit leaves
    its quantity unknown."""
    sums: dict[int, float] = {}
    for lot, quantity, dimension in amounts:
        node = snapshot.lots.get(lot)
        if node is not None:
            same = dimension == int(snapshot.dimension[node])
            sums[node] = sums.get(node, 0.0) + (quantity if same else _converted(snapshot, node, quantity, dimension))
    nodes = np.array(sorted(sums), np.int64)
    if product:
        nodes = nodes[snapshot.product[nodes] == snapshot.facts.products.codes.get(product, ABSENT - 1)]
    return within(snapshot, Holding(nodes, np.array([sums[n] for n in nodes.tolist()], np.float64)), *period)


def _converted(snapshot: ChainSnapshot, node: int, quantity: float, dimension: int) -> float:
    product = snapshot.product[node : node + 1]
    source, target = (product, np.array([dimension])), (product, snapshot.dimension[node : node + 1])
    return quantity * float(snapshot.facts.products.ratio(source, target)[0])


def inputs_named(snapshot: ChainSnapshot, kind: str, key: str, country: str = "") -> IntArray:
    """The nodes that a name stands for: "lot", "product" (lots of it, and references to it), "material" (from a
    country where one is given), "supplier" (all lots and products of it). None where nothing has the name."""
    kinds = snapshot.kind
    if kind == "lot":
        return np.array([snapshot.lots[key]] if key in snapshot.lots else [], np.int64)
    if kind == "product":
        code = snapshot.facts.products.codes.get(key, ABSENT - 1)
        return np.flatnonzero((snapshot.product == code) & (kinds != NodeKind.PROCESS))
    if kind == "supplier":
        return np.flatnonzero(
            those(snapshot, key.__eq__)[snapshot.attributes.organization] & (kinds != NodeKind.PROCESS)
        )
    named = [
        n
        for n in np.flatnonzero(kinds == NodeKind.MATERIAL).tolist()
        if snapshot.key[n] == key and country in ("", snapshot.attributes.countries[snapshot.attributes.country[n]])
    ]
    return np.array(named, np.int64)


def source_lot(snapshot: ChainSnapshot, lot: str) -> Source:
    """A lot in place of another. Raises ``LotUnknown``."""
    node = node_of(snapshot, lot)
    nothing = np.zeros(snapshot.own.shape[1])
    return Source(
        int(snapshot.product[node]), int(snapshot.dimension[node]), np.array([node], np.int64), np.ones(1), nothing
    )


def source_product(prepared: Prepared, product: str) -> Source:
    """A product in place of a lot, as what was made of it on average, or as it is attested. Raises ``LotUnknown``."""
    snapshot = prepared.snapshot
    nodes, weights, vector, unit = stands_for(snapshot, prepared.rolled, product)
    return Source(snapshot.facts.products.codes[product], int(unit), nodes, weights, vector)


def source_default(snapshot: ChainSnapshot, material: str, country: str) -> Source | None:
    """A material at its published value per kg, None where none is published."""
    factor = snapshot.policy.material_default(material, "", country)
    if factor is None:
        return None
    vector = stated(factor.value, snapshot.own.shape[1], default=factor)
    return Source(ABSENT, int(Dimension.MASS), np.zeros(0, np.int64), np.zeros(0), vector)


def source_stated(snapshot: ChainSnapshot, total: float, dimension: Dimension) -> Source:
    """A stated total, kgCO2e per canonical unit of a dimension."""
    return Source(ABSENT, int(dimension), np.zeros(0, np.int64), np.zeros(0), stated(total, snapshot.own.shape[1]))


def stated(total: float, columns: int, *, default: Factor | None = None) -> FloatArray:
    """The vector of a stated total, kgCO2e per unit; a published default may cover direct emissions alone."""
    vector = np.zeros(columns)
    scope = UNDIVIDED if default is None else covers(default)
    vector[scope] = total
    vector[KNOWN_ABS], vector[KNOWN] = abs(total), 1.0
    if default is not None:
        vector[DEFAULT_ABS] = abs(total)
        vector[DEFAULTED], vector[GAP] = 1.0, float(scope != UNDIVIDED)
    return vector


def keys_of(snapshot: ChainSnapshot, nodes: IntArray) -> list[str]:
    """The keys of some nodes."""
    return list(snapshot.key.take(nodes))
