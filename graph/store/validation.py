"""What documents were examined with beside themselves: kept once by its bytes, tied to each document it served."""

from collections import defaultdict
from collections.abc import Iterable

from graph.model.documents import ValidationDatum, ValidationKind
from graph.model.intake import Admission
from graph.store.database import Tx

# The same bytes serve many documents: an issuer's status list, an authority's certificate.
_KEEP = "UNWIND $rows AS r MERGE (v:ValidationDatum {digest: r.digest}) ON CREATE SET v.content = r.content"
_TIE = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.document}) MATCH (v:ValidationDatum {digest: r.digest}) "
    "CREATE (d)-[:EXAMINED_WITH {kind: r.kind, name: r.name}]->(v)"
)
_OF = (
    "UNWIND $indexes AS i MATCH (d:Document {index: i})-[e:EXAMINED_WITH]->(v:ValidationDatum) "
    "RETURN i AS index, e.kind AS kind, e.name AS name, v.content AS content, v.digest AS digest "
    "ORDER BY index, kind, name, digest"
)


def write_validation(tx: Tx, admissions: Iterable[Admission]) -> None:
    """Keep what these documents, which are written already, were examined with."""
    every = [(a.id, datum) for a in admissions for datum in a.validation]
    if not every:
        return
    kept = {datum.digest: datum.content for _, datum in every}
    tx.run(_KEEP, rows=[{"digest": digest, "content": content} for digest, content in sorted(kept.items())])
    ties = [{"document": d, "digest": v.digest, "kind": v.kind.value, "name": v.name} for d, v in every]
    tx.run(_TIE, rows=ties)


def validation_of(tx: Tx, indexes: list[int]) -> dict[int, tuple[ValidationDatum, ...]]:
    """What the documents at these ledger indexes were examined with; nothing for those that needed nothing."""
    found: dict[int, list[ValidationDatum]] = defaultdict(list)
    for row in tx.run(_OF, indexes=indexes) if indexes else ():
        found[row["index"]].append(ValidationDatum(ValidationKind(row["kind"]), row["name"], bytes(row["content"])))
    return {index: tuple(data) for index, data in found.items()}
