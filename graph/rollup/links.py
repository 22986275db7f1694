"""The edges of a chain with their two coefficients: emissions per unit, and share of mass."""

from dataclasses import dataclass, field

import numpy as np

from graph.rollup.arrays import (
    ABSENT,
    BoolArray,
    FloatArray,
    IntArray,
    by_value,
    join,
    narrow,
    once,
    representable,
    total,
)
from graph.rollup.facts import Facts
from graph.rollup.findings import Finding
from graph.rollup.names import Texts
from graph.rollup.nodes import NodeKind, Nodes
from graph.rollup.rows import Rows

EXPLICIT_TOLERANCE = 1e-9
# How burdens are divided over several outputs, by the code that arrays hold; what is not stated is mass.
KEYS = ("mass", "economic", "energy", "explicit")
BEYOND_RANGE = "beyond-range"


@dataclass
class Draft:
    """A snapshot being made: edges so far, and what is unknown about each node, with the reasons.

    ``gap``: the node's own emissions are not fully known. ``unweighed``: the shares of its mass are not known.
    """

    facts: Facts
    nodes: Nodes
    gap: BoolArray
    unweighed: BoolArray
    edges: list[tuple[IntArray, IntArray, FloatArray, FloatArray]] = field(default_factory=list)
    notes: list[tuple[int, Finding]] = field(default_factory=list)

    def note(self, node: int, code: str, message: str, *others: int, documents: tuple[int, ...] = ()) -> None:
        """Remember a finding on a node; its subjects are the node and the others that the message names.

        ``documents``: ledger indices of those it is about; where there are none, that of what describes the node.
        """
        document = int(self.nodes.document[node])
        documents = documents or (() if document == ABSENT else (document,))
        keys = [(self.nodes.key[n], self.nodes.kind[n] == NodeKind.PROCESS) for n in (node, *others)]
        processes = tuple(key for key, process in keys if process)
        self.notes.append((node, Finding(code, message, tuple(key for key, _ in keys), documents, processes)))

    def link(self, row: IntArray, column: IntArray, emissions: FloatArray, mass: FloatArray, reason: str) -> None:
        """Add edges. A coefficient that is nan or that no number holds makes a gap of its row.

        The edge stays, so that what is missing is named.
        """
        lost = ~representable(emissions)
        for node, below, reached in zip(row[lost].tolist(), column[lost].tolist(), emissions[lost], strict=True):
            key, source = self.nodes.key[node], self.nodes.key[below]
            if np.isnan(reached):
                self.note(node, "unit-mismatch", f"{key}: {reason} {source}", below)
            else:
                self.note(node, BEYOND_RANGE, f"{key}: how much of {source} is in it, no number can hold", below)
        self.gap[row[lost]] = True
        unweighed = ~representable(mass)
        self.unweighed[row[unweighed]] = True
        self.edges.append((row, column, np.where(lost, 0.0, emissions), np.where(unweighed, 0.0, mass)))


@dataclass(frozen=True)
class Outputs:
    """The outputs in force, arrays of shape (outputs,). ``share`` is the allocation share, nan where it is refused.

    ``key``: the code of the allocation key as stated, one of ``KEYS``.
    """

    process: IntArray
    name: Texts
    product: IntArray
    dimension: IntArray
    quantity: FloatArray
    share: FloatArray
    key: IntArray

    def kept(self, place: IntArray) -> "Outputs":
        """The same in another numbering of nodes, to be kept."""
        name = Texts(self.name.pool, narrow(self.name.codes))
        dimension, key = narrow(self.dimension), narrow(self.key)
        share, quantity = once(self.share), once(self.quantity)
        return Outputs(narrow(place[self.process]), name, narrow(self.product), dimension, quantity, share, key)


def read_outputs(draft: Draft) -> Outputs:
    """The outputs of all processes with their allocation shares.

    One key for all outputs of a process: mass (default), economic (total value in the period), energy (total energy),
    or explicit shares that sum to 1 within 1e-9. Mixed keys, missing or negative values leave nan, with a finding.
    """
    rows = draft.facts.rows["outputs"]
    process = rows.codes("process", draft.nodes.processes)
    product = rows.codes("product", draft.facts.products.codes)
    dimension, quantity = rows.ints("dimension"), rows.floats("quantity")
    raw = rows.floats("allocation_value")
    key = rows.mapped("allocation", {"": 0, **{name: code for code, name in enumerate(KEYS)}})
    weight = np.where(key == 0, quantity * draft.facts.products.kg_per(product, dimension), raw)
    share = _shares(draft, process, key, weight)
    usable = np.where(quantity > 0, quantity, np.nan)
    return Outputs(process, rows.texts("output"), product, dimension, usable, share, key)


def _shares(draft: Draft, process: IntArray, key: IntArray, weight: FloatArray) -> FloatArray:
    size = len(draft.nodes)
    count = np.bincount(process, minlength=size)
    least, most = np.full(size, 9), np.full(size, -9)
    np.minimum.at(least, process, key)
    np.maximum.at(most, process, key)
    order = by_value(process, weight)
    summed = total(process[order], np.where(weight < 0, np.nan, weight)[order], size)
    alone = (count == 1) & ((most != 3) | np.isnan(summed))
    wrong_sum = (most == 3) & ~alone & ~(np.abs(summed - 1) <= EXPLICIT_TOLERANCE)
    refused = (count > 0) & ~alone & ((least != most) | (least < 0) | ~(summed > 0) | wrong_sum)
    for node in np.flatnonzero(refused).tolist():
        reason = (
            "its outputs name different keys" if least[node] != most[node] else "the values do not give shares of 1"
        )
        draft.note(node, "allocation", f"{draft.nodes.key[node]}: {reason}")
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weight / summed[process]
    return np.where(refused[process], np.nan, np.where(alone[process], 1.0, share))


def allocation_keys(outputs: Outputs, size: int) -> IntArray:
    """The key by which each of ``size`` nodes divides over several products, as a code of ``KEYS``.

    Absent where it does not, or not in a usable way.
    """
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, ABSENT)
    np.minimum.at(least, outputs.process, outputs.product)
    np.maximum.at(most, outputs.process, outputs.product)
    several = (least < most)[outputs.process] & ~np.isnan(outputs.share)
    found = np.full(size, ABSENT, np.int64)
    found[outputs.process[several]] = outputs.key[several]
    return found


def link_sources(draft: Draft, outputs: Outputs) -> None:
    """Lots from outputs and from lots: weights are quantities drawn over their sum: partial accounts stay intensive."""
    rows = draft.facts.rows["lot_sources"]
    nodes = draft.nodes
    lot = rows.codes("lot", nodes.lots)
    made = rows.are("kind", "output")
    output = find_outputs(draft, outputs, rows)
    column = np.where(made, rows.codes("source", nodes.processes), rows.codes("source", nodes.lots))
    product = np.where(made, np.append(outputs.product, ABSENT)[output], nodes.product[column])
    dimension = np.where(made, np.append(outputs.dimension, 0)[output], nodes.dimension[column])
    weight = _weights(draft, lot, rows, product)
    target = (nodes.product[lot], nodes.dimension[lot])
    ratio = draft.facts.products.ratio(target, (product, dimension))
    per_unit = np.where(made, np.append(outputs.share / outputs.quantity, np.nan)[output], 1.0)
    draft.link(lot, column, weight * ratio * per_unit, weight, "cannot be related, by unit or by allocation, to")


def find_outputs(draft: Draft, outputs: Outputs, rows: Rows) -> IntArray:
    """The output that each source names: of two of one name the later, absent where there is none."""
    size = len(draft.facts.pool)
    held = outputs.process * size + outputs.name.codes
    wanted = rows.codes("source", draft.nodes.processes) * size + rows.coded("output")
    order = np.argsort(held, kind="stable")
    at = np.searchsorted(held[order], wanted, "right") - 1
    found = np.append(order, ABSENT)[at]
    return np.where((found != ABSENT) & (np.append(held, ABSENT)[found] == wanted), found, ABSENT)


def _weights(draft: Draft, lot: IntArray, rows: Rows, product: IntArray) -> FloatArray:
    """Share of each source in its lot, by quantity in the lot's unit; a lone source is all of its lot."""
    size = len(draft.nodes)
    target = (draft.nodes.product[lot], draft.nodes.dimension[lot])
    stated = rows.ints("dimension")
    ratio = draft.facts.products.ratio((target[0], stated), target)
    ratio = np.where(np.isnan(ratio), draft.facts.products.ratio((product, stated), target), ratio)
    drawn = rows.floats("quantity") * ratio
    drawn[drawn < 0] = np.nan
    order = by_value(lot, drawn)
    summed = total(lot[order], drawn[order], size)
    alone = np.bincount(lot, minlength=size) == 1
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = drawn / summed[lot]
    return np.where(alone[lot], 1.0, np.where(summed[lot] > 0, weight, np.nan))


def link_inputs(draft: Draft) -> FloatArray:
    """Processes from their inputs: quantity consumed (losses included); mass that is incorporated material.

    Physical shares go by the mass of inputs in the role ``material`` alone (reference/custody.md): fuels, auxiliaries,
    packaging and a process's own scrap neither earn nor dilute. Returns the quantities consumed, in the unit of each
    input.
    """
    rows = draft.facts.rows["inputs"]
    nodes, products = draft.nodes, draft.facts.products
    process = rows.codes("process", nodes.processes)
    column, dimension = nodes.input_node, rows.ints("dimension")
    stated = rows.floats("quantity")
    quantity = np.where(stated < 0, np.nan, stated)
    product = nodes.product[column]
    consumed = quantity * products.ratio((product, dimension), (product, nodes.dimension[column]))
    incorporated = rows.floats("incorporated")
    mass = np.where(np.isnan(incorporated), quantity * products.kg_per(product, dimension), incorporated)
    material = rows.are("role", "material")
    draft.link(
        process, column, consumed, _fractions(process, mass, material, len(nodes)), "has no quantity in the unit of"
    )
    return consumed


def _fractions(process: IntArray, mass: FloatArray, material: BoolArray, size: int) -> FloatArray:
    mass = np.where(material, np.where(mass < 0, np.nan, mass), 0.0)
    order = by_value(process, mass)
    summed = total(process[order], mass[order], size)[process]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(material, np.where(summed > 0, mass / summed, np.nan), 0.0)


def link_products(draft: Draft, outputs: Outputs) -> None:
    """References to a supplier's product: average by quantity of the issuer's outputs of it whose period overlaps.

    "Same good from several installations: weighted average" (Implementing Regulation (EU) 2025/2547, Art. 14).
    """
    nodes = draft.nodes
    refs = np.fromiter(nodes.product_refs.values(), np.int64, len(nodes.product_refs))
    ref, output = join(nodes.product[refs], outputs.product)
    process = outputs.process[output]
    keep = overlapping(draft, refs, ref, process) & _same_issuer(draft, refs[ref], process)
    ref, output, process = ref[keep], output[keep], process[keep]
    row = refs[ref]
    product = outputs.product[output]
    ratio = draft.facts.products.ratio((product, outputs.dimension[output]), (product, nodes.dimension[row]))
    made = outputs.quantity[output] * ratio
    order = by_value(row, made)
    summed = total(row[order], made[order], len(nodes))[row]
    draft.link(row, process, outputs.share[output] / summed, made / summed, "cannot be averaged over")


def overlapping(draft: Draft, refs: IntArray, ref: IntArray, process: IntArray) -> BoolArray:
    """Whether the period of each process overlaps that of the reference; an open reference takes every process."""
    rows = draft.facts.rows["processes"]
    at = rows.codes("key", draft.nodes.processes)
    start, end = np.full(len(draft.nodes), np.nan), np.full(len(draft.nodes), np.nan)
    start[at], end[at] = rows.floats("start"), rows.floats("end")
    periods = np.array([(r.start, r.end) for r in draft.nodes.product_refs]).reshape(len(refs), 2)[ref]
    unbounded = np.isinf(periods).all(axis=1)
    found: BoolArray = unbounded | ((start[process] < periods[:, 1]) & (end[process] > periods[:, 0]))
    return found


def _same_issuer(draft: Draft, row: IntArray, process: IntArray) -> BoolArray:
    issuer = draft.nodes.issuer
    found: BoolArray = issuer[row] == issuer[process]
    return found


def issuer_of(key: str) -> str:
    """The organization that a key names as its issuer (``graph.model.refs.Ref``, without making one)."""
    return key.partition("|")[0]
