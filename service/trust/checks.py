"""The checks of a received document, as data: every verdict lists all of them in this order.

The order is that of the reference (signatures.md): cheap before dear, nothing read before its signature holds, nothing
kept before everything has passed. A later check is one more row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from graph.errors import GreenchainError
from graph.model.documents import CheckResult, FieldError, Outcome


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its place, its name, the clause behind it, what it means, and what a sender does when it fails."""

    number: int
    name: str
    clause: str
    meaning: str
    remedy: str


CHECKS: tuple[Check, ...] = (
    Check(
        1,
        "caps",
        "OWASP API4:2023",
        "The document is not empty and not larger than this service takes.",
        "Split the document: the same facts may come in several smaller statements.",
    ),
    Check(
        2,
        "envelope",
        "RFC 7515 3.1, 5.2 (1-2); RFC 4648 3.5, 5",
        "A signed document is put together as its form says, to the byte: a JWS is three base64url parts and two dots.",
        "Send the compact form of the signature as your signing tool wrote it, byte for byte.",
    ),
    Check(
        3,
        "header",
        "RFC 7515 4.1, 5.2 (3-5); RFC 8725 3.1, 3.10, 3.11",
        "The header names an algorithm we take, a registered key, and the kind of document; nothing else.",
        "Sign again with alg EdDSA, ES256, ES384 or PS256, the typ of the form and the key's name as kid; "
        "leave every other header out (`greenchain sign` does it).",
    ),
    Check(
        4,
        "key",
        "RFC 7515 4.1.4, 6; RFC 8725 3.1, 3.10",
        "The key that the header names is registered here and belongs to the algorithm that the header names.",
        "Register the public key first, and give its thumbprint as kid.",
    ),
    Check(
        5,
        "signature",
        "RFC 7515 5.2 (8); RFC 7518 3.4; RFC 8037 3.1",
        "The signature is that key's over exactly the bytes received.",
        "Sign again and send it unaltered; if it still fails, it was signed with another key than kid says.",
    ),
    Check(
        6,
        "json",
        "RFC 8259; RFC 7493 2; RFC 8725 3.7",
        "The content is JSON that every reader reads alike: UTF-8, no name twice, plain numbers, shallow.",
        "Write the content with an ordinary JSON library; look for a name given twice, NaN, or a byte order mark.",
    ),
    Check(
        7,
        "disclosure",
        "RFC 9901 7.1, 7.3",
        "What a document discloses belongs to it, it is handed in by whoever holds it, and nothing that counts stays "
        "hidden.",
        "Disclose everything but inputs and attachments, name this service as aud of a fresh key binding, and hand the "
        "disclosures in as your tool wrote them.",
    ),
    Check(
        8,
        "claims",
        "RFC 7519 4.1; RFC 8725 3.8",
        "The statement says who issued it (iss), its id (jti), when (iat) and until when it may be handed in (exp).",
        "Set iss to your organization's URI, iat and exp to whole seconds since 1970, and check your machine's clock.",
    ),
    Check(
        9,
        "schema",
        "Greenchain statement schema",
        "Every field is one that we know, of the right type, with a unit that we know.",
        "Correct the fields listed; the published schema says what each may hold.",
    ),
    Check(
        10,
        "authority",
        "RFC 8725 3.8; Greenchain design, One door in",
        "An organization speaks for its own things, and in a signed statement for another's that delegated it to it.",
        "Leave out what belongs to others, whose own statements say it, or ask them for a delegation that covers it. "
        "Inputs and parts may name others' lots.",
    ),
    Check(
        11,
        "credential-status",
        "W3C Bitstring Status List 1.0, 3.2",
        "The status list that the document names is its issuer's, in force, and holds nothing against the document.",
        "Hand in a document that is neither revoked nor suspended, and keep the status list where the document says.",
    ),
    Check(
        12,
        "key-state",
        "NIST SP 800-57 part 1, 5.3",
        "The key was in force when the document was logged: neither revoked nor retired.",
        "Sign again with a key of yours that is not revoked or replaced; register a new one if there is none.",
    ),
    Check(
        13,
        "plausibility",
        "Greenchain accounting reference, Terms and Roll-up",
        "Times, shares and quantities can be true together.",
        "Correct the fields listed: a date in the future, a period that ends before it starts, more out than went in.",
    ),
    Check(
        14,
        "replay",
        "RFC 7519 4.1.7",
        "This issuer has not used this statement id (jti) for other bytes before.",
        "Give the statement a new jti; to correct an earlier one, name the document it supersedes.",
    ),
    Check(
        15,
        "balances",
        "Greenchain accounting reference, Roll-up: a lot's balance",
        "By its own statements the organization never uses or passes on more of a lot than it holds.",
        "Correct the quantity, or hand in first the statement by which you produced or received the rest.",
    ),
    Check(
        16,
        "store",
        "Greenchain design, One door in",
        "Document, verdict, facts and ledger entry were written in one transaction.",
        "Hand the same bytes in again: nothing was written, and handing in twice does no harm.",
    ),
)

_BY_NAME = {check.name: check for check in CHECKS}
_PASSED = {c.name: CheckResult(c.number, c.name, Outcome.PASSED) for c in CHECKS}
_NOT_REACHED = tuple(CheckResult(c.number, c.name, Outcome.NOT_REACHED) for c in CHECKS)


class Refusal(GreenchainError):
    """A check that failed: its name, why, and the fields at fault."""

    def __init__(self, check: str, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check
        self.detail = detail
        self.errors = errors


def by_name(name: str) -> Check:
    """The check of that name; an unknown name is a mistake of the code and raises KeyError."""
    return _BY_NAME[name]


def passed(name: str, detail: str = "") -> CheckResult:
    """The result of a check that passed; ``detail`` where there is something to say about it."""
    return replace(_PASSED[name], detail=detail) if detail else _PASSED[name]


def failed(refusal: Refusal) -> CheckResult:
    """The result of the check that a refusal names."""
    return CheckResult(
        by_name(refusal.check).number, refusal.check, Outcome.FAILED, refusal.detail, tuple(refusal.errors)
    )


@lru_cache(maxsize=64)
def not_applicable(name: str, detail: str) -> CheckResult:
    """The result of a check whose question does not arise, and why."""
    return CheckResult(by_name(name).number, name, Outcome.NOT_APPLICABLE, detail)


def complete(results: Iterable[CheckResult], before: tuple[CheckResult, ...] = _NOT_REACHED) -> tuple[CheckResult, ...]:
    """All checks in order: those of ``results`` over those of ``before``; what nobody looked at is not reached."""
    row = list(before)
    for result in results:
        row[result.number - 1] = result
    return tuple(row)
