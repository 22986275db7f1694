"""The one writing path: what the intake must know, and the group of documents it writes, in one transaction."""

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Any

from graph.model.documents import Format, StoredDocument
from graph.model.intake import Admission, FactInForce, IntakeQuestion, IntakeState, KeyState
from graph.model.refs import NEVER, Kind
from graph.store.database import Tx
from graph.store.fact_rows import ANCHORS, LABELS, FactRows, anchor_props, rows
from graph.store.verdicts import dump_verdict, load_verdict

Row = dict[str, Any]

# The next free ledger index lives in one node. It is written first in every intake, which on Neo4j locks out other
# writers until the commit and on ArcadeDB makes the later of two commits fail and run again: indexes stay gap-free.
_LOCK = "MERGE (c:Counter {id: 'ledger'}) ON CREATE SET c.next = 0 SET c.turn = $turn RETURN c.next AS next"
_ADVANCE = "MATCH (c:Counter {id: 'ledger'}) SET c.next = $next"

DOCUMENT_COLUMNS = (
    "d.id AS id, d.index AS index, d.format AS format, d.sender AS sender, d.issuer AS issuer, "
    "d.statement AS statement, d.received_at AS received_at, d.verdict AS verdict, d.thumbprint AS thumbprint, "
    "d.size AS size"
)
_KNOWN = f"UNWIND $ids AS id MATCH (d:Document {{id: id}}) RETURN {DOCUMENT_COLUMNS}"
_REPLAYED = "UNWIND $names AS name MATCH (d:Document {replay: name}) RETURN d.replay AS replay"
_KEYS = (
    "UNWIND $thumbprints AS t MATCH (k:Key {thumbprint: t}) "
    "RETURN k.thumbprint AS thumbprint, k.organization AS organization, k.revoked AS revoked"
)
# Nearly every fact has the same `superseded`: behind WITH, no planner takes that index for the way in.
_IN_FORCE = (
    "UNWIND $keys AS key MATCH (f:{label} {{key: key}}) WITH f WHERE f.superseded = $never "
    "MATCH (d:Document)-[:ASSERTS]->(f) WITH f, d WHERE d.withdrawn IS NULL "
    "RETURN f.fid AS fid, f.key AS key, f.issuer AS issuer, f.digest AS digest, f.flows AS flows, collect(d.id) AS ids"
)
_ISSUERS = "UNWIND $ids AS id MATCH (d:Document {id: id}) WHERE d.accepted RETURN d.id AS id, d.issuer AS issuer"
_ASSERTED = (
    "UNWIND $ids AS id MATCH (d:Document {{id: id}})-[:ASSERTS]->(f:{label}) "
    "WITH id, d, f WHERE f.superseded = $never AND d.withdrawn IS NULL "
    "MATCH (other:Document)-[:ASSERTS]->(f) WITH id, f, other WHERE other.withdrawn IS NULL "
    "RETURN id AS document, f.fid AS fid, f.key AS key, f.issuer AS issuer, f.digest AS digest, f.flows AS flows, "
    "collect(other.id) AS ids"
)
_ACCOUNTS = "UNWIND $keys AS key MATCH (a:Account {key: key}) RETURN a.key AS key, a.credit AS credit, a.debit AS debit"


def read_state(tx: Tx, question: IntakeQuestion, turn: str) -> IntakeState:
    """Take the turn in the ledger and read what the group's judgement needs. ``turn`` is any new value."""
    next_index = tx.run(_LOCK, turn=turn)[0]["next"]
    in_force = tuple(_read_in_force(tx, question))
    asserted = _read_asserted(tx, question.withdrawn)
    touched = {a for fact in (*in_force, *chain.from_iterable(asserted.values())) for a, _, _ in fact.flows}
    accounts = tuple(sorted({*question.accounts, *touched}))
    return IntakeState(
        next_index=next_index,
        known={r["id"]: stored(r) for r in _ask(tx, _KNOWN, ids=question.documents)},
        replayed=frozenset(r["replay"] for r in _ask(tx, _REPLAYED, names=question.replays)),
        keys={
            r["thumbprint"]: KeyState(r["organization"], r["revoked"] != NEVER)
            for r in _ask(tx, _KEYS, thumbprints=question.thumbprints)
        },
        in_force=in_force,
        issuers={r["id"]: r["issuer"] for r in _ask(tx, _ISSUERS, ids=question.withdrawn)},
        asserted=asserted,
        accounts={r["key"]: (r["credit"], r["debit"]) for r in _ask(tx, _ACCOUNTS, keys=accounts)},
    )


def _ask(tx: Tx, cypher: str, **params: Any) -> list[Row]:
    """Run a statement over a list, unless the list is empty."""
    asked = next(iter(params.values()))
    return tx.run(cypher, **{k: list(v) if isinstance(v, tuple) else v for k, v in params.items()}) if asked else []


def _read_in_force(tx: Tx, question: IntakeQuestion) -> Iterator[FactInForce]:
    for kind, keys in question.facts.items():
        for row in _ask(tx, _IN_FORCE.format(label=LABELS[kind]), keys=keys, never=NEVER):
            yield _in_force(row, kind)


def _in_force(row: Row, kind: Kind) -> FactInForce:
    booked = tuple((a, c, d) for a, c, d in json.loads(row["flows"])) if row["flows"] else ()
    return FactInForce(row["fid"], kind, row["key"], row["issuer"], row["digest"], tuple(sorted(row["ids"])), booked)


def _read_asserted(tx: Tx, documents: tuple[str, ...]) -> dict[str, tuple[FactInForce, ...]]:
    found: dict[str, list[FactInForce]] = defaultdict(list)
    for kind, label in LABELS.items() if documents else ():
        for row in _ask(tx, _ASSERTED.format(label=label), ids=documents, never=NEVER):
            found[row["document"]].append(_in_force(row, kind))
    return {document: tuple(sorted(facts, key=lambda f: f.fid)) for document, facts in found.items()}


def stored(row: Row) -> StoredDocument:
    """A document from a row of ``DOCUMENT_COLUMNS`` (and ``content`` where it was read)."""
    return StoredDocument(
        id=row["id"],
        index=row["index"],
        format=Format(row["format"]),
        sender=row["sender"],
        issuer=row["issuer"],
        statement_id=row["statement"],
        received_at=row["received_at"],
        verdict=load_verdict(row["verdict"]),
        key_thumbprint=row["thumbprint"],
        size=row["size"],
        content=bytes(row.get("content") or b""),
    )


_CREATE_DOCUMENTS = (
    "UNWIND $rows AS r CREATE (d:Document) SET d = r.props "
    "CREATE (e:Entry {index: r.props.index, document: r.props.id, accepted: r.props.accepted})-[:RECORDS]->(d)"
)
_SIGNED_WITH = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.document}) MATCH (k:Key {thumbprint: r.thumbprint}) "
    "CREATE (d)-[:SIGNED_WITH]->(k)"
)
# Anchors are merged by the statements that lead to them: intakes take turns (``_LOCK``), so none waits for another.
_CREATE_STATING = (
    "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) "
    "MERGE (a:{anchor} {{key: r.anchor.key}}) ON CREATE SET a += r.anchor "
    "CREATE (f:{label}) SET f = r.props CREATE (d)-[:ASSERTS]->(f) CREATE (f)-[:STATES]->(a)"
)
_CREATE_FACTS = (
    "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) "
    "CREATE (f:{label}) SET f = r.props CREATE (d)-[:ASSERTS]->(f)"
)
_CREATE_EDGES = (
    "UNWIND $rows AS r MATCH (f:{label} {{fid: r.fid}}) "
    "MERGE (a:{anchor} {{key: r.anchor.key}}) ON CREATE SET a += r.anchor "
    "CREATE (f)-[e:{type}]->(a) SET e = r.props"
)
_CREATE_ACTIVITIES = (
    "UNWIND $rows AS r MATCH (f:ProcessFact {fid: r.fid}) CREATE (v:Activity)-[:OF]->(f) SET v = r.props"
)
_CORROBORATE = (
    "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) MATCH (f:{label} {{fid: r.fid}}) "
    "CREATE (d)-[:ASSERTS]->(f)"
)
_SUPERSEDE = "UNWIND $rows AS r MATCH (f:{label} {{fid: r.fid}}) SET f.superseded = r.index"
_BOOK = "UNWIND $rows AS r MERGE (a:Account {key: r.key}) SET a.credit = r.credit, a.debit = r.debit"
_NEW_KEYS = (
    "UNWIND $rows AS r MERGE (o:Organization {key: r.anchor.key}) ON CREATE SET o += r.anchor "
    "CREATE (k:Key {thumbprint: r.thumbprint, jwk: r.jwk, organization: r.organization, registered: r.index, "
    "revoked: $never})-[:OF]->(o)"
)
# What was revoked or withdrawn before stays so from then on.
_REVOKE = (
    "UNWIND $rows AS r MATCH (k:Key {thumbprint: r.thumbprint}) WITH r, k WHERE k.revoked = $never "
    "SET k.revoked = r.index"
)
_WITHDRAW = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.document}) WITH r, d WHERE d.withdrawn IS NULL "
    "SET d.withdrawn = r.index"
)


def write_group(tx: Tx, admissions: list[Admission], accounts: dict[str, tuple[float, float]]) -> None:
    """Write judged documents with everything they imply, and advance the ledger past them."""
    if not admissions:
        return
    _write_documents(tx, admissions)
    written = [(a, r) for a in admissions for r in _fact_rows(a)]
    _write_facts(tx, written)
    _write_edges(tx, [r for _, r in written])
    _write_changes(tx, admissions)
    _put(tx, _BOOK, [{"key": k, "credit": c, "debit": d} for k, (c, d) in sorted(accounts.items())])
    tx.run(_ADVANCE, next=max(a.index for a in admissions) + 1)


def _put(tx: Tx, cypher: str, batch: list[Row], **params: Any) -> None:
    """Run a statement over rows in batches of 5,000 (where both engines are fastest)."""
    for start in range(0, len(batch), 5000):
        tx.run(cypher, rows=batch[start : start + 5000], **params)


def _write_documents(tx: Tx, admissions: list[Admission]) -> None:
    _put(tx, _CREATE_DOCUMENTS, [{"props": _document_props(a)} for a in admissions])
    signed = [{"document": a.id, "thumbprint": a.thumbprint} for a in admissions if a.thumbprint and not a.new_key]
    _put(tx, _SIGNED_WITH, signed)


def _document_props(admission: Admission) -> Row:
    props = {
        "id": admission.id,
        "index": admission.index,
        "format": admission.format.value,
        "sender": admission.sender,
        "issuer": admission.issuer,
        "statement": admission.statement_id,
        "received_at": admission.received_at,
        "verdict": dump_verdict(admission.verdict),
        "accepted": admission.verdict.accepted,
        "signed": int(bool(admission.thumbprint) and admission.verdict.accepted),
        "thumbprint": admission.thumbprint,
        "size": len(admission.content),
        "content": admission.content,
    }
    return props | {"replay": admission.replay} if admission.verdict.accepted else props


def _fact_rows(admission: Admission) -> Iterator[FactRows]:
    if admission.statement is None or not admission.verdict.accepted:
        return
    for position in (*admission.asserts_anew, *admission.conflicting):
        stated = admission.statement.facts[position]
        yield rows(stated, admission.issuer, admission.index, position not in admission.conflicting)


def _write_facts(tx: Tx, written: list[tuple[Admission, FactRows]]) -> None:
    by_kind: dict[Kind, list[Row]] = defaultdict(list)
    activities: list[Row] = []
    for admission, row in written:
        anchor = {"anchor": anchor_props(ANCHORS[row.kind], row.props["key"])} if row.kind in ANCHORS else {}
        by_kind[row.kind].append({"document": admission.id, "props": row.props} | anchor)
        activities.extend({"fid": row.fid, "props": props} for props in row.activities)
    for kind, batch in sorted(by_kind.items()):
        cypher = _CREATE_STATING if kind in ANCHORS else _CREATE_FACTS
        _put(tx, cypher.format(label=LABELS[kind], anchor=ANCHORS.get(kind)), batch)
    _put(tx, _CREATE_ACTIVITIES, activities)


def _write_edges(tx: Tx, written: list[FactRows]) -> None:
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in written:
        for edge in row.edges:
            if edge.type != "STATES":
                props = {"fid": row.fid, "anchor": anchor_props(edge.label, edge.key), "props": edge.props}
                grouped[(LABELS[row.kind], edge.type, edge.label)].append(props)
    for (label, kind, anchor), batch in sorted(grouped.items()):
        _put(tx, _CREATE_EDGES.format(label=label, type=kind, anchor=anchor), batch)


def _write_changes(tx: Tx, admissions: list[Admission]) -> None:
    accepted = [a for a in admissions if a.verdict.accepted]
    for cypher, name in ((_CORROBORATE, "corroborates"), (_SUPERSEDE, "supersedes")):
        by_kind: dict[Kind, list[Row]] = defaultdict(list)
        for a in accepted:
            for fact in getattr(a, name):
                by_kind[fact.kind].append({"document": a.id, "fid": fact.fid, "index": a.index})
        for kind, batch in sorted(by_kind.items()):
            _put(tx, cypher.format(label=LABELS[kind]), batch)
    keys = [
        {"thumbprint": k.thumbprint, "jwk": k.jwk, "organization": k.organization, "index": a.index}
        | {"anchor": anchor_props("Organization", k.organization)}
        for a in accepted
        if (k := a.new_key)
    ]
    _put(tx, _NEW_KEYS, keys, never=NEVER)
    _put(tx, _REVOKE, [{"thumbprint": t, "index": a.index} for a in accepted for t in a.revokes], never=NEVER)
    _put(tx, _WITHDRAW, [{"document": d, "index": a.index} for a in accepted for d in a.withdraws])
