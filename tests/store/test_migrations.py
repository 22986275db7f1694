from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from graph.errors import GraphNewerThanCode, KeyTaken
from graph.model.refs import Kind, uid
from graph.store.database import Database, Tx
from graph.store.documents import ledger_size
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


# What a graph has that was written before: a process with two outputs of one product and one of another, made of a
# lot and of a product of a period; a lot drawn from it; and a lot that was handed on and that nobody has described.
_BEFORE = (
    "CREATE (:Counter {id: 'ledger', next: 2})",
    "CREATE (:Document {id: 'a', index: 0, accepted: true}), (:Document {id: 'b', index: 1, accepted: false})",
    "MATCH (d:Document {id: 'a'}) CREATE (d)-[:ASSERTS]->(f:ProcessFact {fid: 0, key: 'o|p'}), "
    "(d)-[:ASSERTS]->(g:LotFact {fid: 1, key: 'o|l'}), (d)-[:ASSERTS]->(h:TransferFact {fid: 2, key: 'o|t'}), "
    "(f)-[:CONSUMED]->(:Lot {key: 'x|1'}), (f)-[:CONSUMED]->(:Product {key: 'x|steel'}), "
    "(g)-[:STATES]->(:Lot {key: 'o|l'}), (h)-[:MOVED]->(:Lot {key: 'o|m'}), (:Activity {name: 'stack'})-[:OF]->(f)",
    "MATCH (f:ProcessFact), (g:LotFact) CREATE (f)-[:PRODUCED {product: 'o|a'}]->(n:Output {key: 'o|p|1'}), "
    "(f)-[:PRODUCED {product: 'o|a'}]->(:Output {key: 'o|p|2'}), "
    "(f)-[:PRODUCED {product: 'x|steel'}]->(:Output {key: 'o|p|3'}), (g)-[:DRAWN_FROM]->(n)",
)


def test_a_graph_that_has_data_is_brought_up_to_what_the_intake_writes(database: Database) -> None:
    for statement in _BEFORE:
        database.write(lambda tx, statement=statement: tx.run(statement))
    for _ in range(2):
        for migration in MIGRATIONS:
            if migration.fill is not None:
                migration.fill(database)
    named = database.read(
        lambda tx: [
            row for label in ("Lot", "Product") for row in tx.run(f"MATCH (n:{label}) RETURN n.key AS k, n.uid AS u")
        ]
    )
    lots, products = ("o|l", "o|m", "x|1"), ("o|a", "x|steel")
    expected = [(Kind.LOT, key) for key in lots] + [(Kind.PRODUCT, key) for key in products]
    assert sorted((row["k"], row["u"]) for row in named) == sorted((key, uid(kind, key)) for kind, key in expected)
    made = database.read(lambda tx: tx.run("MATCH (f:ProcessFact)-[:MAKES]->(p:Product) RETURN p.key AS k"))
    assert sorted(row["k"] for row in made) == ["o|a", "x|steel"]
    # One accepted document, three facts, and of these two inputs, three outputs, a source, a moved lot, an activity.
    assert database.read(ledger_size) == (1, 1 + 3 + 2 + 3 + 1 + 1 + 1)
