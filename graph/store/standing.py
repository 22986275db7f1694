"""Who speaks by whose authority, as the intake must know it: what a key signed, and delegations in force.

Each question is asked only where a document gives cause: a compromised key, or a declaration about another's thing.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from graph.model.intake import DelegationInForce, LoggedDocument, Resting
from graph.model.refs import NEVER, fact_id
from graph.store.database import Tx
from graph.store.fact_rows import pair_of

_SIGNED = (
    "UNWIND $keys AS key MATCH (d:Document)-[:SIGNED_WITH]->(k:Key {thumbprint: key.thumbprint}) "
    "WHERE d.accepted AND d.received_at >= key.since AND d.withdrawn IS NULL "
    "RETURN k.thumbprint AS thumbprint, d.id AS id, d.index AS index, d.received_at AS received_at"
)
# Documents that rest on a delegation which such a key was the first to make, withdrawn meanwhile or not.
_RESTING = (
    "UNWIND $keys AS key MATCH (o:Document)-[:ON_AUTHORITY_OF]->(f:DelegationFact)<-[:ASSERTS]-(d:Document)"
    "-[:SIGNED_WITH]->(k:Key {thumbprint: key.thumbprint}) "
    "WHERE d.received_at >= key.since AND o.withdrawn IS NULL AND f.fid >= d.index * $facts "
    "AND f.fid < (d.index + 1) * $facts "
    "RETURN k.thumbprint AS thumbprint, d.received_at AS delegated_at, o.id AS id, o.index AS index, "
    "o.received_at AS received_at"
)
_DELEGATIONS = (
    "UNWIND $pairs AS pair MATCH (f:DelegationFact {pair: pair}) WITH f WHERE f.superseded = $never "
    "MATCH (d:Document)-[:ASSERTS]->(f) WITH f, d WHERE d.withdrawn IS NULL "
    "RETURN f.fid AS fid, f.issuer AS issuer, f.delegate AS delegate, f.delegate_key AS key, f.kinds AS kinds, "
    "f.about_kind AS about_kind, f.about AS about, f.valid_from AS opens, f.valid_to AS closes, d.id AS document, "
    "coalesce(d.vouched, d.thumbprint) AS signed_with, d.received_at AS logged_at ORDER BY d.index DESC"
)
_AUTHORITY = (
    "UNWIND $indexes AS i MATCH (d:Document {index: i})-[:ON_AUTHORITY_OF]->(f:DelegationFact) "
    "RETURN DISTINCT f.fid AS fid ORDER BY fid"
)
_LOT_PRODUCTS = (
    "UNWIND $lots AS key MATCH (f:LotFact {key: key}) WITH f WHERE f.superseded = $never "
    "RETURN f.key AS key, f.product AS product"
)

_LOGGED = (
    "UNWIND $ids AS id MATCH (d:Document {id: id}) WHERE d.accepted "
    "RETURN d.id AS id, d.index AS index, d.received_at AS received_at"
)


def read_logged(tx: Tx, documents: tuple[str, ...]) -> dict[str, LoggedDocument]:
    """The accepted ones of these documents by id."""
    rows = tx.run(_LOGGED, ids=list(documents)) if documents else []
    return {r["id"]: LoggedDocument(r["id"], r["index"], r["received_at"]) for r in rows}


def read_signed(tx: Tx, compromised: Mapping[str, float]) -> dict[str, tuple[LoggedDocument, ...]]:
    """Documents in force by the key that signed them, logged at or after the moment that is given for the key."""
    found: dict[str, list[LoggedDocument]] = defaultdict(list)
    for row in tx.run(_SIGNED, keys=_keys(compromised)) if compromised else ():
        found[row["thumbprint"]].append(LoggedDocument(row["id"], row["index"], row["received_at"]))
    return {thumbprint: tuple(logged) for thumbprint, logged in found.items()}


def read_resting(tx: Tx, compromised: Mapping[str, float]) -> dict[str, tuple[Resting, ...]]:
    """Documents in force that rest on delegations which these keys made at or after those moments."""
    found: dict[str, list[Resting]] = defaultdict(list)
    for row in tx.run(_RESTING, keys=_keys(compromised), facts=fact_id(1, 0)) if compromised else ():
        logged = LoggedDocument(row["id"], row["index"], row["received_at"])
        found[row["thumbprint"]].append(Resting(row["delegated_at"], logged))
    return {thumbprint: tuple(resting) for thumbprint, resting in found.items()}


def _keys(compromised: Mapping[str, float]) -> list[dict[str, str | float]]:
    return [{"thumbprint": thumbprint, "since": since} for thumbprint, since in compromised.items()]


def read_delegations(tx: Tx, pairs: tuple[tuple[str, str], ...]) -> tuple[DelegationInForce, ...]:
    """Delegations in force by pairs of delegator and delegate. Of several documents the first made the delegation."""
    if not pairs:
        return ()
    rows = tx.run(_DELEGATIONS, pairs=[pair_of(*pair) for pair in pairs], never=NEVER)
    first = {row["fid"]: row for row in rows}
    return tuple(_delegation(first[fid]) for fid in sorted(first))


def _delegation(row: Mapping[str, Any]) -> DelegationInForce:
    plain = {name: value for name, value in row.items() if name not in ("kinds", "opens", "closes")}
    return DelegationInForce(**plain, kinds=tuple(row["kinds"]), start=row["opens"], end=row["closes"])


def authority_of(tx: Tx, indexes: list[int]) -> list[int]:
    """Fids of the delegations that the documents at these ledger indexes speak by."""
    return [int(row["fid"]) for row in tx.run(_AUTHORITY, indexes=indexes)] if indexes else []


def read_lot_products(tx: Tx, lots: tuple[str, ...]) -> dict[str, str]:
    """Product by lot, where somebody in force says of what it is."""
    return {r["key"]: r["product"] for r in tx.run(_LOT_PRODUCTS, lots=list(lots), never=NEVER)} if lots else {}
