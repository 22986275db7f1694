"""Reads the chain as columns (``graph.model.tables``): collected lists, not rows; only what is newer than one has."""

from collections.abc import Iterator
from typing import Any

from graph.model.columns import Pool
from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Kind, fact_id
from graph.model.tables import TABLES, ChainTables
from graph.store.database import Database, Tx, columns
from graph.store.documents import ledger_head
from graph.store.fact_rows import LABELS

# Documents a transaction: bounds what one answer holds.
WINDOW = 20_000
# ArcadeDB answers a range of an index by looking at every node of the label (1.3 us each), and looks a document up by
# its index in about 60 us a statement: so few documents are looked up one by one, many are read as a range.
FEW = 300

# A document that corroborates a fact asserts it too, but the rows are of the one that said it first.
_RANGE_FACTS = "MATCH (f:{label}) WHERE f.fid >= $first * $facts AND f.fid < $last * $facts"
_FEW_FACTS = (
    "UNWIND range($first, $last - 1) AS i MATCH (d:Document {{index: i}})-[:ASSERTS]->(f:{label}) "
    "WHERE f.fid >= i * $facts"
)
_RANGE_DOCUMENTS = "MATCH (f:Document) WHERE f.index >= $first AND f.index < $last AND "
_FEW_DOCUMENTS = "UNWIND range($first, $last - 1) AS i MATCH (f:Document {index: i}) WHERE "

# What is matched beyond the fact (or document) ``f``; columns that are not named below are properties of it.
_MATCHES: dict[str, str] = {
    "documents": "f.accepted",
    "statuses": "f.about IS NOT NULL",
    "inputs": "MATCH (f)-[e:CONSUMED]->(t) "
    "WITH f, e, t, CASE e.kind WHEN 'material' THEN e.material ELSE t.key END AS target",
    "outputs": "MATCH (f)-[e:PRODUCED]->(:Output)",
    "activities": "MATCH (e:Activity)-[:OF]->(f)",
    "factors": "MATCH (e:Factor)-[:OF]->(f)",
    "transfers": "MATCH (f)-[e:MOVED]->(t:Lot)",
}
OF_DOCUMENTS = ("documents", "statuses")
LABEL_OF: dict[str, str] = {
    "organizations": LABELS[Kind.ORGANIZATION],
    "facilities": LABELS[Kind.FACILITY],
    "products": LABELS[Kind.PRODUCT],
    "lots": LABELS[Kind.LOT],
    "processes": LABELS[Kind.PROCESS],
    "footprints": LABELS[Kind.FOOTPRINT],
    "contents": LABELS[Kind.CONTENT],
    "grants": LABELS[Kind.GRANT],
    "revocations": LABELS[Kind.KEY_REVOCATION],
    "accreditations": LABELS[Kind.ACCREDITATION],
    "assurances": LABELS[Kind.ASSURANCE],
    "certificates": LABELS[Kind.CERTIFICATE],
    "inventories": LABELS[Kind.INVENTORY],
    "factors": LABELS[Kind.FACTOR_SET],
    "lot_sources": LABELS[Kind.LOT],
    **dict.fromkeys(("inputs", "outputs", "activities"), LABELS[Kind.PROCESS]),
    "transfers": LABELS[Kind.TRANSFER],
}
_EDGE_COLUMNS: dict[str, dict[str, str]] = {
    "statuses": {"fid": f"f.index * {fact_id(1, 0)}", "document": "f.about_index"},
    "inputs": {"fid": "f.fid", "process": "f.key", "target": "target"},
    "outputs": {"fid": "f.fid", "process": "f.key"},
    "activities": {"fid": "f.fid", "process": "f.key"},
    "factors": {"fid": "f.fid"},
    "transfers": {
        "lot": "t.key",
        "quantity": "e.quantity",
        "dimension": "e.dimension",
        "asserted_by": "f.issuer",
    },
}
_RENAMED = {("processes", "kind"): "f.process_kind"}
_LOT_SOURCES = {
    "output": (
        "MATCH (f)-[e:DRAWN_FROM]->(:Output)",
        {"kind": "'output'", "source": "e.process", "output": "e.output"},
    ),
    "lot": (
        "MATCH (f)-[e:PART_OF]->(t:Lot)",
        {"kind": "'lot'", "source": "t.key", "output": "''"},
    ),
}


def _absent(kind: type) -> str:
    """What stands for an absent value: collecting skips nulls, which would shift the columns against each other."""
    return {str: "''", float: "$nan", int: "0"}[kind]


def _collected(table: str, places: dict[str, str], holder: str) -> str:
    parts = []
    for name, kind in TABLES[table].items():
        place = places.get(name) or _RENAMED.get((table, name)) or f"{holder}.{name}"
        parts.append(f"collect(coalesce({place}, {_absent(kind)})) AS {name}")
    return "RETURN " + ", ".join(parts)


class Statements:
    """The statements of one way of finding facts and documents: each table with one that collects its columns.

    ``facts`` matches facts ``f`` of a ``{label}``, ``documents`` documents ``f``, up to a condition.
    """

    def __init__(self, facts: str, documents: str) -> None:
        self._facts, self._documents = facts, documents
        self.by_table = list(self._each())
        self.ended = f"{documents}size(f.ended) > 0 RETURN f.index AS index, f.ended AS ended"

    def _each(self) -> Iterator[tuple[str, str]]:
        for table in TABLES:
            if table == "lot_sources":
                for match, places in _LOT_SOURCES.values():
                    named = {"fid": "f.fid", "lot": "f.key"} | places
                    yield table, f"{self._found(table)} {match} {_collected(table, named, 'e')}"
                continue
            holder = "e" if table in ("inputs", "outputs", "activities", "factors") else "f"
            returned = _collected(table, _EDGE_COLUMNS.get(table, {}), holder)
            yield table, f"{self._found(table)} {_MATCHES.get(table, '')} {returned}"

    def _found(self, table: str) -> str:
        return self._documents if table in OF_DOCUMENTS else self._facts.format(label=LABEL_OF[table])


_MANY, _ONE_BY_ONE = Statements(_RANGE_FACTS, _RANGE_DOCUMENTS), Statements(_FEW_FACTS, _FEW_DOCUMENTS)
# Which kinds of facts a few documents brought: the tables of others need not be asked for.
_KINDS = (
    "UNWIND range($first, $last - 1) AS i MATCH (d:Document {index: i})-[:ASSERTS]->(f) RETURN DISTINCT labels(f) AS of"
)


def read_newer(database: Database, since: int = -1, few: int = FEW) -> ChainTables:
    """Everything that ledger indexes above ``since`` brought, up to the present head.

    Raises ``EngineError``. Read in windows of documents; what arrives meanwhile is for the next call. Up to ``few``
    documents are looked up one by one.
    """
    head = database.read(ledger_head)
    newer = ChainTables(head=head)
    for first in range(since + 1, head + 1, WINDOW):
        part = database.read(_window, first, min(first + WINDOW, head + 1), few, newer.pool)
        newer.extend(part)
    newer.head = head
    return newer


def _window(tx: Tx, first: int, last: int, most: int, pool: Pool) -> ChainTables:
    """One window of documents; it is read as a whole once more where a transaction was lost, so nothing is kept but
    the texts."""
    part = ChainTables(head=last - 1, pool=pool)
    params: dict[str, Any] = {
        "first": first,
        "last": last,
        "facts": 1 << FACTS_PER_DOCUMENT_BITS,
        "nan": float("nan"),
    }
    few = last - first <= most
    chosen = _ONE_BY_ONE if few else _MANY
    brought = {label for row in tx.run(_KINDS, first=first, last=last) for label in row["of"]} if few else set()
    for table, statement in chosen.by_table:
        if few and table not in OF_DOCUMENTS and LABEL_OF[table] not in brought:
            continue
        for name, values in columns(tx, statement, **params).items():
            part.rows[table][name].extend(values)
    for row in tx.run(chosen.ended, first=first, last=last):
        part.superseded.update(dict.fromkeys(row["ended"], row["index"]))
    return part
