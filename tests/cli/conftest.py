"""Real services as child processes, and the command line as a user would call it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connectors.greenchain import alive
from service.cli.main import main

CHECKOUT = Path(__file__).parents[2]
READY_SECONDS = 90
END_SECONDS = 40


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until something holds and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_environment(**more: str) -> dict[str, str]:
    """The environment without any setting of Greenchain, so with the embedded engine."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("GREENCHAIN_", "NEO4J_"))}
    return kept | {"GREENCHAIN_WORKERS": "1"} | more


def processes_over(folder: Path) -> dict[int, str]:
    """Living processes whose command line or environment names a folder, by id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if str(folder).encode() in command + (entry / "environ").read_bytes():
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


@dataclass
class Running:
    """`greenchain run` as a child process over a folder."""

    folder: Path
    environment: dict[str, str]
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['GREENCHAIN_PORT']}"

    @property
    def printed(self) -> str:
        """What the last start has printed on standard output."""
        return self._file("out").read_text(encoding="utf-8")

    @property
    def logged(self) -> str:
        """What the last start has printed on standard error."""
        return self._file("err").read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it and wait until it says that it serves."""
        begun = time.monotonic()
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli.main", "run", *self.options],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        wait_until(self._serves, READY_SECONDS, "the start")
        self.starts.append(time.monotonic() - begun)

    def terminate(self) -> tuple[int, float]:
        """End it in order: its exit code, and how long that took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_SECONDS), time.monotonic() - begun

    def close(self) -> None:
        """Leave nothing running."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def child(self, mark: str) -> int:
        """The process id of the child whose command line holds a text."""
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        for pid in " ".join(task.read_text() for task in listed).split():
            with contextlib.suppress(OSError):
                if mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
        return 0

    def answers(self) -> bool:
        """Whether the service answers."""
        return alive(self.url)

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.logged
        return "Press Ctrl-C" in self.printed

    def _file(self, name: str) -> Path:
        return self.folder / f"run-{len(self.starts)}.{name}" if not self._started() else self._last(name)

    def _started(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _last(self, name: str) -> Path:
        return sorted(self.folder.glob(f"run-*.{name}"))[-1]


@dataclass
class Told:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def is_one_line(self, *words: str) -> None:
        """An error in one line that names these words, with no traceback."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("greenchain: "), self.err
        assert len(lines[0]) < 400, self.err
        for word in words:
            assert word in lines[0], self.err


Cli = Callable[..., Told]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Calls a command in a scratch folder, with no setting but those given."""
    for name in [n for n in os.environ if n.startswith(("GREENCHAIN_", "NEO4J_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, environment: Mapping[str, str] | None = None) -> Told:
        with monkeypatch.context() as scoped:
            for name, value in (environment or {}).items():
                scoped.setenv(name, value)
            capsys.readouterr()
            code = main(list(arguments))
        told = capsys.readouterr()
        return Told(code, told.out, told.err)

    return call


@pytest.fixture
def run_in(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Makes services over folders of the test's own; what still runs at the end is ended."""
    made: list[Running] = []

    def make(folder: Path = tmp_path, **more: str) -> Running:
        port = str(free_port())
        settings = {"GREENCHAIN_DATA": str(folder / "data"), "GREENCHAIN_PORT": port} | more
        made.append(Running(folder, plain_environment(**settings)))
        return made[-1]

    yield make
    for running in made:
        running.close()


def sign_in_link(printed: str) -> str:
    """The path of the operator's sign-in link in what a start has printed."""
    found = re.search(r"operator's admin.*\n\s+http://[^/]+(/sign-in/\S+)", printed)
    assert found, printed
    return found[1]
