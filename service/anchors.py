"""The certificate authorities that an operator trusts, read from a folder when the service starts."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from service.config import ConfigError
from service.trust.anchors import NO_ANCHORS, TrustAnchors

_Loaded = TypeVar("_Loaded", x509.Certificate, x509.CertificateRevocationList)


def read_anchors(folder: str) -> TrustAnchors:
    """Roots from ``*.pem`` (one or several in a file) and revocation lists from ``*.crl`` (PEM or DER).

    A certificate that did not sign itself is an intermediate: it helps to build chains and is trusted no more than its
    root. Nothing where no folder is named. Raises ``ConfigError`` naming the file that cannot be read.
    """
    if not folder:
        return NO_ANCHORS
    certificates = [c for path in sorted(Path(folder).glob("*.pem")) for c in _certificates(path)]
    if not certificates:
        raise ConfigError(f"GREENCHAIN_TRUST_ANCHORS: {folder!r} holds no *.pem")
    return TrustAnchors(
        tuple(_der(c) for c in certificates if c.issuer == c.subject),
        tuple(_der(c) for c in certificates if c.issuer != c.subject),
        tuple(_der(_read(path, _crl)) for path in sorted(Path(folder).glob("*.crl"))),
    )


def _certificates(path: Path) -> list[x509.Certificate]:
    return _read(path, x509.load_pem_x509_certificates)


def _crl(content: bytes) -> x509.CertificateRevocationList:
    load = x509.load_pem_x509_crl if content.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl
    return load(content)


_Read = TypeVar("_Read")


def _read(path: Path, load: Callable[[bytes], _Read]) -> _Read:
    try:
        return load(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"GREENCHAIN_TRUST_ANCHORS: {path.name} cannot be read: {str(error)[:200]}") from error


def _der(found: _Loaded) -> bytes:
    return found.public_bytes(Encoding.DER)
