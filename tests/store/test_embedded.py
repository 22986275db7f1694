"""The embedded engine as a process: these tests start their own, whatever server the suite runs on."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph.errors import DataFolderBusy, EngineFailed, EngineUnavailable
from graph.store.database import Database, Row, columns
from graph.store.embedded import EmbeddedEngine, running_engine

pytestmark = pytest.mark.engine

HEAP_MB = 256
LISTENING = "0A"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """An engine for the tests that only look at it."""
    with EmbeddedEngine(tmp_path_factory.mktemp("embedded"), heap_mb=HEAP_MB) as engine:
        yield engine


def run(database: Database, cypher: str, **params: object) -> list[Row]:
    return database.write(lambda tx: tx.run(cypher, **params))


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def told_pid(data: Path) -> int:
    return int(json.loads((data / "engine.json").read_text())["pid"])


def alive(pid: int) -> bool:
    """Tell whether a process has a thread that runs; one whose parent does not collect it stays in the table."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" or len(threads) > 1


def listening_addresses(pid: int) -> list[str]:
    """Return the addresses on which a process listens, as the kernel tells them."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(link.readlink()))
        except OSError:
            continue
    found = []
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in inodes:
                words = bytes.fromhex(fields[1].partition(":")[0])
                packed = b"".join(words[n : n + 4][::-1] for n in range(0, len(words), 4))
                found.append(socket.inet_ntop(family, packed).removeprefix("::ffff:"))
    return found


# What the running engine shows


@pytest.mark.long
def test_ready_within_five_seconds(tmp_path: Path) -> None:
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # others may keep the machine busy
    began = time.monotonic()
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine:
        with Database(engine.address) as database:
            database.verify()
        assert time.monotonic() - began < 5 * busy
        assert engine.running()
    assert not engine.running()


def test_listens_on_loopback_only(running: EmbeddedEngine) -> None:
    addresses = listening_addresses(told_pid(running.data))
    assert addresses == ["127.0.0.1"] * 2, "Bolt and the HTTP that cannot be turned off, and nothing else"


def test_secrets_are_for_the_owner_only(running: EmbeddedEngine) -> None:
    password = (running.data / "password").read_text()
    assert len(password) >= 40
    for name in ("password", "engine.json"):
        assert stat.S_IMODE((running.data / name).stat().st_mode) == 0o600
    assert password not in repr(running.address)
    assert password not in (running.data / "engine.log").read_text()
    assert password.encode() not in Path(f"/proc/{told_pid(running.data)}/cmdline").read_bytes()
    assert stat.S_IMODE((running.data / "graph").stat().st_mode) == 0o700


def test_a_second_owner_is_told_who_holds_the_folder(running: EmbeddedEngine) -> None:
    with pytest.raises(DataFolderBusy, match=f"process {os.getpid()}"):
        EmbeddedEngine(running.data).start()
    assert running.running()
    assert running_engine(running.data) == running.address


def test_other_processes_find_it_and_may_use_it(running: EmbeddedEngine) -> None:
    code = (
        "import pathlib, sys\n"
        "from graph.store.database import Database\n"
        "from graph.store.embedded import running_engine\n"
        "Database(running_engine(pathlib.Path(sys.argv[1]))).verify()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(running.data)], check=True)


@pytest.mark.long
def test_a_forked_child_neither_ends_it_nor_holds_its_folder(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, heap_mb=HEAP_MB)
    engine.start()
    go_on, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            engine.stop()
            os.close(tell)
            os.read(go_on, 1)
        finally:
            os._exit(0)
    try:
        time.sleep(0.2)
        assert engine.running()
        assert running_engine(tmp_path) == engine.address
        engine.stop()
        with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as second:
            assert second.running()
    finally:
        os.close(tell)
        os.waitpid(child, 0)


def test_nothing_runs_over_an_empty_folder(tmp_path: Path) -> None:
    assert running_engine(tmp_path) is None
    (tmp_path / "engine.json").write_text("{")
    assert running_engine(tmp_path) is None


@pytest.mark.long
def test_a_start_that_fails_shows_the_log_and_gives_the_folder_back(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=r"(?s)did not start.*(heap|memory)"):
        EmbeddedEngine(tmp_path, heap_mb=1).start()
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine:
        assert engine.running()


# What is written stays written


@pytest.mark.long
def test_a_stop_and_a_start_keep_the_graph_and_the_password(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine, Database(engine.address) as database:
        run(database, "CREATE (:Lot {key: 'a'})")
    assert running_engine(tmp_path) is None
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as again, Database(again.address) as database:
        assert run(database, "MATCH (n:Lot) RETURN n.key AS key") == [{"key": "a"}]
        assert again.address.password == engine.address.password


@pytest.mark.long
def test_a_lost_password_is_replaced(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine, Database(engine.address) as database:
        run(database, "CREATE (:Lot {key: 'a'})")
    (tmp_path / "password").unlink()
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as again, Database(again.address) as database:
        assert run(database, "MATCH (n:Lot) RETURN n.key AS key") == [{"key": "a"}]
        assert again.address.password != engine.address.password


@pytest.mark.long
def test_every_acknowledged_write_outlives_a_kill(tmp_path: Path) -> None:
    """Three times over: four writers, the engine killed under them, started again on the same ports."""
    acknowledged: set[int] = set()
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine, Database(engine.address) as database:
        uri = engine.address.uri
        for turn in range(3):

            def work(first: int) -> None:
                number = first
                while True:
                    try:
                        run(database, "CREATE (:Lot {n: $n, body: $body})", n=number, body=b"x" * 3000)
                    except Exception:  # noqa: BLE001  the engine is gone: what matters is what it acknowledged
                        return
                    acknowledged.add(number)
                    number += 4

            writers = [threading.Thread(target=work, args=(turn * 1_000_000 + n,)) for n in range(4)]
            for writer in writers:
                writer.start()
            time.sleep(0.5)
            engine.kill()
            for writer in writers:
                writer.join()
            assert engine.restart().uri == uri
            there = database.read(columns, "MATCH (n:Lot) WHERE n.body IS NOT NULL RETURN collect(n.n) AS n")["n"]
            assert acknowledged <= set(there)
            assert len(there) == len(set(there))
    assert len(acknowledged) > 50


# Owners that die

PARENT = """
import pathlib, sys, threading, time
from graph.store.embedded import EmbeddedEngine
engine = EmbeddedEngine(pathlib.Path(sys.argv[1]), heap_mb=256)
starter = threading.Thread(target=engine.start)  # a thread that ends: the engine must not end with it
starter.start()
starter.join()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_dies_with_its_parent(tmp_path: Path, parent: subprocess.Popen[bytes], how: signal.Signals) -> None:
    pid = told_pid(tmp_path)
    time.sleep(0.5)
    assert alive(pid), "it outlives the thread that started it"
    parent.send_signal(how)
    parent.wait()
    assert eventually(lambda: not alive(pid))
    assert running_engine(tmp_path) is None


@pytest.mark.long
def test_the_folder_of_a_killed_owner_can_be_taken_at_once(tmp_path: Path, parent: subprocess.Popen[bytes]) -> None:
    with pytest.raises(DataFolderBusy, match=f"process {parent.pid}"):
        EmbeddedEngine(tmp_path).start()
    address = running_engine(tmp_path)
    assert address is not None
    with Database(address) as database:
        run(database, "CREATE (:Lot {key: 'a'})")
    parent.kill()
    parent.wait()
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine, Database(engine.address) as database:
        assert run(database, "MATCH (n:Lot) RETURN n.key AS key") == [{"key": "a"}]


@pytest.mark.long
def test_a_killed_engine_is_away_until_it_is_restarted(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path, heap_mb=HEAP_MB) as engine, Database(engine.address) as database:
        os.kill(told_pid(tmp_path), signal.SIGKILL)
        assert eventually(lambda: not engine.running())
        assert running_engine(tmp_path) is None
        with pytest.raises(EngineUnavailable):
            database.verify()
        engine.restart()
        database.verify()
        assert running_engine(tmp_path) == engine.address
