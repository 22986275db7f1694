"""The chain around one lot read from the graph level by level, for a chain that is not in memory as a whole.

What is found by a key or an edge are facts; each is read once, with all its rows, into tables in which the walk of
``graph.rollup.reach`` looks things up like anywhere else. Outputs are not to be found by their product in the graph:
who asks for these is told so, and has to read the whole chain.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from graph.errors import GreenchainError
from graph.model.refs import NEVER, Kind
from graph.model.tables import TABLES, ChainTables
from graph.rollup.arrays import FloatArray, IntArray
from graph.rollup.emissions import SCOPES
from graph.rollup.lookup import Indexed
from graph.rollup.reach import Cut, Root, cut
from graph.store.database import Database, Tx, columns
from graph.store.documents import ledger_head
from graph.store.fact_rows import LABELS
from graph.store.tables import LABEL_OF, OF_DOCUMENTS, Statements

_BY_ID = Statements(
    "UNWIND $keys AS i MATCH (f:{label} {{fid: i}})", "UNWIND $keys AS i MATCH (f:Document {index: i}) WHERE "
)
_TABLES_OF = {label: [t for t in TABLES if LABEL_OF.get(t) == label] for label in set(LABEL_OF.values())}
_FOUND = " WITH DISTINCT f RETURN f.fid AS fid, f.superseded AS superseded"


def _keyed(label: str, name: str = "key") -> str:
    return f"UNWIND $keys AS k MATCH (f:{label} {{{name}: k}}){_FOUND}"


def _edged(label: str, edge: str, *anchors: str) -> tuple[str, ...]:
    return tuple(f"UNWIND $keys AS k MATCH (a:{each} {{key: k}})<-[:{edge}]-(f:{label}){_FOUND}" for each in anchors)


_LOT, _PROCESS = LABELS[Kind.LOT], LABELS[Kind.PROCESS]
_FOOTPRINT, _CONTENT = LABELS[Kind.FOOTPRINT], LABELS[Kind.CONTENT]
# By what is looked up: the kind of fact that holds it, and the statements that find such facts.
_BY: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("lots", "key"): (_LOT, (_keyed(_LOT),)),
    ("lot_sources", "lot"): (_LOT, (_keyed(_LOT),)),
    ("lot_sources", "source"): (_LOT, _edged(_LOT, "PART_OF", "Lot")),
    **{(table, "process"): (_PROCESS, (_keyed(_PROCESS),)) for table in ("inputs", "outputs", "activities")},
    ("processes", "key"): (_PROCESS, (_keyed(_PROCESS),)),
    ("inputs", "target"): (_PROCESS, _edged(_PROCESS, "CONSUMED", "Lot", "Product")),
    ("transfers", "lot"): (LABELS[Kind.TRANSFER], _edged(LABELS[Kind.TRANSFER], "MOVED", "Lot")),
    ("products", "key"): (LABELS[Kind.PRODUCT], (_keyed(LABELS[Kind.PRODUCT]),)),
    ("organizations", "key"): (LABELS[Kind.ORGANIZATION], (_keyed(LABELS[Kind.ORGANIZATION]),)),
    ("facilities", "key"): (LABELS[Kind.FACILITY], (_keyed(LABELS[Kind.FACILITY]),)),
    ("footprints", "key"): (_FOOTPRINT, (_keyed(_FOOTPRINT),)),
    ("footprints", "subject"): (_FOOTPRINT, _edged(_FOOTPRINT, "ABOUT", "Lot", "Product")),
    ("contents", "subject"): (_CONTENT, _edged(_CONTENT, "ABOUT", "Lot", "Product")),
    ("inventories", "facility"): (LABELS[Kind.INVENTORY], (_keyed(LABELS[Kind.INVENTORY], "facility"),)),
    ("assurances", "footprint"): (LABELS[Kind.ASSURANCE], (_keyed(LABELS[Kind.ASSURANCE], "footprint"),)),
    ("accreditations", "institution"): (
        LABELS[Kind.ACCREDITATION],
        (_keyed(LABELS[Kind.ACCREDITATION], "institution"),),
    ),
}
_REVOKED = f"UNWIND $keys AS i MATCH (d:Document {{index: i}})-[:ASSERTS]->(f:{LABELS[Kind.KEY_REVOCATION]}){_FOUND}"
_ABOUT = "UNWIND $keys AS i MATCH (d:Document {about_index: i}) RETURN DISTINCT d.index AS index"
_LATEST = (
    "MATCH (d:Document) WHERE d.accepted AND d.index <= $at AND d.received_at IS NOT NULL "
    "RETURN d.index AS index ORDER BY d.received_at DESC LIMIT 1"
)


class NotByProduct(GreenchainError):
    """Outputs cannot be found by their product without reading the whole chain."""


def read_cut(database: Database, roots: Sequence[Root], most: int) -> Cut | None:
    """The cut of the chain at the ledger's head for some lots, read level by level; None where it is beyond ``most``.

    Raises ``EngineError``, and ``NotByProduct`` where the chain above refers to products of a period.
    """
    head = database.read(ledger_head)
    return database.read(_read, roots, head, most)


def _read(tx: Tx, roots: Sequence[Root], head: int, most: int) -> Cut | None:
    found = _Graph(tx, head)
    found.tables.pool.intern([key for _, key in roots])
    return cut(found, roots, head, most)


class _Graph:
    """A lookup that reads what it is asked for, as far as it has not been read."""

    def __init__(self, tx: Tx, head: int) -> None:
        self.tables = ChainTables(head=head)
        self._tx = tx
        self._found = Indexed(self.tables)
        self._asked: dict[str, set[str]] = {}
        self._facts: set[int] = set()
        self._documents: dict[str, set[int]] = {table: set() for table in OF_DOCUMENTS}

    def find(self, table: str, column: str, keys: IntArray) -> IntArray:
        """As ``graph.rollup.lookup.Lookup.find``."""
        if table == "documents":
            self._read_documents(table, keys.tolist())
        elif table == "statuses":
            self._read_documents(table, [row["index"] for row in self._tx.run(_ABOUT, keys=keys.tolist())])
        else:
            self._read_by(table, column, self.tables.pool.texts(keys))
        return self._found.find(table, column, keys)

    def every(self, table: str) -> IntArray:
        """As ``Lookup.every``."""
        self._read_facts(LABEL_OF[table], self._tx.run(f"MATCH (f:{LABEL_OF[table]}){_FOUND}"))
        return self._found.every(table)

    def stated_in(self, table: str, indexes: IntArray) -> IntArray:
        """As ``Lookup.stated_in``."""
        if table == "statuses":
            self._read_documents(table, indexes.tolist())
        elif len(indexes):
            self._read_facts(LABEL_OF[table], self._tx.run(_REVOKED, keys=indexes.tolist()))
        return self._found.stated_in(table, indexes)

    def alike(self, values: FloatArray) -> IntArray:
        """As ``Lookup.alike``."""
        for name, stated in zip(SCOPES, values.T, strict=True):
            # One of the scopes is not zero; by that one the footprints are found.
            first = np.cumsum(values != 0, axis=1)[:, list(SCOPES).index(name)] == 1
            wanted = np.unique(stated[(stated != 0) & first]).tolist()
            if wanted:
                self._read_facts(_FOOTPRINT, self._tx.run(_keyed(_FOOTPRINT, name), keys=wanted))
        return self._found.alike(values)

    def last_received(self, at: int) -> IntArray:
        """As ``Lookup.last_received``."""
        self._read_documents("documents", [row["index"] for row in self._tx.run(_LATEST, at=at)])
        return self._found.last_received(at)

    def _read_by(self, table: str, column: str, keys: list[str]) -> None:
        if (table, column) not in _BY:
            raise NotByProduct("outputs are not found by their product")
        label, statements = _BY[table, column]
        for statement in statements:
            asked = self._asked.setdefault(statement, set())
            fresh = [key for key in keys if key not in asked]
            asked.update(fresh)
            if fresh:
                self._read_facts(label, self._tx.run(statement, keys=fresh))

    def _read_facts(self, label: str, found: Sequence[Mapping[str, Any]]) -> None:
        """All rows of facts that were not read yet."""
        fresh = {row["fid"]: row["superseded"] for row in found if row["fid"] not in self._facts}
        self._facts.update(fresh)
        self.tables.superseded.update({fid: end for fid, end in fresh.items() if end < NEVER})
        if fresh:
            self._collect(_TABLES_OF[label], sorted(fresh))

    def _read_documents(self, table: str, indexes: list[int]) -> None:
        fresh = sorted(set(indexes) - self._documents[table])
        self._documents[table].update(fresh)
        if fresh:
            self._collect([table], fresh)

    def _collect(self, tables: Sequence[str], keys: list[int]) -> None:
        for table, statement in self._statements(tables):
            for name, values in columns(self._tx, statement, keys=keys, nan=float("nan")).items():
                self.tables.rows[table][name].extend(values)

    @staticmethod
    def _statements(tables: Sequence[str]) -> Iterator[tuple[str, str]]:
        return ((table, statement) for table, statement in _BY_ID.by_table if table in tables)
