"""Verifying one signed declaration offline, in any form: signature and authority, and its entry in the log. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import marshmallow as ma

from graph.model.documents import Format, Outcome, Received
from schemas.errors import StrictJsonError
from schemas.fields import Time
from schemas.moments import timestamp
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.ledger.entry import Leaf, parse_leaf
from service.ledger.errors import LedgerError
from service.ledger.note import Verifier
from service.ledger.proof import verify_proof
from service.ledger.quorum import NOBODY, Quorum
from service.receipts.report import Line, proven, word, wrong
from service.trust.anchors import NO_ANCHORS, TrustAnchors
from service.trust.authority import needs
from service.trust.envelope import decode_base64url
from service.trust.envelopes.base import OpenContext
from service.trust.forms import guess
from service.trust.keys import KeyRefused, KnownKey, load_jwk
from service.trust.limits import Limits
from service.trust.verify import Examined, examine
from service.trust.wanted import wanted


@dataclass(frozen=True, slots=True)
class Given:
    """What the reader of a declaration knows by itself, as far as the declaration needs it.

    ``jwk`` and ``issuer``: the signer's public key, and the organization that it belongs to. ``anchors``: authorities
    for certificates. ``did_document``, ``status_list``: the bytes that the signer's DID and the address of the status
    resolve to. ``audience``: the service that a key binding is made out to.
    """

    jwk: bytes = b""
    issuer: str = ""
    anchors: TrustAnchors = NO_ANCHORS
    did_document: bytes = b""
    status_list: bytes = b""
    audience: str = ""


def verify_declaration(
    content: bytes, given: Given, proof: bytes, logs: Sequence[Verifier], *, quorum: Quorum = NOBODY
) -> Line:
    """What can be shown of a declaration with what the reader knows and, where given, its proof from a log.

    ``quorum``: how many of which witnesses must have cosigned the proof's checkpoint.
    It is judged at the moment at which the log received it; without a proof, at the moment at which it says that it was
    issued, which its signature covers.
    """
    form = guess(content)
    content = content if form in (Format.DATA_INTEGRITY, Format.JSON) else content.strip()
    identity = sha256(content).hexdigest()
    try:
        known = {k.thumbprint: k for k in _known(given)}
    except KeyRefused as error:
        return wrong(f"declaration {identity}", "", wrong("key", str(error)))
    logged, at = _logged(identity, proof, logs, quorum)
    moment = _issued(content, form) if at is None else at
    found = examine(
        Received(content, form, given.issuer, moment), _context(content, form, known, given, moment), load_statement
    )
    lines = [*_examined(found), *_taken(found, known, given), logged]
    whole = proven if all(line.holds for line in lines) else wrong
    return whole(f"declaration {identity}", found.issuer, *lines)


def _known(given: Given) -> Iterator[KnownKey]:
    if given.jwk:
        yield KnownKey(given.issuer, load_jwk(given.jwk.decode("utf-8", "replace")))


def _context(content: bytes, form: Format, known: dict[str, KnownKey], given: Given, at: float) -> OpenContext:
    limits = Limits()
    needed = wanted(content, form, limits)
    return OpenContext(
        keys=known,
        at=at,
        limits=limits,
        audience=given.audience,
        did_documents=dict.fromkeys(needed.dids[:1], given.did_document) if given.did_document else {},
        status_lists=dict.fromkeys(needed.status_lists[:1], given.status_list) if given.status_list else {},
        anchors=given.anchors,
    )


def _logged(identity: str, proof: bytes, logs: Sequence[Verifier], quorum: Quorum) -> tuple[Line, float | None]:
    if quorum.needed and not (proof and logs):
        return wrong("log entry", "witnesses of it are asked for, which takes the proof and the ledger's key"), None
    if not proof or not logs:
        return word("log entry", "not looked at: it takes the proof and the ledger's key"), None
    try:
        shown = verify_proof(proof, logs[0], [*logs[1:], *quorum.witnesses])
        quorum.met_by(shown.signed)
        leaf = parse_leaf(shown.leaf)
        at = float(Time().deserialize(leaf.received))
    except (LedgerError, ma.ValidationError) as error:
        return wrong("log entry", str(error)), None
    names = ", ".join(sorted(v.name for v in shown.signed))
    return _entered(identity, leaf, f"number {shown.index}", names), at


def _entered(identity: str, leaf: Leaf, number: str, names: str) -> Line:
    if leaf.document != identity:
        return wrong("log entry", f"is about document {leaf.document}")
    if not leaf.accepted:
        return wrong("log entry", f"{number} says that it was refused ({leaf.failed})")
    return proven("log entry", f"{number}, received {leaf.received}, accepted; signed by {names}")


def _examined(found: Examined) -> Iterator[Line]:
    """Signature and authority; what not every form has, in the words of the check."""
    if found.statement is None:
        failed = found.failed
        yield wrong("checks", f"{failed.name}: {failed.detail}" if failed else "not passed")
        return
    if not found.signature_valid:
        yield wrong("signature", "there is none: an unsigned statement is its sender's word")
        return
    facts = ", ".join(sorted({s.fact.kind.value for s in found.statement.facts}))
    yield proven("signature", f"by key {found.thumbprint}, which may speak for {found.issuer}: {facts}")
    for check in found.checks:
        if check.name in ("disclosure", "credential-status") and check.outcome is Outcome.PASSED:
            yield proven(check.name, check.detail)
    for need in needs(found.statement, found.issuer):
        yield word(
            "delegation", f"{need.pointer} is a thing of {need.owner}: that it may speak for it is the log's word"
        )


def _taken(found: Examined, known: dict[str, KnownKey], given: Given) -> Iterator[Line]:
    """What rests on the word of whoever gave it to the reader."""
    if found.statement is None:
        return
    if found.thumbprint in known:
        yield word("owner", f"that key {found.thumbprint} is {given.issuer}'s is the word of whoever gave it to you")
    if found.vouched and found.rests_on:
        yield proven("certificate authority", "the chain leads to an authority that you trust yourself")
    if given.did_document:
        yield word("did-document", "that it is the document of the signer's DID is the word of whoever gave it to you")
    if given.status_list:
        yield word("status-list", "that it is the list in force is the word of whoever gave it to you")


def _issued(content: bytes, form: Format) -> float:
    """When a declaration says that it was issued; of an SD-JWT, when its holder made it out to a service."""
    text = content.rpartition(b"~")[2] if form is Format.SD_JWT else content
    payload = text if form in (Format.DATA_INTEGRITY, Format.JSON) else _payload(text)
    limits = Limits()
    try:
        value = parse(payload, max_depth=limits.json_depth, max_items=limits.json_items)
        members = value if isinstance(value, dict) else {}
        issued = members.get("iat")
        return float(issued) if type(issued) is int and issued < _LAST else timestamp(members.get("validFrom"))
    except (StrictJsonError, ValueError):
        return 0.0


_LAST = 7_289_654_400  # 2201-01-01, beyond what statements take


def _payload(text: bytes) -> bytes:
    parts = text.split(b".")
    return (decode_base64url(parts[1]) or b"") if len(parts) == 3 else b""
