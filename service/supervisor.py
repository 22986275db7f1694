"""Runs the service: the graph engine (unless NEO4J_URI names a server) and gunicorn, and keeps both going.

One parent, two children. Both die with the parent, however it dies; either is started again when it dies alone. Now and
then a third looks at the status of accepted documents, and ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from connectors.greenchain import alive
from graph.errors import EngineFailed, GreenchainError
from graph.store.database import Database, EngineAddress
from graph.store.embedded import LEASH, EmbeddedEngine
from graph.store.migrations import migrate
from service.bootstrap import complete_ledger, log_factors, log_policy
from service.config import Settings
from service.graphs import server_address
from service.ledger.start import open_log

READY_SECONDS = 60.0
STOP_SECONDS = 25.0
LOOK_SECONDS = 0.25
# A child that dies at once, again and again, is not kept going for ever.
MOST_RESTARTS, RESTART_SECONDS = 10, 60.0
# Status lists are read for the first time a little after a start, when whoever serves them may have started as well.
FIRST_REFRESH_SECONDS = 60.0


class ServiceFailed(GreenchainError):
    """The service did not start, or could not be kept going."""


@dataclass(slots=True)
class Supervisor:
    """The parent of a running service."""

    settings: Settings
    engine: EmbeddedEngine | None = None
    address: EngineAddress | None = None
    _web: "subprocess.Popen[bytes] | None" = None
    _refresh: "subprocess.Popen[bytes] | None" = None
    _refresh_at: float = field(default_factory=lambda: time.monotonic() + FIRST_REFRESH_SECONDS)
    _restarts: list[float] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start_graph(self) -> Database:
        """Start or find the graph engine, bring the graph up to date, and check that it is the one that was signed for.

        Raises ``EngineError``, and ``LedgerForked`` where the graph was set back behind the last signed head.
        """
        self.address = server_address(self.settings)
        if self.address is None:
            self.engine = EmbeddedEngine(self.settings.data)
            self.address = self.engine.start()
        database = Database(self.address)
        migrate(database)
        complete_ledger(self.settings, database)
        open_log(self.settings, database).check()
        return database

    def start_web(self) -> None:
        """Start gunicorn and wait until it answers. Raises ``ServiceFailed``, ``EngineError``."""
        if alive(self._url()):
            raise ServiceFailed(f"{self._url()} is taken by another Greenchain: set GREENCHAIN_PORT to a free port")
        assert self.address is not None
        with Database(self.address) as database:
            log_policy(self.settings, database)
            log_factors(self.settings, database)
        self._web = self._serve()
        deadline = time.monotonic() + READY_SECONDS
        while not alive(self._url()):
            if self._web.poll() is not None:
                raise ServiceFailed(f"the web server did not start; is port {self.settings.port} free?")
            if time.monotonic() > deadline:
                raise ServiceFailed("the web server did not answer in time")
            time.sleep(0.1)

    def keep(self) -> None:
        """Look after the children until SIGTERM or SIGINT. Raises ``ServiceFailed`` when one cannot be kept alive."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def stop(self) -> None:
        """End all children in order: first who writes, then what is written to."""
        for child in (self._refresh, self._web):
            if child is not None and child.poll() is None:
                child.terminate()
                try:
                    child.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        if self.engine is not None:
            self.engine.stop()

    def _asked_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended.set()

    def _look(self) -> None:
        if self.engine is not None and not self.engine.running():
            self._count_restart("graph engine")
            try:
                self.engine.restart()
            except EngineFailed as error:
                print(f"greenchain: {error}", file=sys.stderr, flush=True)
        if self._web is not None and self._web.poll() is not None:
            self._count_restart("web server")
            self._web = self._serve()
        self._refresh_status()

    def _refresh_status(self) -> None:
        """One at a time; a refresh that fails says so, and the next one is due as if it had not."""
        seconds = self.settings.status_refresh_seconds
        ended = self._refresh is None or self._refresh.poll() is not None
        if seconds and ended and time.monotonic() >= self._refresh_at:
            self._refresh_at = time.monotonic() + seconds
            self._refresh = self._child("-m", "service.cli.main", "status", "refresh", "--quiet")

    def _count_restart(self, what: str) -> None:
        now = time.monotonic()
        self._restarts = [t for t in self._restarts if now - t < RESTART_SECONDS] + [now]
        print(f"greenchain: the {what} ended; starting it again", file=sys.stderr, flush=True)
        if len(self._restarts) > MOST_RESTARTS:
            raise ServiceFailed(f"the {what} keeps ending: see the log in {self.settings.data}")

    def _serve(self) -> "subprocess.Popen[bytes]":
        return self._child("-m", "gunicorn", "--config", "python:service.gunicorn_conf", "service.wsgi:application()")

    def _child(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A Python process with this service's settings that ends with this one."""
        assert self.address is not None
        graph = {
            "NEO4J_URI": self.address.uri,
            "NEO4J_USER": self.address.user,
            "NEO4J_PASSWORD": self.address.password,
            "NEO4J_DATABASE": self.address.database,
        }
        environment = os.environ | self.settings.environment() | graph
        leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())]
        return subprocess.Popen([*leash, sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL)

    def _url(self) -> str:
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "") else self.settings.host  # noqa: S104 - compared only
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.settings.port}"


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Supervisor, Database]]:
    """A service that answers, for the length of a ``with``."""
    supervisor = Supervisor(settings)
    try:
        database = supervisor.start_graph()
        supervisor.start_web()
        yield supervisor, database
    finally:
        supervisor.stop()
