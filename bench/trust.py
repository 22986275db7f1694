"""Verification through the whole workflow beside the raw signature check on the same payload."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from bench.rows import Options, Row, best, say
from graph.model.documents import Format, Received
from graph.model.facts import Statement
from schemas.statement import load_statement
from service.trust import envelope
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey, PublicKey
from service.trust.limits import Limits
from service.trust.signing import canonical, new_key, public_key, raw_signature
from service.trust.signing_forms import Issuing, sign_as
from service.trust.verify import examine

ORGANIZATION = "urn:greenchain:org:bench"
AUDIENCE = "https://greenchain.example"
PAYLOAD_BYTES = 2048
AIM = 0.5
# Form, algorithm, media type, and whether the aim is for it.
CASES = (
    ("jws", "EdDSA", Format.JWS, True),
    ("jws", "ES256", Format.JWS, True),
    ("vc-jwt", "EdDSA", Format.VC_JWT, False),
    ("data-integrity", "EdDSA", Format.DATA_INTEGRITY, False),
    ("sd-jwt", "EdDSA", Format.SD_JWT, False),
)


def run(options: Options) -> Iterator[Row]:
    """A row a form: documents a second through ``examine``, and signatures a second of the primitive alone."""
    rounds = options.pick(300, 20)
    for form, alg, kind, aimed in CASES:
        say(f"trust: {form} {alg}")
        yield _row(form, alg, kind, aimed, rounds)
        if aimed:
            yield _row(form, alg, kind, False, rounds, _unread)


def _unread(_: object) -> Statement:
    """No schema and no facts: what remains is the verification of the envelope and its claims."""
    return Statement(ORGANIZATION, "bench", 0.0, None, ())


def _row(
    form: str,
    alg: str,
    kind: Format,
    aimed: bool,
    rounds: int,
    parse: Callable[[object], Statement] = load_statement,
) -> Row:
    key = new_key(alg)
    public, at = public_key(key), time.time()
    salts = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(1000))
    issuing = Issuing(at=at, audience=AUDIENCE, salt=lambda: next(salts))
    content = sign_as(form, statement(at), key, issuing).document
    received = Received(content, kind, ORGANIZATION, at)
    context = OpenContext({public.thumbprint: KnownKey(ORGANIZATION, public)}, at, audience=AUDIENCE)
    assert examine(received, context, parse).failed is None
    ours = best(_repeated(lambda: examine(received, context, parse), rounds), 5)
    beside = best(_repeated(_raw(public, *_signed_part(form, content)), rounds), 5)
    ratio = beside / ours
    reach = "without the schema" if parse is _unread else "all checks from bytes to statement"
    return Row(
        f"verification of {form} with {alg}, {reach}, beside raw cryptography",
        len(content),
        rounds / ours,
        rounds / beside,
        "documents/s",
        f"at least {AIM}" if aimed else "",
        ratio >= AIM if aimed else None,
    )


def statement(at: float) -> dict[str, Any]:
    """A footprint's statement of 2 kB, as suppliers send them: the figure, the rules it follows, and its evidence."""
    fact: dict[str, Any] = {
        "kind": "footprint",
        "id": "bracket-2025",
        "product": "bracket",
        "facility": "foundry",
        "period_start": "2025-01-01",
        "period_end": "2026-01-01",
        "per": {"value": "1", "unit": "t"},
        "direct": "1210.5",
        "indirect": "341.25",
        "boundary": "cradle-to-gate",
        "primary_data_share": "0.62",
        "pcr": "EN 15804+A2; ISO 14067:2018; PCR 2019:14 version 1.3.4, construction products; system model: cut-off",
        "attachments": [],
    }
    found = {"iss": ORGANIZATION, "jti": "bench", "iat": int(at) - 5, "exp": int(at) + 3600, "facts": [fact]}
    while len(canonical(found)) < PAYLOAD_BYTES - 250:
        number = len(fact["attachments"])
        name = (
            f"Verification report, part {number}: meter readings, weighbridge tickets and invoices of the year 2025, "
        )
        name += "with the verifier's remarks on sampling, materiality and the corrections made"
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        fact["attachments"].append({"sha256": digest, "name": name, "media_type": "application/pdf"})
    return found


def _signed_part(form: str, content: bytes) -> tuple[bytes, bytes]:
    """What the primitive is given: signing input and signature; for a proof inside, anything of the same size."""
    if form == "data-integrity":
        return content, b""
    jws = envelope.split(content.partition(b"~")[0], Limits())
    return jws.signing_input, jws.signature


def _raw(key: PublicKey, message: bytes, signature: bytes) -> Callable[[], object]:
    raw: Any = key.raw
    if not signature:
        private = new_key("EdDSA")
        raw, signature = public_key(private).raw, raw_signature(message, private)
    if key.alg == "Ed25519":
        return lambda: raw.verify(signature, message)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    der, algorithm = encode_dss_signature(r, s), ec.ECDSA(hashes.SHA256())
    return lambda: raw.verify(der, message, algorithm)


def _repeated(work: Callable[[], object], rounds: int) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(rounds):
            work()

    return repeat
