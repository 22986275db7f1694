"""The embedded graph engine: one ArcadeDB process on loopback, owned by whoever owns its data folder."""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.util
import json
import os
import queue
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import IO, Any

from graph.errors import DataFolderBusy, EngineFailed, EngineRefused, EngineUnavailable, StoreError
from graph.store.database import REQUEST_BYTES, Database, EngineAddress

__all__ = ["EmbeddedEngine", "EngineAddress", "running_engine"]

DATABASE = "greenchain"
USER = "root"
READY_SECONDS = 30.0  # it takes one to three; a machine under load gets its time
STOP_SECONDS = 20.0
LOG_KEPT_BYTES = 4 << 20
MESSAGE_BYTES = REQUEST_BYTES + (16 << 20)  # the heap holds a request several times over while it is carried out
ELEMENTS = 20_000_000  # of one list on the wire
PORTS = range(15_000, 32_000)  # below the range of outgoing connections, so that a restart finds its port free

# Of our environment the engine gets this and no more; the launcher of Java takes options from the last.
PASSED_ON = ("PATH", "LANG", "TZ", "HOME", "TMPDIR", "JDK_JAVA_OPTIONS")

# Wire protocols and tools that we do not use stay off the class path: what is not loaded cannot listen.
UNUSED_JARS = ("arcadedb-mcp", "arcadedb-postgresw", "arcadedb-redisw", "arcadedb-graphql", "arcadedb-console")

# Runs between fork and the engine: asks the kernel to end it with its parent, and looks that the parent still lives.
LEASH = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent ended first")
os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedEngine:
    """One embedded engine over one data folder; start it once per machine, others find it by `running_engine`."""

    def __init__(self, data: Path, *, heap_mb: int = 1024) -> None:
        self.data = data.absolute()
        self._heap_mb = heap_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._address: EngineAddress | None = None
        self._ports: tuple[int, int] | None = None
        self._lock_file: IO[str] | None = None
        _engines.add(self)

    def __enter__(self) -> EmbeddedEngine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> EngineAddress:
        """Where the engine listens; raises EngineFailed before the first start."""
        if self._address is None:
            raise EngineFailed("the embedded engine was never started")
        return self._address

    def start(self) -> EngineAddress:
        """Start the engine and wait until it answers.

        Raises DataFolderBusy when another process owns the folder, EngineFailed with the log's last lines otherwise.
        """
        if self._lock_file is None:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_file = _own(self.data)
        try:
            _end_orphan(self.data)
            return self._start_on_free_ports()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> EngineAddress:
        """Start the engine again on the same ports, after it died or was killed; clients reconnect by themselves."""
        if self._ports is None:
            return self.start()
        self.kill()
        return self._launch(self._ports)

    def running(self) -> bool:
        """Tell whether the engine's process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the engine in order and give the data folder back; may be called twice."""
        self._end(signal.SIGTERM)
        if self._lock_file is not None:
            (self.data / "engine.json").unlink(missing_ok=True)
            self._lock_file.close()
            self._lock_file = None

    def kill(self) -> None:
        """End the engine at once, as a power cut would; the data folder stays ours."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start_on_free_ports(self) -> EngineAddress:
        for remaining in (2, 1, 0):
            self._ports = _free_ports()
            try:
                return self._launch(self._ports)
            except EngineFailed as error:  # somebody else may have taken a port since we looked
                if not remaining or "Unable to listen" not in str(error):
                    raise
        raise AssertionError("unreachable")

    def _launch(self, ports: tuple[int, int]) -> EngineAddress:
        password = _password(self.data)
        address = EngineAddress(f"bolt://127.0.0.1:{ports[0]}", USER, password, DATABASE)
        log = self.data / "engine.log"
        _rotate(log)
        with log.open("ab") as output:
            self._process = _spawn(_command(self.data, ports, self._heap_mb), self.data / "graph", output)
        self._await_ready(address, ports)
        self._address = address
        _write_private(self.data / "engine.json", json.dumps(_described(address, self._process.pid)))
        return address

    def _await_ready(self, address: EngineAddress, ports: tuple[int, int]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        with Database(address, pool_size=1) as database:
            while not (_listening(ports[0]) and _answers(database)):
                if not self.running() or time.monotonic() > deadline:
                    self.kill()
                    raise EngineFailed(f"the embedded engine did not start:\n{_tail(self.data / 'engine.log')}")
                time.sleep(0.02)


def running_engine(data: Path) -> EngineAddress | None:
    """Return the address of the engine that a process of this user runs over `data`, None when none answers."""
    told = _told(data)
    if told is None or not _alive(told["pid"]):
        return None
    address = EngineAddress(told["uri"], told["user"], told["password"], told["database"])
    return address if _listening(int(address.uri.rpartition(":")[2])) else None


def _described(address: EngineAddress, pid: int) -> dict[str, str | int]:
    return {**dataclasses.asdict(address), "pid": pid}


def _told(data: Path) -> dict[str, Any] | None:
    """Return what engine.json says, None when there is none or it cannot be read as one."""
    try:
        told = json.loads((data / "engine.json").read_text())
        return told if {"uri", "user", "password", "database", "pid"} <= set(told) else None
    except (OSError, ValueError, TypeError):
        return None


def _command(data: Path, ports: tuple[int, int], heap_mb: int) -> list[str]:
    found = importlib.util.find_spec("arcadedb_embedded")  # found, not imported: importing it prepares a JVM in here
    if found is None or not found.submodule_search_locations:
        raise EngineFailed("the package arcadedb-embedded is not installed")
    package = Path(found.submodule_search_locations[0])
    jars = sorted(jar for jar in package.glob("jars/*.jar") if not jar.name.startswith(UNUSED_JARS))
    return [
        str(package / "jre/bin/java"),
        f"-Xmx{heap_mb}m",
        "-XX:+UseParallelGC",  # takes half the processor time of the default, G1, here (bench: intake)
        "-XX:ParallelGCThreads=2",
        "-XX:+ExitOnOutOfMemoryError",  # an engine short of memory is restarted, not left half alive
        "-XX:-UsePerfData",
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        os.pathsep.join(map(str, jars)),
        *(f"-Darcadedb.{name}={value}" for name, value in _settings(data, ports).items()),
        "com.arcadedb.server.ArcadeDBServer",
    ]


def _settings(data: Path, ports: tuple[int, int]) -> dict[str, object]:
    return {
        "server.mode": "production",
        "server.rootPath": data / "graph",
        "server.rootPasswordPath": data / "password",
        "server.defaultDatabases": f"{DATABASE}[{USER}]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "bolt.host": "127.0.0.1",
        "bolt.port": ports[0],
        "server.httpIncomingHost": "127.0.0.1",  # cannot be turned off
        "server.httpIncomingPort": ports[1],
        "server.httpWorkerThreads": 2,
        "support.autoRegister": "false",
        "txWalFlush": 1,  # every commit is on disk before it is acknowledged
        "bolt.maxMessageSize": MESSAGE_BYTES,
        "bolt.packstream.maxValueLength": MESSAGE_BYTES,
        "bolt.packstream.maxElements": ELEMENTS,
        "queryMaxHeapElementsAllowedPerOp": ELEMENTS * 4,  # the default follows the heap: 500,000 in 1 GB
        "queryQueueMaxSize": 1000,
    }


def _spawn(command: list[str], folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `command` from a thread that lives as long as it: the kernel's leash is tied to the starting thread."""
    folder.mkdir(mode=0o700, exist_ok=True)
    started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
    arguments = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid()), *command]

    def keep() -> None:
        try:
            process = subprocess.Popen(
                arguments,
                cwd=folder,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                umask=0o077,
                start_new_session=True,  # a Ctrl-C ends the service, which then ends the engine in order
            )
        except OSError as error:
            started.put(error)
            return
        started.put(process)
        process.wait()

    threading.Thread(target=keep, name="engine-keeper", daemon=True).start()
    outcome = started.get()
    if isinstance(outcome, OSError):
        raise EngineFailed(f"the embedded engine did not start: {outcome}") from outcome
    return outcome


def _answers(database: Database) -> bool:
    try:
        database.verify()
    except EngineRefused as error:
        raise EngineFailed(f"the embedded engine does not take its own password: {error}") from error
    except (EngineUnavailable, StoreError):  # it listens a moment before its database is open
        return False
    return True


def _own(data: Path) -> IO[str]:
    """Take the data folder for this process; the lock goes with the process, however that ends."""
    lock_file = (data / "owner.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock_file.seek(0)
        holder = lock_file.read().strip() or "unknown"
        lock_file.close()
        raise DataFolderBusy(f"the data folder {data} is in use by process {holder}") from error
    lock_file.truncate(0)
    lock_file.write(f"{os.getpid()}\n")
    lock_file.flush()
    return lock_file


def _end_orphan(data: Path) -> None:
    """End an engine whose owner is gone: it is dying already, or the system has no leash for it."""
    told = _told(data)
    if told is None or str(data / "graph").encode() not in _command_line(told["pid"]):
        return
    os.kill(told["pid"], signal.SIGKILL)
    deadline = time.monotonic() + STOP_SECONDS
    while not _over(told["pid"]) and time.monotonic() < deadline:
        time.sleep(0.01)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _over(pid: int) -> bool:
    """Tell whether a process has ended with all its threads: before the last of them it still holds its files."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z" and len(threads) == 1


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_ports() -> tuple[int, int]:
    free: list[int] = []
    while len(free) < 2:
        port = random.choice(PORTS)  # noqa: S311  a port is no secret
        if port not in free and not _taken(port):
            free.append(port)
    return free[0], free[1]


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _password(data: Path) -> str:
    """Return the engine's password, made on the first start; a lost one is replaced, with the list of users."""
    path = data / "password"
    if not path.exists():
        (data / "graph/config/server-users.jsonl").unlink(missing_ok=True)
        _write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def _write_private(path: Path, text: str) -> None:
    """Put a file that only its owner reads in place of `path`, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600, exist_ok=False)
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_name("engine.log.1"))


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


_engines: weakref.WeakSet[EmbeddedEngine] = weakref.WeakSet()


def _after_fork() -> None:
    """Leave a forked child without the engine: it neither ends the parent's engine nor keeps its folder locked."""
    for engine in list(_engines):
        engine._process = None
        if engine._lock_file is not None:
            engine._lock_file.close()
            engine._lock_file = None


os.register_at_fork(after_in_child=_after_fork)
