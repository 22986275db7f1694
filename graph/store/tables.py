"""Reads the chain as columns (``graph.model.tables``): collected lists, not rows; only what is newer than one has."""

from typing import Any

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Kind, fact_id
from graph.model.tables import TABLES, ChainTables
from graph.store.database import Database, Tx, columns
from graph.store.documents import ledger_head
from graph.store.fact_rows import LABELS

# Documents a transaction: bounds what one answer holds.
WINDOW = 2000

_PROCESS_INPUTS = """
MATCH (f:ProcessFact) WHERE f.fid >= $low AND f.fid < $high MATCH (f)-[e:CONSUMED]->(t)
WITH f, e, t, CASE e.kind WHEN 'material' THEN e.material ELSE t.key END AS target"""

# How each table is matched, and where each column stands; what is not named here is a property of the fact ``f``.
_MATCHES: dict[str, str] = {
    "documents": "MATCH (f:Document) WHERE f.index >= $first AND f.index < $last AND f.accepted",
    "statuses": "MATCH (f:Document) WHERE f.index >= $first AND f.index < $last AND f.about IS NOT NULL",
    "lot_sources": "",
    "inputs": _PROCESS_INPUTS,
    "outputs": "MATCH (f:ProcessFact) WHERE f.fid >= $low AND f.fid < $high MATCH (f)-[e:PRODUCED]->(:Output)",
    "activities": "MATCH (f:ProcessFact) WHERE f.fid >= $low AND f.fid < $high MATCH (e:Activity)-[:OF]->(f)",
    "transfers": "MATCH (f:TransferFact) WHERE f.fid >= $low AND f.fid < $high MATCH (f)-[e:MOVED]->(t:Lot)",
}
_LABELS: dict[str, str] = {
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
}
_EDGE_COLUMNS: dict[str, dict[str, str]] = {
    "statuses": {"fid": f"f.index * {fact_id(1, 0)}", "document": "f.about_index"},
    "inputs": {"fid": "f.fid", "process": "f.key", "target": "target"},
    "outputs": {"fid": "f.fid", "process": "f.key"},
    "activities": {"fid": "f.fid", "process": "f.key"},
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
        "MATCH (f:LotFact) WHERE f.fid >= $low AND f.fid < $high MATCH (f)-[e:DRAWN_FROM]->(:Output)",
        {"kind": "'output'", "source": "e.process", "output": "e.output"},
    ),
    "lot": (
        "MATCH (f:LotFact) WHERE f.fid >= $low AND f.fid < $high MATCH (f)-[e:PART_OF]->(t:Lot)",
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


def _statements() -> list[tuple[str, str]]:
    """Each table with a statement that collects its columns; lot sources have two."""
    found = []
    for table in TABLES:
        if table == "lot_sources":
            for match, places in _LOT_SOURCES.values():
                named = {"fid": "f.fid", "lot": "f.key"} | places
                found.append((table, f"{match} {_collected(table, named, 'e')}"))
            continue
        match = _MATCHES.get(table) or f"MATCH (f:{_LABELS[table]}) WHERE f.fid >= $low AND f.fid < $high"
        holder = "e" if table in ("inputs", "outputs", "activities") else "f"
        found.append((table, f"{match} {_collected(table, _EDGE_COLUMNS.get(table, {}), holder)}"))
    return found


_STATEMENTS = _statements()
_ENDED = (
    "MATCH (d:Document) WHERE d.index >= $first AND d.index < $last AND size(d.ended) > 0 "
    "RETURN d.index AS index, d.ended AS ended"
)


def read_newer(database: Database, since: int = -1) -> ChainTables:
    """Everything that ledger indexes above ``since`` brought, up to the present head.

    Raises ``EngineError``. Read in windows of documents; what arrives meanwhile is for the next call.
    """
    head = database.read(ledger_head)
    newer = ChainTables(head=head)
    for first in range(since + 1, head + 1, WINDOW):
        part = database.read(_window, first, min(first + WINDOW, head + 1))
        newer.extend(part)
    newer.head = head
    return newer


def _window(tx: Tx, first: int, last: int) -> ChainTables:
    part = ChainTables(head=last - 1)
    params: dict[str, Any] = {
        "first": first,
        "last": last,
        "low": first << FACTS_PER_DOCUMENT_BITS,
        "high": last << FACTS_PER_DOCUMENT_BITS,
        "nan": float("nan"),
    }
    for table, statement in _STATEMENTS:
        for name, values in columns(tx, statement, **params).items():
            part.rows[table][name].extend(values)
    for row in tx.run(_ENDED, first=first, last=last):
        part.superseded.update(dict.fromkeys(row["ended"], row["index"]))
    return part
