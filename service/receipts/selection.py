"""Which documents a figure needs to be computed again, and which of their facts are in force. Pure."""

from collections.abc import Collection, Iterable, Iterator
from math import isnan
from typing import Any

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Ref, asserted_at, fact_id
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


def assuring(tables: ChainTables, documents: Collection[int], as_of: int) -> frozenset[int]:
    """Ledger indexes of the statements of assurance about footprints in these documents, and of accreditations."""
    of = frozenset(documents)
    stated = {r["key"] for r in _rows(tables, "footprints", ("key",)) if asserted_at(int(r["fid"])) in of}
    every = _rows(tables, "assurances", ("issuer", "footprint"))
    assured = [r for r in every if r["footprint"] in stated and _in_force(tables, int(r["fid"]), as_of)]
    by = {r["issuer"] for r in assured}
    accredited = [r for r in _rows(tables, "accreditations", ("institution",)) if r["institution"] in by]
    rows = [*assured, *(r for r in accredited if _in_force(tables, int(r["fid"]), as_of))]
    return frozenset(asserted_at(int(r["fid"])) for r in rows)


def positions(tables: ChainTables, documents: Collection[int], as_of: int) -> dict[int, tuple[int, ...]]:
    """The places of the facts in force of each document, by ledger index."""
    wanted, found = frozenset(documents), dict[int, set[int]]()
    for table, columns in tables.rows.items():
        for fid in columns["fid"] if table != "documents" else ():
            index = asserted_at(int(fid))
            if index in wanted and _in_force(tables, int(fid), as_of):
                found.setdefault(index, set()).add(int(fid) & _POSITION)
    return {index: tuple(sorted(places)) for index, places in found.items()}


def last_change(tables: ChainTables, as_of: int) -> int:
    """The last ledger index up to ``as_of`` at which a fact began or ended, -1 where there is none.

    What comes behind it (records of the service, refusals, keys) changes no figure.
    """
    end = fact_id(as_of + 1, 0)
    fids = (fid for name, rows in tables.rows.items() if name != "documents" for fid in rows["fid"] if fid < end)
    ended = max((index for index in tables.superseded.values() if index <= as_of), default=-1)
    return max(asserted_at(int(max(fids, default=fact_id(0, 0) - 1))), ended)


def last_moment(tables: ChainTables, as_of: int) -> float | None:
    """When the last accepted document up to a ledger index came in (seconds), None before the first."""
    documents = tables.rows["documents"]
    every = zip(documents["index"], documents["received_at"], strict=False)
    return max((float(at) for index, at in every if index <= as_of and not isnan(at)), default=None)


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
