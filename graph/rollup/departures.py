"""Evidence that left the figures through nobody's word about the thing itself: what lost it says so.

What is withdrawn was taken back by whoever said it and is simply gone. What a compromised key signed, and what its
issuer revoked or suspended, is missing, so the figure names it until something else is said in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graph.model.refs import asserted_at
from graph.model.standing import CHANGED, COMPROMISE
from graph.model.tables import ChainTables
from graph.rollup.findings import Finding
from graph.rollup.links import Draft
from graph.rollup.rows import Rows

CODE = "evidence-compromised"

# What a row is about, by table.
_ABOUT = {
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
    if not ends:
        return {}
    gone = {fid: end for fid, end in tables.superseded.items() if end in ends and asserted_at(fid) < end}
    ids = dict(zip(tables.rows["documents"]["index"], tables.rows["documents"]["id"], strict=False))
    found: dict[str, set[Finding]] = {}
    for table, column in _ABOUT.items():
        since = _said_since(rows[table], column)
        for fid, key in zip(tables.rows[table]["fid"], tables.rows[table][column], strict=False):
            if fid in gone and since.get(key, -1) < gone[fid]:
                found.setdefault(key, set()).add(_finding(key, asserted_at(fid), ids, ends[gone[fid]]))
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


def _said_since(rows: Rows, column: str) -> dict[str, int]:
    """The latest ledger index at which something in force was said about each key; rows stand in the order of facts."""
    return dict(zip(rows.text(column), rows.documents.tolist(), strict=True))


def _finding(key: str, index: int, ids: Mapping[int, str], why: _Why) -> Finding:
    message = f"{key}: document {ids.get(index, index)} left the figures, {why.reason}"
    return Finding(why.code, message, (key,), (index,))


def note_departures(draft: Draft) -> None:
    """Put what is missing on the nodes that it is missing from: the thing itself, and whatever is of its product."""
    lost = draft.facts.departed
    if not lost:
        return
    product_keys = [*draft.facts.products.codes, ""]
    for node, key in enumerate(draft.nodes.key):
        for name in {key, product_keys[int(draft.nodes.product[node])]}:
            draft.notes.extend((node, finding) for finding in lost.get(name, ()))
