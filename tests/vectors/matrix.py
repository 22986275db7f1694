"""The same attack on every form that it can reach: ``attack-<form>-<name>``, one fault each.

Compact JWS by a registered key is where each attack is told in detail (``envelopes``, ``contents``); here are the other
forms.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors import chains, credentials, registrations, selective, world
from tests.vectors.kit import AT, AUDIENCE, ED, REGISTRATION, STRANGER, Signer, Vector, b64, claims, compact, header

KINDS = {
    "x5c": "application/jose",
    "vc-jwt": "application/vc+jwt",
    "sd-jwt": "application/sd-jwt",
    "binding": "application/sd-jwt",
    "registration": "application/key-registration+jwt",
    "di": "application/vc",
    "unsigned": "application/json",
}
ADDRESS = "https://rival.example/keys"
# A name of the key stands in these alone; a chain or the holder's cnf names it in the others.
BY_KID = ("vc-jwt", "sd-jwt", "registration")
ENVELOPED = ("x5c", "binding", *BY_KID)

# Header, the forms, the check by which it is refused, and what is wrong.
_HEADERS: dict[str, tuple[dict[str, Any], tuple[str, ...], str, str]] = {
    **{f"alg-{alg}-{n}": ({"alg": alg}, ENVELOPED, "header", f"alg {alg}") for n, alg in enumerate(
        ("none", "None", "NONE", "nOnE"), 1)},
    "jwk": ({"jwk": STRANGER.jwk}, ENVELOPED, "header", "brings its own key"),
    "jku": ({"jku": ADDRESS}, ENVELOPED, "header", "an address of keys"),
    "x5u": ({"x5u": ADDRESS}, ENVELOPED, "header", "an address of a chain"),
    "crit-unknown": ({"crit": ["exp"], "exp": AT + 3600}, ENVELOPED, "header", "an extension that we do not know"),
    "crit-empty": ({"crit": []}, ENVELOPED, "header", "an empty list of extensions"),
    "crit-missing": ({"crit": ["urn:x"]}, ENVELOPED, "header", "an extension that the header does not hold"),
    "b64-false": ({"b64": False, "crit": ["b64"]}, ENVELOPED, "header", "an unencoded payload"),
    "kid-number": ({"kid": 7}, BY_KID, "header", "kid is a number"),
    "kid-list": ({"kid": [ED.kid]}, BY_KID, "header", "kid is a list"),
    "kid-traversal": ({"kid": "../../../../dev/null"}, BY_KID, "key", "kid is a path"),
}  # fmt: skip


def made(form: str, head: dict[str, Any] | None = None, payload: bytes | None = None) -> bytes:
    """A document of a form, signed properly, with changes to its header or another payload."""
    head = head or {}
    if form == "x5c":
        return chains.x5c(chains.leaf(), chains.middle(), payload=payload, **head)
    if form == "vc-jwt":
        return world.vc_jwt(payload, **head)
    if form == "sd-jwt":
        return selective.sd_jwt(payload, head=head)
    if form == "registration":
        return registrations.registration(head=head) if payload is None else _registration(payload)
    return selective.sd_jwt(kb={"head": head}) if payload is None else selective.sd_jwt(bound=_binding(payload))


def _registration(payload: bytes) -> bytes:
    return _compact(compact(header(typ=REGISTRATION)), payload, ED)


def _binding(payload: bytes) -> bytes:
    return _compact(compact({"alg": selective.HOLDER.alg, "typ": "kb+jwt"}), payload, selective.HOLDER)


def _compact(head: bytes, payload: bytes, signer: Signer) -> bytes:
    message = b64(head) + b"." + b64(payload)
    return message + b"." + b64(signer.sign(message))


def vectors() -> Iterator[Vector]:
    """All of them."""
    for form, name, content, check, why in (*_headers(), *_signatures(), *_contents(), *_claims(), *_keys()):
        # What is wrong with a key binding is the check disclosure's to say, whatever it is.
        refused = "disclosure" if form == "binding" else check
        yield Vector(f"attack-{form}-{name}", content, refused, why, KINDS[form])


_Case = tuple[str, str, bytes, str, str]


def _headers() -> Iterator[_Case]:
    for name, (head, forms, check, why) in _HEADERS.items():
        for form in forms:
            yield form, name, made(form, head), check, why
    for form in ENVELOPED:
        yield form, "hs256", _keyed_with_public_key(form), "header", "HS256 keyed with the public key"


_SIGNERS = {"x5c": chains.LEAF, "binding": selective.HOLDER}


def _changed_signature(form: str, change: Callable[[bytes, bytes], bytes], head: Any = None) -> bytes:
    """``change`` makes a signature's text of the message and the good one."""
    document = made(form, head)
    before, tilde, after = document.rpartition(b"~") if form == "binding" else (b"", b"", document)
    jwt, more, rest = after.partition(b"~")
    message, _, signature = jwt.rpartition(b".")
    return before + tilde + message + b"." + change(message, signature) + more + rest


def _keyed_with_public_key(form: str) -> bytes:
    key = _SIGNERS.get(form, ED).public_key
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def keyed(message: bytes, _: bytes) -> bytes:
        return b64(hmac.new(pem, message, hashlib.sha256).digest())

    return _changed_signature(form, keyed, {"alg": "HS256"})


def _signatures() -> Iterator[_Case]:
    for form in ENVELOPED:
        padded = _changed_signature(form, lambda _, signature: signature + b"==")
        yield form, "padding", padded, "envelope", "padding after the signature"
        # The last character of 64 bytes holds four bits that no byte needs.
        stray = _changed_signature(form, lambda _, signature: signature[:-1] + bytes([signature[-1] + 1]))
        yield form, "unused-bits", stray, "envelope", "bits after the last byte of the signature are not zero"


def sound(form: str) -> bytes:
    """The payload that a form has."""
    if form == "registration":
        return compact(registrations.claims())
    if form == "binding":
        bound = selective.digest(selective.sd_jwt(bound=b""))
        return compact({"iat": AT - 5, "aud": AUDIENCE, "nonce": "n", "sd_hash": bound})
    return {"vc-jwt": compact(world.credential()), "sd-jwt": compact(selective.payload())}.get(form, claims())


_JSON = {
    "duplicate": (b'{"iss":"urn:x","iss":"urn:x",', "a name twice"),
    "nan": (b'{"q":NaN,', "NaN"),
    "integer-5000": (b'{"q":' + b"9" * 5000 + b",", "an integer of 5,000 digits"),
    "nested": (b'{"q":' + b"[" * 70 + b"]" * 70 + b",", "nested 70 deep"),
}


def _contents() -> Iterator[_Case]:
    for name, (start, why) in _JSON.items():
        for form in ENVELOPED:
            # Five thousand digits are more than a key binding may be long.
            fault = start.replace(b"9" * 3000, b"") if form == "binding" else start
            yield form, f"json-{name}", made(form, payload=fault + sound(form)[1:]), "json", why
        yield "unsigned", f"json-{name}", start + claims()[1:], "json", why


_LATE, _TEXT = AT + 61, str(AT + 3600)
_TIMES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "exp-string": ({"exp": _TEXT}, {"validUntil": _TEXT}, "the end is a number in text"),
    "exp-missing": ({"exp": ...}, {"validUntil": ...}, "it never ends"),
    "iat-future": ({"iat": _LATE}, {"validFrom": world.iso(_LATE)}, "made 61 seconds in the future"),
}


def _claims() -> Iterator[_Case]:
    for name, (changes, members, why) in _TIMES.items():
        yield "x5c", name, made("x5c", payload=claims(**changes)), "claims", why
        yield "vc-jwt", name, world.vc_jwt(world.credential(**members)), "claims", why
        yield "di", name, credentials.data_integrity(world.credential(**members)), "claims", why
        yield "sd-jwt", name, selective.sd_jwt(**changes), "claims", why
        yield "registration", name, registrations.registration(**changes), "claims", why
        if name != "exp-missing":
            yield "unsigned", name, claims(**changes), "claims", why


def _keys() -> Iterator[_Case]:
    """Weak keys under which the signature holds, and keys given twice, where a form finds its key in its own way."""
    by_web = world.credential(issuer=world.WEB)

    def proven(name: str, signer: Signer = ED, value: str | None = None) -> bytes:
        named = credentials.proof(verificationMethod=f"{world.WEB}#{name}")
        return credentials.data_integrity(by_web, named, signer, value)

    yield "di", "kid-traversal", proven("../../../../dev/null"), "key", "a path as the name of the key"
    yield "di", "key-twice", proven("twice", STRANGER), "key", "the DID document names two keys so"
    forged = proven("weak", value=world.base58(world.FORGED))
    yield "di", "small-order", forged, "key", "a point of small order in a DID document, signature forged"
    head, payload, _ = world.vc_jwt(by_web, kid=f"{world.WEB}#weak").split(b".")
    forged = b".".join([head, payload, b64(world.FORGED)])
    yield "vc-jwt", "small-order", forged, "key", "a point of small order in a DID document, signature forged"
    for name, method, signer, why in (
        ("rsa-1024", "short", world.SHORT, "an RSA key of 1024 bits"),
        ("rsa-e-257", "e257", world.SMALL_EXPONENT, "the RSA exponent 257"),
    ):
        weak: Any = signer
        yield "vc-jwt", name, world.vc_jwt(by_web, weak, f"{world.WEB}#{method}"), "key", f"{why} in a DID document"
        held = selective.sd_jwt(cnf={"jwk": weak.jwk}, kb={"signer": weak})
        yield "binding", name, held, "disclosure", f"{why} as the holder's"
    yield from _status()


def _status() -> Iterator[_Case]:
    """Lists of no worth, under a proof inside."""
    for name, why in (("forged", "its signature does not hold"), ("bomb", "it expands without end")):
        stated = world.credential(credentialStatus=world.entry(url=f"https://mill.example/status/{name}"))
        yield "di", f"status-{name}", credentials.data_integrity(stated), "credential-status", f"the status list: {why}"
    other = world.credential(credentialStatus=world.entry(purpose="suspension"))
    yield "di", "status-purpose", credentials.data_integrity(other), "credential-status", "a list for another purpose"
