"""A real service for the length of a bench, on a temporary data folder and a free port, and organizations in it."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.rows import cpu_seconds, descendants, peak_mb
from connectors.greenchain import GreenchainClient, alive
from graph.store.database import Database
from graph.store.principals import PrincipalKind
from service.auth.accounts import Accounts, PrincipalRequest
from service.auth.roles import OPERATOR, Role
from service.bootstrap import ensure_admin
from service.config import Settings
from service.supervisor import Supervisor, running
from service.trust.signing import new_key, sign_registration, sign_statement

HAND_IN_SECONDS = 3600


@dataclass(slots=True)
class House:
    """A service that answers: where, the graph below it, and its processes (engine, web server and workers)."""

    settings: Settings
    database: Database
    supervisor: Supervisor
    pids: tuple[int, ...]

    @property
    def url(self) -> str:
        """Where the service answers."""
        return self.settings.url

    def cpu(self) -> float:
        """Processor seconds that all its processes have used."""
        return cpu_seconds(*self.pids)

    def peak(self) -> float | None:
        """The sum of its processes' peaks of memory, MB."""
        return peak_mb(*self.pids)

    def restart_web(self) -> None:
        """Start the web server anew: what its workers knew by heart is gone."""
        [master, *_] = [pid for pid in self.pids if b"gunicorn" in command_line(pid)]
        os.kill(master, signal.SIGTERM)
        while alive(self.url):
            time.sleep(0.05)
        os.waitpid(master, 0)
        before = set(descendants(os.getpid()))
        self.supervisor.start_web()
        engine = tuple(pid for pid in self.pids if pid in before)
        self.pids = engine + tuple(pid for pid in descendants(os.getpid()) if pid not in before)


def command_line(pid: int) -> bytes:
    """What a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True, slots=True)
class Member:
    """An organization that takes part: its client and its registered key."""

    uri: str
    client: GreenchainClient
    key: dict[str, str] = field(repr=False)

    def signed(self, statement: dict[str, Any]) -> bytes:
        """A statement of this organization as a compact JWS, to be handed in within the hour."""
        now = int(time.time())
        return sign_statement({**statement, "iss": self.uri, "iat": now, "exp": now + HAND_IN_SECONDS}, self.key)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path) -> dict[str, str]:
    """Settings of a service for itself; the graph is the embedded one unless NEO4J_URI names another."""
    graph = {name: value for name, value in os.environ.items() if name.startswith("NEO4J_")}
    return {"GREENCHAIN_DATA": str(data), "GREENCHAIN_PORT": str(free_port()), "GREENCHAIN_WORKERS": "2", **graph}


@contextmanager
def folder() -> Iterator[Path]:
    """A data folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="greenchain-bench-") as name:
        yield Path(name)


@contextmanager
def house(data: Path) -> Iterator[House]:
    """A running service; its log goes to a file in the data folder."""
    settings = Settings.from_environment(environment(data))
    before = set(descendants(os.getpid()))
    with _log_to(data / "service.log"), running(settings) as (supervisor, database):
        pids = tuple(p for p in descendants(os.getpid()) if p not in before)
        yield House(settings, database, supervisor, pids)


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Let what children write to standard error go to a file: a line a request is the service's, not the bench's."""
    kept = os.dup(2)
    with path.open("ab") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def administrator(url: str, database: Database) -> GreenchainClient:
    """A client of an operator's admin, made as `greenchain run --demo` makes its own."""
    ensure_admin(database)
    request = PrincipalRequest(PrincipalKind.SYSTEM, "bench", frozenset({Role.ADMIN}))
    issued = Accounts(database).add_principal(None, OPERATOR, request)
    assert issued.client_secret is not None
    return GreenchainClient(url, issued.id, issued.client_secret)


def join(admin: GreenchainClient, uri: str) -> Member:
    """Register an organization and its key, through the public API."""
    system = {"kind": "system", "name": "bench", "roles": ["supplier"]}
    made = admin.post("/api/v1/organizations", {"organization": uri, "name": uri, "principals": [system]})
    told = made["principals"][0]
    member = Member(uri, GreenchainClient(admin.url, told["client_id"], told["client_secret"]), new_key())
    nonce, audience = member.client.challenge()
    now = int(time.time())
    proof = sign_registration(member.key, organization=uri, audience=audience, nonce=nonce, issued_at=now)
    member.client.register_key(proof)
    return member
