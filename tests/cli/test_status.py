"""`greenchain status refresh` on the machine of a service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store.database import Database
from graph.store.embedded import EngineAddress
from service.config import Settings
from service.supervisor import Supervisor
from tests.cli.conftest import Cli, wait_until
from tests.kit.doors import House
from tests.kit.graphs import cleared
from tests.kit.issuers import Issuer
from tests.kit.outside import Authority, Site, serving

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    authority = Authority(tmp_path_factory.mktemp("outside"))
    with serving(authority.certificate("localhost")) as found:
        found.ca_file = authority.file
        yield found


@pytest.fixture
def issuer(session_database: Database, tmp_path: Path, site: Site) -> Issuer:
    house = House(cleared(session_database), tmp_path / "data", **site.settings)
    return Issuer(house.client("web", signs=True), site)


@pytest.fixture
def environment(engine: EngineAddress, tmp_path: Path, site: Site) -> dict[str, str]:
    graph = {"NEO4J_URI": engine.uri, "NEO4J_USER": engine.user, "NEO4J_PASSWORD": engine.password}
    graph |= {"NEO4J_DATABASE": engine.database, "GREENCHAIN_DATA": str(tmp_path / "data")}
    return graph | site.settings


def test_what_changed_and_what_could_not_be_read_is_told(issuer: Issuer, environment: dict[str, str], cli: Cli) -> None:
    status, text = issuer.submits(issuer.credential(7))
    assert status == 201, text
    told = cli("status", "refresh", "--json", environment=environment)
    assert (told.code, told.json["documents"], told.json["changes"], told.json["unread"]) == (0, 1, [], [])
    issuer.list(7)
    told = cli("status", "refresh", "--quiet", environment=environment)
    assert told.code == 0
    assert told.out.startswith(f"document {json.loads(text)['id']} is revoked (entry ")
    assert issuer.submits(issuer.credential(8))[0] == 201
    del issuer.site.answers[f"{issuer.path}/status"]
    told = cli("status", "refresh", environment=environment)
    assert told.code == 1
    assert "Lists that could not be read" in told.out
    told.is_one_line(issuer.url[:60], "last read 20", "404")


def test_without_a_service_it_says_so(cli: Cli, tmp_path: Path) -> None:
    told = cli("status", "refresh", environment={"GREENCHAIN_DATA": str(tmp_path / "none")})
    assert told.code == 2
    told.is_one_line("no service runs")


@pytest.mark.long
def test_a_running_service_looks_by_itself(
    issuer: Issuer, environment: dict[str, str], engine: EngineAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of the parent that does it; how it keeps its other children is told in test_supervisor.py."""
    status, text = issuer.submits(issuer.credential(7))
    assert status == 201, text
    issuer.list(7)
    for seconds, found in (("0", False), ("60", True)):
        settings = Settings.from_environment(environment | {"GREENCHAIN_STATUS_REFRESH_SECONDS": seconds})
        supervisor = Supervisor(settings, address=engine)
        monkeypatch.setattr(supervisor, "_refresh_at", 0.0)
        supervisor._look()
        child = supervisor._refresh
        assert (child is not None) is found
        if child is not None:
            supervisor._look()
            assert supervisor._refresh is child, "one at a time"
            assert supervisor._refresh_at > time.monotonic() + 50
            wait_until(lambda child=child: child.poll() is not None, 30, "the end of the refresh")
            assert child.returncode == 0
        supervisor.stop()
    shown = issuer.client.get(f"/api/v1/documents/{json.loads(text)['id']}").json or {}
    assert "left_at" in shown
