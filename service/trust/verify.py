"""What can be found out about a document from its bytes alone: checks 1 to 9, in order, up to the first that fails.

A pure function of the bytes, the registered keys and the time of receipt. Nothing that a document says is read before
its signature holds. Three facts stay apart: the signature is valid; the signer may speak for the issuer; whether the
key was in force when the document was logged is for the ledger to say (check 10).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph.model.documents import CheckResult, Format, Outcome, Received
from graph.model.facts import Statement
from schemas.errors import StatementInvalid, StrictJsonError
from schemas.strict_json import parse
from service.trust import authority, checks, claims, envelope, headers
from service.trust.checks import Refusal
from service.trust.claims import Claims
from service.trust.keys import KnownKey
from service.trust.limits import Limits

ParseStatement = Callable[[object], Statement]

_UNSIGNED = tuple(
    checks.not_applicable(name, "the document is not signed") for name in ("envelope", "header", "key", "signature")
)


@dataclass(frozen=True, slots=True)
class Examined:
    """What checks 1 to 9 found. ``statement`` only where all of them passed; ``claims`` as soon as they are sound.

    ``signature_valid`` and ``signer_authorised`` are None for an unsigned document, and as long as the question was not
    reached.
    """

    checks: tuple[CheckResult, ...]
    statement: Statement | None = None
    claims: Claims | None = None
    thumbprint: str = ""
    signature_valid: bool | None = None
    signer_authorised: bool | None = None

    @property
    def failed(self) -> CheckResult | None:
        """The check that refused the document, if one did."""
        return next((c for c in self.checks if c.outcome is Outcome.FAILED), None)


@dataclass(slots=True)
class _Findings:
    """Collects what is known so far, so that a refusal half way keeps it."""

    results: list[CheckResult] = field(default_factory=list)
    statement: Statement | None = None
    claims: Claims | None = None
    thumbprint: str = ""
    signature_valid: bool | None = None
    signer_authorised: bool | None = None

    def passed(self, name: str) -> None:
        self.results.append(checks.passed(name))

    def frozen(self) -> Examined:
        return Examined(
            checks.complete(self.results),
            self.statement,
            self.claims,
            self.thumbprint,
            self.signature_valid,
            self.signer_authorised,
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """Who a document's content speaks for."""

    issuer: str
    content: bytes
    signed: bool


def examine(
    received: Received, *, keys: Mapping[str, KnownKey], at: float, limits: Limits, parse_statement: ParseStatement
) -> Examined:
    """Run checks 1 to 9 on a received document; never raises for what the bytes hold.

    ``keys``: the registered keys by thumbprint, revoked ones too. ``at``: time of receipt. ``parse_statement`` raises
    ``StatementInvalid``.
    """
    found = _Findings()
    try:
        _check_caps(received.content, limits)
        found.passed("caps")
        source = _open(received, keys, limits, found)
        value = _json(source.content, limits)
        found.passed("json")
        found.claims = claims.check(value, issuer=source.issuer, signed=source.signed, at=at, limits=limits)
        found.passed("claims")
        statement = _statement(value, parse_statement)
        found.passed("schema")
        _check_authority(statement, source, found)
        found.passed("authority")
        found.statement = statement
    except Refusal as refusal:
        found.results.append(checks.failed(refusal))
    return found.frozen()


def _check_caps(content: bytes, limits: Limits) -> None:
    """Check 1."""
    if not content:
        raise Refusal("caps", "the document is empty")
    if len(content) > limits.document_bytes:
        raise Refusal("caps", f"the document is larger than {limits.document_bytes} bytes")


def _open(received: Received, keys: Mapping[str, KnownKey], limits: Limits, found: _Findings) -> _Source:
    """An unsigned document speaks for its sender, a signed one for the organization of its key, whoever brings it."""
    if received.format is Format.JSON:
        found.results.extend(_UNSIGNED)
        return _Source(received.sender, received.content, signed=False)
    if received.format is Format.JWS:
        return _verified(received.content, keys, limits, found)
    raise Refusal("envelope", f"{received.format.value} is not the form of a statement")


def _verified(content: bytes, keys: Mapping[str, KnownKey], limits: Limits, found: _Findings) -> _Source:
    """Checks 2 to 5 (RFC 7515 5.2): the organization whose key signed, and the payload that it signed."""
    jws = envelope.split(content, limits)
    found.passed("envelope")
    header = headers.check(jws.header, headers.STATEMENT_TYPE)
    found.passed("header")
    known = _key(header, keys)
    found.thumbprint = known.thumbprint
    found.passed("key")
    found.signature_valid = known.key.verifies(jws.signing_input, jws.signature)
    if not found.signature_valid:
        raise Refusal("signature", "the signature does not fit the bytes received and the key named")
    found.passed("signature")
    return _Source(known.organization, jws.payload, signed=True)


def _key(header: headers.Header, keys: Mapping[str, KnownKey]) -> KnownKey:
    """Check 4: the name is opaque (RFC 7515 4.1.4); the key, not the header, decides the algorithm (RFC 8725 3.1)."""
    known = keys.get(header.kid)
    if known is None:
        raise Refusal("key", "no key of that name (kid) is registered")
    if known.key.alg != header.key_alg:
        raise Refusal("key", f"the key is for {known.key.alg}, the header says {header.alg}")
    return known


def _json(content: bytes, limits: Limits) -> object:
    """Check 6."""
    try:
        return parse(content, max_depth=limits.json_depth, max_items=limits.json_items)
    except StrictJsonError as error:
        raise Refusal("json", f"content {error}") from error


def _statement(value: object, parse_statement: ParseStatement) -> Statement:
    """Check 8."""
    try:
        return parse_statement(value)
    except StatementInvalid as error:
        raise Refusal("schema", str(error), error.errors) from error


def _check_authority(statement: Statement, source: _Source, found: _Findings) -> None:
    """Check 9."""
    errors = authority.violations(statement, source.issuer)
    if source.signed:
        found.signer_authorised = not errors
    if errors:
        raise Refusal("authority", f"{errors[0].pointer} {errors[0].detail}", errors)
