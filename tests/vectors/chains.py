"""Faults of certificate chains (x5c): who signed them, what they are for, what was revoked."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from tests.vectors import rsa_kit
from tests.vectors.kit import (
    AT,
    ED,
    ES,
    ES384,
    ORGANIZATION,
    OTHER,
    PS,
    STATEMENT,
    STRANGER,
    Signer,
    Vector,
    b64,
    claims,
    compact,
)

NOW = datetime.fromtimestamp(AT, UTC)
DAY = timedelta(days=1)
DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
MAIL, SERVER, ANY = (ObjectIdentifier(o) for o in ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"))
LEAF = Signer("ES256", b"mill's certificate")
LEAF_384 = Signer("ES384", b"mill's other certificate")
ROOT_KEY, AUTHORITY_KEY, FALSE_KEY, PLAIN_KEY = (
    Signer("ES256", s) for s in (b"root", b"authority", b"false", b"plain")
)
LISTS = "http://authority.example/list.crl"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


@dataclass(frozen=True)
class Authority:
    """Who signs certificates."""

    name: str
    signer: Signer


ROOT = Authority("Root", ROOT_KEY)
AUTHORITY = Authority("Authority", AUTHORITY_KEY)
FALSE_ROOT = Authority("Root", FALSE_KEY)


def certificate(
    subject: str,
    key: Any,
    by: Authority,
    extensions: list[tuple[x509.ExtensionType, bool]],
    serial: int = 1000,
    start: datetime = NOW - 300 * DAY,
    end: datetime = NOW + 300 * DAY,
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(by.name)).public_key(key)
    builder = builder.serial_number(serial).not_valid_before(start).not_valid_after(end)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.signer.public_key)
    for extension, critical in [
        *extensions,
        (identifier, False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
    ]:
        builder = builder.add_extension(extension, critical)
    return builder.sign(by.signer.key, hashes.SHA256(), ecdsa_deterministic=True)


def authority(
    subject: Authority, by: Authority = ROOT, extra: Any = (), basic: Any = None, usage: Any = None, **changes: Any
) -> x509.Certificate:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (basic or x509.BasicConstraints(ca=True, path_length=None), True),
        (usage or _usage(key_cert_sign=True, crl_sign=True), True),
        *extra,
    ]
    return certificate(subject.name, subject.signer.public_key, by, extensions, **{"serial": 1, **changes})


def leaf(
    signer: Signer = LEAF,
    by: Authority = AUTHORITY,
    uris: tuple[str, ...] = (ORGANIZATION,),
    purposes: tuple[ObjectIdentifier, ...] = (DOCUMENTS,),
    usage: x509.KeyUsage | None = None,
    extra: Any = (),
    key: Any = None,
    **changes: Any,
) -> x509.Certificate:
    extensions: list[tuple[x509.ExtensionType, bool]] = [(usage or _usage(digital_signature=True), True), *extra]
    if uris:
        extensions.append((x509.SubjectAlternativeName([x509.UniformResourceIdentifier(u) for u in uris]), False))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    return certificate("Mill", key or signer.public_key, by, extensions, **changes)


@cache
def root() -> x509.Certificate:
    return authority(ROOT)


@cache
def middle() -> x509.Certificate:
    return authority(AUTHORITY)


def crl(
    by: Authority, *serials: int, start: datetime = NOW - DAY, end: datetime = NOW + DAY
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(_name(by.name)).last_update(start).next_update(end)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(by.signer.key, hashes.SHA256(), ecdsa_deterministic=True)


NARROW = Authority("Narrow", Signer("ES256", b"narrow"))
SHALLOW = Authority("Shallow", Signer("ES256", b"shallow"))
BELOW = Authority("Below", Signer("ES256", b"below"))
PLAIN = Authority("Plain", PLAIN_KEY)
LAPSED = Authority("Lapsed", Signer("ES256", b"lapsed"))
SILENT = Authority("Silent", Signer("ES256", b"silent"))
LATE = Authority("Late", Signer("ES256", b"late"))
REVOKED_AUTHORITY = Authority("Revoked", Signer("ES256", b"revoked authority"))


def anchors() -> dict[str, list[str]]:
    """The roots, and the lists in force: the authority has revoked 666, the root 13."""
    forged = crl(Authority("Silent", FALSE_KEY))
    lists = [crl(AUTHORITY, 666), crl(ROOT, 13), forged, crl(LATE, start=NOW - 9 * DAY, end=NOW - DAY)]
    return {
        "roots": [_text(root())],
        "intermediates": [],
        "crls": [base64.b64encode(found.public_bytes(Encoding.DER)).decode() for found in lists],
    }


def _text(found: x509.Certificate) -> str:
    return base64.b64encode(found.public_bytes(Encoding.DER)).decode()


def x5c(*chain: Any, signer: Signer = LEAF, payload: bytes | None = None, **head: Any) -> bytes:
    texts = [c if isinstance(c, str) else _text(c) for c in chain]
    members = {"alg": signer.alg, "typ": STATEMENT, "x5c": texts, **head}
    message = b64(compact({n: v for n, v in members.items() if v is not ...})) + b"." + b64(payload or claims())
    return message + b"." + b64(signer.sign(message))


def vectors() -> Iterator[Vector]:
    """All of them."""
    for name, content, check, why in (*_valid(), *_keys(), *_chains(), *_revoked()):
        yield Vector(f"x5c-{name}", content, check, why)


_Case = tuple[str, bytes, str | None, str]


def _points(end: str = LISTS) -> tuple[x509.ExtensionType, bool]:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(end)], None, None, None)
    return x509.CRLDistributionPoints([point]), False


def _valid() -> Iterator[_Case]:
    yield "valid", x5c(leaf(), middle()), None, "nothing"
    yield "valid-with-root", x5c(leaf(), middle(), root()), None, "nothing: the root came along"
    yield "valid-order", x5c(leaf(), root(), middle()), None, "nothing: the rest of the chain in another order"
    yield "valid-direct", x5c(leaf(by=ROOT)), None, "nothing: straight from the root"
    yield "valid-es384", x5c(leaf(LEAF_384), middle(), signer=LEAF_384), None, "nothing: P-384"
    yield "valid-ps256", x5c(leaf(PS), middle(), signer=PS), None, "nothing: RSA, a key that is registered, too"
    yield "valid-listed", x5c(leaf(extra=[_points()]), middle()), None, "nothing: its list is in force"
    lists = x5c(leaf(signer=ES), middle(), signer=ES)
    yield "valid-registered", lists, None, "nothing: the key of the certificate is registered for the same organization"


def _keys() -> Iterator[_Case]:
    chain = (leaf(), middle())
    yield "stranger", x5c(*chain, signer=ES), "signature", "signed with another key"
    yield "kid-beside", x5c(*chain, kid=ED.kid), "header", "kid beside x5c: two keys named"
    yield "jwk-beside", x5c(*chain, jwk=STRANGER.jwk), "header", "a key beside x5c"
    yield "x5u-beside", x5c(*chain, x5u="https://rival.example/"), "header", "an address beside x5c"
    yield "thumbprint-beside", x5c(*chain, **{"x5t#S256": "AAAA"}), "header", "a thumbprint beside x5c"
    yield "alg-none", x5c(*chain, alg="none"), "header", "alg none"
    yield "alg-other", x5c(*chain, alg="ES384"), "key", "alg of another kind of key"
    yield "typ", x5c(*chain, typ="JWT"), "header", "the typ of any JWT"
    yield "iss-other", x5c(*chain, payload=claims(iss=OTHER)), "claims", "another issuer than the certificate's"
    yield "expired-statement", x5c(*chain, payload=claims(exp=AT - 1)), "claims", "the statement has expired"
    yield "empty", x5c(), "key", "no certificate"
    yield "string", x5c(*chain, x5c=_text(leaf())), "key", "x5c is a string"
    yield "number", x5c(*chain, x5c=[5]), "key", "a certificate is a number"
    yield "not-base64", x5c("****"), "key", "no base64"
    yield "base64url", x5c(_text(leaf()).replace("+", "-").replace("/", "_") + "_"), "key", "base64url"
    yield "not-a-certificate", x5c("AAAA"), "key", "no certificate"
    yield "line-ends", x5c(_text(leaf())[:64] + "\n" + _text(leaf())[64:], middle()), "key", "a line end within"
    yield "many", x5c(*chain, *[middle()] * 4), "key", "more certificates than are taken"
    rsa_1024 = RSAPublicNumbers(65537, rsa_kit.SHORT_P * rsa_kit.SHORT_Q).public_key()
    yield "rsa-1024", x5c(leaf(key=rsa_1024), middle(), signer=PS), "key", "an RSA key of 1024 bits"
    e_3 = RSAPublicNumbers(3, rsa_kit.P * rsa_kit.Q).public_key()
    yield "rsa-e-3", x5c(leaf(key=e_3), middle(), signer=PS), "key", "the RSA exponent 3"
    p521 = ec.derive_private_key(7, ec.SECP521R1()).public_key()
    yield "p521", x5c(leaf(key=p521), middle()), "key", "a curve that is not taken"
    ed = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    yield "ed25519", x5c(leaf(key=ed), middle(), signer=ED), "key", "an Ed25519 certificate"
    yield "rivals-key", x5c(leaf(ES384, uris=(OTHER,)), middle(), signer=ES384), "key", "a key registered for another"


def _chains() -> Iterator[_Case]:
    def bad(name: str, why: str, *chain: Any) -> _Case:
        return name, x5c(*chain), "key", why

    self_signed = leaf(by=Authority("Mill", LEAF))
    yield bad("self-signed", "signed by itself", self_signed)
    yield bad(
        "false-root",
        "a root of the same name that is not trusted",
        leaf(by=FALSE_ROOT),
        authority(FALSE_ROOT, FALSE_ROOT),
    )
    yield bad("no-intermediate", "the intermediate is missing", leaf())
    yield bad(
        "wrong-signature",
        "the authority's name, another's signature",
        leaf(by=Authority("Authority", FALSE_KEY)),
        middle(),
    )
    yield bad("expired", "the certificate has expired", leaf(end=NOW - DAY), middle())
    yield bad("not-yet", "the certificate is not valid yet", leaf(start=NOW + DAY), middle())
    yield bad("authority-expired", "the authority has expired", leaf(by=LAPSED), authority(LAPSED, end=NOW - DAY))
    plain = leaf(PLAIN_KEY, by=ROOT, extra=[(x509.BasicConstraints(ca=False, path_length=None), True)])
    yield bad("not-an-authority", "signed by one that is no authority", leaf(by=Authority("Mill", PLAIN_KEY)), plain)
    no_sign = authority(PLAIN, usage=_usage(digital_signature=True))
    yield bad("authority-usage", "the authority's key may not sign certificates", leaf(by=PLAIN), no_sign)
    no_ca = authority(PLAIN, basic=x509.BasicConstraints(ca=False, path_length=None))
    yield bad("authority-basic", "the authority says it is none", leaf(by=PLAIN), no_ca)
    shallow = authority(SHALLOW, basic=x509.BasicConstraints(ca=True, path_length=0))
    yield bad("path-length", "longer than the path may be", leaf(by=BELOW), authority(BELOW, SHALLOW), shallow)
    constraint = x509.NameConstraints([x509.UniformResourceIdentifier("rival.example")], None)
    yield bad(
        "name-constraint",
        "the authority may only name others",
        leaf(by=NARROW),
        authority(NARROW, extra=[(constraint, True)]),
    )
    excluded = x509.NameConstraints(None, [x509.UniformResourceIdentifier("mill.example")])
    yield bad(
        "name-excluded",
        "the authority may not name this one",
        leaf(by=NARROW),
        authority(NARROW, extra=[(excluded, True)]),
    )
    yield bad("purpose-missing", "no extended key usage", leaf(purposes=()), middle())
    for name, purpose in (("mail", MAIL), ("server", SERVER), ("any", ANY)):
        yield bad(f"purpose-{name}", f"for {name}", leaf(purposes=(purpose,)), middle())
    yield bad("usage", "not for signatures", leaf(usage=_usage(key_encipherment=True)), middle())
    yield bad(
        "usage-authority",
        "an authority's usage",
        leaf(usage=_usage(digital_signature=True, key_cert_sign=True)),
        middle(),
    )
    basic = (x509.BasicConstraints(ca=True, path_length=None), True)
    yield bad("authority-as-signer", "an authority's certificate", leaf(extra=[basic]), middle())
    yield bad("no-uri", "no subjectAltName", leaf(uris=()), middle())
    yield bad("two-uris", "two organizations", leaf(uris=(ORGANIZATION, OTHER)), middle())
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0")
    yield bad("critical", "a critical extension that is not known", leaf(extra=[(unknown, True)]), middle())


def _revoked() -> Iterator[_Case]:
    def bad(name: str, why: str, *chain: Any) -> _Case:
        return name, x5c(*chain), "key-state", why

    yield bad("revoked", "revoked", leaf(serial=666), middle())
    yield bad(
        "revoked-authority",
        "the authority is revoked",
        leaf(by=REVOKED_AUTHORITY),
        authority(REVOKED_AUTHORITY, serial=13),
    )
    silent = authority(SILENT)
    yield bad("crl-forged", "the list is signed by another", leaf(by=SILENT, extra=[_points()]), silent)
    yield bad("crl-expired", "the list has expired", leaf(by=LATE, extra=[_points()]), authority(LATE))
    missing = Authority("Missing", Signer("ES256", b"missing"))
    yield bad("crl-missing", "there is no list of its issuer", leaf(by=missing, extra=[_points()]), authority(missing))
