"""What came in, what was found about it, and its place in the ledger."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the input: where (RFC 6901 pointer, empty for the whole) and why."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one numbered check, with the reason and the fields at fault when it failed."""

    number: int
    name: str
    outcome: Outcome
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader should know that refuses nothing: a conflict, a contradiction between organizations."""

    code: str
    message: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found about a document. Three facts stay apart: signature valid, signer authorised, key in force.

    Each of the three is None where the question does not arise (an unsigned document has no signature).
    """

    accepted: bool
    checks: tuple[CheckResult, ...]
    signature_valid: bool | None = None
    signer_authorised: bool | None = None
    key_in_force: bool | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> CheckResult | None:
        """The check that refused the document."""
        return next((c for c in self.checks if c.outcome is Outcome.FAILED), None)


class Format(StrEnum):
    """The envelopes a document can come in; a record is the service's own and comes from nobody."""

    JSON = "application/json"
    JWS = "application/jose"
    VC_JWT = "application/vc+jwt"
    DATA_INTEGRITY = "application/vc"
    SD_JWT = "application/sd-jwt"
    KEY_REGISTRATION = "application/key-registration+jwt"
    RECORD = "application/vnd.greenchain.record+json"


@dataclass(frozen=True, slots=True)
class Received:
    """A document as it came: its bytes, who handed it in (organization key), and when (seconds since the epoch)."""

    content: bytes
    format: Format
    sender: str
    received_at: float


class ValidationKind(StrEnum):
    """What an examination may take from outside a document; certificates and revocation lists (RFC 5280) are DER."""

    DID_DOCUMENT = "did-document"
    STATUS_LIST = "status-list"
    ROOT = "root"
    INTERMEDIATE = "intermediate"
    CRL = "crl"


@dataclass(frozen=True, slots=True)
class ValidationDatum:
    """What a document was examined with beside itself, kept so that anybody can examine it again (ETSI EN 319 102-1).

    ``name``: the DID of a DID document, the address of a status list; the others have none.
    """

    kind: ValidationKind
    name: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the graph: id is the SHA-256 of its bytes in hex, index its ledger index.

    ``left``: the ledger index of the later document that took it out of the figures (a withdrawal, or the revocation of
    a compromised key, a status that changed), which has a verdict of its own; None where there is none. ``about``:
    of a record, the document whose status it changes.
    """

    id: str
    index: int
    format: Format
    sender: str
    issuer: str
    statement_id: str
    received_at: float
    verdict: Verdict
    key_thumbprint: str = ""
    size: int = 0
    left: int | None = None
    about: str = ""
    content: bytes = field(default=b"", repr=False)

    def without_content(self) -> "StoredDocument":
        """The same with its bytes left out, for those who may see that it exists but not what it says."""
        return replace(self, content=b"")

    def disclosed(self) -> "StoredDocument":
        """The same for those to whom a part of it was disclosed: findings, which may name others, keep their codes."""
        told = tuple(Finding(f.code, "about something that is not disclosed to you") for f in self.verdict.findings)
        return replace(self.without_content(), verdict=replace(self.verdict, findings=told))
