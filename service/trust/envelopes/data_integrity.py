"""A statement as verifiable credential with an embedded proof (W3C Data Integrity EdDSA Cryptosuites 1.0, 3.3).

The one form whose signature is over the meaning and not over the bytes: over the canonical form (RFC 8785). So JSON is
read strictly first, and a number that the canonical form would change is refused.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from schemas.moments import timestamp
from service.trust.canonical import NotCanonical, canonical
from service.trust.checks import Refusal
from service.trust.envelopes import credential
from service.trust.envelopes.base import OpenContext, Opened, Reading, Steps, parsed
from service.trust.envelopes.dids import signer_of
from service.trust.envelopes.signer import Signer
from service.trust.envelopes.status_check import OpenCredential, status_check
from service.trust.multikey import decode_base58

CRYPTOSUITE: Final = "eddsa-jcs-2022"
PURPOSE: Final = "assertionMethod"
PROOF_TYPE: Final = "DataIntegrityProof"
_REQUIRED: Final = {"type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"}
_TAKEN: Final = _REQUIRED | {"@context", "created", "expires", "id"}
_METHOD_LENGTH: Final = 500


class DataIntegrity:
    """Statements with a proof ``eddsa-jcs-2022``. ``open_list``: how a status list credential is opened."""

    def __init__(self, open_list: OpenCredential) -> None:
        self._open_list = open_list

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """The credential, in the name of the organization that the proof's DID speaks for."""
        claims, signer = open_data_integrity(content, context, steps)

        def read(_: object) -> Reading:
            reading = credential.read_statement(claims, signer)
            return replace(reading, status=status_check(claims, signer, context, self._open_list))

        return Opened(
            signer.organization, content, read=read, value=claims, vouched=signer.vouched, key_state=signer.state
        )


def open_data_integrity(content: bytes, context: OpenContext, steps: Steps) -> tuple[Mapping[str, Any], Signer]:
    """Any credential with one proof: its members without the proof, and who signed. Raises ``Refusal``."""
    most = context.limits.canonical_bytes
    if len(content) > most:
        raise Refusal("envelope", f"a credential with its proof inside is larger than {most} bytes: sign it as vc+jwt")
    secured = parsed(content, context.limits, context.limits.canonical_items)
    if not isinstance(secured, dict) or not isinstance(secured.get("proof"), dict):
        raise Refusal("envelope", "is not a JSON object with one proof")
    proof, document = secured["proof"], {n: v for n, v in secured.items() if n != "proof"}
    steps.passed("envelope")
    signature = _check_proof(proof, context)
    steps.passed("header")
    signer = signer_of(proof["verificationMethod"], context)
    steps.found_key(signer.key, "Ed25519", CRYPTOSUITE)
    steps.verify(signer.key, signed_bytes(document, proof), signature)
    return document, signer


def signed_bytes(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """EdDSA Cryptosuites 1.0, 3.3.2 to 3.3.4: the hash of the proof's options, then that of the document.

    Raises ``Refusal`` of ``signature`` for what has no canonical form.
    """
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "@context" in options and options["@context"] != document.get("@context"):
        raise Refusal("signature", "@context of the proof is not that of the document")
    try:
        parts = [hashlib.sha256(canonical(part)).digest() for part in (options, document)]
    except NotCanonical as error:
        raise Refusal("signature", f"nothing can be signed that {error}") from error
    return b"".join(parts)


def _check_proof(proof: Mapping[str, Any], context: OpenContext) -> bytes:
    """The rules of a header, for a proof (Data Integrity 1.0, 2.1, 4.4): its signature. Raises ``Refusal``."""
    missing, unknown = _REQUIRED - proof.keys(), proof.keys() - _TAKEN
    if missing or unknown:
        raise Refusal(
            "header", f"proof member {min(missing | unknown)[:50]!r} is {'missing' if missing else 'refused'}"
        )
    for name, value in (("type", PROOF_TYPE), ("cryptosuite", CRYPTOSUITE), ("proofPurpose", PURPOSE)):
        if proof[name] != value:
            raise Refusal("header", f"proof {name} must be {value}")
    method = proof["verificationMethod"]
    if not isinstance(method, str) or len(method) > _METHOD_LENGTH:
        raise Refusal("header", "proof verificationMethod must be a DID URL")
    _check_times(proof, context)
    return _signature(proof["proofValue"])


def _signature(value: object) -> bytes:
    signature = decode_base58(value) if isinstance(value, str) else None
    if signature is None:
        raise Refusal("header", "proofValue must be multibase base58btc")
    return signature


def _check_times(proof: Mapping[str, Any], context: OpenContext) -> None:
    """Data Integrity 1.0, 2.1: a proof of the future or past its end proves nothing."""
    times = {}
    for name in ("created", "expires"):
        if name in proof:
            try:
                times[name] = timestamp(proof[name])
            except ValueError as error:
                raise Refusal("header", f"proof {name} {error}") from error
    if times.get("created", 0.0) > context.at + context.limits.clock_leeway:
        raise Refusal("header", "proof created is in the future")
    if times.get("expires", context.at + 1.0) <= context.at:
        raise Refusal("header", "proof expires is past")
