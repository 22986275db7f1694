"""Suppliers whose identity and status lists lie on a web server of their own."""

from __future__ import annotations

import base64
import gzip
import json
import time
from dataclasses import replace
from typing import Any

from werkzeug.test import TestResponse

from service.trust.envelopes.vc_jwt import VC_JWT_TYPE
from service.trust.signing import canonical, new_key, public_jwk, sign_compact, sign_registration
from service.trust.signing_forms import credential_of
from tests.kit.doors import Client
from tests.kit.outside import Site
from tests.kit.statements import Fact, product, statement, unique

VC = "application/vc+jwt"


class Issuer:
    """A supplier on the web: its DID document, its status list, and its credentials."""

    def __init__(self, client: Client, site: Site) -> None:
        self.client, self.site = client, site
        self.path = f"/{unique('issuer')}"
        self.did = f"did:web:localhost%3A{site.port}:{self.path[1:]}"
        self.url = f"https://localhost:{site.port}{self.path}/status"
        self.publish()
        self.list()

    def publish(self, **changes: object) -> None:
        method = {"id": f"{self.did}#1", "type": "JsonWebKey", "controller": self.did}
        document = {
            "id": self.did,
            "verificationMethod": [method | {"publicKeyJwk": public_jwk(self.client.key)}],
            "assertionMethod": [f"{self.did}#1"],
        } | changes
        self.site.says(f"{self.path}/did.json", json.dumps(document).encode(), Cache_Control="no-store")

    def list(self, *ones: int, purpose: str = "revocation", **changes: object) -> bytes:
        bits = bytearray(16384)
        for one in ones:
            bits[one // 8] |= 128 >> one % 8
        packed = base64.urlsafe_b64encode(gzip.compress(bytes(bits))).rstrip(b"=").decode()
        subject = {"type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": "u" + packed}
        credential = self._credential() | {
            "id": self.url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "credentialSubject": subject | changes,
        }
        content = self._signed(credential)
        self.site.says(f"{self.path}/status", content, VC, Cache_Control="no-store")
        return content

    def credential(self, index: int = 7, *facts: Fact, **entry: str) -> bytes:
        """A credential of one fact or more whose status is a bit of the list."""
        named = {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index),
            "statusListCredential": self.url,
        }
        return self._signed(self._credential(*facts) | {"credentialStatus": named | entry})

    def _credential(self, *facts: Fact) -> dict[str, object]:
        return credential_of(statement(self.client.uri, *(facts or (product(unique("p")),))), f"{self.did}#1")

    def _signed(self, credential: dict[str, object]) -> bytes:
        return sign_compact(VC_JWT_TYPE, canonical(credential), self.client.key, {"kid": f"{self.did}#1"})

    def submits(self, content: bytes) -> tuple[int, str]:
        answer = self.client.submit(content, VC)
        return answer.status_code, answer.text


class Enterprise(Issuer):
    """A supplier on the web that signs with a key of its DID document which it has not registered."""

    def __init__(self, client: Client, site: Site) -> None:
        super().__init__(replace(client, key=new_key()), site)

    def registration(self, key: dict[str, str] | None = None, **changes: Any) -> bytes:
        """The proof that the DID is this organization's."""
        told = self.client.post("/api/v1/keys:challenge").json or {}
        named = {"organization": self.client.uri, "issued_at": int(time.time()), "did": self.did}
        return sign_registration(key or self.client.key, **(dict(told) | named | changes))

    def registers(self, content: bytes = b"") -> TestResponse:
        return self.client.post("/api/v1/keys", content or self.registration(), "application/jose")
