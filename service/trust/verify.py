"""What can be found out about a document without the ledger: its checks in order, up to the first that fails.

A pure function of the bytes and the world it is opened in. Nothing that a document says is read before its signature
holds. Three facts stay apart: the signature is valid; the signer may speak for the issuer; whether the key was in force
when the document was logged is for the ledger to say (check ``key-state``), where no revocation list said it before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from graph.model.documents import CheckResult, FieldError, Outcome, Received, ValidationDatum
from graph.model.facts import Statement
from graph.model.intake import NamedStatus
from schemas.errors import StatementInvalid
from service.trust import authority, checks, claims
from service.trust.checks import Refusal
from service.trust.claims import Claims
from service.trust.envelopes.base import OpenContext, Opened, Reading, Steps, parsed
from service.trust.envelopes.table import ENVELOPES
from service.trust.limits import Limits

ParseStatement = Callable[[object], Statement]


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. ``statement`` only where every check passed; ``claims`` as soon as they are sound.

    ``signature_valid`` and ``signer_authorised`` are None for an unsigned document, and as long as the question was not
    reached; ``issuer`` is the organization whose key signed, once the signature holds, or the sender of an unsigned
    document. ``vouched``: what vouches for the key, where it is not a registered one. ``rests_on``: what of the
    operator's anchors that was found with. ``statuses``: the places that answer for the document's status.
    """

    checks: tuple[CheckResult, ...]
    statement: Statement | None = None
    claims: Claims | None = None
    issuer: str = ""
    thumbprint: str = ""
    signature_valid: bool | None = None
    signer_authorised: bool | None = None
    vouched: str = ""
    rests_on: tuple[ValidationDatum, ...] = ()
    statuses: tuple[NamedStatus, ...] = ()

    @property
    def failed(self) -> CheckResult | None:
        """The check that refused the document, if one did."""
        return next((c for c in self.checks if c.outcome is Outcome.FAILED), None)


@dataclass(slots=True)
class _Found:
    """What is known so far, so that a refusal half way keeps it."""

    steps: Steps = field(default_factory=Steps)
    statement: Statement | None = None
    claims: Claims | None = None
    issuer: str = ""
    vouched: str = ""
    signer_authorised: bool | None = None
    rests_on: tuple[ValidationDatum, ...] = ()
    statuses: tuple[NamedStatus, ...] = ()

    def frozen(self) -> Examined:
        return Examined(
            checks.complete(self.steps.results),
            self.statement,
            self.claims,
            self.issuer,
            self.steps.thumbprint,
            self.steps.signature_valid,
            self.signer_authorised,
            self.vouched,
            self.rests_on,
            self.statuses,
        )


def examine(received: Received, context: OpenContext, parse_statement: ParseStatement) -> Examined:
    """Run the checks from ``caps`` to ``credential-status`` on a received document; never raises for what it holds.

    ``parse_statement`` raises ``StatementInvalid``.
    """
    found = _Found()
    try:
        found.statement = _examine(received, context, parse_statement, found)
    except Refusal as refusal:
        found.steps.results.append(checks.failed(refusal))
    return found.frozen()


def _examine(received: Received, context: OpenContext, parse_statement: ParseStatement, found: _Found) -> Statement:
    steps = found.steps
    _check_caps(received.content, context.limits)
    steps.passed("caps")
    opened = _open(received, context, steps)
    found.issuer, found.vouched, found.rests_on = opened.issuer, opened.vouched, opened.rests_on
    value = parsed(opened.payload, context.limits) if opened.value is None else opened.value
    steps.passed("json")
    reading = _read(opened, value, steps)
    found.claims = claims.check(
        reading.value, issuer=opened.issuer, signed=opened.signed, at=context.at, limits=context.limits
    )
    steps.passed("claims")
    statement = _statement(reading, parse_statement)
    steps.passed("schema")
    _check_authority(statement, opened, found)
    steps.passed("authority")
    found.statuses = _check_status(reading, steps)
    if opened.key_state:
        opened.key_state()
    return statement


def _check_caps(content: bytes, limits: Limits) -> None:
    if not content:
        raise Refusal("caps", "the document is empty")
    if len(content) > limits.document_bytes:
        raise Refusal("caps", f"the document is larger than {limits.document_bytes} bytes")


def _open(received: Received, context: OpenContext, steps: Steps) -> Opened:
    """Checks envelope to signature, as the form of the document has them."""
    form = ENVELOPES.get(received.format)
    if form is None:
        raise Refusal("envelope", f"{received.format.value} is not the form of a statement")
    return form.open(received.content, received.sender, context, steps)


def _read(opened: Opened, value: object, steps: Steps) -> Reading:
    """Check ``disclosure``: the statement in the content, and what of it stays hidden."""
    reading = opened.read(value)
    if reading.disclosure is None:
        steps.not_applicable("disclosure", "this form hides nothing")
    else:
        steps.passed("disclosure", reading.disclosure)
    return reading


def _statement(reading: Reading, parse_statement: ParseStatement) -> Statement:
    try:
        return parse_statement(reading.value)
    except StatementInvalid as error:
        errors = tuple(_placed(e, reading.within) for e in error.errors)
        raise Refusal("schema", str(error), errors) from error


def _placed(error: FieldError, within: str) -> FieldError:
    """The fault where the sender finds it: some forms hold the facts deeper inside."""
    return FieldError(within + error.pointer, error.detail) if error.pointer.startswith("/facts") else error


def _check_authority(statement: Statement, opened: Opened, found: _Found) -> None:
    errors = authority.violations(statement, opened.issuer, signed=opened.signed)
    if opened.signed:
        found.signer_authorised = not errors
    if errors:
        raise Refusal("authority", f"{errors[0].pointer} {errors[0].detail}", errors)


def _check_status(reading: Reading, steps: Steps) -> tuple[NamedStatus, ...]:
    """Check ``credential-status``: the status lists that the document itself names."""
    if reading.status is None:
        steps.not_applicable("credential-status", "the document names no status list")
        return ()
    named = reading.status()
    steps.passed("credential-status", f"{len(named)} status {'entry' if len(named) == 1 else 'entries'}, each in order")
    return named
