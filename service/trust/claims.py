"""The claims of a document: who, which, when (RFC 7519 4.1), each of one type only."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from graph.model.documents import FieldError
from service.trust.checks import Refusal
from service.trust.limits import Limits

# 9999-12-31: later times do not fit a date.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Claims:
    """The registered claims, as far as they are sound."""

    issuer: str
    id: str
    issued_at: int
    expires_at: int | None


def check(payload: object, *, issuer: str, signed: bool, at: float, limits: Limits) -> Claims:
    """Check iss, jti, iat and exp of a document received at ``at``. Raises ``Refusal`` with all faults."""
    if not isinstance(payload, dict):
        raise Refusal("claims", "content is not a JSON object")
    errors = [
        *issuer_errors(payload, issuer),
        *_id_errors(payload, limits.id_length),
        *time_errors(payload, at=at, leeway=limits.clock_leeway, must_expire=signed),
    ]
    if errors:
        raise refusal(errors)
    return Claims(payload["iss"], payload["jti"], payload["iat"], payload.get("exp"))


def issuer_errors(payload: dict[str, object], issuer: str) -> list[FieldError]:
    """RFC 7519 4.1.1, RFC 8725 3.8: the issuer is the organization of the key, or the sender; compared as is."""
    if payload.get("iss") == issuer:
        return []
    return [FieldError("/iss", f"must be {issuer}, the organization whose key or account this is")]


def _id_errors(payload: dict[str, object], most: int) -> list[FieldError]:
    """RFC 7519 4.1.7: one string; normalized, so that one id has one spelling."""
    jti = payload.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= most:
        return [FieldError("/jti", f"must be a string of 1 to {most} characters")]
    if not unicodedata.is_normalized("NFC", jti):
        return [FieldError("/jti", "must be in Unicode normal form C")]
    return []


def time_errors(payload: dict[str, Any], *, at: float, leeway: int, must_expire: bool) -> list[FieldError]:
    """RFC 7519 4.1.4, 4.1.6: whole seconds; not issued in the future, expiring after that, not expired."""
    errors = _second_errors(payload, "iat", required=True) + _second_errors(payload, "exp", required=must_expire)
    if errors:
        return errors
    issued = payload["iat"]
    if issued > at + leeway:
        errors.append(FieldError("/iat", f"is more than {leeway} seconds in the future"))
    if "exp" in payload:
        errors.extend(_expiry_errors(issued, payload["exp"], at))
    return errors


def _expiry_errors(issued: int, expires: int, at: float) -> list[FieldError]:
    """RFC 7519 4.1.4: on or after ``exp`` a document must not be taken."""
    if expires <= issued:
        return [FieldError("/exp", "is not after iat")]
    return [FieldError("/exp", "is past: the document expired before it was handed in")] if expires <= at else []


def _second_errors(payload: dict[str, object], name: str, *, required: bool) -> list[FieldError]:
    """A NumericDate (RFC 7519 2) in whole seconds; a string, a fraction, true or null is not one."""
    if name not in payload:
        return [FieldError(f"/{name}", "is missing")] if required else []
    value = payload[name]
    if type(value) is not int or not 0 <= value <= _LAST_SECOND:
        return [FieldError(f"/{name}", "must be a whole number of seconds since 1970")]
    return []


def refusal(errors: list[FieldError]) -> Refusal:
    """The refusal of the check ``claims`` that names every fault."""
    return Refusal("claims", "; ".join(f"{e.pointer[1:]} {e.detail}" for e in errors), tuple(errors))
