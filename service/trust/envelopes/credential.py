"""Verifiable credentials that carry a statement (W3C VC Data Model 2.0), whatever secures them.

Of a credential only what is on a short list is taken: no context is loaded, so a member that is not on it would mean
something to others and nothing to us.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.moments import timestamp
from service.trust.envelopes.base import Reading, claim_fault
from service.trust.envelopes.signer import Signer

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
TYPE: Final = "VerifiableCredential"
_MOST: Final = 20
_TAKEN: Final = {
    *("@context", "type", "id", "issuer", "validFrom", "validUntil", "credentialSubject"),
    *("credentialStatus", "name", "description"),
}
_LAST_SECOND: Final = 7_289_654_400  # 2201-01-01, beyond what ``timestamp`` takes


def read_statement(value: Mapping[str, Any], signer: Signer) -> Reading:
    """The statement of a credential: issuer, id, validFrom, validUntil and facts. Raises ``Refusal`` of ``claims``.

    ``issuer`` -> iss (the organization that the DID speaks for), ``id`` -> jti, ``validFrom`` -> iat, ``validUntil`` ->
    exp, ``credentialSubject.facts`` -> facts.
    """
    credential = check_credential(value, signer)
    _require(credential, ("id", "validFrom", "validUntil"))
    for name in credential:
        if name not in _TAKEN:
            raise claim_fault(f"/{name[:50]}", "is not a member that is taken here")
    subject = credential["credentialSubject"]
    if not isinstance(subject, dict) or not {"facts"} <= subject.keys() <= {"id", "type", "facts"}:
        raise claim_fault("/credentialSubject", "must be one object with facts, and id or type at most beside them")
    statement = {
        "iss": signer.organization,
        "jti": credential["id"],
        "iat": _second(credential, "validFrom"),
        "exp": _second(credential, "validUntil"),
        "facts": subject["facts"],
    }
    return Reading(statement, within="/credentialSubject")


def check_credential(value: Mapping[str, Any], signer: Signer) -> Mapping[str, Any]:
    """What every credential has (VC Data Model 2.0, 4.2 to 4.9), by its signer. Raises ``Refusal`` of ``claims``."""
    _require(value, ("@context", "type", "issuer", "credentialSubject"))
    _check_context(value["@context"])
    if TYPE not in _names(value["type"], "/type"):
        raise claim_fault("/type", f"must name {TYPE}")
    if issuer_of(value) != signer.name:
        raise claim_fault("/issuer", f"must be {signer.name[:200]}, whose key signed")
    return value


def _require(credential: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in credential:
            raise claim_fault(f"/{name}", "is missing")


def issuer_of(credential: Mapping[str, Any]) -> object:
    """VC Data Model 2.0, 4.7: the issuer as a URL, or as an object with an id."""
    issuer = credential.get("issuer")
    return issuer.get("id") if isinstance(issuer, dict) else issuer


def _check_context(context: object) -> None:
    """VC Data Model 2.0, 4.3: the base context stands first; others are only named."""
    if not isinstance(context, list) or not context or context[0] != CONTEXT:
        raise claim_fault("/@context", f"must be a list that begins with {CONTEXT}")
    _names(context, "/@context")


def _names(value: object, pointer: str) -> list[str]:
    given = value if isinstance(value, list) else [value]
    names = [name for name in given if isinstance(name, str)]
    if not 1 <= len(given) <= _MOST or len(names) != len(given):
        raise claim_fault(pointer, f"must be 1 to {_MOST} strings")
    return names


def _second(credential: Mapping[str, Any], name: str) -> int:
    """VC Data Model 2.0, 4.9; a credential that never ends could be handed in for ever."""
    try:
        moment = timestamp(credential[name])
    except ValueError as error:
        raise claim_fault(f"/{name}", str(error)) from error
    if moment != int(moment) or not 0 <= moment < _LAST_SECOND:
        raise claim_fault(f"/{name}", "must be a whole second since 1970")
    return int(moment)
