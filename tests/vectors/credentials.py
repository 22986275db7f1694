"""Faults of credentials: enveloped by a JWT, and with a proof inside; their issuers' DIDs, and their status."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.vectors import world
from tests.vectors.kit import AT, ED, ES, ES384, ORGANIZATION, PS, RIVAL, STATEMENT, STRANGER, Signer, Vector, b64
from tests.vectors.kit import compact as as_json
from tests.vectors.world import credential, did_key, entry, iso, method, multikey, vc_jwt

VC_JWT = "application/vc+jwt"
DATA_INTEGRITY = "application/vc"


def vectors() -> Iterator[Vector]:
    """All of them."""
    yield from _vc_jwt()
    yield from _vc_jwt_headers()
    yield from _dids()
    yield from _members()
    yield from _status()
    yield from _data_integrity()


def _jwt(name: str, check: str | None, why: str, content: bytes) -> Vector:
    return Vector(f"vc-jwt-{name}", content, check, why, VC_JWT)


def _vc_jwt() -> Iterator[Vector]:
    yield _jwt("valid", None, "nothing: did:key of a registered Ed25519 key", vc_jwt())
    yield _jwt("valid-es256", None, "nothing: did:key of P-256", vc_jwt(credential(issuer=did_key(ES)), ES))
    yield _jwt("valid-es384", None, "nothing: did:key of P-384", vc_jwt(credential(issuer=did_key(ES384)), ES384))
    for name in ("key-1", "multi", "held", "relative"):
        content = vc_jwt(credential(issuer=world.WEB), world.WEB_KEY, f"{world.WEB}#{name}")
        yield _jwt(f"valid-did-web-{name}", None, "nothing: did:web bound to the organization", content)
    registered = vc_jwt(credential(issuer=world.WEB), ED, f"{world.WEB}#registered")
    yield _jwt("valid-did-web-registered", None, "nothing: did:web with a registered key", registered)
    issuer = {"id": did_key(ED), "name": "Mill"}
    yield _jwt("valid-issuer-object", None, "nothing: issuer is an object", vc_jwt(credential(issuer=issuer)))
    yield _jwt("valid-cty", None, "nothing: cty vc", vc_jwt(cty="vc"))
    same = {"iss": did_key(ED), "jti": credential()["id"]}
    yield _jwt("valid-jwt-claims", None, "nothing: claims that say the same", vc_jwt(credential(**same)))
    good = vc_jwt()
    message, _, signature = good.rpartition(b".")
    yield _jwt("padding", "envelope", "padding after the signature", good + b"==")
    yield _jwt("two-parts", "envelope", "no signature", message)
    yield _jwt("tilde", "envelope", "a tilde behind it", good + b"~")
    yield _jwt("embedded-proof", "envelope", "a credential with its proof inside", data_integrity())
    yield _jwt("stranger", "signature", "signed with another key", vc_jwt(signed_by=STRANGER))
    yield _jwt("bit", "signature", "one letter changed", message + b"." + bytes([signature[0] ^ 1]) + signature[1:])
    for name, payload in {
        "duplicate": b'{"issuer":"did:web:rival.example",' + as_json(credential())[1:],
        "nan": b'{"q":NaN,' + as_json(credential())[1:],
        "nested": b"[" * 100_000,
        "integer": b'{"q":' + b"9" * 5000 + b"," + as_json(credential())[1:],
        "cut": as_json(credential())[:-1],
    }.items():
        yield _jwt(f"json-{name}", "json", f"content: {name}", vc_jwt(payload))


def _vc_jwt_headers() -> Iterator[Vector]:
    for name, head, why in (
        ("none", {"alg": "none"}, "alg none"),
        ("hs256", {"alg": "HS256"}, "alg HS256"),
        ("rs256", {"alg": "RS256"}, "alg RS256"),
        ("jwk", {"jwk": STRANGER.jwk}, "brings its own key"),
        ("jku", {"jku": "https://rival.example/"}, "an address of keys"),
        ("x5u", {"x5u": "https://rival.example/"}, "an address of a chain"),
        ("x5c", {"x5c": ["MIIB"]}, "a chain"),
        ("crit", {"crit": ["exp"], "exp": AT}, "an extension"),
        ("crit-empty", {"crit": []}, "an empty list of extensions"),
        ("b64", {"b64": False, "crit": ["b64"]}, "an unencoded payload"),
        ("zip", {"zip": "DEF"}, "compressed"),
        ("typ-jwt", {"typ": "JWT"}, "the typ of any JWT"),
        ("typ-statement", {"typ": STATEMENT}, "the typ of a statement"),
        ("typ-vp", {"typ": "vp+jwt"}, "the typ of a presentation"),
        ("typ-old", {"typ": "vc+ld+json+jwt"}, "the typ of an earlier draft"),
        ("typ-missing", {"typ": ...}, "no typ"),
        ("cty-vp", {"cty": "vp"}, "a presentation within"),
        ("cty-jwt", {"cty": "JWT"}, "a JWT within"),
        ("kid-missing", {"kid": ...}, "no kid"),
        ("kid-list", {"kid": [method(ED)]}, "kid is a list"),
    ):
        yield _jwt(f"header-{name}", "header", why, vc_jwt(**head))


def _dids() -> Iterator[Vector]:
    kids: dict[str, tuple[str, Signer, str]] = {
        "thumbprint": (ED.kid, ED, "kid is a thumbprint"),
        "no-fragment": (did_key(ED), ED, "kid is the DID without the key's name"),
        "empty-fragment": (did_key(ED) + "#", ED, "nothing behind #"),
        "other-fragment": (f"{did_key(ED)}#{multikey(STRANGER)}", ED, "another key behind #"),
        "unregistered": (method(STRANGER), STRANGER, "a did:key that nobody registered"),
        "method": ("did:example:mill#1", ED, "a DID method that is not taken"),
        "jwk": ("did:jwk:eyJ9#0", ED, "did:jwk"),
        "url": ("https://mill.example/keys#1", ED, "an address to fetch from"),
        "base58": ("did:key:z0OIl#z0OIl", ED, "letters that base58 has not"),
        "multibase": ("did:key:u7QE#u7QE", ED, "another multibase"),
        "codec": (f"did:key:{world.base58(b'xxxx')}#{world.base58(b'xxxx')}", ED, "an unknown multicodec"),
        "x25519": (_did_of(b"\xec\x01" + bytes(32)), ED, "a key for key agreement"),
        "small-order": (_did_of(b"\xed\x01" + b"\1" + bytes(31)), ED, "a point of small order"),
        "short": (_did_of(b"\xed\x01" + b"\7" * 31), ED, "31 bytes"),
        "uncompressed": (_did_of(b"\x80\x24\x04" + b"\1" * 64), ES, "an uncompressed point"),
        "off-curve": (_did_of(b"\x80\x24\x02" + b"\xff" * 32), ES, "no point of P-256"),
        "long": ("did:key:z" + "2" * 80 + "#z" + "2" * 80, ED, "too many letters"),
        "web-absent": (f"{world.ABSENT_WEB}#1", ED, "a did:web whose document could not be had"),
        "web-garbage": (f"{world.GARBAGE_WEB}#1", ED, "its document is no JSON"),
        "web-wrong": (f"{world.WRONG_WEB}#key-1", world.WEB_KEY, "its document is that of another DID"),
        "web-unknown-key": (f"{world.WEB}#none", world.WEB_KEY, "its document does not name the key"),
        "web-login": (f"{world.WEB}#login", world.WEB_KEY, "the key is for authentication only"),
        "web-twice": (f"{world.WEB}#twice", world.WEB_KEY, "its document names two keys so"),
        "web-controlled": (f"{world.WEB}#controlled", world.WEB_KEY, "the key is another's"),
        "web-expired": (f"{world.WEB}#expired", world.LATE_KEY, "the key has expired"),
        "web-revoked": (f"{world.WEB}#revoked", world.LATE_KEY, "the key was revoked in the DID document"),
        "web-odd-expiry": (f"{world.WEB}#odd", world.LATE_KEY, "the key's expiry cannot be read"),
        "web-type": (f"{world.WEB}#type", world.WEB_KEY, "a type of key that is not taken"),
        "web-both": (f"{world.WEB}#both", world.WEB_KEY, "two keys in one"),
        "web-private": (f"{world.WEB}#private", world.WEB_KEY, "its document shows the private key"),
        "web-rivals-key": (f"{world.WEB}#rivals", RIVAL, "the key is registered for another organization"),
        "web-unbound": (f"{world.UNBOUND_WEB}#1", world.UNBOUND_KEY, "a DID that no organization registered"),
    }
    for name, (kid, signer, why) in kids.items():
        content = vc_jwt(credential(issuer=kid.partition("#")[0]), signer, kid)
        yield _jwt(f"key-{name}", "key", why, content)
    yield _jwt("key-alg", "key", "alg of another kind of key", vc_jwt(alg="ES256"))
    rsa = vc_jwt(credential(issuer=world.WEB), PS, f"{world.WEB}#key-1")
    yield _jwt("key-ps256-for-p256", "key", "alg PS256, the key is of P-256", rsa)


def _did_of(data: bytes) -> str:
    return f"did:key:{world.base58(data)}#{world.base58(data)}"


_MEMBER_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "context-missing": ({"@context": ...}, "no @context"),
    "context-v1": ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "the context of version 1.1"),
    "context-second": ({"@context": ["https://rival.example/", world.V2]}, "the base context comes second"),
    "context-string": ({"@context": world.V2}, "@context is a string"),
    "context-object": ({"@context": [world.V2, {"facts": "https://rival.example/"}]}, "a context in the document"),
    "type-missing": ({"type": ...}, "no type"),
    "type-other": ({"type": ["VerifiablePresentation"]}, "a presentation"),
    "type-list": ({"type": [["VerifiableCredential"]]}, "a type in a list"),
    "issuer-missing": ({"issuer": ...}, "no issuer"),
    "issuer-other": ({"issuer": did_key(RIVAL)}, "another issuer than whose key signed"),
    "issuer-organization": ({"issuer": ORGANIZATION}, "the organization's URI instead of the DID"),
    "issuer-list": ({"issuer": [did_key(ED)]}, "issuer is a list"),
    "issuer-empty-object": ({"issuer": {}}, "issuer has no id"),
    "id-missing": ({"id": ...}, "no id"),
    "id-list": ({"id": ["x"]}, "id is a list"),
    "from-missing": ({"validFrom": ...}, "no validFrom"),
    "from-number": ({"validFrom": AT}, "validFrom is a number"),
    "from-date": ({"validFrom": "2027-01-15"}, "validFrom is a date"),
    "from-no-offset": ({"validFrom": "2027-01-15T07:00:00"}, "validFrom without offset"),
    "from-fraction": ({"validFrom": "2027-01-15T07:00:00.5Z"}, "validFrom with a fraction"),
    "from-future": ({"validFrom": iso(AT + 61)}, "valid from 61 seconds in the future"),
    "until-missing": ({"validUntil": ...}, "it never ends"),
    "until-past": ({"validUntil": iso(AT - 1)}, "it has ended"),
    "until-before-from": ({"validFrom": iso(AT + 30), "validUntil": iso(AT + 20)}, "it ends before it begins"),
    "until-1969": ({"validFrom": "1969-01-01T00:00:00Z"}, "a time before 1970"),
    "subject-missing": ({"credentialSubject": ...}, "no credentialSubject"),
    "subject-list": ({"credentialSubject": [{"facts": []}, {"facts": []}]}, "two subjects"),
    "subject-no-facts": ({"credentialSubject": {"id": "urn:x"}}, "a subject without facts"),
    "subject-more": ({"credentialSubject": {"facts": [], "kgCO2e": 1}}, "a subject with more than facts"),
    "unknown-member": ({"evidence": []}, "a member that is not taken"),
    "vc-claim": ({"vc": {}}, "a claim vc as in version 1.1"),
    "iss-other": ({"iss": did_key(RIVAL)}, "iss contradicts issuer"),
    "jti-other": ({"jti": "urn:uuid:other"}, "jti contradicts id"),
    "sub-other": ({"sub": "urn:x"}, "sub without a subject's id"),
    "exp": ({"exp": AT + 99}, "exp beside validUntil"),
}


def _members() -> Iterator[Vector]:
    for name, (changes, why) in _MEMBER_FAULTS.items():
        yield _jwt(f"claims-{name}", "claims", why, vc_jwt(credential(**changes)))
    yield _jwt("claims-list", "claims", "content is a list", vc_jwt([credential()]))
    rivals = vc_jwt(credential(issuer=did_key(RIVAL)), ED)
    yield _jwt("claims-rival-issuer", "claims", "in the name of the rival", rivals)


def _status() -> Iterator[Vector]:
    def bad(name: str, why: str, stated: Any) -> Vector:
        return _jwt(f"status-{name}", "credential-status", why, vc_jwt(credential(credentialStatus=stated)))

    def held(stated: Any) -> bytes:
        return vc_jwt(credential(credentialStatus=stated))

    def at(name: str) -> dict[str, Any]:
        return entry(url=f"https://mill.example/status/{name}")

    both = [entry(), entry(url=world.SUSPENSIONS, purpose="suspension")]
    yield _jwt("status-valid", None, "nothing: the bit is not set", held(entry()))
    yield _jwt("status-valid-string", None, "nothing: the index is a string", held(entry("8")))
    yield _jwt("status-valid-both", None, "nothing: neither revoked nor suspended", held(both))
    yield bad("revoked", "the bit is set", entry(7))
    yield bad("revoked-string", "the bit is set, the index a string", entry("9"))
    yield bad("suspended", "the bit is set", [entry(), entry(7, world.SUSPENSIONS, "suspension")])
    yield bad("absent", "the list could not be had", at("absent"))
    yield bad("purpose", "the list is for another purpose", entry(purpose="suspension"))
    yield bad("purpose-unknown", "a purpose that is not taken", entry(purpose="message"))
    yield bad("beyond", "the index is beyond the list", entry(131_072))
    yield bad("negative", "a negative index", entry(-1))
    yield bad("fraction", "an index of 8.5", entry(8.5))
    yield bad("index-missing", "no index", entry(None))
    yield bad("type", "another type of status", entry(type="StatusList2021Entry"))
    yield bad("empty", "an empty list of entries", [])
    yield bad("null", "credentialStatus is null", None)
    for name, why in {
        "bomb": "the list expands without end",
        "small": "a list shorter than 131,072 entries",
        "forged": "the list's signature does not hold",
        "others": "the list is another issuer's",
        "claimed": "the list says another issuer than whose key signed",
        "expired": "the list has expired",
        "moved": "the list is that of another address",
        "statement": "no status list but a statement",
        "garbage": "no credential at all",
        "not-gzip": "the list is not compressed as it must be",
    }.items():
        yield bad(name, why, at(name))


# Data Integrity


def proof(signer: Signer = ED, **changes: Any) -> dict[str, Any]:
    members = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": iso(AT - 30),
        "verificationMethod": method(signer),
        "proofPurpose": "assertionMethod",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not ...}


def canonical(value: Any) -> bytes:
    """RFC 8785 as far as these vectors need it: names and strings are plain, numbers whole."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")


def data_integrity(
    content: Any = None, options: Any = None, signer: Signer = ED, value: str | None = None, **after: Any
) -> bytes:
    """A credential with its proof; ``after`` changes the proof once it is made."""
    document = credential() if content is None else content
    config = proof(signer) if options is None else options
    message = b"".join(hashlib.sha256(canonical(part)).digest() for part in (config, document))
    made = {**config, "proofValue": value or world.base58(signer.sign(message)), **after}
    return as_json({**document, "proof": {n: v for n, v in made.items() if v is not ...}})


def _data_integrity() -> Iterator[Vector]:
    def vector(name: str, check: str | None, why: str, content: bytes) -> Vector:
        return Vector(f"di-{name}", content, check, why, DATA_INTEGRITY)

    good = data_integrity()
    yield vector("valid", None, "nothing", good)
    yield vector("valid-spaces", None, "nothing: the same with other spaces", world.indented(json.loads(good)))
    ordered = dict(sorted(json.loads(good).items()))
    yield vector("valid-order", None, "nothing: the same in another order", as_json(ordered))
    escaped = good.replace(b"VerifiableCredential", rb"\u0056erifiableCredential")
    yield vector("valid-escape", None, "nothing: a letter as an escape", escaped)
    context = {"@context": [world.V2]}
    yield vector("valid-context", None, "nothing: the proof repeats @context", data_integrity(options=proof(**context)))
    yield vector("valid-expires", None, "nothing: expires later", data_integrity(options=proof(expires=iso(AT + 9))))
    stated = data_integrity(credential(credentialStatus=entry()))
    yield vector("valid-status", None, "nothing: the bit is not set", stated)
    yield vector(
        "status-revoked", "credential-status", "revoked", data_integrity(credential(credentialStatus=entry(7)))
    )
    for name, content, why in (
        ("no-proof", as_json(credential()), "no proof"),
        ("proof-list", as_json({**credential(), "proof": [json.loads(good)["proof"]]}), "a list of proofs"),
        ("proof-string", as_json({**credential(), "proof": "x"}), "the proof is a string"),
        ("list", as_json([json.loads(good)]), "a list of credentials"),
    ):
        yield vector(name, "envelope", why, content)
    for name, content in {
        "jwt": vc_jwt(),
        "duplicate": b'{"issuer":"did:web:rival.example",' + good[1:],
        "duplicate-proof": b'{"proof":{},' + good[1:],
        "nan": b'{"q":NaN,' + good[1:],
        "nested": b"[" * 100_000,
        "integer": b'{"q":' + b"9" * 5000 + b"," + good[1:],
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "cut": good[:-1],
        "trailing": good + b"{}",
    }.items():
        yield vector(f"json-{name}", "json", f"content: {name}", content)
    for name, changes, why in (
        ("type", {"type": "Ed25519Signature2020"}, "another type of proof"),
        ("suite", {"cryptosuite": "eddsa-rdfc-2022"}, "another cryptosuite"),
        ("suite-ecdsa", {"cryptosuite": "ecdsa-jcs-2019"}, "another cryptosuite"),
        ("suite-none", {"cryptosuite": "none"}, "cryptosuite none"),
        ("suite-missing", {"cryptosuite": ...}, "no cryptosuite"),
        ("suite-list", {"cryptosuite": ["eddsa-jcs-2022"]}, "cryptosuite is a list"),
        ("purpose", {"proofPurpose": "authentication"}, "for authentication"),
        ("purpose-missing", {"proofPurpose": ...}, "no purpose"),
        ("method-list", {"verificationMethod": [method(ED)]}, "verificationMethod is a list"),
        ("method-object", {"verificationMethod": {"id": method(ED)}}, "brings its own key"),
        ("created-future", {"created": iso(AT + 61)}, "made in the future"),
        ("created-odd", {"created": "yesterday"}, "created cannot be read"),
        ("expires-past", {"expires": iso(AT)}, "past its end"),
        ("previous", {"previousProof": "urn:x"}, "a chain of proofs"),
        ("challenge", {"challenge": "x"}, "a member that is not taken"),
    ):
        yield vector(f"header-{name}", "header", why, data_integrity(options=proof(**changes)))
    yield vector("header-value-missing", "header", "no proofValue", data_integrity(proofValue=...))
    yield vector("header-value-base64", "header", "proofValue in another multibase", data_integrity(value="uAAAA"))
    yield vector("header-value-list", "header", "proofValue is a list", data_integrity(proofValue=["z"]))
    stranger = data_integrity(credential(issuer=did_key(STRANGER)), signer=STRANGER)
    yield vector("key-unregistered", "key", "a did:key that nobody registered", stranger)
    address = data_integrity(options=proof(verificationMethod="https://mill.example/keys#1"))
    yield vector("key-url", "key", "an address to fetch from", address)
    on_curve = data_integrity(credential(issuer=did_key(ES)), proof(verificationMethod=method(ES)))
    yield vector("key-p256", "key", "a key of P-256 under an Ed25519 suite", on_curve)
    login = proof(verificationMethod=f"{world.WEB}#login")
    yield vector(
        "key-login", "key", "a key for authentication only", data_integrity(credential(issuer=world.WEB), login)
    )
    yield vector("claims-issuer", "claims", "another issuer", data_integrity(credential(issuer=did_key(RIVAL))))
    yield vector("claims-past", "claims", "it has ended", data_integrity(credential(validUntil=iso(AT - 1))))
    yield vector("claims-endless", "claims", "it never ends", data_integrity(credential(validUntil=...)))
    yield vector("claims-evidence", "claims", "a member that is not taken", data_integrity(credential(evidence=[])))
    signature = b64(ED.sign(b"x"))
    changed = {
        "changed": as_json({**json.loads(good), "id": "urn:uuid:other"}),
        "options-changed": data_integrity(created=iso(AT - 31)),
        "options-added": data_integrity(expires=iso(AT + 60)),
        "stranger": data_integrity(value=world.base58(STRANGER.sign(b"x"))),
        "short": data_integrity(value=world.base58(signature[:40])),
        "zero": data_integrity(value=world.base58(bytes(64))),
        "context-changed": data_integrity(options=proof(**{"@context": ["https://rival.example/"]})),
        "digits": good.replace(b'"credentialSubject"', b'"q":0.10000000000000000000001,"credentialSubject"'),
        "large": good.replace(b'"credentialSubject"', b'"q":9007199254740993,"credentialSubject"'),
    }
    for name, content in changed.items():
        yield vector(f"signature-{name}", "signature", f"the proof is not over this: {name}", content)
