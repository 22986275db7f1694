"""kill -9 of the service and of the engine in the middle of concurrent submissions: nothing acknowledged is lost."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import wire
from bench.audit import Audit, audit, head
from bench.house import administrator, environment, folder, join
from bench.intake import Desk
from bench.rows import Options, Row, descendants, peak_mb, say
from connectors.greenchain import GreenchainClient, alive
from graph.store.database import Database, EngineAddress
from graph.store.embedded import running_engine

CLIENTS = 16
SUBMISSIONS = 1000
KILL_AFTER = (0.1, 0.3, 0.5, 0.7)  # shares of the submissions that are answered when the blow falls
READY_SECONDS = 60.0
# The supervisor gives up after ten restarts in a minute: a bench is not to be mistaken for a crash loop.
RESTARTS, RESTART_SECONDS = 9, 62.0
SERVICE, ENGINE = "service", "engine"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One round: what was killed, how many submissions were sent, acknowledged, and not known; what the graph holds."""

    killed: str
    sent: int
    acknowledged: int
    unknown: int
    audit: Audit

    @property
    def sound(self) -> bool:
        """Every acknowledged document is there, the ledger has no gap, and nothing is half-written."""
        return self.audit.found == self.acknowledged and not self.audit.faults


@dataclass(slots=True)
class _House:
    """A service kept going by its own supervisor, in a process of its own."""

    url: str
    process: "subprocess.Popen[bytes]"
    data: Path
    database: Database
    kills: list[float] = field(default_factory=list)

    def kill(self, what: str) -> None:
        """kill -9 the engine, or the web server with its workers; never the supervisor."""
        self._pace()
        for pid in self.pids()[what]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pace(self) -> None:
        self.kills = [t for t in self.kills if time.monotonic() - t < RESTART_SECONDS]
        if len(self.kills) >= RESTARTS:
            time.sleep(max(0.0, RESTART_SECONDS - (time.monotonic() - self.kills[0])))
        self.kills.append(time.monotonic())

    def pids(self) -> dict[str, list[int]]:
        """The processes below the supervisor by what they are."""
        found: dict[str, list[int]] = {SERVICE: [], ENGINE: []}
        for pid in descendants(self.process.pid):
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                found[ENGINE if b"ArcadeDBServer" in command else SERVICE].append(pid)
        return found

    def await_ready(self) -> None:
        """Until it serves and reaches its graph."""
        ready, deadline = wire.request("GET", "/readyz"), time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                if wire.Wire(self.url).send(ready).status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"not ready again: {(self.data / 'service.log').read_text()[-2000:]}")


def run(options: Options) -> Iterator[Row]:
    """Rounds of both kinds, and what they add up to. ``size``: rounds."""
    count, submissions = options.pick(20, 2), 200 if options.quick else SUBMISSIONS
    outcomes = rounds(count, submissions)
    for killed in dict.fromkeys(o.killed for o in outcomes):
        yield from _summary(f"kill -9 of the {killed}", [o for o in outcomes if o.killed == killed])


def _summary(how: str, outcomes: list[Outcome]) -> Iterator[Row]:
    count, found = len(outcomes), sum(o.audit.found for o in outcomes)
    acknowledged, sent = sum(o.acknowledged for o in outcomes), sum(o.sent for o in outcomes)
    what = f"{how}: acknowledged found, beside acknowledged"
    yield Row(what, count, found, acknowledged, "documents", "all", found == acknowledged, peak_mb())
    yield Row(f"{how}: acknowledged, beside sent", count, acknowledged, sent, "documents")
    gaps, entries = sum(o.audit.gaps for o in outcomes), outcomes[-1].audit.entries
    what = f"{how}: gaps and repeats in the ledger, beside its entries"
    yield Row(what, count, gaps, entries, "entries", "none", gaps == 0)
    halves, checked = sum(o.audit.half_written for o in outcomes), sum(o.audit.checked for o in outcomes)
    what = f"{how}: half-written documents, beside those looked at"
    yield Row(what, count, halves, checked, "documents", "none", halves == 0)


def rounds(count: int, submissions: int) -> list[Outcome]:
    """So many rounds on one service; service and engine are killed in turn (never a server that NEO4J_URI names)."""
    with folder() as data, _kept(data) as at:
        desk = _desk(at)
        return [_round(at, desk, number, submissions) for number in range(count)]


@contextmanager
def _kept(data: Path) -> Iterator[_House]:
    """`greenchain run` on a temporary folder."""
    settings = environment(data)
    url = f"http://127.0.0.1:{settings['GREENCHAIN_PORT']}"
    command = [sys.executable, "-m", "service.cli.main", "run"]
    with (data / "service.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log)
    try:
        database = Database(_address(process, data, url))
        yield _House(url, process, data, database)
        database.close()
    finally:
        process.terminate()
        process.wait(60)


def _address(process: "subprocess.Popen[bytes]", data: Path, url: str) -> EngineAddress:
    deadline = time.monotonic() + READY_SECONDS
    while not alive(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"did not start: {(data / 'service.log').read_text()[-2000:]}")
        time.sleep(0.1)
    if uri := os.environ.get("NEO4J_URI"):
        named = {name: os.environ.get(f"NEO4J_{name.upper()}", "") for name in ("user", "password", "database")}
        return EngineAddress(uri, named["user"] or "neo4j", named["password"], named["database"] or "neo4j")
    address = running_engine(data)
    assert address is not None
    return address


def _desk(at: _House) -> Desk:
    admin: GreenchainClient = administrator(at.url, at.database)
    return Desk(at.url, [join(admin, f"urn:greenchain:org:bench-durability-{os.getpid()}")])


def _round(at: _House, desk: Desk, number: int, submissions: int) -> Outcome:
    killed = ENGINE if number % 2 and not os.environ.get("NEO4J_URI") else SERVICE
    first = head(at.database) + 1
    say(f"round {number + 1}: kill -9 of the {killed} among {submissions} submissions")
    documents = desk.signed(0, submissions)
    sending = _Sending(at.url, desk.tokens[0], documents)
    sending.start()
    sending.await_answers(int(submissions * KILL_AFTER[number % len(KILL_AFTER)]))
    at.kill(killed)
    sending.join()
    at.await_ready()
    found = audit(at.database, first, sending.acknowledged, documents)
    return Outcome(killed, submissions, len(sending.acknowledged), sending.unknown, found)


class _Sending:
    """Clients that hand documents in at once. What was refused a connection is tried again, what broke off is not."""

    def __init__(self, url: str, token: str, documents: list[bytes]) -> None:
        self.acknowledged: dict[str, int] = {}
        self.unknown = 0
        self._odd: list[wire.Answer] = []
        self._url = url
        self._answered = 0
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        for document in documents:
            self._waiting.put(wire.request("POST", "/api/v1/documents", token, "application/jose", document))
        self._threads = [threading.Thread(target=self._send_all) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Let all clients begin."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Until everything is sent. Raises RuntimeError where something else than 201 was answered."""
        for thread in self._threads:
            thread.join()
        if self._odd:
            raise RuntimeError(f"{len(self._odd)} answers that were not expected: {self._odd[0].body[:500]!r}")

    def await_answers(self, count: int) -> None:
        """Until so many have been answered."""
        while self._answered < count and any(t.is_alive() for t in self._threads):
            time.sleep(0.002)

    def _send_all(self) -> None:
        connection = wire.Wire(self._url)
        with suppress(queue.Empty):
            while True:
                self._send(connection, self._waiting.get_nowait())

    def _send(self, connection: wire.Wire, request: bytes) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = connection.send(request)
            except ConnectionRefusedError:
                time.sleep(0.05)
                continue
            except OSError:
                self._note(None)
                return
            if answer.status != 503:
                self._note(answer)
                return
            time.sleep(0.05)
        self._note(None)

    def _note(self, answer: wire.Answer | None) -> None:
        with self._lock:
            self._answered += 1
            if answer is None:
                self.unknown += 1
            elif answer.status == 201:
                told = json.loads(answer.body)
                self.acknowledged[told["id"]] = told["ledger_index"]
            else:
                self._odd.append(answer)
