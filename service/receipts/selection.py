"""Which documents a figure needs to be computed again, and which of their facts are in force. Pure."""

from collections.abc import Collection, Iterator
from math import isnan

from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Ref, asserted_at
from graph.model.tables import ChainTables
from graph.rollup.rows import every, of_table

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
    named = set(_named(tables, documents))
    named |= {Ref.from_key(key).issuer for key in named}
    rows = (of_table(tables, table, as_of).about(column, named) for table, column in _DESCRIBED.items())
    return frozenset(asserted_at(fid) for found in rows for fid in found.facts)


def assuring(tables: ChainTables, documents: Collection[int], as_of: int) -> frozenset[int]:
    """Ledger indexes of the statements of assurance about footprints in these documents, and of accreditations."""
    stated = every(tables, "footprints").stated_in(documents).text("key")
    assured = of_table(tables, "assurances", as_of).about("footprint", stated)
    accredited = of_table(tables, "accreditations", as_of).about("institution", assured.text("issuer"))
    return frozenset(asserted_at(fid) for fid in [*assured.facts, *accredited.facts])


def published(tables: ChainTables, documents: Collection[int], as_of: int) -> frozenset[int]:
    """Ledger indexes of the records of all published factors in force, where one of them is among these documents.

    All of them, as which one counts is a matter of all.
    """
    in_force = frozenset(of_table(tables, "factors", as_of).documents.tolist())
    return in_force if in_force.intersection(documents) else frozenset()


def positions(tables: ChainTables, documents: Collection[int], as_of: int) -> dict[int, tuple[int, ...]]:
    """The places of the facts in force of each document, by ledger index."""
    found: dict[int, set[int]] = {}
    for table in tables.rows:
        if table != "documents":
            for fid in of_table(tables, table, as_of).stated_in(documents).facts:
                found.setdefault(asserted_at(fid), set()).add(fid & _POSITION)
    return {index: tuple(sorted(places)) for index, places in found.items()}


def last_change(tables: ChainTables, as_of: int) -> int:
    """The last ledger index up to ``as_of`` at which a fact began or ended, -1 where there is none.

    What comes behind it (records of the service, refusals, keys) changes no figure.
    """
    ended = max((index for index in tables.superseded.values() if index <= as_of), default=-1)
    return max(ended, *(every(tables, name).last_document(as_of) for name in tables.rows if name != "documents"))


def last_moment(tables: ChainTables, as_of: int) -> float | None:
    """When the last accepted document up to a ledger index came in (seconds), None before the first."""
    times = of_table(tables, "documents", as_of).floats("received_at").tolist()
    return max((at for at in times if not isnan(at)), default=None)


def _named(tables: ChainTables, documents: Collection[int]) -> Iterator[str]:
    """What some documents name, in force or not."""
    for table, columns in _NAMES.items():
        rows = every(tables, table).stated_in(documents)
        for name in columns:
            yield from rows.text(name)
