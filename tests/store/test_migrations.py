from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from graph.errors import GraphNewerThanCode, KeyTaken
from graph.store.database import Database, Tx
from graph.store.migrations import ANCHORS, FACTS, MIGRATIONS, Migration, index, migrate, unique, version


@pytest.fixture
def unmigrated(database: Database) -> Iterator[Database]:
    """The database without its version; the constraints of earlier tests may be there, as after a crash."""
    _set_version(database, None)
    yield database
    _set_version(database, None)


def _set_version(database: Database, number: int | None) -> None:
    def work(tx: Tx) -> None:
        tx.run("MATCH (s:Schema) DELETE s")
        if number is not None:
            tx.run("CREATE (:Schema {id: 'schema', version: $number})", number=number)

    database.write(work)


def test_a_new_graph_reaches_the_version_of_the_code_and_stays_there(unmigrated: Database) -> None:
    assert version(unmigrated) == 0
    assert migrate(unmigrated) == len(MIGRATIONS)
    assert migrate(unmigrated) == version(unmigrated) == len(MIGRATIONS)


def test_only_what_is_missing_is_run(unmigrated: Database) -> None:
    migrate(unmigrated)
    broken = tuple(Migration(old.name, ("this is not Cypher",)) for old in MIGRATIONS)
    added = Migration("added", (index("Probe", "colour"), unique("Probe", "key")))
    assert migrate(unmigrated, (*broken, added)) == len(MIGRATIONS) + 1


def test_a_graph_newer_than_the_code_is_refused_and_left_alone(unmigrated: Database) -> None:
    _set_version(unmigrated, len(MIGRATIONS) + 1)
    with pytest.raises(GraphNewerThanCode, match=f"version {len(MIGRATIONS) + 1}"):
        migrate(unmigrated)
    assert version(unmigrated) == len(MIGRATIONS) + 1


def test_four_processes_starting_together_agree(unmigrated: Database) -> None:
    fresh = Migration("fresh", tuple(unique(f"Fresh{n}", "key") for n in range(10)))
    outcomes: list[object] = []

    def start() -> None:
        with Database(unmigrated.address) as own:
            try:
                outcomes.append(migrate(own, (*MIGRATIONS, fresh)))
            except Exception as error:  # noqa: BLE001  told by the assertion below
                outcomes.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [len(MIGRATIONS) + 1] * 4
    assert unmigrated.read(lambda tx: tx.run("MATCH (s:Schema) RETURN count(s) AS n")) == [{"n": 1}]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        *((label, "key") for label in ANCHORS),
        *((label, "fid") for label in FACTS),
        ("Document", "id"),
        ("Document", "replay"),
        ("Principal", "id"),
        ("Counter", "id"),
        ("Key", "thumbprint"),
    ],
)
def test_a_unique_property_is_unique_and_may_be_absent(database: Database, label: str, name: str) -> None:
    create = f"CREATE (n:{label} {{{name}: $value}})"
    database.write(lambda tx: tx.run(create, value=7))
    with pytest.raises(KeyTaken):
        database.write(lambda tx: tx.run(create, value=7))
    for _ in range(2):
        database.write(lambda tx: tx.run(f"CREATE (n:{label} {{other: 1}})"))
    assert database.read(lambda tx: tx.run(f"MATCH (n:{label}) RETURN count(n) AS n")) == [{"n": 3}]
