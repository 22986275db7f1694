"""A dead engine: the service says so and when to come back, keeps nothing half done, and recovers by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from graph.store.database import Database
from graph.store.embedded import EmbeddedEngine
from graph.store.migrations import migrate
from tests.kit.doors import Client, House
from tests.kit.statements import as_bytes, lot, process, product, statement

pytestmark = [pytest.mark.engine, pytest.mark.long]

READS = ("/api/v1/lots", "/readyz")


@pytest.fixture
def engine_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """An engine that the test may kill, whatever server the suite runs on."""
    with EmbeddedEngine(tmp_path_factory.mktemp("mortal"), heap_mb=256) as engine:
        yield engine


def test_a_dead_engine_is_told_with_when_to_come_back_and_recovers_by_itself(
    engine_of_its_own: EmbeddedEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Database(engine_of_its_own.address) as database:
        migrate(database)
        house = House(database, tmp_path_factory.mktemp("house"))
        client: Client = house.client("survivor", signs=True)
        client.signs(product(), process(), lot())
        content = as_bytes(statement(client.uri, product("while-dead")))
        engine_of_its_own.kill()

        answers = {path: client.get(path) for path in READS}
        answers["POST"] = client.submit(content, "application/json")
        answers["figure"] = client.get(client.lot("L1") + "/footprint")
        for name, answer in answers.items():
            assert answer.status_code == 503, (name, answer.text)
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.content_type == "application/problem+json"
            assert "127.0.0.1" not in answer.text, "where the engine listens is nobody's business"
        assert client.get("/healthz").status_code == 200, "the service itself lives"

        engine_of_its_own.restart()
        deadline = time.monotonic() + 15
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, "the service did not find its engine again"
            time.sleep(0.1)
        assert client.get(client.lot("L1") + "/footprint").json["total"] == pytest.approx(0.1)
        assert client.submit(content, "application/json").status_code == 201
        client.signs(product("afterwards"))
