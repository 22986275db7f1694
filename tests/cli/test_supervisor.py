"""`greenchain run`: one parent, two children, and what happens when one of them dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from connectors.errors import ConnectorError
from connectors.greenchain import GreenchainClient
from tests.cli.conftest import Cli, Running, free_port, plain_environment, processes_over, wait_until

pytestmark = pytest.mark.engine

ENGINE, WEB = "ArcadeDBServer", "gunicorn"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service without the demo, on the embedded engine whatever the rest of the suite runs on."""
    folder = tmp_path_factory.mktemp("supervised")
    settings = {"GREENCHAIN_DATA": str(folder / "data"), "GREENCHAIN_PORT": str(free_port())}
    running = Running(folder, plain_environment(**settings))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def client(service: Running, cli: Cli) -> GreenchainClient:
    """A supplier of the test's own."""
    command = ("accounts", "add", "urn:greenchain:org:alpha", "--name", "Alpha", "--role", "supplier", "--json")
    made = cli(*command, environment=service.environment)
    assert made.code == 0, made.err
    return GreenchainClient(service.url, made.json["client_id"], made.json["client_secret"])


def _statement(number: str) -> bytes:
    fact = f'{{"kind":"facility","id":"{number}","name":"Works {number}","country":"DE"}}'
    text = f'{{"iss":"urn:greenchain:org:alpha","jti":"{number}","iat":1767225600,"facts":[{fact}]}}'
    return text.encode()


def _submit(client: GreenchainClient, number: str) -> str:
    """Hand a statement in until it is acknowledged: what failed meanwhile is handed in again, as a sender would."""

    def attempt() -> str:
        try:
            answer = client.submit(_statement(number), "application/json")
        except ConnectorError:
            return ""
        assert answer["verdict"]["accepted"]
        return str(answer["id"])

    return str(wait_until(attempt, 60, "an accepted document"))


def _found(client: GreenchainClient, documents: list[str]) -> bool:
    try:
        return all(client.get(f"/api/v1/documents/{d}")["verdict"]["accepted"] for d in documents)
    except ConnectorError:
        return False


def test_it_prints_where_and_how_to_sign_in(service: Running) -> None:
    assert service.url in service.printed
    assert f"{service.url}/sign-in/" in service.printed
    assert requests.get(f"{service.url}/readyz", timeout=10).json() == {"status": "ready"}


def test_a_second_start_says_who_holds_the_folder(service: Running, cli: Cli) -> None:
    told = cli("run", environment=service.environment | {"GREENCHAIN_PORT": str(free_port())})
    assert told.code == 2
    assert service.process is not None
    told.is_one_line(str(service.data), f"process {service.process.pid}")
    assert service.answers()


@pytest.mark.long
def test_a_taken_port_is_named(service: Running, cli: Cli, tmp_path: Path) -> None:
    told = cli("run", environment=service.environment | {"GREENCHAIN_DATA": str(tmp_path / "data")})
    assert told.code == 2
    told.is_one_line(service.url, "GREENCHAIN_PORT")
    assert processes_over(tmp_path) == {}


def test_kill_9_of_the_engine_loses_nothing(service: Running, client: GreenchainClient) -> None:
    documents = [_submit(client, f"engine-{n}") for n in range(5)]
    before = service.child(ENGINE)
    os.kill(before, signal.SIGKILL)
    documents.append(_submit(client, "engine-after"))
    assert service.child(ENGINE) not in (0, before)
    wait_until(lambda: _found(client, documents), 30, "finding every acknowledged document")
    assert "graph engine ended" in service.logged


def test_kill_9_of_the_web_server_loses_nothing(service: Running, client: GreenchainClient) -> None:
    documents = [_submit(client, f"web-{n}") for n in range(5)]
    before = service.child(WEB)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: service.child(WEB) not in (0, before), 30, "a new web server")
    documents.append(_submit(client, "web-after"))
    wait_until(lambda: _found(client, documents), 30, "finding every acknowledged document")
    indexes = [d["ledger_index"] for d in client.get("/api/v1/documents", limit=100)["data"]]
    assert sorted(indexes) == list(range(min(indexes), min(indexes) + len(indexes))), "a gap in the ledger"


@pytest.mark.long
def test_sigterm_ends_all_and_kill_9_of_the_parent_does_too(run_in: Callable[..., Running], service: Running) -> None:
    """On the module's folder, so that each start here is a start over data. Last: the shared service ends."""
    code, seconds = service.terminate()
    assert code == 0
    assert seconds < 15
    assert processes_over(service.data) == {}
    again = run_in(service.folder)
    again.start()
    assert again.process is not None
    again.process.kill()
    again.process.wait()
    wait_until(lambda: processes_over(service.data) == {}, 15, "the end of both children")
