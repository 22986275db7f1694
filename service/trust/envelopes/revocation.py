"""What certificate revocation lists say about a chain (RFC 5280 5, 6.3). The lists are supplied; nothing is fetched."""

from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from service.trust.checks import Refusal


def check_revocation(
    chain: list[x509.Certificate], crls: list[x509.CertificateRevocationList], at: float, *, required: bool
) -> None:
    """Whether no certificate below the root is revoked. Raises ``Refusal`` of the check ``key-state``.

    ``chain``: signer first, root last. ``required``: a certificate that says where its revocations are published needs
    a list of its issuer that is in force at ``at``.
    """
    for certificate, issuer in pairwise(chain):
        ours = [crl for crl in crls if _is_of(crl, certificate, issuer)]
        if any(crl.get_revoked_certificate_by_serial_number(certificate.serial_number) for crl in ours):
            raise Refusal("key-state", "a certificate of the chain was revoked by its issuer")
        if required and _names_a_list(certificate) and not any(_in_force(crl, at) for crl in ours):
            raise Refusal("key-state", "a certificate of the chain names a revocation list, and none in force is here")


def _is_of(crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """RFC 5280 6.3.3 (f), (g): the issuer's name, its right to sign lists, and its signature."""
    if crl.issuer != certificate.issuer:
        return False
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.crl_sign or any(e.critical for e in crl.extensions):
            # Of the extensions of a list that may be critical all narrow what it speaks of (5.2.4, 5.2.5).
            return False
        return bool(crl.is_signature_valid(issuer.public_key()))  # type: ignore[arg-type]
    except (x509.ExtensionNotFound, TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _in_force(crl: x509.CertificateRevocationList, at: float) -> bool:
    """RFC 5280 5.1.2.4, 5.1.2.5."""
    after = crl.next_update_utc
    return after is not None and crl.last_update_utc.timestamp() <= at < after.timestamp()


def _names_a_list(certificate: x509.Certificate) -> bool:
    return any(isinstance(e.value, x509.CRLDistributionPoints) for e in certificate.extensions)
