"""Which documents a figure needs to be computed again, and which of their facts are in force. Pure."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Ref, asserted_at
from graph.model.tables import ChainTables

_POSITION = (1 << FACTS_PER_DOCUMENT_BITS) - 1

# Tables whose rows name what a chain is made of, with the columns that hold the names.
_NAMES = {
    "lots": ("key", "product"),
    "lot_sources": ("lot", "source"),
    "processes": ("key", "facility"),
    "outputs": ("process", "product"),
    "inputs": ("process", "target"),
}
# Tables that describe what was named, with the column that says what.
_DESCRIBED = {"products": "key", "facilities": "key", "organizations": "key", "transfers": "lot"}


def around(tables: ChainTables, documents: Collection[int], as_of: int) -> frozenset[int]:
    """Ledger indexes of documents that describe what these name: products, sites, organizations and transfers."""
    named = set(_named(tables, frozenset(documents)))
    named |= {Ref.from_key(key).issuer for key in named}
    return frozenset(
        asserted_at(int(row["fid"]))
        for table, column in _DESCRIBED.items()
        for row in _rows(tables, table, (column,))
        if row[column] in named and _in_force(tables, int(row["fid"]), as_of)
    )


def positions(tables: ChainTables, documents: Collection[int], as_of: int) -> dict[int, tuple[int, ...]]:
    """The places of the facts in force of each document, by ledger index."""
    wanted, found = frozenset(documents), dict[int, set[int]]()
    for table, columns in tables.rows.items():
        for fid in columns["fid"] if table != "documents" else ():
            index = asserted_at(int(fid))
            if index in wanted and _in_force(tables, int(fid), as_of):
                found.setdefault(index, set()).add(int(fid) & _POSITION)
    return {index: tuple(sorted(places)) for index, places in found.items()}


def _named(tables: ChainTables, documents: frozenset[int]) -> Iterator[str]:
    for table, columns in _NAMES.items():
        for row in _rows(tables, table, columns):
            if asserted_at(int(row["fid"])) in documents:
                yield from (str(row[column]) for column in columns)


def _rows(tables: ChainTables, table: str, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
    names = ("fid", *columns)
    rows = tables.rows[table]
    for values in zip(*(rows[name] for name in names), strict=False):
        yield dict(zip(names, values, strict=True))


def _in_force(tables: ChainTables, fid: int, as_of: int) -> bool:
    return asserted_at(fid) <= as_of < tables.superseded.get(fid, as_of + 1)
