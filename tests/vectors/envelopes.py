"""Faults of what is around the content: size, envelope, header, key, signature; and what is accepted."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors import rsa_kit
from tests.vectors.kit import (
    AT,
    CLAIMS,
    ED,
    ES,
    ES384,
    LIMITS,
    PS,
    REGISTRATION,
    STATEMENT,
    STRANGER,
    Signer,
    Vector,
    b64,
    claims,
    compact,
    header,
    jws,
)

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield from _valid()
    yield from _caps()
    yield from _envelope()
    yield from _header()
    yield from _key()
    yield from _signature()


def _valid() -> Iterator[Vector]:
    yield Vector("valid-eddsa", jws(), None, "nothing")
    yield Vector("valid-es256", jws(signer=ES), None, "nothing")
    yield Vector("valid-es384", jws(signer=ES384), None, "nothing")
    yield Vector("valid-ps256", jws(signer=PS), None, "nothing")
    yield Vector("valid-ed25519", jws(header(alg="Ed25519")), None, "nothing: RFC 9864 name of the algorithm")
    yield Vector("valid-typ-prefix", jws(header(typ=f"application/{STATEMENT}")), None, "nothing: typ in full")
    yield Vector("valid-cty", jws(header(cty="json")), None, "nothing: cty says json")
    yield Vector("valid-no-space-needed", jws(payload=json.dumps(CLAIMS, indent=2).encode()), None, "nothing: indented")
    yield Vector("valid-iat-leeway", jws(payload=claims(iat=AT + 60)), None, "nothing: a clock a minute ahead")


def _caps() -> Iterator[Vector]:
    yield Vector("caps-empty", b"", "caps", "no bytes")
    yield Vector("caps-oversize", b"A" * (LIMITS["document_bytes"] + 1), "caps", "one byte more than is taken")


def _envelope() -> Iterator[Vector]:
    good = jws()
    head, payload, signature = good.split(b".")
    # The last of 86 characters holds four bits that no byte needs.
    altered = signature[:-1] + bytes([signature[-1] + 1])

    def bad(name: str, content: bytes, why: str) -> Vector:
        return Vector(f"envelope-{name}", content, "envelope", why)

    yield bad("one-part", head, "no dots")
    yield bad("two-parts", head + b"." + payload, "signature left out with its dot")
    yield bad("four-parts", good + b"." + signature, "a second signature")
    yield bad("five-parts", good + b".A.A", "the shape of a JWE")
    yield bad("padding", good + b"==", "padding after the signature: other bytes, same signature")
    yield bad("padding-header", head + b"=." + payload + b"." + signature, "padding after the header")
    yield bad("unused-bits", head + b"." + payload + b"." + altered, "bits after the last byte are not zero")
    yield bad("line-end", good + b"\n", "a line end after the signature")
    yield bad("leading-space", b" " + good, "a space before the header")
    yield bad(
        "space-inside", head + b"." + payload[:8] + b" " + payload[8:] + b"." + signature, "a space in the payload"
    )
    yield bad("plain-base64", head + b"." + payload + b".+/+/" + signature[4:], "the alphabet of plain base64")
    yield bad("not-ascii", head + b"." + payload + b"." + "é".encode() + signature[2:], "a letter outside ASCII")
    yield bad("null-byte", head + b"." + payload + b"." + b"\0" + signature, "a null byte before the signature")
    yield bad("one-left-over", head + b"." + payload + b".AAAAA", "five characters are no whole number of bytes")
    yield bad("detached", head + b".." + signature, "detached payload")
    yield bad("no-header", b"." + payload + b"." + signature, "no header")
    yield bad("byte-order-mark", b"\xef\xbb\xbf" + good, "a byte order mark")
    yield bad("header-oversize", jws(header(kid="k" * 33_000)), "header beyond 32,768 bytes")
    yield bad("payload-oversize", jws(payload=b"[" * (LIMITS["payload_bytes"] + 1)), "payload beyond its cap")
    parts = {"payload": payload.decode(), "protected": head.decode(), "signature": signature.decode()}
    yield bad("flattened", compact(parts), "JSON serialization (RFC 7515 7.2)")


_ALG_NONE = ("none", "None", "NONE", "nOnE")
_ALG_OTHER = ("HS384", "RS256", "PS384", "ES512", "ES256K", "Ed448", "es256", "eddsa", "EdDSA ", "", "HS256/EdDSA")
_HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "alg-missing": ({"alg": ...}, "no alg"),
    "alg-list": ({"alg": ["EdDSA"]}, "alg is a list"),
    "alg-null": ({"alg": None}, "alg is null"),
    "alg-number": ({"alg": 1}, "alg is a number"),
    "jwk": ({"jwk": STRANGER.jwk}, "brings its own key"),
    "jku": ({"jku": "https://rival.example/keys.json"}, "an address to fetch keys from"),
    "x5u": ({"x5u": "https://rival.example/chain.pem"}, "an address to fetch a chain from"),
    "x5c": ({"x5c": ["MIIB"]}, "brings a certificate chain"),
    "x5t": ({"x5t": "AAAA"}, "names a certificate"),
    "x5t-s256": ({"x5t#S256": "AAAA"}, "names a certificate"),
    "b64-false": ({"b64": False, "crit": ["b64"]}, "unencoded payload (RFC 7797)"),
    "b64-alone": ({"b64": False}, "b64 without crit"),
    "crit-unknown": ({"crit": ["exp"], "exp": AT + 3600}, "an extension that we do not know"),
    "crit-empty": ({"crit": []}, "an empty list of extensions"),
    "crit-missing": ({"crit": ["urn:example:absent"]}, "an extension that the header does not hold"),
    "crit-string": ({"crit": "alg"}, "crit is a string"),
    "crit-own": ({"crit": ["alg"]}, "a registered member as an extension"),
    "zip": ({"zip": "DEF"}, "compressed"),
    "unknown-member": ({"colour": "green"}, "a member that we do not know"),
    "kid-missing": ({"kid": ...}, "no kid"),
    "kid-number": ({"kid": 7}, "kid is a number"),
    "kid-list": ({"kid": [ED.kid]}, "kid is a list"),
    "kid-object": ({"kid": {"$ne": ""}}, "kid is an object"),
    "kid-null": ({"kid": None}, "kid is null"),
    "kid-empty": ({"kid": ""}, "kid is empty"),
    "kid-long": ({"kid": "k" * 201}, "kid of 201 characters"),
    "typ-missing": ({"typ": ...}, "no typ"),
    "typ-jwt": ({"typ": "JWT"}, "the typ of any JWT"),
    "typ-registration": ({"typ": REGISTRATION}, "the typ of a key registration"),
    "typ-upper-case": ({"typ": STATEMENT.upper()}, "typ in capitals"),
    "typ-list": ({"typ": [STATEMENT]}, "typ is a list"),
    "cty-jwt": ({"cty": "JWT"}, "a JWT within"),
    "cty-null": ({"cty": None}, "cty is null"),
}


def _header() -> Iterator[Vector]:
    def bad(name: str, content: bytes, why: str) -> Vector:
        return Vector(f"header-{name}", content, "header", why)

    for n, alg in enumerate(_ALG_NONE, 1):
        yield bad(f"alg-none-{n}", jws(header(alg=alg)), f"alg {alg}")
        unsigned = b64(compact(header(alg=alg))) + b"." + b64(claims()) + b"."
        yield bad(f"alg-none-{n}-unsigned", unsigned, f"alg {alg} without a signature")
    for n, alg in enumerate(_ALG_OTHER, 1):
        yield bad(f"alg-other-{n}", jws(header(alg=alg)), f"alg {alg!r}")
    for name, (changes, why) in _HEADERS.items():
        yield bad(name, jws(header(**changes)), why)
    for signer, of in ((ED, "okp"), (ES, "ec"), (PS, "rsa")):
        yield bad(f"hs256-{of}", _hmac(signer), "HS256 keyed with the public key")
    yield bad("duplicate-alg", jws(b'{"alg":"none",' + compact(header())[1:]), "alg twice")
    yield bad("duplicate-kid", jws(compact(header())[:-1] + b',"kid":"x"}'), "kid twice")
    yield bad("array", jws(b"[]"), "header is a list")
    yield bad("not-json", jws(b"{alg:EdDSA}"), "header is not JSON")
    yield bad("not-utf8", jws(b'{"alg":"\xff"}'), "header is not UTF-8")
    yield bad("nan", jws(b'{"alg":NaN}'), "NaN in the header")
    yield bad("nested", jws(b"[" * 1500), "header nested 1,500 deep")
    yield bad("trailing", jws(compact(header()) + b"{}"), "bytes after the header's object")
    yield bad("surrogate", jws(compact(header(kid=...))[:-1] + rb',"kid":"\ud800"}'), "a lone surrogate in kid")


def _hmac(signer: Signer) -> bytes:
    pem = signer.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    message = b64(compact(header(signer, alg="HS256"))) + b"." + b64(claims())
    return message + b"." + b64(hmac.new(pem, message, hashlib.sha256).digest())


def _key() -> Iterator[Vector]:
    names = {
        "unknown": STRANGER.kid,
        "traversal": "../../../../dev/null",
        "cypher": "' OR 1=1 RETURN k //",
        "case": ED.kid.swapcase(),
        "null-byte": ED.kid + "\0",
        "address": "https://rival.example/key",
    }
    for name, kid in names.items():
        signer = STRANGER if name == "unknown" else ED
        yield Vector(f"key-{name}", jws(header(kid=kid), signer=signer), "key", f"kid {kid!r} is not registered")
    yield Vector("key-es256-with-ed25519", jws(header(alg="ES256")), "key", "alg ES256 with an Ed25519 key")
    for alg, signer in (("ES384", ES), ("ES256", ES384), ("ES256", PS), ("PS256", ES)):
        mixed = jws(header(signer, alg=alg), signer=signer)
        yield Vector(f"key-{alg.lower()}-with-{signer.alg.lower()}", mixed, "key", f"alg {alg}, key for {signer.alg}")
    confused = jws(header(ES, alg="EdDSA"), signer=ES)
    yield Vector("key-eddsa-with-p256", confused, "key", "alg EdDSA with a P-256 key")


def _signature() -> Iterator[Vector]:
    good, es = jws(), jws(signer=ES)
    head, payload, signature = good.split(b".")
    es_message = es.rpartition(b".")[0]
    raw = base64.urlsafe_b64decode(signature + b"==")

    def bad(name: str, message: bytes, signature: bytes, why: str) -> Vector:
        return Vector(f"signature-{name}", message + b"." + b64(signature), "signature", why)

    message = head + b"." + payload
    yield bad("bit", message, bytes([raw[0] ^ 1]) + raw[1:], "one bit changed")
    yield bad("short", message, raw[:-1], "one byte short")
    yield bad("long", message, raw + b"\0", "one byte long")
    yield bad("empty", message, b"", "no signature under EdDSA")
    yield bad("zero", message, bytes(64), "64 zero bytes")
    yield bad("payload-changed", head + b"." + b64(claims(jti="s-2")), raw, "another payload")
    swapped = b64(compact(header(alg="Ed25519")))
    yield bad("header-changed", swapped + b"." + payload, raw, "another header")
    respelled = b64(json.dumps(header()).encode())
    yield bad("header-respelled", respelled + b"." + payload, raw, "the same header with other spaces")
    yield bad("stranger", message, STRANGER.sign(message), "signed with another key than kid names")
    plus_order = int.from_bytes(raw[32:], "little") + GROUP_ORDER
    yield bad("s-plus-order", message, raw[:32] + plus_order.to_bytes(32, "little"), "S + L (RFC 8032 5.1.7)")
    yield bad("es256-zero", es_message, bytes(64), "r and s are zero")
    yield bad("es256-empty", es_message, b"", "no signature under ES256")
    yield bad("es256-der", es_message, ES.der(es_message), "DER instead of r and s (RFC 7518 3.4)")
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    yield bad("es256-order", es_message, n.to_bytes(32, "big") * 2, "r and s are the order of the group")
    es384_message = jws(signer=ES384).rpartition(b".")[0]
    yield bad("es384-der", es384_message, ES384.der(es384_message), "DER instead of r and s under ES384")
    yield bad("es384-short", es384_message, ES384.sign(es384_message)[:64], "as long as one of ES256")
    yield bad("es384-zero", es384_message, bytes(96), "r and s are zero under ES384")
    ps_message = jws(signer=PS).rpartition(b".")[0]
    ps = PS.sign(ps_message)
    yield bad("ps256-bit", ps_message, ps[:-1] + bytes([ps[-1] ^ 1]), "one bit changed under PS256")
    yield bad("ps256-short", ps_message, ps[:-1], "one byte short under PS256")
    yield bad("ps256-zero", ps_message, bytes(256), "zero under PS256")
    salted = rsa_kit.sign_pss(rsa_kit.P, rsa_kit.Q, ps_message, b"")
    yield bad("ps256-no-salt", ps_message, salted, "without salt (RFC 7518 3.5 wants 32 bytes)")
    modulus = rsa_kit.P * rsa_kit.Q
    plus = (int.from_bytes(ps, "big") + modulus).to_bytes(257, "big")
    yield bad("ps256-plus-modulus", ps_message, plus, "the signature plus the modulus (RFC 8017 8.1.2)")
    yield bad("es256-ed25519", es_message, ED.sign(es_message), "an Ed25519 signature under ES256")
    yield bad(
        "replayed-from-registration", message, ED.sign(b64(b"{}") + b"." + payload), "signed under another header"
    )
