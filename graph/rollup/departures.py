"""Evidence that left the figures through nobody's word about the thing itself: what lost it says so.

What is withdrawn was taken back by whoever said it and is simply gone. What a compromised key signed, and what its
issuer revoked or suspended, is missing, so the figure names it until something else is said in its place.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from graph.model.refs import asserted_at
from graph.model.standing import CHANGED, COMPROMISE
from graph.model.tables import ChainTables
from graph.rollup.findings import Finding
from graph.rollup.links import Draft
from graph.rollup.names import marked
from graph.rollup.rows import Rows, documents_at, every

CODE = "evidence-compromised"

# What a row is about, by table.
ABOUT = {
    "products": "key",
    "lots": "key",
    "processes": "key",
    "footprints": "subject",
    "contents": "subject",
}


@dataclass(frozen=True)
class _Why:
    """Why documents left at one ledger index: the finding's code, and the reason in words."""

    code: str
    reason: str


def departures(tables: ChainTables, at: int, rows: Mapping[str, Rows]) -> dict[str, tuple[Finding, ...]]:
    """Findings by lot, process and product that lost evidence by index ``at``; ``rows``: what is in force then."""
    ends = _compromised(tables, at) | _changed(tables, at)
    gone = {fid: end for fid, end in tables.superseded.items() if end in ends and asserted_at(fid) < end}
    if not gone:
        return {}
    found: dict[str, set[Finding]] = {}
    ids = _ids(tables, {asserted_at(fid) for fid in gone})
    for table, column in ABOUT.items():
        lost = every(tables, table)
        lost = lost.where(np.isin(lost.ints("fid"), list(gone)))
        since = _said_since(rows[table], column, lost)
        for fid, key in zip(lost.ints("fid").tolist(), lost.text(column), strict=True):
            if since.get(key, -1) < gone[fid]:
                found.setdefault(key, set()).add(_finding(table, key, asserted_at(fid), ids, ends[gone[fid]]))
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _compromised(tables: ChainTables, at: int) -> dict[int, _Why]:
    """The ledger indexes up to ``at`` of revocations of compromised keys."""
    revoked = tables.rows["revocations"]
    ends = [asserted_at(fid) for fid, why in zip(revoked["fid"], revoked["reason"], strict=False) if why == COMPROMISE]
    return {end: _Why(CODE, "the key that signed it was compromised") for end in ends if end <= at}


def _changed(tables: ChainTables, at: int) -> dict[int, _Why]:
    """The ledger indexes up to ``at`` of records that a status has changed; the last one tells where it stands."""
    rows = tables.rows["statuses"]
    told = sorted(
        (asserted_at(fid), document, state)
        for fid, document, state in zip(rows["fid"], rows["document"], rows["state"], strict=False)
        if asserted_at(fid) <= at
    )
    last = {document: (index, state) for index, document, state in told}
    return {index: _why(*last[document]) for index, document, state in told if state in CHANGED}


def _why(index: int, state: str) -> _Why:
    """A suspension that was lifted does not bring back what was said: its issuer may state it again."""
    if state in CHANGED:
        return _Why(f"evidence-{state}", f"its issuer has {state} it (entry {index})")
    return _Why("evidence-suspended", f"its issuer suspended it until entry {index}, and may state it again")


def _ids(tables: ChainTables, documents: Collection[int]) -> dict[int, str]:
    rows = documents_at(tables, documents)
    return dict(zip(rows.ints("index").tolist(), rows.text("id"), strict=True))


def _said_since(rows: Rows, column: str, lost: Rows) -> dict[str, int]:
    """The latest ledger index at which something in force was said about what lost something; rows stand in the order
    of facts."""
    rows = rows.where(marked(rows.pool, lost.coded(column))[rows.coded(column)])
    return dict(zip(rows.text(column), rows.documents.tolist(), strict=True))


def _finding(table: str, key: str, index: int, ids: Mapping[int, str], why: _Why) -> Finding:
    message = f"{key}: document {ids.get(index, index)} left the figures, {why.reason}"
    return Finding(why.code, message, (key,), (index,), (key,) if table == "processes" else ())


def note_departures(draft: Draft) -> None:
    """Put what is missing on the nodes that it is missing from: the thing itself, and whatever is of its product."""
    lost = draft.facts.departed
    if not lost:
        return
    nodes, pool = draft.nodes, draft.facts.pool
    gone = marked(pool, pool.intern(list(lost)))
    product = np.append(draft.facts.products.codes.codes, 0)[nodes.product]
    for node in np.flatnonzero(gone[nodes.key.codes] | gone[product]).tolist():
        for name in {nodes.key[node], pool[int(product[node])]}:
            draft.notes.extend((node, finding) for finding in lost.get(name, ()))
