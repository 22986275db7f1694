"""The one writing path: what the intake must know, and the group of documents it writes, in one transaction."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from math import inf
from typing import Any

from graph.model.documents import Format, StoredDocument
from graph.model.intake import (
    Admission,
    FactInForce,
    IntakeQuestion,
    IntakeState,
    KeyState,
    NamedStatus,
)
from graph.model.refs import NEVER, Kind, fact_id, uid
from graph.store import standing
from graph.store.database import Tx
from graph.store.fact_rows import ADDRESSED, ANCHORS, LABELS, Edge, FactRows, rows
from graph.store.validation import write_validation
from graph.store.verdicts import dump_verdict, load_verdict

Row = dict[str, Any]

# The next free ledger index lives in one node. It is written first in every intake, which on Neo4j locks out other
# writers until the commit and on ArcadeDB makes the later of two commits fail and run again: indexes stay gap-free.
_LOCK = "MERGE (c:Counter {id: 'ledger'}) ON CREATE SET c.next = 0 SET c.turn = $turn RETURN c.next AS next"
# What a process would keep of the chain is counted along, so that it can tell before it reads (``ledger_size``).
_ADVANCE = "MATCH (c:Counter {id: 'ledger'}) SET c.next = $next, c.rows = coalesce(c.rows, 0) + $rows"

DOCUMENT_COLUMNS = (
    "d.id AS id, d.index AS index, d.format AS format, d.sender AS sender, d.issuer AS issuer, "
    "d.statement AS statement, d.received_at AS received_at, d.verdict AS verdict, d.thumbprint AS thumbprint, "
    "d.size AS size, d.withdrawn AS left, d.about AS about"
)
_KNOWN = f"UNWIND $ids AS id MATCH (d:Document {{id: id}}) RETURN {DOCUMENT_COLUMNS}"
# What nearly every group asks is one statement: a round trip costs more than what most of these find.
# Nearly every fact has the same `superseded`: behind WITH, no planner takes that index for the way in.
_ASKED = (
    "UNWIND $documents AS id MATCH (d:Document {id: id}) "
    "RETURN 'known' AS what, d.id AS key, null AS fid, null AS issuer, null AS digest, null AS flows, [] AS ids, "
    "0.0 AS credit, 0.0 AS debit",
    "UNWIND $replays AS name MATCH (d:Document {replay: name}) "
    "RETURN 'replay' AS what, d.replay AS key, null AS fid, null AS issuer, null AS digest, null AS flows, [] AS ids, "
    "0.0 AS credit, 0.0 AS debit",
    "UNWIND $thumbprints AS t MATCH (k:Key {thumbprint: t}) "
    "RETURN 'key' AS what, k.thumbprint AS key, k.revoked AS fid, k.organization AS issuer, null AS digest, "
    "null AS flows, [] AS ids, coalesce(k.retires, $endless) AS credit, 0.0 AS debit",
    "UNWIND $accounts AS key MATCH (a:Account {key: key}) "
    "RETURN 'account' AS what, a.key AS key, null AS fid, null AS issuer, null AS digest, null AS flows, [] AS ids, "
    "a.credit AS credit, a.debit AS debit",
)
_IN_FORCE = (
    "UNWIND ${label} AS key MATCH (f:{label} {{key: key}}) WITH f WHERE f.superseded = $never "
    "MATCH (d:Document)-[:ASSERTS]->(f) WITH f, d WHERE d.withdrawn IS NULL "
    "RETURN '{label}' AS what, f.key AS key, f.fid AS fid, f.issuer AS issuer, f.digest AS digest, f.flows AS flows, "
    "collect(d.id) AS ids, 0.0 AS credit, 0.0 AS debit"
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
    found = _answers(tx, question)
    in_force = tuple(_in_force(row, kind) for kind, label in LABELS.items() for row in found[label])
    signed = standing.read_signed(tx, question.compromised)
    resting = standing.read_resting(tx, question.compromised)
    leaving = {d.id for logged in signed.values() for d in logged}
    leaving |= {r.document.id for found in resting.values() for r in found}
    logged = standing.read_logged(tx, question.changed)
    leaving |= logged.keys()
    asserted = _read_asserted(tx, tuple(sorted(leaving.union(question.withdrawn))))
    touched = {a for fact in (*in_force, *chain.from_iterable(asserted.values())) for a, _, _ in fact.flows}
    further = _ask(tx, _ACCOUNTS, keys=tuple(sorted(touched - set(question.accounts))))
    return IntakeState(
        next_index=next_index,
        known={r["id"]: stored(r) for r in _ask(tx, _KNOWN, ids=tuple(r["key"] for r in found["known"]))},
        replayed=frozenset(r["key"] for r in found["replay"]),
        keys={r["key"]: KeyState(r["issuer"], r["fid"] != NEVER, r["credit"]) for r in found["key"]},
        in_force=in_force,
        issuers={r["id"]: r["issuer"] for r in _ask(tx, _ISSUERS, ids=question.withdrawn)},
        asserted=asserted,
        accounts={r["key"]: (r["credit"], r["debit"]) for r in (*found["account"], *further)},
        signed=signed,
        resting=resting,
        delegations=standing.read_delegations(tx, question.delegations),
        lot_products=standing.read_lot_products(tx, question.lots),
        logged=logged,
    )


def _answers(tx: Tx, question: IntakeQuestion) -> dict[str, list[Row]]:
    """Rows by what they are about: a document, a replayed name, a key, an account, or facts of a label."""
    labels = {LABELS[kind]: list(keys) for kind, keys in question.facts.items() if keys}
    cypher = " UNION ALL ".join((*_ASKED, *(_IN_FORCE.format(label=label) for label in sorted(labels))))
    plain = {n: list(getattr(question, n)) for n in ("documents", "replays", "thumbprints", "accounts")}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in tx.run(cypher, never=NEVER, endless=inf, **plain, **labels):
        found[row["what"]].append(row)
    return found


def _ask(tx: Tx, cypher: str, **params: Any) -> list[Row]:
    """Run a statement over a list, unless the list is empty."""
    asked = next(iter(params.values()))
    return tx.run(cypher, **{k: list(v) if isinstance(v, tuple) else v for k, v in params.items()}) if asked else []


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
        left=row["left"],
        about=row["about"] or "",
        content=bytes(row.get("content") or b""),
    )


_ENTRY = "index: r.index, document: r.id, accepted: r.accepted, leaf: r.leaf, hash: r.leaf_hash"
# What is created is created whole, by an inline map: `SET d = r.props` on a new node writes it twice on ArcadeDB.
_CREATE_DOCUMENTS = "UNWIND $rows AS r CREATE (e:Entry {{{entry}}})-[:RECORDS]->(d:Document {{{props}}})"
_CREATE_SIGNED = (
    "UNWIND $rows AS r MATCH (k:Key {{thumbprint: r.signed_with}}) "
    "CREATE (e:Entry {{{entry}}})"
    "-[:RECORDS]->(d:Document {{{props}}})-[:SIGNED_WITH]->(k)"
)
# Anchors are merged by the statements that lead to them: intakes take turns (``_LOCK``), so none waits for another.
_CREATE_STATING = (
    "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) MERGE (a:{anchor} {{key: r.key}}){addressed} "
    "CREATE (d)-[:ASSERTS]->(f:{label} {{{props}}})-[:STATES]->(a)"
)
_CREATE_FACTS = "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) CREATE (d)-[:ASSERTS]->(f:{label} {{{props}}})"
# No name is used twice in one statement: what that means differs between engines.
_EDGE = (
    " FOREACH ({row} IN r.{name} | MERGE ({to}:{anchor} {{key: {row}.to}}){addressed} "
    "CREATE (f)-[:{type} {{{props}}}]->({to}))"
)
# What has an address in URLs is found by it from the moment that anybody names it.
_ADDRESSED = " ON CREATE SET {to}.uid = {row}.uid"
_ACTIVITY = " FOREACH (v IN r.activities | CREATE (:{label} {{{props}}})-[:OF]->(f))"
_CORROBORATE = (
    "UNWIND $rows AS r MATCH (d:Document {{id: r.document}}) MATCH (f:{label} {{fid: r.fid}}) "
    "CREATE (d)-[:ASSERTS]->(f)"
)
_SUPERSEDE = "UNWIND $rows AS r MATCH (f:{label} {{fid: r.fid}}) SET f.superseded = r.index"
_BOOK = "UNWIND $rows AS r MATCH (a:Account {key: r.key}) SET a.credit = r.credit, a.debit = r.debit"
_OPEN = "UNWIND $rows AS r CREATE (:Account {key: r.key, credit: r.credit, debit: r.debit})"
_NEW_KEYS = (
    "UNWIND $rows AS r MERGE (o:Organization {key: r.organization}) "
    "CREATE (k:Key {thumbprint: r.thumbprint, jwk: r.jwk, organization: r.organization, registered: r.index, "
    "revoked: $never})-[:OF]->(o)"
)
# Two keys may replace one: it goes with the first of them.
_RETIRE = (
    "UNWIND $rows AS r MATCH (k:Key {thumbprint: r.replaces}) "
    "SET k.retires = CASE WHEN coalesce(k.retires, r.until) < r.until THEN k.retires ELSE r.until END, "
    "k.replaced_by = r.thumbprint"
)
_REST = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.document}) MATCH (f:DelegationFact {fid: r.fid}) "
    "CREATE (d)-[:ON_AUTHORITY_OF]->(f)"
)
_NAME_STATUS = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.document}) MERGE (l:StatusList {url: r.url}) "
    "CREATE (d)-[:STATUS_IN {issuer: r.issuer, purpose: r.purpose, place: r.place}]->(l) SET l.seen = r.seen"
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


def write_group(
    tx: Tx, admissions: list[Admission], accounts: dict[str, tuple[float, float]], opened: Collection[str]
) -> None:
    """Write judged documents with everything they imply, and advance the ledger past them.

    ``accounts``: credit and debit of every account that they touched; ``opened``: accounts that the graph has already.
    """
    if not admissions:
        return
    _write_documents(tx, admissions)
    write_validation(tx, admissions)
    written = [(a, r) for a in admissions for r in _fact_rows(a)]
    _write_facts(tx, written)
    _write_changes(tx, admissions)
    booked = [{"key": k, "credit": c, "debit": d} for k, (c, d) in sorted(accounts.items())]
    _put(tx, _OPEN, [row for row in booked if row["key"] not in opened])
    _put(tx, _BOOK, [row for row in booked if row["key"] in opened])
    size = sum(1 for a in admissions if a.verdict.accepted) + sum(row.size for _, row in written)
    tx.run(_ADVANCE, next=max(a.index for a in admissions) + 1, rows=size)


def _put(tx: Tx, cypher: str, batch: list[Row], **params: Any) -> None:
    """Run a statement over rows in batches of 5,000 (where both engines are fastest)."""
    for start in range(0, len(batch), 5000):
        tx.run(cypher, rows=batch[start : start + 5000], **params)


def _write_documents(tx: Tx, admissions: list[Admission]) -> None:
    for signed, cypher in ((True, _CREATE_SIGNED), (False, _CREATE_DOCUMENTS)):
        written = [a for a in admissions if _by_registered_key(a) is signed]
        batch = [_document_props(a) for a in written]
        if batch:
            statement = cypher.format(entry=_ENTRY, props=_inline("r", batch))
            _put(tx, statement, [row | _leaf(a) for row, a in zip(batch, written, strict=True)])


def _place(admission: Admission, status: NamedStatus) -> Row:
    named = {"issuer": status.issuer, "purpose": status.purpose, "place": status.place, "url": status.url}
    return named | {"document": admission.id, "seen": admission.received_at}


def _leaf(admission: Admission) -> Row:
    return {"leaf": admission.leaf, "leaf_hash": admission.leaf_hash, "signed_with": admission.signed_with}


def _by_registered_key(admission: Admission) -> bool:
    """There is a key to tie the document to: not yet for the registration itself, never for a certificate's."""
    return bool(admission.signed_with and not admission.new_key)


def _inline(row: str, batch: Iterable[Row]) -> str:
    """An inline map of every property that some row has; what a row lacks is null, which sets nothing."""
    names = sorted(set().union(*batch))
    return ", ".join(f"{name}: {row}.{name}" for name in names)


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
        "ended": _ended(admission),
    }
    props |= {"vouched": admission.signed_with} if admission.signed_with not in ("", admission.thumbprint) else {}
    if admission.change:
        props |= {"about": admission.change.document, "about_index": admission.about, "state": admission.change.state}
    return props | {"replay": admission.replay} if admission.verdict.accepted else props


def _ended(admission: Admission) -> list[int]:
    """Facts that are not in force from this document on: what it supersedes, and what in it conflicts.

    Kept with the document, so that a reader who catches up need not look through all facts for them.
    """
    if not admission.verdict.accepted:
        return []
    conflicting = [fact_id(admission.index, position) for position in admission.conflicting]
    return sorted([*(f.fid for f in admission.supersedes), *conflicting])


def _fact_rows(admission: Admission) -> Iterator[FactRows]:
    if admission.statement is None or not admission.verdict.accepted:
        return
    for position in (*admission.asserts_anew, *admission.conflicting):
        stated = admission.statement.facts[position]
        yield rows(stated, admission.issuer, admission.index, position not in admission.conflicting)


def _write_facts(tx: Tx, written: list[tuple[Admission, FactRows]]) -> None:
    """One statement a kind: facts, their anchors, and all edges and activities that start from them."""
    by_kind: dict[Kind, list[tuple[Admission, FactRows]]] = defaultdict(list)
    for admission, row in written:
        by_kind[row.kind].append((admission, row))
    for kind, facts in sorted(by_kind.items()):
        stating = _CREATE_STATING if kind in ANCHORS else _CREATE_FACTS
        props = _inline("r.props", [row.props for _, row in facts])
        anchor = ANCHORS.get(kind, "")
        cypher = stating.format(label=LABELS[kind], anchor=anchor, props=props, addressed=_addressed(anchor, "a", "r"))
        edges = [[e for e in row.edges if e.type != "STATES"] for _, row in facts]
        cypher += "".join(_edge_clauses(edges)) + _activity_clause(kind, [row for _, row in facts])
        _put(tx, cypher, [_fact_row(a, row, e) for (a, row), e in zip(facts, edges, strict=True)])


def _edge_clauses(edges: list[list[Edge]]) -> Iterator[str]:
    named: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for edge in chain.from_iterable(edges):
        named[(edge.type, edge.label)].append(edge.props)
    for (kind, label), props in sorted(named.items()):
        name = _list_name(kind, label)
        row, to = f"e_{name}", f"t_{name}"
        addressed = _addressed(label, to, row)
        yield _EDGE.format(
            name=name, row=row, to=to, anchor=label, type=kind, props=_inline(row, props), addressed=addressed
        )


def _addressed(anchor: str, to: str, row: str) -> str:
    return _ADDRESSED.format(to=to, row=row) if anchor in ADDRESSED else ""


def _list_name(kind: str, label: str) -> str:
    return f"{kind}_{label}".lower()


def _activity_clause(kind: Kind, facts: list[FactRows]) -> str:
    props = [props for row in facts for props in row.activities]
    label = "Factor" if kind is Kind.FACTOR_SET else "Activity"
    return _ACTIVITY.format(label=label, props=_inline("v", props)) if props else ""


def _fact_row(admission: Admission, row: FactRows, edges: list[Edge]) -> Row:
    key = row.props["key"]
    found: Row = {"document": admission.id, "key": key, "props": row.props} | _address(ANCHORS.get(row.kind, ""), key)
    for edge in edges:
        to = {"to": edge.key} | _address(edge.label, edge.key)
        found.setdefault(_list_name(edge.type, edge.label), []).append(edge.props | to)
    if row.activities:
        found["activities"] = list(row.activities)
    return found


def _address(anchor: str, key: str) -> Row:
    return {"uid": uid(ADDRESSED[anchor], key)} if anchor in ADDRESSED else {}


def _write_changes(tx: Tx, admissions: list[Admission]) -> None:
    accepted = [a for a in admissions if a.verdict.accepted]
    for cypher, name in ((_CORROBORATE, "corroborates"), (_SUPERSEDE, "supersedes")):
        by_kind: dict[Kind, list[Row]] = defaultdict(list)
        for a in accepted:
            for fact in getattr(a, name):
                by_kind[fact.kind].append({"document": a.id, "fid": fact.fid, "index": a.index})
        for kind, batch in sorted(by_kind.items()):
            _put(tx, cypher.format(label=LABELS[kind]), batch)
    _put(tx, _NAME_STATUS, [_place(a, s) for a in accepted for s in a.statuses])
    _put(tx, _REST, [{"document": a.id, "fid": given.fid} for a in accepted for given in a.authority])
    keys = [
        {"thumbprint": k.thumbprint, "jwk": k.jwk, "organization": k.organization, "index": a.index}
        for a in accepted
        if (k := a.new_key)
    ]
    _put(tx, _NEW_KEYS, keys, never=NEVER)
    new = [k for a in accepted if (k := a.new_key) and k.replaces]
    _put(
        tx,
        _RETIRE,
        [{"replaces": k.replaces, "until": k.overlap_until, "thumbprint": k.thumbprint} for k in new],
    )
    _put(tx, _REVOKE, [{"thumbprint": t, "index": a.index} for a in accepted for t in a.revokes], never=NEVER)
    _put(tx, _WITHDRAW, [{"document": d, "index": a.index} for a in accepted for d in a.withdraws])
