"""Faults of the content: JSON, claims, schema, and the same without a signature."""

from collections.abc import Iterator
from typing import Any

from tests.vectors.kit import AT, ORGANIZATION, OTHER, RIVAL, Vector, claims, jws


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield from _json()
    yield from _claims()
    yield from _schema()
    yield from _unsigned()


def _json() -> Iterator[Vector]:
    tail = claims()[1:]
    payloads: dict[str, tuple[bytes, str]] = {
        "duplicate-iss": (b'{"iss":"https://rival.example/",' + tail, "iss twice"),
        "duplicate-escaped": (rb'{"\u0069ss":"https://rival.example/",' + tail, "iss twice, once escaped"),
        "duplicate-deep": (claims(facts=...)[:-1] + b',"facts":[{"a":1,"a":1}]}', "a member twice, deep inside"),
        "nan": (b'{"q":NaN,' + tail, "NaN"),
        "infinity": (b'{"q":Infinity,' + tail, "Infinity"),
        "minus-infinity": (b'{"q":-Infinity,' + tail, "-Infinity"),
        "integer-5000": (b'{"q":' + b"9" * 5000 + b"," + tail, "an integer of 5,000 digits"),
        "decimal-5000": (b'{"q":0.' + b"9" * 5000 + b"," + tail, "a decimal of 5,000 digits"),
        "exponent": (b'{"q":1e999999999,' + tail, "an exponent of a billion"),
        "exponent-minus": (b'{"q":1e-999999999,' + tail, "an exponent of minus a billion"),
        "nested-100000": (b"[" * 100_000, "nested 100,000 deep"),
        "nested-closed": (b'{"q":' + b"[" * 65 + b"]" * 65 + b"," + tail, "nested 66 deep"),
        "items": (b'{"q":[' + b"1," * 2100 + b"1]," + tail, "more items than are taken"),
        "byte-order-mark": (b"\xef\xbb\xbf" + claims(), "a byte order mark"),
        "utf16": (claims().decode().encode("utf-16-le"), "UTF-16"),
        "latin1": (claims(jti="sé").decode().encode("latin-1"), "Latin-1"),
        "overlong": (claims(jti="x?").replace(b"?", b"\xc0\xaf"), "an overlong UTF-8 sequence"),
        "surrogate-bytes": (claims(jti="x\ud800"), "a surrogate in UTF-8"),
        "surrogate-escape": (claims(jti="x?").replace(b"?", rb"\ud800"), "a lone high surrogate"),
        "surrogate-low": (claims(jti="x?").replace(b"?", rb"\udc00\ud800"), "surrogates the wrong way round"),
        "trailing": (claims() + b"{}", "a second value"),
        "trailing-null": (claims() + b"\0", "a null byte at the end"),
        "comment": (b"/* */" + claims(), "a comment"),
        "trailing-comma": (claims()[:-1] + b",}", "a comma too many"),
        "single-quotes": (claims().replace(b'"', b"'"), "single quotes"),
        "leading-zero": (b'{"q":01,' + tail, "a leading zero"),
        "plus": (b'{"q":+1,' + tail, "a plus sign"),
        "hexadecimal": (b'{"q":0x10,' + tail, "a hexadecimal number"),
        "control-character": (claims(jti="x?").replace(b"?", b"\x01"), "a control character in a string"),
        "cut": (claims()[:-1], "its end is missing"),
        "jwt-inside": (jws(), "a JWS within"),
    }
    for name, (payload, why) in payloads.items():
        yield Vector(f"json-{name}", jws(payload=payload), "json", why)


_CLAIM_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "exp-string": ({"exp": str(AT + 3600)}, "exp is a string"),
    "exp-missing": ({"exp": ...}, "no exp"),
    "exp-true": ({"exp": True}, "exp is true"),
    "exp-fraction": ({"exp": AT + 0.5}, "exp is a fraction"),
    "exp-float": ({"exp": float(AT + 3600)}, "exp has a decimal point"),
    "exp-null": ({"exp": None}, "exp is null"),
    "exp-list": ({"exp": [AT + 3600]}, "exp is a list"),
    "exp-far": ({"exp": 10**18}, "exp is in nanoseconds"),
    "exp-negative": ({"exp": -1}, "exp is negative"),
    "exp-past": ({"exp": AT - 1}, "expired"),
    "exp-now": ({"exp": AT}, "expires at the moment of receipt"),
    "exp-before-iat": ({"iat": AT + 50, "exp": AT + 50}, "exp is not after iat"),
    "iat-future": ({"iat": AT + 61}, "issued 61 seconds in the future"),
    "iat-missing": ({"iat": ...}, "no iat"),
    "iat-string": ({"iat": "2027-01-15T08:00:00Z"}, "iat is a date in text"),
    "iat-true": ({"iat": True}, "iat is true"),
    "iat-fraction": ({"iat": AT - 0.5}, "iat is a fraction"),
    "iss-other": ({"iss": OTHER}, "the issuer is another organization than the key's"),
    "iss-missing": ({"iss": ...}, "no iss"),
    "iss-list": ({"iss": [ORGANIZATION]}, "iss is a list"),
    "iss-null": ({"iss": None}, "iss is null"),
    "iss-no-slash": ({"iss": ORGANIZATION[:-1]}, "iss without its slash"),
    "iss-case": ({"iss": ORGANIZATION.upper()}, "iss in capitals"),
    "jti-missing": ({"jti": ...}, "no jti"),
    "jti-number": ({"jti": 1}, "jti is a number"),
    "jti-empty": ({"jti": ""}, "jti is empty"),
    "jti-long": ({"jti": "j" * 201}, "jti of 201 characters"),
    "jti-not-nfc": ({"jti": "e\u0301"}, "jti is not in normal form C"),
}


def _claims() -> Iterator[Vector]:
    for name, (changes, why) in _CLAIM_FAULTS.items():
        yield Vector(f"claims-{name}", jws(payload=claims(**changes)), "claims", why)
    for name, payload in {"list": b"[]", "string": b'"x"', "null": b"null", "number": b"1"}.items():
        yield Vector(f"claims-payload-{name}", jws(payload=payload), "claims", f"the payload is a {name}")
    rival = jws(signer=RIVAL)
    yield Vector("claims-rival-key", rival, "claims", "another organization's registered key under our name")


def _schema() -> Iterator[Vector]:
    yield Vector("schema-unknown-field", jws(payload=claims(sub="x")), "schema", "a field that we do not know")


def _unsigned() -> Iterator[Vector]:
    def vector(name: str, content: bytes, check: str | None, why: str) -> Vector:
        return Vector(f"unsigned-{name}", content, check, why, "application/json")

    yield vector("valid", claims(), None, "nothing")
    yield vector("valid-no-exp", claims(exp=...), None, "nothing: exp may be left out")
    yield vector("iss-other", claims(iss=OTHER), "claims", "the issuer is not the sender")
    yield vector("exp-past", claims(exp=AT - 1), "claims", "expired")
    yield vector("exp-null", claims(exp=None), "claims", "exp is null")
    yield vector("jws", jws(), "json", "a signed document sent as JSON")
    yield vector("duplicate", b'{"iss":"x",' + claims()[1:], "json", "iss twice")
    yield vector("empty", b"", "caps", "no bytes")
