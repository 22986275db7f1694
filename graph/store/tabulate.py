"""The columns that facts make (``graph.model.tables``), without a graph: what the store reads back, from facts in hand.

For whoever holds documents and no database: the reader of a receipt. That both ways give the same tables is a test.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import nan
from typing import Any

from graph.model.facts import Stated
from graph.model.refs import Kind
from graph.model.tables import TABLES, ChainTables
from graph.store.fact_rows import Edge, FactRows, rows

Row = dict[str, Any]

_PLAIN: dict[Kind, str] = {
    Kind.ORGANIZATION: "organizations",
    Kind.FACILITY: "facilities",
    Kind.PRODUCT: "products",
    Kind.PROCESS: "processes",
    Kind.LOT: "lots",
    Kind.FOOTPRINT: "footprints",
    Kind.CONTENT: "contents",
    Kind.GRANT: "grants",
    Kind.KEY_REVOCATION: "revocations",
    Kind.ACCREDITATION: "accreditations",
    Kind.ASSURANCE: "assurances",
    Kind.CERTIFICATE: "certificates",
    Kind.INVENTORY: "inventories",
}
_ABSENT: dict[type, Any] = {str: "", float: float("nan"), int: 0}


@dataclass(frozen=True, slots=True)
class Held:
    """An accepted document in hand: its ledger index, id and issuer, and those of its facts that are in force.

    ``received_at``: seconds since the epoch; what holds for a period is judged by it (``graph.rollup.assurance``).
    ``sender``: who handed it in, where that is known.
    """

    index: int
    id: str
    issuer: str
    signed: bool
    facts: tuple[Stated, ...]
    received_at: float = nan
    sender: str = ""


def tabulate(held: Iterable[Held]) -> ChainTables:
    """All rows of these documents; the head is the highest index among them."""
    tables = ChainTables()
    for document in held:
        tables.head = max(tables.head, document.index)
        _add(tables, "documents", _document(document))
        for stated in document.facts:
            for table, row in _rows(rows(stated, document.issuer, document.index, True)):
                _add(tables, table, row)
    return tables


def _document(held: Held) -> Row:
    named = {"index": held.index, "id": held.id, "issuer": held.issuer, "signed": int(held.signed)}
    return named | {"sender": held.sender, "received_at": held.received_at}


def _add(tables: ChainTables, table: str, row: Row) -> None:
    for name, kind in TABLES[table].items():
        value = row.get(name)
        tables.rows[table][name].append(_ABSENT[kind] if value is None else kind(value))


def _rows(found: FactRows) -> Iterator[tuple[str, Row]]:
    fact = found.props
    if found.kind in _PLAIN:
        renamed = {"kind": fact["process_kind"]} if found.kind is Kind.PROCESS else {}
        yield _PLAIN[found.kind], fact | renamed
    own = {"fid": found.fid}
    for edge in found.edges:
        if edge.type in _EDGES:
            table, named = _EDGES[edge.type]
            yield table, edge.props | own | named(fact, edge)
    for part in found.activities:
        if found.kind is Kind.FACTOR_SET:
            yield "factors", part | own
        else:
            yield "activities", part | own | {"process": fact["key"]}


def _drawn(fact: Row, edge: Edge) -> Row:
    return {"lot": fact["key"], "kind": "output", "source": edge.props["process"]}


def _part(fact: Row, edge: Edge) -> Row:
    return {"lot": fact["key"], "kind": "lot", "source": edge.key, "output": ""}


def _consumed(fact: Row, edge: Edge) -> Row:
    target = edge.props["material"] if edge.props["kind"] == "material" else edge.key
    return {"process": fact["key"], "target": target}


def _produced(fact: Row, _: Edge) -> Row:
    return {"process": fact["key"]}


def _moved(fact: Row, edge: Edge) -> Row:
    return fact | {"lot": edge.key, "asserted_by": fact["issuer"]} | edge.props


_EDGES = {
    "DRAWN_FROM": ("lot_sources", _drawn),
    "PART_OF": ("lot_sources", _part),
    "CONSUMED": ("inputs", _consumed),
    "PRODUCED": ("outputs", _produced),
    "MOVED": ("transfers", _moved),
}
