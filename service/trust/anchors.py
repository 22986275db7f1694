"""What an operator trusts beyond registered keys: certificate authorities, and what they have revoked."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """Root certificates, optional intermediates and certificate revocation lists, each as DER (RFC 5280).

    ``revocation_required``: a certificate that names where its revocations are published is refused without a list of
    its issuer that is in force.
    """

    roots: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    revocation_required: bool = True


NO_ANCHORS: Final = TrustAnchors()
