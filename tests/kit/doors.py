"""Organizations that hand documents in: through the use case itself, or as HTTP clients of an app."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from graph.model.documents import Format, StoredDocument
from graph.model.refs import Kind, Ref, uid
from graph.store.database import Database
from graph.store.principals import NewPrincipal, PrincipalKind, add, register
from service.app import create_app
from service.auth.roles import Role
from service.auth.tokens import TokenSubject
from service.config import Settings
from service.context import Services
from service.factors import enter_shipped
from service.intake.submit import Intake, Registration
from service.intake.writer import GroupWriter
from service.ledger.entry import Scribe
from service.trust.limits import Limits
from service.trust.signing import new_key, public_key, sign_registration, sign_statement
from tests.kit.statements import Fact, as_bytes, statement, unique

AUDIENCE = "http://127.0.0.1:8410"


def org(name: str) -> str:
    return f"urn:greenchain:org:{name}"


@dataclass
class Party:
    """An organization with a key, and an intake to hand documents in at."""

    uri: str
    intake: Intake
    key: dict[str, str] = field(repr=False)

    @property
    def thumbprint(self) -> str:
        return public_key(self.key).thumbprint

    def signed(self, *facts: Fact, **claims: Any) -> bytes:
        return sign_statement(statement(self.uri, *facts, **claims), self.key)

    def submit(self, content: bytes, kind: Format = Format.JWS) -> StoredDocument:
        return self.intake.submit([(content, kind)], self.uri)[0]

    def states(self, *facts: Fact, **claims: Any) -> StoredDocument:
        """Hand in a signed statement, whatever becomes of it."""
        return self.submit(self.signed(*facts, **claims))

    def accepted(self, *facts: Fact, **claims: Any) -> StoredDocument:
        """Hand in a signed statement that must be accepted."""
        found = self.states(*facts, **claims)
        assert found.verdict.accepted, found.verdict.failed
        return found

    def refused(self, check: str, *facts: Fact, **claims: Any) -> dict[str, str]:
        """Hand in a signed statement that a check must refuse: reason by pointer."""
        return refusal(self.states(*facts, **claims), check)

    def registers(self, key: dict[str, str], *, nonce_ok: bool = True, **changes: Any) -> StoredDocument:
        told = {"organization": self.uri, "audience": AUDIENCE, "nonce": "n", "issued_at": int(time.time())} | changes
        return self.intake.register_key(
            sign_registration(key, **told), self.uri, Registration(AUDIENCE, lambda _: nonce_ok)
        )


def refusal(found: StoredDocument, check: str) -> dict[str, str]:
    """The reasons by pointer of a document that a check refused."""
    failed = found.verdict.failed
    assert failed is not None, "the document was accepted"
    assert failed.name == check, failed
    return {error.pointer: error.detail for error in failed.errors}


class Hall:
    """An intake on a graph, and organizations for it."""

    def __init__(self, database: Database, lock: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self._lock = lock
        self._clock = clock
        self.intake = self.worker()

    def worker(self) -> Intake:
        """One more process of the service, as far as the intake goes."""
        return Intake(
            self.database,
            GroupWriter(self.database, Scribe(b"a secret of the tests"), self._lock),
            Limits(),
            self._clock,
        )

    def party(self, name: str = "", alg: str = "EdDSA") -> Party:
        """An organization with a registered key."""
        found = Party(org(unique(name or "party-")), self.intake, new_key(alg))
        registered = found.registers(found.key)
        assert registered.verdict.accepted, registered.verdict.failed
        return found


@dataclass
class Client:
    """An organization's system at the HTTP door."""

    uri: str
    http: FlaskClient
    headers: dict[str, str] = field(repr=False)
    key: dict[str, str] = field(repr=False, default_factory=dict)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.http.get(path, query_string=query, headers=self.headers)

    def post(self, path: str, content: bytes = b"", media_type: str = "application/json") -> TestResponse:
        return self.http.post(path, data=content, content_type=media_type, headers=self.headers)

    def submit(self, content: bytes, media_type: str = "application/jose") -> TestResponse:
        return self.post("/api/v1/documents", content, media_type)

    def states(self, *facts: Fact, **claims: Any) -> dict[str, Any]:
        """Hand in an own, unsigned statement that must be accepted."""
        answer = self.submit(as_bytes(statement(self.uri, *facts, **claims)), "application/json")
        assert answer.status_code == 201, answer.text
        return dict(answer.json or {})

    def signs(self, *facts: Fact, **claims: Any) -> dict[str, Any]:
        """Hand in a signed statement that must be accepted."""
        answer = self.submit(sign_statement(statement(self.uri, *facts, **claims), self.key))
        assert answer.status_code == 201, answer.text
        return dict(answer.json or {})

    def register_key(self, alg: str = "EdDSA") -> TestResponse:
        """Register a new key with proof of possession, as a supplier does."""
        self.key = new_key(alg)
        challenge = self.post("/api/v1/keys:challenge").json
        assert challenge
        content = sign_registration(
            self.key,
            organization=self.uri,
            audience=challenge["audience"],
            nonce=challenge["nonce"],
            issued_at=int(time.time()),
        )
        return self.post("/api/v1/keys", content, "application/jose")

    def lot(self, identity: str, issuer: str = "") -> str:
        """The path of a lot."""
        return f"/api/v1/lots/{uid(Kind.LOT, Ref(issuer or self.uri, identity).key)}"

    def product(self, identity: str, issuer: str = "") -> str:
        return f"/api/v1/products/{uid(Kind.PRODUCT, Ref(issuer or self.uri, identity).key)}"


class House:
    """An app on a graph, and clients for it. Tokens are the app's own; how they are had is tested elsewhere."""

    def __init__(self, database: Database, data: Path, **environment: str) -> None:
        self.settings = Settings.from_environment({"GREENCHAIN_DATA": str(data), **environment})
        self.app: flask.Flask = create_app(self.settings, database)
        self.database = database

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions["greenchain"]
        return found

    def published(self) -> House:
        """With the published factors that come with the program, as a start enters them."""
        enter_shipped(self.database, self.services.intake)
        return self

    def client(self, name: str = "", *roles: Role, signs: bool = False) -> Client:
        """A new organization with one system, by default a supplier's."""
        uri = org(unique(name or "member-"))
        found = self._enter(uri, name or uri, roles or (Role.SUPPLIER,))
        if signs:
            assert found.register_key().status_code == 201
        return found

    def colleague(self, of_: Client, *roles: Role) -> Client:
        """One more system of an organization, with other roles."""
        return self._enter(of_.uri, "", roles)

    def _enter(self, uri: str, name: str, roles: tuple[Role, ...]) -> Client:
        principal = unique("principal-")
        new = NewPrincipal(principal, PrincipalKind.SYSTEM, principal, tuple(r.value for r in roles), "")
        if name:
            self.database.write(register, uri, name, [new], now=time.time(), link_expires=0.0)
        else:
            assert self.database.write(add, uri, new, now=time.time(), link_expires=0.0)
        token = self.services.tokens.issue(TokenSubject(principal, self._generation(principal)), uri)
        return Client(uri, self.app.test_client(), {"Authorization": f"Bearer {token}"})

    def _generation(self, principal: str) -> int:
        account = self.services.accounts.find(principal)
        assert account is not None
        return account.generation
