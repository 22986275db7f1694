"""Evidence that left the figures because the key that signed it was compromised: what lost it says so.

What is withdrawn was taken back by whoever said it and is simply gone. What a compromised key signed is missing through
nobody's word about the thing itself, so the figure names it until something else is said in its place.
"""

from collections.abc import Mapping

from graph.model.refs import asserted_at
from graph.model.standing import COMPROMISE
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


def departures(tables: ChainTables, at: int, rows: Mapping[str, Rows]) -> dict[str, tuple[Finding, ...]]:
    """Findings by lot, process and product that lost evidence by index ``at``; ``rows``: what is in force then."""
    revoked = tables.rows["revocations"]
    pairs = zip(revoked["fid"], revoked["reason"], strict=False)
    ends = {asserted_at(int(fid)) for fid, reason in pairs if reason == COMPROMISE and asserted_at(int(fid)) <= at}
    if not ends:
        return {}
    gone = {fid: end for fid, end in tables.superseded.items() if end in ends and asserted_at(fid) < end}
    ids = dict(zip(tables.rows["documents"]["index"], tables.rows["documents"]["id"], strict=False))
    found: dict[str, set[Finding]] = {}
    for table, column in _ABOUT.items():
        since = _said_since(rows[table], column)
        for fid, key in zip(tables.rows[table]["fid"], tables.rows[table][column], strict=False):
            if fid in gone and since.get(key, -1) < gone[fid]:
                found.setdefault(key, set()).add(_finding(key, asserted_at(fid), ids))
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _said_since(rows: Rows, column: str) -> dict[str, int]:
    """The latest ledger index at which something in force was said about each key; rows stand in the order of facts."""
    return dict(zip(rows.text(column), rows.documents.tolist(), strict=True))


def _finding(key: str, index: int, ids: Mapping[int, str]) -> Finding:
    message = f"{key}: document {ids.get(index, index)} left the figures, the key that signed it was compromised"
    return Finding(CODE, message, (key,), (index,))


def note_departures(draft: Draft) -> None:
    """Put what is missing on the nodes that it is missing from: the thing itself, and whatever is of its product."""
    lost = draft.facts.departed
    if not lost:
        return
    product_keys = [*draft.facts.products.codes, ""]
    for node, key in enumerate(draft.nodes.key):
        for name in {key, product_keys[int(draft.nodes.product[node])]}:
            draft.notes.extend((node, finding) for finding in lost.get(name, ()))
