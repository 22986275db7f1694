"""The contract of the store: the same on the embedded engine and on the server that NEO4J_URI names."""

from __future__ import annotations

import contextlib
import math
import os
import struct
import threading
import time
from pathlib import Path

import pytest

from graph.errors import (
    CommitUnknown,
    EngineRefused,
    EngineUnavailable,
    GreenchainError,
    KeyTaken,
    RequestTooLarge,
    StatementFailed,
)
from graph.store.database import KEY_TRIES, REQUEST_BYTES, RETRY_SECONDS, Database, EngineAddress, Row, Tx, columns
from graph.store.embedded import EmbeddedEngine


def run(database: Database, cypher: str, **params: object) -> list[Row]:
    return database.write(lambda tx: tx.run(cypher, **params))


def count_lots(database: Database) -> int:
    return int(run(database, "MATCH (n:Lot) RETURN count(n) AS n")[0]["n"])


class Stop(Exception):
    pass


# One transaction


def test_what_work_returns_is_returned_and_its_arguments_arrive(database: Database) -> None:
    def work(tx: Tx, first: int, *, second: int) -> int:
        return int(tx.run("RETURN $a + $b AS sum", a=first, b=second)[0]["sum"])

    assert database.write(work, 1, second=2) == 3
    assert database.read(work, 3, second=4) == 7


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.run("UNWIND range(1, 50) AS i CREATE (:Lot {key: 'k' + toString(i)})")
        assert tx.run("MATCH (n:Lot) RETURN count(n) AS n") == [{"n": 50}]
        raise Stop

    with pytest.raises(Stop):
        database.write(work)
    assert count_lots(database) == 0


def test_a_statement_that_fails_takes_the_earlier_ones_with_it(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.run("CREATE (:Lot {key: 'a'})")
        tx.run("this is not Cypher")

    with pytest.raises(StatementFailed):
        database.write(work)
    assert count_lots(database) == 0


def test_one_statement_that_fails_halfway_leaves_nothing(database: Database) -> None:
    run(database, "CREATE (:Lot {key: '3'})")
    with pytest.raises(KeyTaken):
        run(database, "UNWIND range(1, 5) AS i CREATE (:Lot {key: toString(i)})")
    assert count_lots(database) == 1


def test_nobody_sees_an_open_transaction(database: Database) -> None:
    def work(tx: Tx) -> int:
        tx.run("CREATE (:Lot {key: 'a'})")
        return database.read(lambda other: int(other.run("MATCH (n:Lot) RETURN count(n) AS n")[0]["n"]))

    assert database.write(work) == 0
    assert count_lots(database) == 1


# Writers against each other


def in_threads(count: int, work: object) -> list[BaseException]:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  told by the caller's assertion
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def merge_and_count(tx: Tx, key: str) -> None:
    tx.run("MERGE (n:Lot {key: $key}) ON CREATE SET n.hits = 0", key=key)
    tx.run("MATCH (n:Lot {key: $key}) SET n.hits = n.hits + 1", key=key)
    tx.run("MERGE (c:Counter {id: 'lots'}) ON CREATE SET c.next = 0")
    tx.run("MATCH (c:Counter {id: 'lots'}) SET c.next = c.next + 1")


@pytest.mark.parametrize("writers", [2, 8])
def test_every_increment_counts(database: Database, writers: int) -> None:
    rounds = 200 // writers

    def work(_: int) -> None:
        for turn in range(rounds):
            database.write(merge_and_count, f"lot {turn}")

    assert in_threads(writers, work) == []
    assert run(database, "MATCH (c:Counter) RETURN c.next AS n") == [{"n": rounds * writers}]
    assert run(database, "MATCH (n:Lot) RETURN count(n) AS lots, sum(n.hits) AS hits") == [
        {"lots": rounds, "hits": rounds * writers}
    ]


def test_two_writers_of_one_new_key_meet_at_the_commit(database: Database) -> None:
    """Both have merged before either commits: on ArcadeDB the loser learns of it at its commit."""
    barrier = threading.Barrier(2)

    def work(tx: Tx, number: int) -> None:
        tx.run("MERGE (n:Lot {key: 'same'}) ON CREATE SET n.by = [] SET n.by = n.by + $me", me=number)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=0.5)  # on Neo4j the second waits inside MERGE until the first gives up waiting here

    assert in_threads(2, lambda number: database.write(work, number)) == []
    (row,) = run(database, "MATCH (n:Lot {key: 'same'}) RETURN n.by AS by")
    assert sorted(row["by"]) == [0, 1]


def test_a_key_that_is_really_taken_is_told_soon(database: Database) -> None:
    run(database, "CREATE (:Lot {key: 'a'})")
    tries: list[str] = []

    def again(tx: Tx) -> None:
        tries.append("tried")
        tx.run("CREATE (:Lot {key: 'a'})")

    began = time.monotonic()
    with pytest.raises(KeyTaken):
        database.write(again)
    assert len(tries) == KEY_TRIES == 20
    assert time.monotonic() - began < RETRY_SECONDS / 4, "the patience is that of who fights for a turn"


# Reading what was written


def test_a_read_sees_every_write_before_it(database: Database) -> None:
    for number in range(50):
        run(database, "CREATE (:Lot {key: $key})", key=str(number))
        rows = database.read(lambda tx: tx.run("MATCH (n:Lot) RETURN count(n) AS n"))
        assert rows == [{"n": number + 1}]


def test_another_process_can_wait_for_a_write(database: Database) -> None:
    run(database, "CREATE (:Lot {key: 'a'})")
    assert database.bookmarks()
    with Database(database.address) as other:
        other.wait_for(database.bookmarks())
        assert other.read(lambda tx: tx.run("MATCH (n:Lot) RETURN n.key AS key")) == [{"key": "a"}]
        assert other.bookmarks()


def test_a_forked_child_has_connections_of_its_own(database: Database) -> None:
    run(database, "CREATE (:Lot {key: 'parent'})")
    child = os.fork()
    if child == 0:
        try:
            run(database, "CREATE (:Lot {key: 'child'})")
            os._exit(0)
        except BaseException:  # noqa: BLE001  a child of a test run must not go on with the tests
            os._exit(1)
    for _ in range(20):
        count_lots(database)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert count_lots(database) == 2


# Values


def test_integers_floats_and_text_come_back_as_they_went(database: Database) -> None:
    integers = [0, -1, 2**53 + 1, 2**62 - 1, -(2**62), 2**63 - 1, -(2**63)]
    floats = [0.0, -0.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, math.pi, -math.inf]
    text = ["", "é漢字🌿", "a\0b", "'\"\\\n$x", "x" * 100_000]
    run(database, "CREATE (:Lot {key: 'v', i: $i, f: $f, t: $t})", i=integers, f=floats, t=text)
    (row,) = run(database, "MATCH (n:Lot {key: 'v'}) RETURN n.i AS i, n.f AS f, n.t AS t")
    assert row["i"] == integers
    assert struct.pack("7d", *row["f"]) == struct.pack("7d", *floats)
    assert row["t"] == text


def test_a_single_value_keeps_its_type(database: Database) -> None:
    values = {"i": 2**62 - 1, "f": 0.1, "whole": 3.0, "t": "x", "b": True, "none": None}
    run(database, "CREATE (n:Lot {key: 'v'}) SET n += $values", values=values)
    (row,) = run(
        database, "MATCH (n:Lot) RETURN n.i AS i, n.f AS f, n.whole AS whole, n.t AS t, n.b AS b, n.none AS none"
    )
    assert row == values
    assert [type(value) for value in row.values()] == [type(value) for value in values.values()]


def test_four_megabytes_of_bytes(database: Database) -> None:
    body = os.urandom(4 << 20)
    run(database, "CREATE (:Document {id: 'd', body: $body})", body=body)
    (row,) = run(database, "MATCH (d:Document {id: 'd'}) RETURN d.body AS body")
    assert row["body"] == body


def test_no_bytes_and_every_byte(database: Database) -> None:
    every = bytes(range(256))
    run(database, "CREATE (:Document {id: 'd', none: $none, every: $every})", none=b"", every=every)
    assert run(database, "MATCH (d:Document) RETURN d.none AS none, d.every AS every") == [
        {"none": b"", "every": every}
    ]


# Many at once


def make_lots(database: Database, count: int) -> None:
    rows = [{"key": f"lot {n}", "mass": n * 0.1, "digest": b"%d" % n} for n in range(count)]
    run(
        database,
        "UNWIND $rows AS row CREATE (n:Lot {key: row.key}) SET n.mass = row.mass, n.digest = row.digest",
        rows=rows,
    )


def test_a_batch_of_five_thousand_rows(database: Database) -> None:
    make_lots(database, 5000)
    rows = [{"a": f"lot {n}", "b": f"lot {n + 1}", "q": n / 7} for n in range(4999)]
    made = run(
        database,
        """
        UNWIND $rows AS row
        MATCH (a:Lot {key: row.a}) MATCH (b:Lot {key: row.b})
        CREATE (a)-[:PART_OF {quantity: row.q}]->(b)
        RETURN count(*) AS n
        """,
        rows=rows,
    )
    assert made == [{"n": 4999}]
    assert count_lots(database) == 5000


@pytest.mark.long
@pytest.mark.parametrize("row", [{"b": b"x" * 4_000_000}, {"t": "x" * 4_000_000}, {"t": "é" * 2_000_000}])
def test_a_request_too_large_is_refused_and_the_largest_is_taken(database: Database, row: Row) -> None:
    statement = "UNWIND $rows AS row RETURN count(row) AS n"
    assert run(database, statement, rows=[row] * 11) == [{"n": 11}]
    with pytest.raises(RequestTooLarge, match=str(REQUEST_BYTES)):
        run(database, statement, rows=[row] * 13)
    database.verify()


def test_columns_keep_their_rows_together(database: Database) -> None:
    make_lots(database, 5000)
    found = database.read(
        columns,
        "MATCH (n:Lot) WHERE n.mass >= $least RETURN collect(n.key) AS key, collect(n.mass) AS mass",
        least=10.0,
    )
    assert list(found) == ["key", "mass"]
    assert dict(zip(found["key"], found["mass"], strict=True)) == {f"lot {n}": n * 0.1 for n in range(100, 5000)}


def test_columns_of_nothing_are_empty(database: Database) -> None:
    assert database.read(columns, "MATCH (n:Lot) RETURN collect(n.key) AS key") == {"key": []}


def test_columns_want_one_row(database: Database) -> None:
    with pytest.raises(ValueError, match="one row, not 2"):
        database.read(columns, "UNWIND [1, 2] AS i RETURN i")


@pytest.mark.long
def test_columns_of_two_million_numbers(database: Database) -> None:
    found = database.read(columns, "UNWIND range(1, 2000000) AS i RETURN collect(i) AS i, collect(i * 0.5) AS half")
    assert len(found["i"]) == len(found["half"]) == 2_000_000
    assert sum(found["i"]) == 2_000_000 * 2_000_001 // 2


def test_empty_means_nothing_but_the_version(database: Database) -> None:
    assert database.empty()
    run(database, "CREATE (:Lot {key: 'a'})")
    assert not database.empty()


# An engine that goes away


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with Database(EngineAddress("bolt://127.0.0.1:1", "u", "p", "d")) as database:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable):
            database.verify()
        assert time.monotonic() - began < 2


def test_a_wrong_password_is_refused(engine: EngineAddress) -> None:
    address = EngineAddress(engine.uri, engine.user, "wrong password", engine.database)
    with Database(address) as database, pytest.raises(EngineRefused):
        database.verify()


@pytest.mark.long
@pytest.mark.engine
def test_away_is_told_within_two_seconds_and_back_is_found(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path, heap_mb=256) as engine, Database(engine.address) as database:
        assert in_threads(8, lambda _: count_lots(database)) == []  # leaves eight connections that will be dead
        engine.kill()
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(EngineUnavailable):
                run(database, "CREATE (:Lot {key: 'lost'})")
            assert time.monotonic() - began < 2
        engine.restart()
        assert count_lots(database) == 0


@pytest.mark.long
@pytest.mark.engine
def test_dead_connections_are_replaced_without_an_error(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path, heap_mb=256) as engine, Database(engine.address) as database:
        assert in_threads(8, lambda _: count_lots(database)) == []
        engine.kill()
        engine.restart()
        assert in_threads(8, lambda _: run(database, "CREATE (:Lot)")) == []
        assert count_lots(database) == 8


@pytest.mark.engine
@pytest.mark.long
def test_a_commit_cut_short_is_unknown_or_done(tmp_path: Path) -> None:
    """Kill the engine under eight writers: what was acknowledged is there, what was refused is not."""
    acknowledged: list[int] = []
    refused: list[int] = []
    with EmbeddedEngine(tmp_path, heap_mb=256) as engine, Database(engine.address) as database:

        def work(number: int) -> None:
            for turn in range(number, 1_000_000, 8):
                try:
                    run(database, "CREATE (:Lot {turn: $turn})", turn=turn)
                except CommitUnknown:
                    return
                except GreenchainError:
                    refused.append(turn)
                    return
                acknowledged.append(turn)

        killer = threading.Timer(1.5, engine.kill)
        killer.start()
        assert in_threads(8, work) == []
        killer.join()
        engine.restart()
        there = set(database.read(columns, "MATCH (n:Lot) RETURN collect(n.turn) AS turn")["turn"])
    assert len(acknowledged) > 8
    assert set(acknowledged) <= there
    assert not set(refused) & there
