"""No two signed heads ever disagree: two workers, kill -9 at any moment, and a graph that was set back."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from graph.store.database import Database, Tx
from graph.store.documents import nothing_handed_in
from graph.store.ledger import read_hashes, read_leaves
from service.bootstrap import complete_ledger, log_policy
from service.config import Settings
from service.ledger.entry import parse_leaf
from service.ledger.errors import EntryUnknown, LedgerError, LedgerForked
from service.ledger.merkle import Tree, leaf_hash
from service.ledger.note import open_checkpoint, parse_vkey
from service.ledger.proof import verify_proof
from service.ledger.tiles import Tile
from tests.kit.graphs import count
from tests.kit.logs import Growth, log_over

CHECKOUT = Path(__file__).parents[2]
KILLS = 5


def delete_entries(tx: Tx, index: int) -> None:
    """Set the graph back, as a restored backup would: everything from an index on is not there."""
    tx.run("MATCH (d:Document)-[:ASSERTS]->(f) WHERE d.index >= $index DETACH DELETE f", index=index)
    tx.run("MATCH (e:Entry) WHERE e.index >= $index DETACH DELETE e", index=index)
    tx.run("MATCH (d:Document) WHERE d.index >= $index DETACH DELETE d", index=index)
    tx.run("MATCH (c:Counter {id: 'ledger'}) SET c.next = $index", index=index)


def test_the_root_is_computed_from_entries_alone(database: Database, ledger_folder: Path) -> None:
    Growth(database).by(5)
    signed = log_over(database, ledger_folder).checkpoint()
    tree = Tree()
    tree.append(leaf_hash(leaf) for leaf in read_leaves(database, 0, signed.head.size))
    assert tree.root() == signed.head.root
    assert read_hashes(database, 0, signed.head.size) == [tree.hashes(0, n, 1) for n in range(tree.size)]


def test_an_empty_ledger_has_a_head_too(database: Database, ledger_folder: Path) -> None:
    log = log_over(database, ledger_folder)
    assert log.checkpoint().head.size == 0
    with pytest.raises(EntryUnknown):
        log.tile(Tile(0, 0, 1))
    with pytest.raises(EntryUnknown):
        log.proof("0" * 64)


def test_every_document_is_proven_under_every_later_head(database: Database, ledger_folder: Path) -> None:
    log, growth = log_over(database, ledger_folder), Growth(database)
    key, documents = parse_vkey(log.vkey), []
    for _ in range(3):
        documents += growth.by(3)
        for document in documents:
            assert parse_leaf(verify_proof(log.proof(document), key).leaf).document == document


def test_the_same_head_is_the_same_note(database: Database, ledger_folder: Path) -> None:
    Growth(database).by(1)
    first, second = (log_over(database, ledger_folder).checkpoint() for _ in range(2))
    assert first == second


def test_a_restored_backup_is_not_signed_for(database: Database, ledger_folder: Path) -> None:
    growth = Growth(database)
    growth.by(4)
    log_over(database, ledger_folder).checkpoint()
    database.write(delete_entries, 3)
    with pytest.raises(LedgerForked, match="holds 3 ledger entries, but a head of 5 was signed"):
        log_over(database, ledger_folder).check()
    with pytest.raises(LedgerForked):
        log_over(database, ledger_folder).checkpoint()


def test_a_restored_backup_that_has_grown_again_is_not_signed_for(database: Database, ledger_folder: Path) -> None:
    growth = Growth(database)
    growth.by(4)
    running = log_over(database, ledger_folder)
    running.checkpoint()
    database.write(delete_entries, 3)
    growth.by(6)
    with pytest.raises(LedgerForked, match="the first 5 ledger entries are not those that were signed for"):
        log_over(database, ledger_folder).check()
    with pytest.raises(LedgerForked, match="exchanged"):
        running.checkpoint()


def test_a_hole_in_the_graph_is_not_signed_for(database: Database, ledger_folder: Path) -> None:
    Growth(database).by(3)
    database.write(lambda tx: tx.run("MATCH (e:Entry {index: 1}) DETACH DELETE e"))
    with pytest.raises(LedgerForked, match="not all there"):
        log_over(database, ledger_folder).checkpoint()


def test_an_altered_head_file_stops_the_log(database: Database, ledger_folder: Path) -> None:
    Growth(database).by(1)
    log = log_over(database, ledger_folder)
    log.checkpoint()
    head = ledger_folder / "head.note"
    head.write_bytes(head.read_bytes().replace(b"\n2\n", b"\n1\n"))
    with pytest.raises(LedgerForked, match="not this log's"):
        log.checkpoint()


def test_the_private_key_is_for_its_owner_alone(database: Database, ledger_folder: Path) -> None:
    log_over(database, ledger_folder)
    key = ledger_folder / "log.key"
    assert key.stat().st_mode & 0o077 == 0
    key.chmod(0o640)
    with pytest.raises(LedgerError, match="others can read"):
        log_over(database, ledger_folder)


def test_entries_from_before_there_were_leaves_get_them(database: Database, tmp_path: Path) -> None:
    Growth(database).by(3)
    old = read_leaves(database, 0, 4)
    database.write(lambda tx: tx.run("MATCH (e:Entry) REMOVE e.leaf, e.hash"))
    settings = Settings.from_environment({"GREENCHAIN_DATA": str(tmp_path)})
    assert complete_ledger(settings, database) == 4
    assert complete_ledger(settings, database) == 0
    new = [parse_leaf(leaf) for leaf in read_leaves(database, 0, 4)]
    assert [leaf.document for leaf in new] == [parse_leaf(leaf).document for leaf in old]
    assert {leaf.subject for leaf in new} == {""}
    assert log_over(database, tmp_path / "ledger").checkpoint().head.size == 4


def test_a_change_of_policy_is_an_entry_and_its_return_another(database: Database, tmp_path: Path) -> None:
    def start(**settings: str) -> bool:
        return log_policy(Settings.from_environment({"GREENCHAIN_DATA": str(tmp_path), **settings}), database)

    other = {"GREENCHAIN_RECOGNISED_BODIES": "urn:body"}
    assert [start(), start(), start(**other), start(**other), start()] == [True, False, True, False, True]
    leaves = [parse_leaf(leaf) for leaf in read_leaves(database, 0, 3)]
    assert [(leaf.kind, leaf.accepted) for leaf in leaves] == [("policy", True)] * 3
    assert leaves[0].policy == leaves[2].policy != leaves[1].policy
    assert database.read(nothing_handed_in)
    Growth(database).by(1)
    assert not database.read(nothing_handed_in)


class Worker:
    """A process that signs until it is killed."""

    def __init__(self, database: Database, folder: Path, out: Path) -> None:
        self._told = json.dumps({"address": asdict(database.address), "folder": str(folder)})
        self._out = out
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {"LEDGER_TEST": self._told, "PYTHONPATH": str(CHECKOUT)}
        command = [sys.executable, "-m", "tests.ledger.ledger_signing"]
        with self._out.open("ab") as out:
            self._process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def notes(self) -> Iterator[bytes]:
        """What it has given out. A line that the kill cut short was not given out whole."""
        content = self._out.read_bytes() if self._out.exists() else b""
        for line in content.split(b"\n")[:-1]:
            try:
                yield json.loads(line).encode()
            except ValueError:
                continue


@pytest.mark.long
def test_two_processes_that_are_killed_at_any_moment_never_fork_the_log(database: Database, tmp_path: Path) -> None:
    folder, growth, chance = tmp_path / "ledger", Growth(database), random.Random(7)
    workers = [Worker(database, folder, tmp_path / f"{n}.notes") for n in range(2)]
    for worker in workers:
        worker.start()
    try:
        for number in range(KILLS):
            before = [len(list(w.notes())) for w in workers]
            until = time.monotonic() + 30
            while any(len(list(w.notes())) <= n for w, n in zip(workers, before, strict=True)):
                growth.by(1)
                assert time.monotonic() < until, "the processes sign nothing"
            time.sleep(chance.uniform(0, 0.05))
            workers[number % 2].kill()
            growth.by(2)
            workers[number % 2].start()
    finally:
        for worker in workers:
            worker.kill()
    log = log_over(database, folder)
    key, tree = parse_vkey(log.vkey), Tree()
    kept, _ = open_checkpoint((folder / "head.note").read_bytes(), [key])
    told = [[open_checkpoint(note, [key])[0].size for note in worker.notes()] for worker in workers]
    assert all(sizes == sorted(sizes) for sizes in told), "a head went back"
    assert kept.size >= max(map(max, told)), "a head was given out before it was kept"
    log.checkpoint()
    tree.append(read_hashes(database, 0, log.check()))
    notes = {note for worker in workers for note in worker.notes()}
    heads = [open_checkpoint(note, [key])[0] for note in notes]
    assert len({head.size for head in heads}) > KILLS
    assert [head for head in heads if tree.root(head.size) != head.root] == []
    assert count(database, "(e:Entry)") == tree.size
