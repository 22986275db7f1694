"""The chain around what is asked about, read from the graph level by level: for a chain that is not in memory.

What is looked up are facts, by their key or by an edge that leads to it; all facts of a key are read once, table by
table, into tables in which the walk of ``graph.rollup.reach`` looks things up like anywhere else.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, NEVER, Kind
from graph.model.tables import TABLES, ChainTables
from graph.rollup.arrays import FloatArray, IntArray
from graph.rollup.emissions import SCOPES
from graph.rollup.lookup import Indexed
from graph.rollup.reach import ROWS_A_NODE, Cut, Root, cut
from graph.rollup.rows import Rows, every
from graph.store.database import Database, Row, Tx
from graph.store.documents import ledger_head
from graph.store.fact_rows import ADDRESSED, LABELS
from graph.store.tables import LABEL_OF, OF_DOCUMENTS, Statements

T = TypeVar("T")

# Keys in one statement: bounds what one answer holds.
_AT_ONCE = 20_000
# Up to so many, the tables of their facts are read in one statement: fewer round trips, and looked up for each table.
_FEW = 1_000
_FACTS = 1 << FACTS_PER_DOCUMENT_BITS

_BY_KEY = Statements(
    "UNWIND $keys AS k MATCH (f:{label} {{key: k}})", "UNWIND $keys AS i MATCH (f:Document {index: i}) WHERE "
)
_TABLES_OF = {label: [t for t in TABLES if LABEL_OF.get(t) == label] for label in set(LABEL_OF.values())}


def _ending(table: str, statement: str) -> str:
    """With the columns of a table that has a row of each fact of its label, when the fact ended."""
    if table in OF_DOCUMENTS or table != _TABLES_OF[LABEL_OF[table]][0]:
        return statement
    return statement.replace(" RETURN collect(", " RETURN collect(f.superseded) AS superseded, collect(", 1)


_STATEMENTS: Mapping[str, tuple[str, ...]] = {
    table: tuple(_ending(table, statement) for of, statement in _BY_KEY.by_table if of == table) for table in TABLES
}


def _united(tables: Sequence[str]) -> str:
    """All of some tables in one statement: a row of columns for each statement, in their order."""
    parts = []
    for number, statement in enumerate(each for table in tables for each in _STATEMENTS[table]):
        found, _, collected = statement.partition(" RETURN collect(")
        names = ", ".join(re.findall(r" AS (\w+)(?:,|$)", collected))
        parts.append(f"{found} WITH collect({collected} RETURN {number} AS number, [{names}] AS columns")
    return " UNION ALL ".join(parts)


_UNITED = {tuple(tables): _united(tables) for tables in _TABLES_OF.values() if len(tables) > 1}


def _edged(label: str, edge: str, *anchors: str) -> tuple[str, ...]:
    return tuple(
        f"UNWIND $keys AS k MATCH (a:{each} {{key: k}})<-[:{edge}]-(f:{label}) RETURN collect(f.key) AS keys"
        for each in anchors
    )


def _valued(label: str, name: str) -> tuple[str, ...]:
    return (f"UNWIND $keys AS k MATCH (f:{label} {{{name}: k}}) RETURN collect(f.key) AS keys",)


_LOT, _PROCESS, _TRANSFER = LABELS[Kind.LOT], LABELS[Kind.PROCESS], LABELS[Kind.TRANSFER]
_FOOTPRINT, _CONTENT, _GRANT = LABELS[Kind.FOOTPRINT], LABELS[Kind.CONTENT], LABELS[Kind.GRANT]
# By what is looked up that is not the key of a fact: the statements that find the keys of such facts.
_BY: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("lots", "product"): _edged(_LOT, "OF_PRODUCT", "Product"),
    ("lot_sources", "source"): _edged(_LOT, "PART_OF", "Lot"),
    ("inputs", "target"): _edged(_PROCESS, "CONSUMED", "Lot", "Product"),
    ("outputs", "product"): _edged(_PROCESS, "MAKES", "Product"),
    ("transfers", "lot"): _edged(_TRANSFER, "MOVED", "Lot"),
    ("grants", "grantee"): _edged(_GRANT, "TO", "Organization"),
    ("footprints", "subject"): _edged(_FOOTPRINT, "ABOUT", "Lot", "Product"),
    ("contents", "subject"): _edged(_CONTENT, "ABOUT", "Lot", "Product"),
    ("inventories", "facility"): _valued(LABELS[Kind.INVENTORY], "facility"),
    ("assurances", "footprint"): _valued(LABELS[Kind.ASSURANCE], "footprint"),
    ("accreditations", "institution"): _valued(LABELS[Kind.ACCREDITATION], "institution"),
    ("certificates", "holder"): _valued(LABELS[Kind.CERTIFICATE], "holder"),
}  # A walk goes on from all facts that lead to a lot, or that name a product: one statement finds them for each, and
# answers what the statements beside it would be asked.
_ALL_ABOUT: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "Lot": (
        "UNWIND $keys AS k MATCH (a:Lot {key: k})<-[:CONSUMED|PART_OF|MOVED|ABOUT]-(f) "
        "RETURN collect(f.key) AS keys, collect(labels(f)[0]) AS labels",
        (
            ("inputs", "target"), ("lot_sources", "source"), ("transfers", "lot"), ("footprints", "subject"),
            ("contents", "subject"),
        ),
    ),
    "Product": (
        "UNWIND $keys AS k MATCH (a:Product {key: k})<-[:CONSUMED|ABOUT]-(f) "
        "RETURN collect(f.key) AS keys, collect(labels(f)[0]) AS labels",
        (("inputs", "target"), ("footprints", "subject"), ("contents", "subject")),
    ),
}  # fmt: skip


def _beside() -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    for anchor, (statement, asked) in _ALL_ABOUT.items():
        these = tuple(each for of in asked for each in _BY[of] if f"(a:{anchor} " in each)
        yield from ((each, (statement, these)) for each in these)


_BESIDE = dict(_beside())
_ALL = "MATCH (f:{label}) RETURN collect(f.key) AS keys"
# A document that corroborates a fact asserts it, too; here it is about those that it said first.
_ASSERTED = (
    "UNWIND $keys AS i MATCH (d:Document {{index: i}})-[:ASSERTS]->(f:{label}) WHERE f.fid >= i * $facts "
    "RETURN collect(f.key) AS keys"
)
_ENDED = (
    "UNWIND $keys AS i MATCH (d:Document {index: i})-[:ASSERTS]->(f) WHERE f.fid >= i * $facts AND f.superseded <= $at "
    "RETURN collect(f.fid) AS facts, collect(f.superseded) AS ends"
)
_ABOUT = "UNWIND $keys AS i MATCH (d:Document {about_index: i}) RETURN collect(d.index) AS indexes"
_LATEST = (
    "MATCH (d:Document) WHERE d.accepted AND d.index <= $at AND d.received_at IS NOT NULL "
    "RETURN d.index AS index ORDER BY d.received_at DESC LIMIT 1"
)
_ADDRESSED = "MATCH (a:{anchor} {{uid: $uid}}) RETURN a.key AS key"
_SENT = (
    "UNWIND $keys AS k MATCH (a:Organization {key: k})<-[:FROM]-(f:TransferFact) WHERE f.receiver = $receiver "
    "RETURN k AS sender, collect(f.key) AS keys"
)
_REACHED = (
    "MATCH (a:Organization {key: $receiver})<-[:TO]-(f:TransferFact)-[:MOVED]->(l:Lot) "
    "WHERE l.key STARTS WITH $issued RETURN collect(l.key) AS keys"
)
_TAKEN = (
    "UNWIND $named AS n MATCH (a:Material {key: n.key})<-[e:CONSUMED]-(f:ProcessFact) "
    "WHERE f.key STARTS WITH $own AND f.superseded > $at AND f.fid < $next AND e.material = n.material "
    "RETURN DISTINCT n.key AS key"
)


class _TooMany(Exception):
    """There are more rows than may be read."""


def read_cut(database: Database, roots: Sequence[Root], most: int, at: int | None = None) -> Cut | None:
    """The cut of the chain as of ledger index ``at`` (the head) for some lots and products, read level by level.

    None where it is beyond ``most`` lots and processes (``graph.rollup.reach.cut``). Raises ``EngineError``.
    """
    head = database.read(ledger_head)
    return Reader(database, head).cut(roots, head if at is None else at, most)


class Reader:
    """A lookup (``graph.rollup.lookup.Lookup``) that reads from the graph what it is asked for and has not read yet.

    ``head``: the ledger index up to which it speaks; what came later may be among its rows. One thread at a time.
    """

    def __init__(self, database: Database, head: int) -> None:
        self.tables = ChainTables(head=head)
        self._database = database
        self._tx: Tx | None = None
        self._found = Indexed(self.tables)
        self._asked: dict[str, set[Any]] = {}
        self._size, self._room = 0, NEVER

    def __len__(self) -> int:
        """How many rows were read."""
        return self._size

    def cut(self, roots: Sequence[Root], at: int, most: int) -> Cut | None:
        """As ``read_cut``. Raises ``EngineError``."""
        self.tables.pool.intern([key for _, key in roots])
        # What was read for others is there already; what is read for this is bounded, whether it counts or not.
        self._room = self._size + 2 * ROWS_A_NODE * max(most, 1)
        try:
            return self.together(lambda: cut(self, roots, at, most))
        except _TooMany:
            return None
        finally:
            self._room = NEVER

    def together(self, work: Callable[[], T]) -> T:
        """What some lookups answer, made in one transaction: each of it by itself costs round trips of its own.

        Where the transaction is tried again, what was read is there.
        """
        return self._database.read(self._within, work)

    def _within(self, tx: Tx, work: Callable[[], T]) -> T:
        self._tx = tx
        try:
            return work()
        finally:
            self._tx = None

    # What is looked up, as rows or by itself.

    def rows(self, table: str, column: str, texts: Iterable[str]) -> Rows:
        """The rows of a table, in force or not, that hold one of some texts in a column."""
        codes = np.unique(self.tables.pool.intern(sorted(set(texts)))).astype(np.int64)
        return Rows(self.tables.rows[table], self.find(table, column, codes), self.tables.pool)

    def documents(self, indexes: Collection[int]) -> Rows:
        """The accepted documents among some ledger indexes, in their order, in tables of their own."""
        found = self.find("documents", "index", np.array(sorted(set(indexes)), np.int64))
        index = self.tables.rows["documents"]["index"].at(found)
        none: IntArray = np.zeros(0, np.int64)
        taken = {table: found[np.argsort(index)] if table == "documents" else none for table in TABLES}
        return every(self.tables.part(taken, {}), "documents")

    def asserted(self, indexes: Collection[int], tables: Collection[str]) -> None:
        """Read what some documents state, of some tables."""
        for label in sorted({LABEL_OF[table] for table in tables}):
            statement = _ASSERTED.format(label=label)
            self._follow(statement, sorted(set(indexes)), self._facts(label), facts=_FACTS)

    def ended(self, indexes: Collection[int]) -> dict[int, int]:
        """The ledger index at which each ended, of the facts that some documents stated and that are over."""
        found: dict[int, int] = {}
        for keys in _chunks(sorted(set(indexes))):
            row = self._run(_ENDED, keys=keys, facts=_FACTS, at=self.tables.head)[0]
            found.update(zip(row["facts"], row["ends"], strict=True))
        return found

    def addressed(self, kind: Kind, address: str) -> str | None:
        """The key of the lot or product behind an address, None where nothing has it."""
        anchor = next(anchor for anchor, of in ADDRESSED.items() if of is kind)
        return next((str(row["key"]) for row in self._run(_ADDRESSED.format(anchor=anchor), uid=address)), None)

    def sent(self, senders: Collection[str], receiver: str) -> dict[str, list[str]]:
        """Keys of the transfers that anybody states from some organizations to another, by sender."""
        rows = self._run(_SENT, keys=sorted(senders), receiver=receiver)
        return {row["sender"]: sorted(set(row["keys"])) for row in rows if row["keys"]}

    def reached(self, issuer: str, receiver: str) -> list[str]:
        """Keys of the lots of an issuer that anybody says were passed to an organization, by whomever."""
        return sorted(set(self._run(_REACHED, receiver=receiver, issued=f"{issuer}|")[0]["keys"]))

    def taken(self, organization: str, materials: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which materials from a country the processes of an organization take in."""
        named = {f"{material}|{country}": (material, country) for material, country in materials}
        params = {"own": f"{organization}|", "at": self.tables.head, "next": (self.tables.head + 1) * _FACTS}
        rows = [{"key": key, "material": material} for key, (material, _) in named.items()]
        return {named[row["key"]] for row in self._run(_TAKEN, named=rows, **params)} if rows else set()

    # As ``graph.rollup.lookup.Lookup``.

    def find(self, table: str, column: str, keys: IntArray) -> IntArray:
        """As ``Lookup.find``."""
        if table == "documents":
            self._documents(table)(keys.tolist())
        elif table == "statuses":
            self._follow(_ABOUT, keys.tolist(), self._documents(table), name="indexes")
        else:
            texts, facts = self.tables.pool.texts(keys), self._facts(LABEL_OF[table])
            if (table, column) not in _BY:
                facts(texts)
            for statement in _BY.get((table, column), ()):
                if self._room < NEVER and statement in _BESIDE:
                    self._follow_all(statement, texts)
                else:
                    self._follow(statement, texts, facts)
        return self._found.find(table, column, keys)

    def every(self, table: str) -> IntArray:
        """As ``Lookup.every``."""
        statement = _ALL.format(label=LABEL_OF[table])
        if statement not in self._asked:
            self._facts(LABEL_OF[table])(sorted(self._run(statement)[0]["keys"]))
            self._asked[statement] = set()
        return self._found.every(table)

    def stated_in(self, table: str, indexes: IntArray) -> IntArray:
        """As ``Lookup.stated_in``."""
        if table == "statuses":
            self._documents(table)(indexes.tolist())
        else:
            self.asserted(indexes.tolist(), [table])
        return self._found.stated_in(table, indexes)

    def alike(self, values: FloatArray) -> IntArray:
        """As ``Lookup.alike``."""
        for name, stated in zip(SCOPES, values.T, strict=True):
            # One of the scopes is not zero; by that one the footprints are found.
            first = np.cumsum(values != 0, axis=1)[:, list(SCOPES).index(name)] == 1
            wanted = np.unique(stated[(stated != 0) & first]).tolist()
            self._follow(_valued(_FOOTPRINT, name)[0], wanted, self._facts(_FOOTPRINT))
        return self._found.alike(values)

    def last_received(self, at: int) -> IntArray:
        """As ``Lookup.last_received``."""
        self._documents("documents")([row["index"] for row in self._run(_LATEST, at=at)])
        return self._found.last_received(at)

    # Reading: each key is asked for once.

    def _run(self, cypher: str, **params: Any) -> list[Row]:
        if self._tx is not None:
            return self._tx.run(cypher, **params)
        return self._database.read(lambda tx: tx.run(cypher, **params))

    def _follow(
        self, statement: str, asked: Sequence[Any], read: Callable[[list[Any]], None], name: str = "keys", **params: Any
    ) -> None:
        """Read what a statement finds of keys that it was not asked about before."""
        known, found = self._asked.setdefault(statement, set()), set[Any]()
        fresh = [key for key in asked if key not in known]
        for keys in _chunks(fresh):
            found.update(self._run(statement, keys=keys, **params)[0][name])
            self._bound(len(found))
        read(sorted(found))
        # Last: where reading is tried again, it was not read.
        known.update(fresh)

    def _follow_all(self, statement: str, asked: Sequence[str]) -> None:
        """As ``_follow``, with all else that a walk asks of the same keys."""
        known, (together, beside) = self._asked.setdefault(statement, set()), _BESIDE[statement]
        fresh, found = [key for key in asked if key not in known], dict[str, set[str]]()
        for keys in _chunks(fresh):
            row = self._run(together, keys=keys)[0]
            for label, key in zip(row["labels"], row["keys"], strict=True):
                found.setdefault(label, set()).add(key)
            self._bound(sum(map(len, found.values())))
        for label, keys_of in sorted(found.items()):
            self._facts(label)(sorted(keys_of))
        for each in beside:
            self._asked.setdefault(each, set()).update(fresh)

    def _facts(self, label: str) -> Callable[[list[str]], None]:
        return lambda keys: self._read(label, _TABLES_OF[label], keys)

    def _documents(self, table: str) -> Callable[[list[int]], None]:
        return lambda indexes: self._read(table, [table], indexes)

    def _read(self, name: str, tables: Sequence[str], asked: Sequence[Any]) -> None:
        """All rows of facts by their keys, or of documents by their indexes, as far as they were not read."""
        known = self._asked.setdefault(name, set())
        for keys in _chunks([key for key in asked if key not in known]):
            for table, read in list(self._rows_of(tables, keys)):
                self._add(table, read)
            known.update(keys)
            self._bound(0)

    def _rows_of(self, tables: Sequence[str], keys: list[Any]) -> Iterator[tuple[str, Row]]:
        """The first table has a row of each fact: what is not there has no rows in the others."""
        if len(keys) <= _FEW and tuple(tables) in _UNITED:
            yield from self._united(tables, keys)
            return
        for table in tables:
            for statement in _STATEMENTS[table] if keys else ():
                read = self._run(statement, keys=keys, nan=float("nan"))[0]
                yield table, read
            if table == tables[0] != tables[-1]:
                keys = sorted(set(read["key"]))

    def _united(self, tables: Sequence[str], keys: list[Any]) -> Iterator[tuple[str, Row]]:
        of = [table for table in tables for _ in _STATEMENTS[table]]
        for row in self._run(_UNITED[tuple(tables)], keys=keys, nan=float("nan")):
            table, read = of[row["number"]], row["columns"]
            names = list(TABLES[table])
            yield table, dict(zip(["superseded", *names] if len(read) > len(names) else names, read, strict=True))

    def _add(self, table: str, read: Row) -> None:
        ends = read.pop("superseded", ())
        if ends:
            over = {fid: end for fid, end in zip(read["fid"], ends, strict=True) if end < NEVER}
            self.tables.superseded.update(over)
        for name, values in read.items():
            self.tables.rows[table][name].extend(values)
        self._size += len(next(iter(read.values())))

    def _bound(self, more: int) -> None:
        if self._size + more > self._room:
            raise _TooMany


def _chunks(keys: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield list(keys[start : start + _AT_ONCE])
