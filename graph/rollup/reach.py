"""The part of a chain that can matter to one lot or product, as tables of their own: a cut.

It is read level by level through a lookup, and what ``graph.rollup.snapshot.build`` makes of it says of the lot or
product what it would say of the whole chain, bit for bit. So it takes in more than what lies upstream: whatever any
rule of the roll-up looks at on the way: who else uses a lot, who else states the same values, which facts left and why.
Nodes of a cut that the lot does not rest on are there as far as such a rule needs them: they have no figure of their
own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, NEVER, Kind
from graph.model.tables import TABLES, ChainTables
from graph.rollup.arrays import BoolArray, FloatArray, IntArray, distinct, join, sorted_once, without
from graph.rollup.departures import ABOUT
from graph.rollup.lookup import Lookup
from graph.rollup.nodes import period
from graph.rollup.plausible import precise, stated_scopes

_NONE = np.zeros(0, np.int64)
_ACCOUNTS = ("inputs", "outputs", "activities")
# So many footprints with the same values are looked at first for one of another supplier.
_FEW = 64

Root = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows that hold all that matters to some lots and products, and how many lots and processes these rest on."""

    tables: ChainTables
    nodes: int


class _TooFar(Exception):
    """There is more than was asked for, or a rule that no part of the chain can answer."""


def cut(lookup: Lookup, roots: Sequence[Root], at: int, most: int) -> Cut | None:
    """The cut of a chain at ledger index ``at`` for some lots and products; None where it has more than ``most`` nodes,
    or more than ``ROWS_A_NODE`` times as many rows, or where something was made at a facility with an inventory."""
    walk = _Walk(lookup, at, most)
    try:
        walk.go(roots)
        walk.describe()
    except _TooFar:
        return None
    return Cut(walk.tables(), walk.nodes)


# Rows of a cut for each node that it may have: others' uses of a lot may be many.
ROWS_A_NODE = 20


class _Seen:
    """Codes that were met, ascending."""

    def __init__(self) -> None:
        self.all = _NONE

    def fresh(self, codes: IntArray) -> IntArray:
        """Those that are new; they are known from then on."""
        found: IntArray = without(codes, self.all)
        found = found[found != 0]
        self.all = sorted_once(self.all, found)
        return found


class _Walk:
    """Rows taken so far, by table, and the nodes that they were taken for."""

    def __init__(self, lookup: Lookup, at: int, most: int) -> None:
        self._lookup, self._at, self._most = lookup, at, most
        self._rows: dict[str, list[IntArray]] = {table: [] for table in TABLES}
        self._count = 0
        self.lots, self.processes, self.products = _Seen(), _Seen(), _Seen()
        self._references = _NONE
        self._materials = _NONE
        self._left = _NONE, _NONE

    @property
    def nodes(self) -> int:
        """How many lots and processes the walk has met."""
        return len(self.lots.all) + len(self.processes.all)

    def go(self, roots: Sequence[Root]) -> None:
        """Walk up from some lots and products, level by level."""
        pool = self._lookup.tables.pool
        named = {kind: np.unique([max(pool.find(key), 0) for k, key in roots if k is kind]) for kind in Kind}
        lots, processes = named[Kind.LOT].astype(np.int64), _NONE
        products = named[Kind.PRODUCT].astype(np.int64)
        if len(products):
            made, makers = self._made(products)
            lots, processes = sorted_once(lots, made), makers
        lots, processes = self.lots.fresh(lots), self.processes.fresh(processes)
        while len(lots) or len(processes):
            above = [self._above_lots(lots), self._above_processes(processes)]
            lots = self.lots.fresh(np.concatenate([a for a, _ in above]))
            processes = self.processes.fresh(np.concatenate([b for _, b in above]))
            if self.nodes > self._most:
                raise _TooFar
        self._beside(self.lots.all, self.processes.all)

    def _made(self, products: IntArray) -> tuple[IntArray, IntArray]:
        """Lots of some products, and processes that make them; whoever names a product makes it known."""
        self._named(self.products.fresh(products))
        made = self._find("lots", "product", products)
        outputs = self._find("outputs", "product", products)
        return self._column("lots", "key", made), self._column("outputs", "process", outputs)

    def _named(self, products: IntArray) -> None:
        """The inputs that name some products: the first tells the unit of one that nobody describes."""
        self._others(self._column("inputs", "process", self._take("inputs", "target", products)))

    def _above_lots(self, lots: IntArray) -> tuple[IntArray, IntArray]:
        """What some lots come from: lots, processes."""
        sources = self._take("lot_sources", "lot", lots)
        source, made = self._column("lot_sources", "source", sources), self._are("lot_sources", sources, "output")
        return source[~made], source[made]

    def _beside(self, lots: IntArray, processes: IntArray) -> None:
        """What else is said of the lots and processes of the walk, and what others do with the lots."""
        for table in ("outputs", "activities"):
            self._take(table, "process", processes)
        self._take("processes", "key", processes)
        self._take("transfers", "lot", lots)
        self._others(self._column("inputs", "process", self._take("inputs", "target", lots)))
        parts = self._column("lot_sources", "lot", self._take("lot_sources", "source", lots))
        self._take("lot_sources", "lot", sorted_once(parts))

    def _others(self, processes: IntArray) -> None:
        """Which account of some processes is in force: the earliest description's, or else the earliest account."""
        processes = sorted_once(processes)
        rows = self._take("processes", "key", processes)
        described = self._column("processes", "key", rows)[self._in_force("processes", rows)]
        for table in _ACCOUNTS:
            self._take(table, "process", without(processes, described))

    def _above_processes(self, processes: IntArray) -> tuple[IntArray, IntArray]:
        """What some processes take in: lots, and processes behind references to products."""
        inputs = self._take("inputs", "process", processes)
        target = self._column("inputs", "target", inputs)
        of_product = self._are("inputs", inputs, "product")
        self._materials = sorted_once(self._materials, target[self._are("inputs", inputs, "material")])
        return target[self._are("inputs", inputs, "lot")], self._behind(inputs[of_product], target[of_product])

    def _behind(self, inputs: IntArray, product: IntArray) -> IntArray:
        """The processes of an issuer whose outputs a reference to its product is the average of."""
        if not len(inputs):
            return _NONE
        self._references = sorted_once(self._references, product)
        stated = [self._floats("inputs", name, inputs) for name in ("start", "end")]
        start, end = period(stated[0], stated[1])
        firsts, _ = distinct([product, start, end], len(product))
        product, start, end = product[firsts], start[firsts], end[firsts]
        outputs = self._find("outputs", "product", sorted_once(product))
        made, maker = self._column("outputs", "product", outputs), self._column("outputs", "process", outputs)
        issuers = self._lookup.tables.pool.issuers()
        own = issuers[made] == issuers[maker]
        reference, output = join(product, made[own])
        process = maker[own][output]
        within = np.isinf(start[reference]) & np.isinf(end[reference])
        return sorted_once(process[within | self._overlapping(process, start[reference], end[reference])])

    def _overlapping(self, process: IntArray, start: FloatArray, end: FloatArray) -> BoolArray:
        """Whether any period stated for each process overlaps that which stands beside it."""
        rows = self._find("processes", "key", sorted_once(process))
        at, row = join(process, self._column("processes", "key", rows))
        begins, ends = (self._floats("processes", name, rows)[row] for name in ("start", "end"))
        found = np.zeros(len(process), np.bool_)
        found[at[(begins < end[at]) & (ends > start[at])]] = True
        return found

    def describe(self) -> None:
        """What is said about the nodes, by whom, and what became of it."""
        made_of = [self._column("lots", "product", self._take("lots", "key", self.lots.all))]
        made_of += [self._column("outputs", "product", self._rows_of("outputs")), self._references]
        self.products.fresh(np.concatenate(made_of))
        keys = sorted_once(*(seen.all for seen in (self.lots, self.processes, self.products)))
        issuers = self._lookup.tables.pool.issuers()
        self._take("organizations", "key", sorted_once(issuers[keys].astype(np.int64)))
        for table, column in ABOUT.items():
            self._take(table, column, sorted_once(keys, self._materials))
        places = self._column("processes", "facility", self._rows_of("processes"))
        self._take("facilities", "key", sorted_once(places))
        self._rows["factors"].append(self._lookup.every("factors"))
        self._inventoried()
        self._undescribed(self._references)
        self._assured()
        self._alike()
        self._ended()
        self._documents()

    def _inventoried(self) -> None:
        """What is made where there is an inventory of its period is held against all that was made there, and whatever
        its organization does not place (``graph.rollup.inventories``): that is no part of a chain but the whole."""
        rows = self._find("processes", "key", self.processes.all)
        rows = rows[self._in_force("processes", rows)]
        facility = self._column("processes", "facility", rows)
        stated = self._find("inventories", "facility", sorted_once(facility))
        stated = stated[self._in_force("inventories", stated)]
        at, of = join(facility, self._column("inventories", "facility", stated))
        start, end = (self._floats("processes", name, rows)[at] for name in ("start", "end"))
        begins, ends = (self._floats("inventories", name, stated)[of] for name in ("start", "end"))
        if ((start < ends) & (end > begins)).any():
            raise _TooFar

    def _undescribed(self, products: IntArray) -> None:
        """References to a product whose unit nobody states are counted as the first input that makes them is."""
        rows = self._find("products", "key", products)
        rows = rows[self._in_force("products", rows)]
        key, unit = self._column("products", "key", rows), self._column("products", "dimension", rows)
        self._named(without(products, without(key, key[unit == 0])))

    def _assured(self) -> None:
        """Who assures the footprints, and who accredits them for that; a footprint is named by its key."""
        assurances = self._take("assurances", "footprint", self._named_by("footprints", "key"))
        self._take("footprints", "key", self._column("assurances", "footprint", assurances))
        self._take("accreditations", "institution", self._column("assurances", "issuer", assurances))

    def _alike(self) -> None:
        """Of footprints that state the same values as ours so many that who else states them can be told."""
        rows = self._lookup.tables.rows["footprints"]
        mine = self._rows_of("footprints")
        values = stated_scopes(rows, mine)
        values = values[precise(values)]
        if not len(values):
            return
        found = self._lookup.alike(values)
        same = distinct([*stated_scopes(rows, found).T, self._column("footprints", "dimension", found)], len(found))[1]
        owner = self._issuer("footprints", "subject", found)
        order = np.argsort(same, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(same[order])) + 1):
            if len(np.unique(owner[group])) > 1:
                self._witnesses(found[group], owner[group], mine)

    def _witnesses(self, found: IntArray, owner: IntArray, mine: IntArray) -> None:
        """Take in footprints in turn, of each owner one, until each of ours has met one of another or none is left."""
        turn = np.zeros(len(found), np.int64)
        order = np.argsort(owner, kind="stable")
        starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
        turn[order] = np.arange(len(found)) - np.repeat(starts, np.diff(np.append(starts, len(found))))
        order = np.lexsort((turn, ~np.isin(found, mine)))
        found, owner, taken = found[order], owner[order], int(np.isin(found, mine).sum())
        while True:
            taken = min(len(found), taken + _FEW)
            self._add("footprints", found[:taken])
            material = self._materials_of(found[:taken])
            ours = np.isin(found[:taken], mine) & (material > 0)
            if taken == len(found) or self._met(material, owner[:taken], ours):
                return

    @staticmethod
    def _met(material: IntArray, owner: IntArray, ours: BoolArray) -> bool:
        """Whether of each material of ours there is more than one owner."""
        return all(len(np.unique(owner[material == each])) > 1 for each in np.unique(material[ours]).tolist())

    def _materials_of(self, footprints: IntArray) -> IntArray:
        """The material of the thing that each footprint is about; 0 where it is not in force, not signed or unknown.

        What tells it is taken in.
        """
        subject = self._column("footprints", "subject", footprints)
        of_lot = self._are("footprints", footprints, "lot", "subject_kind")
        product = np.where(of_lot, self._first("lots", "product", subject), subject)
        material = self._first("products", "material", product)
        index = self._documents_of("footprints", footprints)
        rows = self._find("documents", "index", sorted_once(index))
        signed = self._column("documents", "index", rows)[self._column("documents", "signed", rows) == 1]
        counts = np.isin(index, signed) & self._in_force("footprints", footprints)
        return np.where(counts, material, 0)

    def _first(self, table: str, column: str, keys: IntArray) -> IntArray:
        """What the earliest description in force says of each key, 0 where there is none."""
        rows = self._take(table, "key", sorted_once(keys[keys != 0]))
        rows = rows[self._in_force(table, rows)]
        fid = self._column(table, "fid", rows)
        rows = rows[np.argsort(fid, kind="stable")]
        key, value = self._column(table, "key", rows), self._column(table, column, rows)
        known, first = np.unique(key, return_index=True)
        at = np.searchsorted(known, keys)
        hit = np.append(known, -1)[at] == keys
        return np.where(hit, np.append(value, 0)[np.append(first, len(value))[at]], 0)

    def _ended(self) -> None:
        """Why facts left: revocations of compromised keys, and what became of the status of documents."""
        ends = sorted_once(np.array(list(self._superseded().values()), np.int64))
        self._add("revocations", self._lookup.stated_in("revocations", ends))
        about = self._column("statuses", "document", self._lookup.stated_in("statuses", ends))
        self._take("statuses", "document", sorted_once(about))

    def _documents(self) -> None:
        """The documents of all rows; and that by which the present is told, where something ends with time."""
        every = [self._documents_of(table, self._rows_of(table)) for table in TABLES if table != "documents"]
        self._take("documents", "index", sorted_once(*every))
        if len(self._rows_of("assurances")):
            self._add("documents", self._lookup.last_received(self._at))

    def tables(self) -> ChainTables:
        """All rows taken."""
        return self._lookup.tables.part({table: self._rows_of(table) for table in TABLES}, self._superseded())

    def _superseded(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for table in (t for t in TABLES if t != "documents"):
            fid = self._column(table, "fid", self._rows_of(table))
            ends = self._ends(fid)
            found.update(zip(fid[ends < NEVER].tolist(), ends[ends < NEVER].tolist(), strict=True))
        return found

    def _ends(self, fid: IntArray) -> IntArray:
        """The ledger index at which each fact left, ``NEVER`` where it has not. More may be known as more is read."""
        ended = self._lookup.tables.superseded
        if len(ended) != len(self._left[0]):
            left = np.fromiter(ended, np.int64, len(ended)), np.fromiter(ended.values(), np.int64, len(ended))
            order = np.argsort(left[0])
            self._left = left[0][order], left[1][order]
        facts, ends = self._left
        if not len(facts):
            return np.full(len(fid), NEVER, np.int64)
        at = np.minimum(np.searchsorted(facts, fid), len(facts) - 1)
        return np.where(facts[at] == fid, ends[at], NEVER)

    # Rows, and columns of them; texts as codes.

    def _find(self, table: str, column: str, keys: IntArray) -> IntArray:
        return self._lookup.find(table, column, keys[keys != 0] if TABLES[table][column] is str else keys)

    def _take(self, table: str, column: str, keys: IntArray) -> IntArray:
        return self._add(table, self._find(table, column, sorted_once(keys)))

    def _add(self, table: str, rows: IntArray) -> IntArray:
        self._rows[table].append(rows)
        self._count += len(rows)
        if self._count > self._most * ROWS_A_NODE:
            raise _TooFar
        return rows

    def _rows_of(self, table: str) -> IntArray:
        """Positions of the rows taken of a table, ascending."""
        found = sorted_once(_NONE, *self._rows[table])
        self._rows[table] = [found]
        return found

    def _column(self, table: str, name: str, rows: IntArray) -> IntArray:
        return self._lookup.tables.rows[table][name].at(rows).astype(np.int64)

    def _floats(self, table: str, name: str, rows: IntArray) -> FloatArray:
        return self._lookup.tables.rows[table][name].at(rows).astype(np.float64)

    def _named_by(self, table: str, name: str) -> IntArray:
        return sorted_once(self._column(table, name, self._rows_of(table)))

    def _are(self, table: str, rows: IntArray, kind: str, name: str = "kind") -> BoolArray:
        found: BoolArray = self._column(table, name, rows) == self._lookup.tables.pool.find(kind)
        return found

    def _issuer(self, table: str, name: str, rows: IntArray) -> IntArray:
        return self._lookup.tables.pool.issuers()[self._column(table, name, rows)].astype(np.int64)

    def _documents_of(self, table: str, rows: IntArray) -> IntArray:
        return self._column(table, "fid", rows) >> FACTS_PER_DOCUMENT_BITS

    def _in_force(self, table: str, rows: IntArray) -> BoolArray:
        """Which rows were asserted by the index that is asked for, and not superseded by then."""
        fid = self._column(table, "fid", rows)
        found: BoolArray = (fid >> FACTS_PER_DOCUMENT_BITS <= self._at) & (self._ends(fid) > self._at)
        return found
