"""What a ledger entry says in public: a leaf that names neither organizations nor lots. Pure.

A leaf is RFC 8785 JSON. What could be guessed (issuer, subjects, the issuer's id of the statement) stands in it as a
commitment: SHA-256 over a secret salt of 32 bytes and the canonical value. Salts are derived one by one from a secret
of the service, so that one can be told without telling another.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

import rfc8785

from graph.model.documents import Format, StoredDocument, ValidationDatum, Verdict
from graph.model.facts import Statement
from graph.model.intake import Admission
from schemas.documents import moment
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.ledger.errors import ProofRefused
from service.ledger.merkle import leaf_hash
from service.ledger.policy import is_policy

MAX_LEAF = 4096
# What an entry is about, by the kind of fact in it; the first that applies counts.
_KINDS: Final = {"key-revocation": "key-revocation", "delegation": "delegation", "withdrawal": "correction"}
_STATES: Final = ("key_in_force", "signature_valid", "signer_authorised")  # sorted
_TEXTS: Final = ("document", "issuer", "kind", "policy", "received")
_OPTIONAL: Final = ("key", "statement", "subject", "validation")
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
# The members of a leaf are written in the order of RFC 8785, and those written plainly need no escapes in JSON.
_WORDS: Final = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens one commitment: the salt in hex, and the value that it was made over."""

    salt: str
    value: list[Any]

    def opens(self, commitment: str) -> bool:
        """Whether the commitment (hex) was made over this value with this salt."""
        try:
            made = sha256(bytes.fromhex(self.salt) + bytes(rfc8785.dumps(self.value))).hexdigest()
        except (ValueError, TypeError, rfc8785.CanonicalizationError):
            return False
        return hmac.compare_digest(made.encode(), commitment.encode())


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes leaves. ``secret``: what the salts are derived from; ``policy``: version of the checks (``policy``)."""

    secret: bytes = field(repr=False)
    policy: str = ""

    def entered(self, admission: Admission) -> Admission:
        """The admission with its leaf, ready to be written with it."""
        subject = self._commit("subject", admission.id, ["subject", subjects(admission.statement)])
        seen = validated(admission.validation)
        validation = self._commit("validation", admission.id, ["validation", seen]) if seen else ""
        leaf = self._leaf(admission, _kind(admission), admission.thumbprint, subject, validation)
        return replace(admission, leaf=leaf, leaf_hash=leaf_hash(leaf))

    def entered_late(self, document: StoredDocument) -> bytes:
        """The leaf of a document that was taken in before entries had leaves: it says nothing of its subjects."""
        registered = document.format.value.startswith("application/key-registration")
        kind = "key-registration" if registered else "statement"
        return self._leaf(document, kind if document.verdict.accepted else "rejection", document.key_thumbprint, "")

    def issuer(self, document: str, issuer: str) -> Opening:
        """What opens the issuer's commitment in the entry of one document."""
        return Opening(self._salt("issuer", document).hex(), ["issuer", issuer])

    def subject(self, document: str, facts: list[list[str]]) -> Opening:
        """What opens the subjects' commitment in the entry of one document (``subjects``)."""
        return Opening(self._salt("subject", document).hex(), ["subject", facts])

    def validation(self, document: str, data: Iterable[ValidationDatum]) -> Opening:
        """What opens the commitment to what a document was examined with (``validated``)."""
        return Opening(self._salt("validation", document).hex(), ["validation", validated(data)])

    def statement(self, issuer: str, identity: str) -> Opening:
        """What opens the commitment to an issuer's id of a statement.

        Its salt follows from issuer and id, not from the document: the same id used for other bytes shows as the same
        commitment a second time, and nobody learns whose id it is.
        """
        return Opening(self._salt("statement", f"{issuer}|{identity}").hex(), ["statement", issuer, identity])

    def _leaf(
        self, entry: Admission | StoredDocument, kind: str, thumbprint: str, subject: str, validation: str = ""
    ) -> bytes:
        issuer, identity, statement = entry.issuer, entry.statement_id, ""
        if identity:
            statement = self._commit("statement", f"{issuer}|{identity}", ["statement", issuer, identity])
        texts = (
            ("document", entry.id),
            ("issuer", self._commit("issuer", entry.id, ["issuer", issuer])),
            ("key", thumbprint),
            ("kind", kind),
            ("policy", self.policy),
            ("received", moment(entry.received_at)),
            ("statement", statement),
            ("subject", subject),
            ("validation", validation),
        )
        plain = ",".join([f'"{name}":"{value}"' for name, value in texts if value or name == "policy"])
        return f'{{{plain},"verdict":{_verdict(entry.verdict)}}}'.encode()

    def _commit(self, purpose: str, name: str, value: list[Any]) -> str:
        return sha256(self._salt(purpose, name) + _canonical(value).encode("utf-8", "surrogatepass")).hexdigest()

    def _salt(self, purpose: str, name: str) -> bytes:
        return hmac.digest(self.secret, f"{purpose}\n{name}".encode("utf-8", "surrogatepass"), "sha256")


def subjects(statement: Statement | None) -> list[list[str]]:
    """What a statement speaks about: kind and key of each thing once, sorted."""
    facts = statement.facts if statement else ()
    return [list(pair) for pair in sorted({(s.fact.kind.value, s.fact.ref.key) for s in facts})]


def validated(data: Iterable[ValidationDatum]) -> list[list[str]]:
    """What a document was examined with: kind, name and digest of each, sorted."""
    return [list(each) for each in sorted({(d.kind.value, d.name, d.digest) for d in data})]


def _kind(admission: Admission) -> str:
    if not admission.verdict.accepted:
        return "rejection"
    if admission.format is Format.RECORD:
        plain = "policy" if is_policy(admission.content) else "record"
        own = "factor-set" if admission.statement else plain
        return "status-change" if admission.change else own
    if admission.new_key:
        return "key-registration"
    stated = {s.fact.kind.value for s in admission.statement.facts} if admission.statement else set()
    for fact, kind in _KINDS.items():
        if fact in stated:
            return kind
    return "correction" if admission.supersedes else "statement"


def _verdict(verdict: Verdict) -> str:
    """Accepted or not, the check that refused, and the three facts that are kept apart, as canonical JSON."""
    failed = verdict.failed
    members = [f'"accepted":{_WORDS[verdict.accepted]}', *([f'"failed":"{failed.name}"'] if failed else ())]
    states = ((name, getattr(verdict, name)) for name in _STATES)
    return "{" + ",".join([*members, *(f'"{name}":{_WORDS[s]}' for name, s in states if s is not None)]) + "}"


def _canonical(value: Any) -> str:
    """RFC 8785 of nested lists of texts; the library takes five times as long, and a test compares the two."""
    return _quoted(value) if isinstance(value, str) else "[" + ",".join(map(_canonical, value)) + "]"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as a stranger reads it. What an entry has none of (``key``, ``statement`` and others) is empty."""

    document: str
    kind: str
    policy: str
    received: str
    issuer: str
    accepted: bool
    failed: str = ""
    key: str = ""
    statement: str = ""
    subject: str = ""
    validation: str = ""


def parse_leaf(content: bytes) -> Leaf:
    """Read a leaf. Raises ``ProofRefused`` for what is not canonical JSON with the members that a leaf has."""
    try:
        members = parse(content, max_depth=4, max_items=64) if len(content) <= MAX_LEAF else None
    except StrictJsonError as error:
        raise ProofRefused(f"an entry {error}") from error
    if not isinstance(members, dict) or not isinstance(verdict := members.get("verdict"), dict):
        raise ProofRefused("an entry is a JSON object with a verdict")
    texts: dict[str, Any] = {n: members.get(n) for n in _TEXTS} | {n: members[n] for n in _OPTIONAL if n in members}
    accepted, failed = verdict.get("accepted"), verdict.get("failed", "")
    if not all(isinstance(value, str) for value in (*texts.values(), failed)) or not isinstance(accepted, bool):
        raise ProofRefused("a member of an entry is missing or of the wrong type")
    if not _is_canonical(members, content):
        raise ProofRefused("an entry is not in the canonical form of RFC 8785")
    return Leaf(accepted=accepted, failed=failed, **texts)


def _is_canonical(members: dict[str, Any], content: bytes) -> bool:
    """Whether this is how RFC 8785 writes it. Without numbers the standard library does so too, ten times as fast."""
    try:
        if _is_plain(members):
            return _PLAIN.encode(members).encode() == content
        return bytes(rfc8785.dumps(members)) == content
    except (rfc8785.CanonicalizationError, TypeError, UnicodeEncodeError):
        return False


def _is_plain(value: Any) -> bool:
    """No numbers, which are written otherwise, and no names that sort otherwise in UTF-16 (RFC 8785 3.2.3)."""
    if isinstance(value, dict):
        return all(name.isascii() and _is_plain(each) for name, each in value.items())
    return isinstance(value, str | bool)
