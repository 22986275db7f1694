"""An app on the real engine, clients for it, and principals to be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from graph.store.database import Database
from graph.store.principals import PrincipalKind
from service.app import create_app
from service.auth.accounts import Accounts, Issued, PrincipalRequest
from service.auth.roles import OPERATOR, Role
from service.config import Settings

ALPHA = "urn:greenchain:org:alpha"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Defaults on a data folder of the test's own."""
    return Settings.from_environment({"GREENCHAIN_DATA": str(tmp_path / "data")})


@pytest.fixture
def app(settings: Settings, database: Database) -> flask.Flask:
    """The app on an empty graph."""
    return create_app(settings, database)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    """A client that keeps cookies."""
    return app.test_client()


@pytest.fixture
def accounts(database: Database) -> Accounts:
    """The use cases about principals."""
    return Accounts(database)


@dataclass(frozen=True)
class Makes:
    """Makes principals without going through HTTP."""

    accounts: Accounts

    def principal(self, kind: PrincipalKind, organization: str, *roles: Role, name: str = "") -> Issued:
        name = name or f"{kind.value} of {organization}"
        request = PrincipalRequest(kind, name, frozenset(roles))
        if self.accounts.members(organization):
            return self.accounts.add_principal(None, organization, request)
        return self.accounts.register_organization(None, organization, organization.rpartition(":")[2], [request])[0]

    def system(self, organization: str = ALPHA, *roles: Role, name: str = "") -> Issued:
        return self.principal(PrincipalKind.SYSTEM, organization, *(roles or (Role.SUPPLIER,)), name=name)

    def person(self, organization: str = ALPHA, *roles: Role, name: str = "") -> Issued:
        return self.principal(PrincipalKind.PERSON, organization, *(roles or (Role.PROCUREMENT,)), name=name)


@pytest.fixture
def makes(accounts: Accounts) -> Makes:
    """Principals for the asking."""
    return Makes(accounts)


@pytest.fixture
def bearer(client: FlaskClient) -> Callable[[Issued], dict[str, str]]:
    """The header with an access token of a system."""

    def header(system: Issued) -> dict[str, str]:
        answer = client.post(
            "/auth/token", data={"grant_type": "client_credentials"}, auth=(system.id, system.client_secret)
        )
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json['access_token']}"}

    return header


@pytest.fixture
def operator(makes: Makes, bearer: Callable[[Issued], dict[str, str]]) -> dict[str, str]:
    """The header of an admin of the operator."""
    return bearer(makes.system(OPERATOR, Role.ADMIN))


@pytest.fixture
def form_token(client: FlaskClient) -> Callable[[str], str]:
    """Reads the CSRF token in the first form of a page."""

    def read(path: str) -> str:
        page = client.get(path)
        assert page.status_code == 200, page.text
        found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', page.text)
        assert found, page.text
        return found[1]

    return read


@pytest.fixture
def sign_in(client: FlaskClient, form_token: Callable[[str], str]) -> Callable[[str], None]:
    """Signs the client in by a link, as a person does."""

    def enter(path: str) -> None:
        answer = client.post(path, data={"csrf_token": form_token(path)})
        assert answer.status_code == 303, answer.text

    return enter
