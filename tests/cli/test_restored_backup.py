"""`greenchain run` over a graph that was restored from a backup: it does not go on from a past that was signed over."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
import requests

from schemas.factor_sets import shipped
from tests.cli.conftest import Cli, Running

pytestmark = [pytest.mark.engine, pytest.mark.long]

# What a first start enters (the policy, the published factors), and a document before and one after the backup.
SIGNED = 1 + len(shipped()) + 2


def submit(running: Running, cli: Cli, name: str) -> None:
    """One more ledger entry, and a head that is signed for it."""
    command = ("accounts", "add", f"urn:greenchain:org:{name}", "--name", name, "--role", "supplier", "--json")
    made = cli(*command, environment=running.environment).json
    told = {"grant_type": "client_credentials"}
    sign_in = (made["client_id"], made["client_secret"])
    token = requests.post(f"{running.url}/auth/token", data=told, auth=sign_in, timeout=20).json()["access_token"]
    statement = {"iss": f"urn:greenchain:org:{name}", "jti": name, "iat": 1767225600}
    fact = {"kind": "facility", "id": name, "name": name, "country": "DE"}
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{running.url}/api/v1/documents"
    answer = requests.post(url, json=statement | {"facts": [fact]}, headers=headers, timeout=20)
    assert answer.status_code == 201, answer.text
    assert requests.get(f"{running.url}/ledger/checkpoint", timeout=20).status_code == 200


@pytest.mark.timeout(600)
def test_a_start_refuses_an_older_backup_and_takes_the_present_one(run_in: Callable[..., Running], cli: Cli) -> None:
    running = run_in()
    running.start()
    submit(running, cli, "one")
    running.terminate()
    graph, backup, present = running.data / "graph", running.folder / "backup", running.folder / "present"
    shutil.copytree(graph, backup)
    running.start()
    submit(running, cli, "two")
    running.terminate()
    graph.rename(present)
    backup.rename(graph)
    told = cli("run", environment=running.environment)
    assert told.code == 2
    told.is_one_line("older backup", f"head of {SIGNED} was signed")
    shutil.rmtree(graph)
    present.rename(graph)
    running.start()
    assert requests.get(f"{running.url}/ledger/checkpoint", timeout=20).text.splitlines()[1] == str(SIGNED)
