"""What is outside of a service: authorities, DID documents and status lists; and statements that need them."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from service.intake.submit import NotNow
from service.trust.anchors import TrustAnchors
from service.trust.envelopes.vc_jwt import VC_JWT_TYPE
from service.trust.signing import canonical, public_key, sign_compact
from service.trust.signing_forms import Issuing, credential_of, sign_as
from service.trust.wanted import Resolved, Wanted
from tests.kit.doors import AUDIENCE
from tests.kit.statements import Fact, product, statement, unique
from tests.vectors import chains, world

Key = Mapping[str, str]
_LONG = {"start": chains.NOW - 2900 * chains.DAY, "end": chains.NOW + 2900 * chains.DAY}


@dataclass
class Web:
    """What is outside: DID documents and status lists, or an outage."""

    documents: dict[str, bytes] = field(default_factory=dict)
    lists: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    asked: list[Wanted] = field(default_factory=list)

    def resolve(self, wanted: Wanted) -> Resolved:
        self.asked.append(wanted)
        if self.away:
            raise NotNow("the network is away")
        return Resolved(_of(self.documents, wanted.dids), _of(self.lists, wanted.status_lists))


def _of(found: Mapping[str, bytes], names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: found[name] for name in names if name in found}


def anchors(*revoked: int) -> TrustAnchors:
    """One authority to trust, with its revocation list."""
    root = chains.authority(chains.ROOT, end=chains.NOW + 3000 * chains.DAY, start=chains.NOW - 3000 * chains.DAY)
    crl = chains.crl(chains.ROOT, *revoked, **_LONG)
    return TrustAnchors(roots=(root.public_bytes(Encoding.DER),), crls=(crl.public_bytes(Encoding.DER),))


def issuing(uri: str, key: Key, audience: str = AUDIENCE, **changes: object) -> Issuing:
    """What signing in any form takes; a certificate of that authority that names its revocation list."""
    salts = iter(unique("salt-") for _ in range(100))
    names = [x509.UniformResourceIdentifier(chains.LISTS)]
    point = x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])
    extra = [(point, False)]
    leaf = chains.leaf(key=public_key(key).raw, by=chains.ROOT, uris=(uri,), extra=extra, **_LONG)  # type: ignore[arg-type]
    told = {"at": time.time(), "audience": audience, "chain": leaf.public_bytes(Encoding.PEM), **changes}
    return Issuing(salt=lambda: next(salts), **told)  # type: ignore[arg-type]


def by_web(uri: str, key: Key, did: str, *facts: Fact, **changes: object) -> bytes:
    """A credential by a did:web."""
    said = statement(uri, *(facts or (product(unique("p")),)))
    return sign_as("vc-jwt", said, key, issuing(uri, key, method=f"{did}#1", **changes)).document  # type: ignore[arg-type]


def web_document(did: str, key: Key) -> bytes:
    """The document of a did:web, with one key."""
    method = {"id": f"{did}#1", "type": "JsonWebKey", "controller": did, "publicKeyJwk": dict(public_key(key).jwk)}
    return world.compact(world.did_document(did, verificationMethod=[method], assertionMethod=[f"{did}#1"]))


def with_status(uri: str, key: Key, did: str, url: str, *facts: Fact) -> bytes:
    """A credential by a did:web with an entry in a status list."""
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7"}
    credential = credential_of(statement(uri, *facts), f"{did}#1")
    stated = credential | {"credentialStatus": entry | {"statusListCredential": url}}
    return sign_compact(VC_JWT_TYPE, canonical(stated), key, {"kid": f"{did}#1"})


def status_list(uri: str, key: Key, did: str, url: str) -> bytes:
    """A status list in which nothing is revoked."""
    packed = base64.urlsafe_b64encode(gzip.compress(bytes(16384), mtime=0)).rstrip(b"=").decode()
    subject = {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "u" + packed}
    credential = credential_of(statement(uri, product(unique("p"))), f"{did}#1") | {
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "credentialSubject": subject,
    }
    return sign_compact(VC_JWT_TYPE, canonical(credential), key, {"kid": f"{did}#1"})
