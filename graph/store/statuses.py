"""Documents whose status somebody else keeps: which lists answer for them, and what was entered about them last."""

from dataclasses import dataclass
from typing import Any

from graph.model.intake import NamedStatus
from graph.store.database import Tx

# In force, or suspended: what is revoked, withdrawn or signed with a stolen key does not come back.
_WATCHED = (
    "MATCH (d:Document)-[s:STATUS_IN]->(l:StatusList) "
    "RETURN d.id AS id, d.index AS index, d.withdrawn AS withdrawn, s.issuer AS issuer, s.purpose AS purpose, "
    "s.place AS place, l.url AS url ORDER BY index, url, purpose, place"
)
_CHANGES = (
    "UNWIND $ids AS id MATCH (r:Document {about: id}) WHERE r.accepted "
    "RETURN id AS document, r.id AS record, r.index AS index, r.state AS state ORDER BY index"
)
_SEEN = "MATCH (l:StatusList) RETURN l.url AS url, l.seen AS seen"
_READ = "UNWIND $urls AS url MATCH (l:StatusList {url: url}) SET l.seen = $at"


@dataclass(frozen=True, slots=True)
class Watched:
    """An accepted document that names status lists; ``state`` and ``record``: what was entered about it last."""

    document: str
    index: int
    places: tuple[NamedStatus, ...]
    state: str = "valid"
    record: str = ""


def read_watched(tx: Tx) -> tuple[Watched, ...]:
    """The documents in force that name status lists, and those that were suspended, in ledger order."""
    documents: dict[str, list[dict[str, Any]]] = {}
    for row in tx.run(_WATCHED):
        documents.setdefault(row["id"], []).append(row)
    changes = {c["document"]: c for c in tx.run(_CHANGES, ids=list(documents))} if documents else {}
    found = (_watched(rows, changes.get(document)) for document, rows in documents.items())
    return tuple(w for w, gone in found if w.state == "suspended" or (w.state == "valid" and not gone))


def _watched(rows: list[dict[str, Any]], last: dict[str, Any] | None) -> tuple[Watched, bool]:
    """A document and whether it has left the figures."""
    first = rows[0]
    places = tuple(NamedStatus(r["issuer"], r["purpose"], r["place"], r["url"]) for r in rows)
    state, record = (last["state"], last["record"]) if last else ("valid", "")
    return Watched(first["id"], first["index"], places, state, record), first["withdrawn"] is not None


def read_seen(tx: Tx) -> dict[str, float]:
    """When each status list last answered what it was asked (seconds since the epoch)."""
    return {row["url"]: float(row["seen"]) for row in tx.run(_SEEN)}


def mark_seen(tx: Tx, urls: list[str], at: float) -> None:
    """These lists answered at a time (seconds since the epoch)."""
    tx.run(_READ, urls=urls, at=at)
