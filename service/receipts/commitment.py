"""The record that commits the service to a receipt: a salted digest of all that it says, in the ledger. Pure.

The record stands there like any other entry, so the service cannot give another account of the same figure later and
deny this one; and it tells nobody what the receipt says. Documents, sums and proofs can be checked without it: it
holds the service to what only the service can know, the aggregates and what is in force.
"""

import hmac
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import rfc8785

from schemas.errors import StrictJsonError
from schemas.receipts import Receipt
from schemas.strict_json import parse

KIND = "receipt-commitment"


def said(receipt: Receipt) -> bytes:
    """All that a receipt says, in canonical JSON (RFC 8785); proofs, which show for themselves, left out."""
    about = receipt.subject
    exhibits: list[Any] = [
        [sha256(e.content).hexdigest(), e.format, e.issuer, e.index, list(e.in_force)] for e in receipt.exhibits
    ]
    aggregates: list[Any] = [[p.kind, p.key, p.hidden, list(p.emissions), list(p.mass)] for p in receipt.aggregates]
    statement: dict[str, Any] = {
        "subject": [about.kind, about.key, about.start, about.end],
        "policy": [receipt.policy, receipt.policy_version, receipt.gwp],
        "as_of": receipt.as_of,
        "figure": [receipt.unit, receipt.basis, receipt.lower_bound, dict(receipt.numbers), receipt.assurance],
        "content": dict(receipt.content) if receipt.content is not None else None,
        "judged": [receipt.moment, list(receipt.recognised), receipt.factors, receipt.audience],
        "exhibits": exhibits,
        "aggregates": aggregates,
    }
    if receipt.indicators is not None:  # a receipt given before there were any says nothing of them
        statement["indicators"] = {group: asdict(told) for group, told in receipt.indicators.items()}
    return bytes(rfc8785.dumps(statement))


def salt_of(receipt: Receipt, secret: bytes) -> str:
    """The salt, in hex: the same receipt has the same commitment, and nobody without the secret finds it."""
    return hmac.digest(secret, said(receipt), "sha256").hex()


def record_of(receipt: Receipt, salt: str) -> bytes:
    """The record for the ledger: SHA-256 over salt and all that the receipt says. Raises ``ValueError``."""
    commitment = sha256(bytes.fromhex(salt) + said(receipt)).hexdigest()
    return bytes(rfc8785.dumps({"kind": KIND, "commitment": commitment}))


def commits(record: bytes, receipt: Receipt) -> bool:
    """Whether a record of the ledger commits to a receipt."""
    try:
        return parse(record, max_depth=2) == parse(record_of(receipt, receipt.salt))
    except (StrictJsonError, ValueError):
        return False
