"""Whether a graph holds what its ledger says: every entry, and of every document all that its statement says."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from graph.model.refs import FACTS_PER_DOCUMENT_BITS
from graph.store.database import Database, Tx, columns
from graph.store.documents import ledger_head
from graph.store.fact_rows import LABELS, rows
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.trust.envelope import decode_base64url

_ENTRIES = "MATCH (e:Entry) RETURN collect(e.index) AS indexes"
_RECORDED = "MATCH (e:Entry)-[:RECORDS]->(d:Document) RETURN collect(e.index) AS entry, collect(d.index) AS document"
_DOCUMENTS = (
    "MATCH (d:Document) WHERE d.index >= $first "
    "RETURN collect(d.id) AS id, collect(d.index) AS index, collect(d.content) AS content"
)
_FACTS = (
    "MATCH (d:Document) WHERE d.index >= $first MATCH (d)-[:ASSERTS]->(f) "
    "RETURN collect(d.index) AS document, collect(f.fid) AS fid"
)
_EDGES = (
    "MATCH (d:Document) WHERE d.index >= $first MATCH (d)-[:ASSERTS]->(f) MATCH (f)-[e]->() "
    "RETURN collect(d.index) AS d"
)
_ACTIVITIES = (
    "MATCH (d:Document) WHERE d.index >= $first MATCH (d)-[:ASSERTS]->(f) MATCH (f)<-[:OF]-(:Activity) "
    "RETURN collect(d.index) AS d"
)
_STRAYS = "MATCH (f:{label}) WHERE f.fid >= $low RETURN collect(f.fid) AS fid"


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: acknowledged documents that are there as they were acknowledged, and everything that is wrong."""

    found: int
    entries: int
    checked: int
    gaps: int
    half_written: int
    faults: tuple[str, ...]


def head(database: Database) -> int:
    """The ledger's last index."""
    return database.read(ledger_head)


def audit(database: Database, first: int, acknowledged: dict[str, int], sent: list[bytes]) -> Audit:
    """Look at all ledger entries, and at every document from index ``first`` on, which are all among those ``sent``."""
    indexes = database.read(columns, _ENTRIES)["indexes"]
    last = head(database)
    gaps = len(set(range(last + 1)) ^ set(indexes)) + len(indexes) - len(set(indexes))
    stored = database.read(columns, _DOCUMENTS, first=first)
    there = dict(zip(stored["id"], stored["index"], strict=True))
    found = sum(there.get(identity) == index for identity, index in acknowledged.items())
    faults = [f"{gaps} gaps or repeats in the ledger"] if gaps else []
    halves = _half_written(database, first, stored, sent)
    return Audit(found, len(indexes), len(there), gaps, len(halves), tuple(faults + halves))


def _half_written(database: Database, first: int, stored: dict[str, list[object]], sent: list[bytes]) -> list[str]:
    """Every document that lacks something, or of which something is there that belongs to no document."""
    expected = {hashlib.sha256(document).hexdigest(): _expected(document) for document in sent}
    graph = database.read(_counts, first)
    faults = []
    for identity, index, content in zip(stored["id"], stored["index"], stored["content"], strict=True):
        if identity not in expected:
            continue  # a registration or opening of the bench itself
        seen = tuple(counts[index] for counts in graph)
        if seen != (1, *expected[identity]) or hashlib.sha256(bytes(content)).hexdigest() != identity:
            faults.append(f"document {index} is half-written: {seen} instead of {(1, *expected[identity])}")
    return faults + database.read(_strays, first)


def _expected(document: bytes) -> tuple[int, int, int]:
    """How many facts, edges from them and activities a signed statement makes."""
    payload = decode_base64url(document.split(b".")[1]) or b""
    statement = load_statement(parse(payload))
    made = [rows(stated, statement.issuer, 0, True) for stated in statement.facts]
    return len(made), sum(len(row.edges) for row in made), sum(len(row.activities) for row in made)


def _counts(tx: Tx, first: int) -> tuple[Counter[int], Counter[int], Counter[int], Counter[int]]:
    """Ledger entries, facts, edges and activities by document."""
    recorded = columns(tx, _RECORDED)
    entries = Counter(d for e, d in zip(recorded["entry"], recorded["document"], strict=True) if e == d)
    facts = columns(tx, _FACTS, first=first)
    pairs = {(d, f) for d, f in zip(facts["document"], facts["fid"], strict=True)}
    own = Counter(d for d, fid in pairs if fid >> FACTS_PER_DOCUMENT_BITS == d)
    edges = Counter(columns(tx, _EDGES, first=first)["d"])
    return entries, own, edges, Counter(columns(tx, _ACTIVITIES, first=first)["d"])


def _strays(tx: Tx, first: int) -> list[str]:
    """Facts that no document asserts."""
    asserted = set(columns(tx, _FACTS, first=first)["fid"])
    low = first << FACTS_PER_DOCUMENT_BITS
    found = {fid for label in LABELS.values() for fid in columns(tx, _STRAYS.format(label=label), low=low)["fid"]}
    return [f"fact {fid} belongs to no document" for fid in sorted(found - asserted)]
