"""What every test may ask for: an engine, and a migrated and empty graph on it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from graph.store.database import Database, Tx
from graph.store.embedded import EmbeddedEngine, EngineAddress
from graph.store.migrations import migrate

# Engines of tests live for seconds: the optimizing compiler would take more time than it saves. Children inherit it.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("greenchain", deadline=None)
settings.load_profile("greenchain")

# Files that take long: begun first, they do not keep one process busy after the other has nothing left to do.
SLOW = (
    "test_embedded.py",
    "test_browser_keys.py",
    "test_browser_signing.py",
    "test_bench.py",
    "test_restored_backup.py",
    "test_with_a_service.py",
    "test_browser_lots.py",
    "test_database.py",
    "test_supervisor.py",
    "test_durability.py",
    "test_ledger_signing.py",
    "test_rebuild.py",
    "test_browser_documents.py",
    "test_demo.py",
)


def _draw(item: pytest.Item, share: float) -> None:
    """Let a test by hypothesis draw a share of its examples: `make test` a quarter, the suite on Neo4j all."""
    test = getattr(item, "obj", None)
    given = getattr(test, "_hypothesis_internal_use_settings", None)
    if given is not None and share < 1 and not hasattr(test, "shared_out"):
        test._hypothesis_internal_use_settings = settings(given, max_examples=max(5, int(given.max_examples * share)))
        test.shared_out = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands on an engine, however far below, so that `-m "not engine"` leaves it out; slow files first."""
    share = float(os.environ.get("GREENCHAIN_TEST_EXAMPLES", "1"))
    for item in items:
        _draw(item, share)
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items.sort(key=lambda item: SLOW.index(item.path.name) if item.path.name in SLOW else len(SLOW))
    if share := os.environ.get("GREENCHAIN_TEST_SHARE"):
        _keep_share(config, items, share)


def _keep_share(config: pytest.Config, items: list[pytest.Item], share: str) -> None:
    """Leave out what is for another process to run (`tests.neo4j`): "engine 0/2" is every other file on an engine."""
    engine = [item for item in items if item.get_closest_marker("engine")]
    kept = {id(item) for item in items} - {id(item) for item in engine}
    if share != "rest":
        part, parts = map(int, share.removeprefix("engine ").split("/"))
        files = list(dict.fromkeys(item.path for item in engine))[part::parts]
        kept = {id(item) for item in engine if item.path in files}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineAddress]:
    """The server that NEO4J_URI names, otherwise an embedded engine (one for each xdist worker)."""
    if uri := os.environ.get("NEO4J_URI"):
        yield EngineAddress(
            uri,
            os.environ.get("NEO4J_USER", "neo4j"),
            os.environ.get("NEO4J_PASSWORD", ""),
            os.environ.get("NEO4J_DATABASE", "neo4j"),
        )
        return
    with EmbeddedEngine(tmp_path_factory.mktemp("engine"), heap_mb=768) as embedded:
        yield embedded.address


@pytest.fixture(scope="session")
def session_database(engine: EngineAddress) -> Iterator[Database]:
    """One connection pool for all tests; tests ask for `database`."""
    with Database(engine) as database:
        yield database
        empty_graph(database)
        database.write(_delete_version)


@pytest.fixture
def database(session_database: Database) -> Database:
    """A Database on an empty, migrated graph."""
    empty_graph(session_database)
    migrate(session_database)
    return session_database


def empty_graph(database: Database) -> None:
    """Delete every node but the version, a batch a transaction; constraints and indexes stay."""
    while database.write(_delete_some):
        pass


def _delete_some(tx: Tx) -> int:
    rows = tx.run("MATCH (n) WHERE NOT n:Schema WITH n LIMIT 2000 DETACH DELETE n RETURN count(*) AS deleted")
    return int(rows[0]["deleted"])


def _delete_version(tx: Tx) -> None:
    tx.run("MATCH (s:Schema) DELETE s")
