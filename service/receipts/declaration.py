"""Verifying one signed declaration offline: its signature and authority, and its entry in the log. Pure."""

from collections.abc import Sequence
from hashlib import sha256

import marshmallow as ma

from graph.model.documents import Format, Received
from schemas.errors import StrictJsonError
from schemas.fields import Time
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.ledger.entry import parse_leaf
from service.ledger.errors import LedgerError
from service.ledger.note import Verifier
from service.ledger.proof import verify_proof
from service.receipts.report import Line, proven, word, wrong
from service.trust import envelope
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KeyRefused, KnownKey, load_jwk
from service.trust.limits import Limits
from service.trust.verify import examine


def verify_declaration(content: bytes, jwk: bytes, issuer: str, proof: bytes, logs: Sequence[Verifier]) -> Line:
    """What can be shown of a compact JWS with the signer's public key (JWK) and, where given, its proof from a log.

    It is judged at the moment at which the log received it; without a proof, at the moment at which it was issued.
    """
    content = content.strip()
    identity = sha256(content).hexdigest()
    try:
        known = KnownKey(issuer, load_jwk(jwk.decode("utf-8", "replace")))
    except KeyRefused as error:
        return wrong(f"declaration {identity}", "", wrong("key", str(error)))
    logged, at = _logged(identity, proof, logs)
    checked = _examined(content, known, at)
    whole = proven if logged.holds and checked.holds else wrong
    owner = word("owner", f"that key {known.thumbprint} is {issuer}'s is the word of whoever gave it to you")
    return whole(f"declaration {identity}", issuer, checked, owner, logged)


def _logged(identity: str, proof: bytes, logs: Sequence[Verifier]) -> tuple[Line, float | None]:
    if not proof or not logs:
        return word("log entry", "not looked at: it takes the proof and the ledger's key"), None
    try:
        shown = verify_proof(proof, logs[0], logs[1:])
        leaf = parse_leaf(shown.leaf)
        at = float(Time().deserialize(leaf.received))
    except (LedgerError, ma.ValidationError) as error:
        return wrong("log entry", str(error)), None
    if leaf.document != identity:
        return wrong("log entry", f"is about document {leaf.document}"), at
    if not leaf.accepted:
        return wrong("log entry", f"number {shown.index} says that it was refused ({leaf.failed})"), at
    names = ", ".join(sorted(v.name for v in shown.signed))
    return proven("log entry", f"number {shown.index}, received {leaf.received}, accepted; signed by {names}"), at


def _examined(content: bytes, known: KnownKey, at: float | None) -> Line:
    """Judged as if received when it was issued, where nobody says when it was received."""
    keys, limits = {known.thumbprint: known}, Limits()
    received = Received(content, Format.JWS, known.organization, at or 0.0)
    found = examine(received, OpenContext(keys, at or 0.0, limits), load_statement)
    if at is None and found.signature_valid:
        issued = _issued(content, limits)
        found = examine(received, OpenContext(keys, issued, limits), load_statement)
    if found.statement is None:
        failed = found.failed
        return wrong("checks", f"{failed.name}: {failed.detail}" if failed else "not passed")
    facts = ", ".join(sorted({s.fact.kind.value for s in found.statement.facts}))
    return proven("signature", f"by key {known.thumbprint}, which may speak for {found.issuer}: {facts}")


def _issued(content: bytes, limits: Limits) -> float:
    """When a declaration whose signature holds says that it was issued."""
    try:
        payload = parse(envelope.split(content, limits).payload, max_depth=limits.json_depth)
    except StrictJsonError:
        return 0.0
    issued = payload.get("iat") if isinstance(payload, dict) else None
    return float(issued) if isinstance(issued, int) else 0.0
