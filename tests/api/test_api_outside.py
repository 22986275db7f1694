"""Credentials whose issuer and status lie on a web server elsewhere: a real one, over TLS, through the public API."""

from __future__ import annotations

import base64
import gzip
import json
import time
from pathlib import Path

import pytest

from graph.store.database import Database
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.issuers import VC, Issuer
from tests.kit.outside import Site, reply
from tests.kit.statements import unique

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def supplier(session_database: Database, tmp_path_factory: pytest.TempPathFactory, site: Site) -> Client:
    """At a service whose operator allows that server, and trusts its certificates."""
    house = House(cleared(session_database), tmp_path_factory.mktemp("house"), **site.settings)
    return house.client(unique("web-"), signs=True)


@pytest.fixture
def issuer(supplier: Client, site: Site) -> Issuer:
    return Issuer(supplier, site)


def test_a_credential_is_accepted_with_its_issuer_and_status_found(issuer: Issuer) -> None:
    status, text = issuer.submits(issuer.credential())
    assert status == 201, text
    outcomes = {c["name"]: c["outcome"] for c in json.loads(text)["verdict"]["checks"]}
    assert outcomes["credential-status"] == "passed"


def test_a_revoked_credential_is_refused(issuer: Issuer) -> None:
    issuer.list(7)
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(credential-status): revoked" in text


def bomb() -> dict[str, object]:
    return {"encodedList": "u" + base64.urlsafe_b64encode(gzip.compress(bytes(20_000_000))).rstrip(b"=").decode()}


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"purpose": "suspension"}, "purpose is not revocation"), (bomb(), "expands to more than")],
    ids=["wrong purpose", "gzip bomb"],
)
def test_a_status_list_that_is_not_in_order_refuses(issuer: Issuer, told: dict[str, str], reason: str) -> None:
    issuer.list(**told)
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "credential-status" in text
    assert reason in text


def test_a_status_list_with_a_bad_signature_refuses(issuer: Issuer) -> None:
    content = bytearray(issuer.list())
    content[-10] ^= 1
    issuer.site.says(f"{issuer.path}/status", bytes(content), VC)
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(credential-status)" in text


def test_a_status_list_that_is_gone_refuses(issuer: Issuer) -> None:
    del issuer.site.answers[f"{issuer.path}/status"]
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(credential-status)" in text


def test_a_did_document_without_the_key_refuses(issuer: Issuer) -> None:
    issuer.publish(assertionMethod=[])
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(key)" in text


def test_a_did_document_behind_a_redirect_refuses(issuer: Issuer) -> None:
    where = {"Location": f"https://localhost:{issuer.site.port}{issuer.path}/status"}
    issuer.site.answers[f"{issuer.path}/did.json"] = lambda request: reply(request, 302, b"", where)
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(key)" in text


@pytest.mark.parametrize("away", ["did.json", "status"])
def test_a_server_that_is_away_is_no_verdict(issuer: Issuer, away: str) -> None:
    """503, nothing stored, and the same bytes are accepted when the server is back."""
    content = issuer.credential()
    before = issuer.site.answers[f"{issuer.path}/{away}"]
    issuer.site.answers[f"{issuer.path}/{away}"] = lambda request: reply(request, 503, b"", {})
    listed = issuer.client.get("/api/v1/documents").json
    assert issuer.submits(content)[0] == 503
    assert issuer.client.get("/api/v1/documents").json == listed
    issuer.site.answers[f"{issuer.path}/{away}"] = before
    assert issuer.submits(content)[0] == 201


@pytest.mark.long
def test_a_server_that_drips_is_cut_off_and_is_no_verdict(issuer: Issuer) -> None:
    def drip(request: object) -> None:
        for _ in range(200):
            request.wfile.write(b"H")  # type: ignore[attr-defined]
            time.sleep(0.1)

    issuer.site.answers[f"{issuer.path}/did.json"] = drip
    started = time.monotonic()
    assert issuer.submits(issuer.credential())[0] == 503
    assert time.monotonic() - started < 6


def test_a_host_that_nobody_allowed_refuses(session_database: Database, tmp_path: Path, site: Site) -> None:
    client = House(session_database, tmp_path, GREENCHAIN_CA_FILE=str(site.ca_file)).client(unique("b-"), signs=True)
    issuer, seen = Issuer(client, site), len(site.seen)
    status, text = issuer.submits(issuer.credential())
    assert status == 422
    assert "(key)" in text
    assert len(site.seen) == seen
