"""Who signed, where a certificate chain says so (RFC 7515 4.1.6, RFC 5280), down from a root that the operator trusts.

The chain is built by ``cryptography.x509.verification``. It asks for a little less than we need, so the policy for the
signer's certificate is ours: the purpose must be the signing of documents (RFC 9336), and the organization is the one
URI in its subjectAltName. What revocation lists say is the key's state, apart from whether the signature is valid.
"""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from graph.model.documents import ValidationDatum, ValidationKind
from schemas.instants import utc
from service.trust.anchors import TrustAnchors
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.envelopes.revocation import check_revocation
from service.trust.envelopes.signer import Signer
from service.trust.headers import Header
from service.trust.keys import KeyRefused, PublicKey, parse_jwk

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
_MOST_CERTIFICATES: Final = 5
_MOST_BYTES: Final = 8192
# RFC 5280 6.1.4 (o), 6.1.5 (f): a critical extension that is not processed refuses the path. These are.
_PROCESSED: Final = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
}

# What the library raises for bytes that are no certificate, or one with an extension that it cannot read.
_UNREADABLE: Final = (
    binascii.Error,
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Anchors, parsed once."""

    store: Store
    intermediates: list[x509.Certificate]
    crls: list[x509.CertificateRevocationList]


@lru_cache(maxsize=8)
def _loaded(anchors: TrustAnchors) -> _Loaded:
    return _Loaded(
        Store([x509.load_der_x509_certificate(c) for c in anchors.roots]),
        [x509.load_der_x509_certificate(c) for c in anchors.intermediates],
        [x509.load_der_x509_crl(c) for c in anchors.crls],
    )


def by_chain(header: Header, context: OpenContext) -> Signer:
    """The holder of the first certificate in ``x5c``. Raises ``Refusal`` of the check ``key``."""
    brought = _brought(header.name)
    if not context.anchors.roots:
        raise Refusal("key", "this service trusts no certificate authority: register the key")
    anchors = _loaded(context.anchors)
    chain = _verified(brought, anchors, context.at)
    organization, key = _organization(chain[0]), _key(chain[0])
    known = context.keys.get(key.thumbprint)
    if known is not None and known.organization != organization:
        raise Refusal("key", "the key of this certificate is registered for another organization")

    def state() -> None:
        check_revocation(chain, anchors.crls, context.at, required=context.anchors.revocation_required)

    rests_on = _rests_on(chain, context.anchors, anchors.crls)
    return Signer(organization, key, vouched="its certificate", state=state, rests_on=rests_on)


def _rests_on(
    chain: list[x509.Certificate], anchors: TrustAnchors, crls: list[x509.CertificateRevocationList]
) -> tuple[ValidationDatum, ...]:
    """Of the anchors those that the chain goes through, and the lists of its authorities."""
    links, issuers = {c.public_bytes(Encoding.DER) for c in chain}, {c.subject for c in chain[1:]}
    lists = (der for der, crl in zip(anchors.crls, crls, strict=True) if crl.issuer in issuers)
    kinds = (
        (ValidationKind.ROOT, (c for c in anchors.roots if c in links)),
        (ValidationKind.INTERMEDIATE, (c for c in anchors.intermediates if c in links)),
        (ValidationKind.CRL, lists),
    )
    return tuple(ValidationDatum(kind, "", der) for kind, every in kinds for der in every)


def _brought(value: object) -> list[x509.Certificate]:
    """RFC 7515 4.1.6: a list of DER certificates in plain base64, the signer's first."""
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_CERTIFICATES:
        raise Refusal("key", f"x5c must be a list of 1 to {_MOST_CERTIFICATES} certificates")
    return [_certificate(text) for text in value]


def _certificate(text: object) -> x509.Certificate:
    if not isinstance(text, str) or len(text) > _MOST_BYTES:
        raise Refusal("key", f"x5c must hold strings of at most {_MOST_BYTES} characters")
    try:
        der = base64.b64decode(text, validate=True)
        certificate = x509.load_der_x509_certificate(der)
        _check_critical(certificate)
    except _UNREADABLE as error:
        raise Refusal("key", f"x5c holds what is no certificate: {str(error)[:200]}") from error
    # One text a certificate (RFC 4648 3.5); and no bytes behind its end, which a reader could overlook.
    if base64.b64encode(der).decode() != text or certificate.public_bytes(Encoding.DER) != der:
        raise Refusal("key", "x5c holds a certificate that is not written in the one way that it has")
    return certificate


def _check_critical(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _PROCESSED:
            raise ValueError(f"it has a critical extension that is not known here, {extension.oid.dotted_string}")


def _verified(brought: list[x509.Certificate], anchors: _Loaded, at: float) -> list[x509.Certificate]:
    """RFC 5280 6.1: from the signer's certificate to a root."""
    builder = PolicyBuilder().store(anchors.store).time(utc(at)).max_chain_depth(_MOST_CERTIFICATES)
    verifier = builder.extension_policies(ca_policy=_AUTHORITY, ee_policy=_SIGNER).build_client_verifier()
    try:
        return verifier.verify(brought[0], [*brought[1:], *anchors.intermediates]).chain
    except (VerificationError, ValueError, UnsupportedAlgorithm) as error:
        raise Refusal("key", f"the certificate is refused: {str(error)[:300]}") from error


def _key(certificate: x509.Certificate) -> PublicKey:
    """The same rules for keys as at registration: RSA of 2048 bits and more, P-256 and P-384."""
    try:
        raw = certificate.public_key()
        library = RSAKey if hasattr(raw, "public_numbers") and hasattr(raw.public_numbers(), "n") else ECKey
        return parse_jwk(library(raw, raw).as_dict(private=False))  # type: ignore[arg-type]
    except (KeyRefused, JoseError, ValueError, AttributeError, UnsupportedAlgorithm) as error:
        raise Refusal("key", f"the certificate's key is refused: {error}") from error


def _organization(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)[0]


def _check_usage(_: Policy, __: x509.Certificate, usage: x509.KeyUsage) -> None:
    """RFC 5280 4.2.1.3."""
    if not usage.digital_signature or usage.key_cert_sign or usage.crl_sign:
        raise ValueError("its key usage must be digitalSignature, and not that of an authority")


def _check_purpose(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    """RFC 9336 3: for documents; that of a web server or of e-mail proves nothing about statements."""
    if DOCUMENT_SIGNING not in usage:
        raise ValueError("its extended key usage must be documentSigning (1.3.6.1.5.5.7.3.36)")


def _check_names(_: Policy, __: x509.Certificate, names: x509.SubjectAlternativeName) -> None:
    if len(names.get_values_for_type(x509.UniformResourceIdentifier)) != 1:
        raise ValueError("its subjectAltName must hold one URI, that of the organization")


def _check_basic(_: Policy, __: x509.Certificate, basic: x509.BasicConstraints | None) -> None:
    if basic is not None and basic.ca:
        raise ValueError("it is an authority's, not a signer's")


_SIGNER: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.KeyUsage, Criticality.AGNOSTIC, _check_usage)
    .require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _check_purpose)
    .require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, _check_names)
    .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _check_basic)
)
_AUTHORITY: Final = ExtensionPolicy.webpki_defaults_ca()
