"""Transport on the way of what was consumed: the legs of every transfer between the gate of its maker and its consumer.

A lot may come by the hands of others who passed it on, and may be a part of lots that were moved before: all these legs
are the consumer's (reference/accounting.md, ruling 5; ISO 14083: all elements of a transport chain).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, distinct, total
from graph.rollup.links import Draft
from graph.rollup.names import Names, marked
from graph.rollup.nodes import Nodes
from graph.rollup.rows import Rows

# So many times at most is a lot handed on between its maker and its consumer: beyond, nobody tells how it came.
_HANDS = 64


@dataclass(frozen=True)
class Legs:
    """What was carried for inputs, arrays of shape (legs,), by ``input``: its position among the inputs in force.

    ``share``: the part of the input that a transfer carried, nan where nobody can tell; ``per_unit``: kgCO2e of all
    its legs per unit of the lot, nan where a leg has no intensity; ``signed`` and ``document`` are of the transfer.
    """

    input: IntArray
    share: FloatArray
    per_unit: FloatArray
    signed: BoolArray
    document: IntArray


@dataclass(frozen=True)
class _Moves:
    """Transfers, each once, in an order of their own; ``sender`` and ``receiver`` are numbers of their holders."""

    lot: IntArray
    sender: IntArray
    receiver: IntArray
    units: FloatArray
    per_unit: FloatArray
    signed: BoolArray
    document: IntArray


class _Places:
    """Where lots can be: with their maker (the lot's own number), and with each who received some (numbers behind)."""

    def __init__(self, nodes: Nodes, holders: Names, moves: _Moves) -> None:
        self.lots, self._size, self._holders, self._nodes = len(nodes.lots), len(holders) + 1, holders, nodes
        self._keys, at = np.unique(moves.lot * self._size + moves.receiver, return_inverse=True)
        self.reached = self.lots + at

    def __len__(self) -> int:
        return self.lots + len(self._keys)

    def of(self, lot: IntArray, holder: IntArray) -> IntArray:
        """The places of lots with holders; who never received a lot is taken to have it from the gate."""
        wanted = lot * self._size + holder
        at = np.searchsorted(self._keys, wanted)
        found: IntArray = np.where(np.append(self._keys, ABSENT)[at] == wanted, self.lots + at, lot)
        return found

    def with_issuer(self, lot: IntArray, node: IntArray) -> IntArray:
        """The places of lots with those who issued some nodes."""
        return self.of(lot, self._holders.of(self._nodes.issuer[node]))

    def left(self, moves: _Moves) -> IntArray:
        """The places that lots were moved from: what a maker passes on comes from the gate, returned or not."""
        own = moves.sender == self._holders.of(self._nodes.issuer[moves.lot])
        return np.where(own, moves.lot, self.of(moves.lot, moves.sender))


def legs(draft: Draft, process: IntArray) -> Legs:
    """The legs behind every input; ``process`` is that of each input in force."""
    rows, nodes = draft.facts.rows["transfers"], draft.nodes
    holders = Names.ranked(rows.pool, marked(rows.pool, rows.coded("sender"), rows.coded("receiver")))
    moves = _moves(draft, rows.where(_once(rows)), holders)
    places = _Places(nodes, holders, moves)
    lot = np.flatnonzero((nodes.input_node < places.lots) & (len(rows) > 0))
    way = _ways(draft, moves, places)[places.with_issuer(nodes.input_node[lot], process[lot])]
    at = way.indices
    return Legs(np.repeat(lot, np.diff(way.indptr)), way.data, moves.per_unit[at], moves.signed[at], moves.document[at])


def _ways(draft: Draft, moves: _Moves, places: _Places) -> csr_array:
    """For each place the part of a unit there that each transfer carried, shape (places, transfers)."""
    units = total(places.reached, moves.units, len(places))[places.reached]
    share = np.where(units > 0, moves.units / units, np.nan)
    some = np.flatnonzero(share != 0)
    step = csr_array((share[some], (places.reached[some], some)), (len(places), len(share)))
    if not len(share):
        return step
    back, way, hands = _back(draft, moves, places, share), step, 0
    while step.nnz and hands < _HANDS:
        step, hands = back @ step, hands + 1
        way = way + step
    # What still goes from hand to hand then goes round.
    endless = np.diff(step.indptr) > 0
    way.data[np.repeat(endless, np.diff(way.indptr))] = np.nan
    way.sort_indices()
    return way


def _back(draft: Draft, moves: _Moves, places: _Places, share: FloatArray) -> csr_array:
    """From each place to those where a unit of it was before: moved from there, or a part of what is there."""
    row, column, amount = (np.concatenate([edge[i] for edge in draft.edges]) for i in range(3))
    part = np.flatnonzero((row < places.lots) & (column < places.lots) & (amount > 0))
    part = part[np.lexsort((amount[part], column[part], row[part]))]
    moved = np.flatnonzero(share > 0)
    here = np.concatenate([places.reached[moved], row[part]])
    before = np.concatenate([places.left(moves)[moved], places.with_issuer(column[part], row[part])])
    return csr_array((np.concatenate([share[moved], amount[part]]), (here, before)), (len(places), len(places)))


def _moves(draft: Draft, rows: Rows, holders: Names) -> _Moves:
    nodes, products = draft.nodes, draft.facts.products
    lot, sender, receiver = (
        rows.codes("lot", nodes.lots),
        rows.codes("sender", holders),
        rows.codes("receiver", holders),
    )
    keys = (rows.documents, rows.floats("transport"), rows.floats("quantity"), sender, receiver, lot)
    order = np.lexsort(keys)
    rows, lot = Rows(rows.columns, rows.positions[order], rows.pool), lot[order]
    product, dimension, quantity = nodes.product[lot], rows.ints("dimension"), rows.floats("quantity")
    units = quantity * products.ratio((product, dimension), (product, nodes.dimension[lot]))
    emitted = rows.floats("transport")
    # Intensities are per mass; where nothing was emitted nobody need know the mass.
    mass = np.where(emitted == 0, 0.0, quantity * products.kg_per(product, dimension))
    return _Moves(
        lot=lot,
        sender=sender[order],
        receiver=receiver[order],
        units=units,
        per_unit=np.where(units > 0, mass * emitted / units, np.nan),
        signed=draft.facts.signed(rows.documents),
        document=rows.documents,
    )


def _once(rows: Rows) -> BoolArray:
    """The rows of one statement a transfer of a lot: of two sides who state it, of who states its legs, or else of who
    stated it first. One statement may name a lot several times."""
    silent, fid = (rows.floats("transport") == 0).astype(np.int64), rows.ints("fid")
    firsts, which = distinct([rows.coded(name) for name in ("key", "receiver", "lot")], len(rows))
    order = np.lexsort((fid, silent, which))
    counts = fid[order[np.searchsorted(which[order], np.arange(len(firsts)))]]
    found: BoolArray = fid == counts[which]
    return found
