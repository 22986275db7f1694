"""A statement as verifiable credential enveloped by a JWT (W3C VC-JOSE-COSE 1.0, 3.1), which UNTP asks for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from service.trust.envelopes import credential
from service.trust.envelopes.base import OpenContext, Opened, Reading, Steps, claim_fault, parsed
from service.trust.envelopes.dids import by_kid
from service.trust.envelopes.jws import open_compact
from service.trust.envelopes.signer import Signer
from service.trust.envelopes.status_check import OpenCredential, status_check
from service.trust.headers import HeaderRule

VC_JWT_TYPE: Final = "vc+jwt"
RULE: Final = HeaderRule(VC_JWT_TYPE, cty=("vc",))
_FINDERS: Final = {"kid": by_kid}


class VcJwt:
    """Statements as ``vc+jwt``. ``open_list``: how a status list credential is opened, in whatever form it comes."""

    def __init__(self, open_list: OpenCredential) -> None:
        self._open_list = open_list

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """The credential, in the name of the organization that the DID in ``kid`` speaks for."""
        payload, signer = open_compact(content, RULE, _FINDERS, context, steps)

        def read(value: object) -> Reading:
            claims = _without_jwt_claims(value)
            reading = credential.read_statement(claims, signer)
            return replace(reading, status=status_check(claims, signer, context, self._open_list))

        return Opened(signer.organization, payload, read=read, vouched=signer.vouched, key_state=signer.state)


def open_vc_jwt(content: bytes, context: OpenContext, steps: Steps) -> tuple[Mapping[str, Any], Signer]:
    """Any credential as ``vc+jwt``: its content and who signed it. Raises ``Refusal``."""
    payload, signer = open_compact(content, RULE, _FINDERS, context, steps)
    return _without_jwt_claims(parsed(payload, context.limits)), signer


def _without_jwt_claims(value: object) -> Mapping[str, Any]:
    """VC-JOSE-COSE 1.0, 3.1.3: claims of the JWT beside the credential's members must not say anything else."""
    if not isinstance(value, dict):
        raise claim_fault("", "is not a JSON object")
    subject = value.get("credentialSubject")
    same = {
        "iss": credential.issuer_of(value),
        "jti": value.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }
    for name in ("vc", "vp"):
        if name in value:
            raise claim_fault(f"/{name}", "must not be there: the payload is the credential itself")
    for name, meant in same.items():
        if name in value and (meant is None or value[name] != meant):
            raise claim_fault(f"/{name}", "contradicts the credential")
    return {name: member for name, member in value.items() if name not in same}
