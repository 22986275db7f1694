"""What migrations add to a graph that has data already: a batch a transaction, and each may be run again."""

from __future__ import annotations

from typing import Any

from graph.model.refs import uid
from graph.store.database import Database, Tx
from graph.store.fact_rows import ADDRESSED, LABELS, LISTED

# Things that are looked for at once, and so many of them written in one statement; documents a transaction.
_FOUND, _WRITTEN, _DOCUMENTS = 50_000, 5_000, 2_000

_UNADDRESSED = "MATCH (a:{anchor}) WHERE a.uid IS NULL RETURN a.key AS key LIMIT $most"
_ADDRESS = "UNWIND $rows AS r MATCH (a:{anchor} {{key: r.key}}) SET a.uid = r.uid"
_LAST = "MATCH (c:Counter {id: 'ledger'}) RETURN c.next AS next"
_MADE = (
    "UNWIND range($first, $last - 1) AS i MATCH (d:Document {index: i})-[:ASSERTS]->(f:ProcessFact)-[e:PRODUCED]->"
    "(:Output) RETURN DISTINCT f.fid AS fid, e.product AS product"
)
_MAKES = (
    "UNWIND $rows AS r MATCH (f:ProcessFact {fid: r.fid}) MERGE (p:Product {key: r.product}) "
    "ON CREATE SET p.uid = r.uid MERGE (f)-[:MAKES]->(p)"
)
_COUNTS = (
    "MATCH (n:Document) WHERE n.accepted RETURN count(n) AS n",
    *(f"MATCH (n:{label}) RETURN count(n) AS n" for label in (*LABELS.values(), "Activity", "Factor")),
    *(f"MATCH ()-[e:{edge}]->() RETURN count(e) AS n" for edge in LISTED),
)
_SIZED = "MATCH (c:Counter {id: 'ledger'}) WHERE c.rows IS NULL SET c.rows = $rows"


def fill_addresses(database: Database) -> None:
    """Give lots and products the addresses that they have in URLs."""
    for anchor, kind in ADDRESSED.items():
        while keys := [row["key"] for row in database.read(_run, _UNADDRESSED.format(anchor=anchor), most=_FOUND)]:
            rows = [{"key": key, "uid": uid(kind, key)} for key in keys]
            for start in range(0, len(rows), _WRITTEN):
                database.write(_run, _ADDRESS.format(anchor=anchor), rows=rows[start : start + _WRITTEN])


def fill_products(database: Database) -> None:
    """Tie processes to the products that they make, by which their outputs are found."""
    last = next((row["next"] for row in database.read(_run, _LAST)), 0)
    for first in range(0, last, _DOCUMENTS):
        made = database.read(_run, _MADE, first=first, last=min(first + _DOCUMENTS, last))
        rows = [row | {"uid": uid(ADDRESSED["Product"], row["product"])} for row in made]
        for start in range(0, len(rows), _WRITTEN):
            database.write(_run, _MAKES, rows=rows[start : start + _WRITTEN])


def fill_size(database: Database) -> None:
    """Count what the intake counts from then on (``graph.store.fact_rows.FactRows.size``)."""
    database.write(_run, _SIZED, rows=sum(database.read(_run, each)[0]["n"] for each in _COUNTS))


def _run(tx: Tx, /, cypher: str, **params: Any) -> list[dict[str, Any]]:
    return tx.run(cypher, **params)
