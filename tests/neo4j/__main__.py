"""Run the suite on a real Neo4j: `python -m tests.neo4j [pytest arguments]`.

NEO4J_URI (with NEO4J_USER, NEO4J_PASSWORD, NEO4J_DATABASE) names an empty server; without it two are started on
loopback for the run, fetched from Maven into .cache/neo4j/, each for a share of the files. Tests that need no engine
run at the same time in a process of their own. The reports that --junitxml=NAME.xml asks for are NAME-0.xml and so on.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import neo4j
import pytest

from graph.errors import GreenchainError, StoreError
from graph.store.database import Database, EngineAddress

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
JARS = CHECKOUT / ".cache/neo4j/lib"
READY_SECONDS = 120
OPENED = ("java.nio", "sun.nio.ch", "java.lang", "java.io")
DEBIAN_PACKAGES = ("maven", "default-jdk-headless")
NOTHING_RAN = pytest.ExitCode.NO_TESTS_COLLECTED
Environment = dict[str, str]
_Process = subprocess.Popen[str]


def main(arguments: list[str]) -> int:
    """Run pytest over the suite and return its exit code, 2 when there is no server fit to run it on."""
    try:
        with _given() if "NEO4J_URI" in os.environ else _started_two() as servers:
            for environment in servers:
                print(f"The suite runs on {_refuse_data(environment)} at {environment['NEO4J_URI']}", flush=True)
            return _all_shares(arguments, servers)
    except (Unfit, GreenchainError) as error:
        print(f"tests.neo4j: {error}", file=sys.stderr)
        return 2


def _all_shares(arguments: list[str], servers: list[Environment]) -> int:
    """A process for each server with a share of files, and one for what needs none: the first tells as it goes."""
    shares = {f"engine {n}/{len(servers)}": server for n, server in enumerate(servers)} | {"rest": servers[0]}
    with contextlib.ExitStack() as stack:
        told = {share: stack.enter_context(tempfile.TemporaryFile("w+")) for share in list(shares)[1:]}
        running = [
            stack.enter_context(_share(share, n, arguments, environment, told.get(share)))
            for n, (share, environment) in enumerate(shares.items())
        ]
        ended = [process.wait() for process in running]
        for output in told.values():
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout)
    # A share of which no test was asked for is none that failed, unless it was the same with all.
    return next((code for code in ended if code not in (0, NOTHING_RAN)), min(ended))


def _share(share: str, n: int, arguments: list[str], environment: Environment, told: IO[str] | None) -> _Process:
    reports = [f"{a.removesuffix('.xml')}-{n}.xml" if a.startswith("--junitxml=") else a for a in arguments]
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", *reports]
    own = {**os.environ, **environment, "GREENCHAIN_TEST_SHARE": share}
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=own, stdout=told, stderr=subprocess.STDOUT if told else None, text=True
    )


class Unfit(Exception):
    """There is no server to run the suite on; the message is one clear line."""


@contextlib.contextmanager
def _given() -> Iterator[list[Environment]]:
    defaults = {"NEO4J_USER": "neo4j", "NEO4J_PASSWORD": "", "NEO4J_DATABASE": "neo4j"}
    yield [{**defaults, **{name: value for name, value in os.environ.items() if name.startswith("NEO4J_")}}]


@contextlib.contextmanager
def _started_two() -> Iterator[list[Environment]]:
    _fetch()
    with _started() as one, _started() as other:
        yield [one, other]


@contextlib.contextmanager
def _started() -> Iterator[Environment]:
    """Run Neo4j in a temporary folder; it ends when its standard input closes, so also when we are killed."""
    environment = {
        "NEO4J_URI": f"bolt://127.0.0.1:{_free_port()}",
        "NEO4J_USER": "neo4j",
        "NEO4J_PASSWORD": secrets.token_hex(16),
        "NEO4J_DATABASE": "neo4j",
    }
    with tempfile.TemporaryDirectory(prefix="greenchain-neo4j-") as folder:
        log = Path(folder, "launcher.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                _launch_command(Path(folder), environment["NEO4J_URI"].rpartition(":")[2]),
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C ends pytest first
            )
        try:
            _await_ready(process, _address(environment), log)
            yield environment
        finally:
            _end(process)


def _launch_command(folder: Path, port: str) -> list[str]:
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    launcher = str(HERE / "Neo4jLauncher.java")
    return ["java", "-Xmx1536m", *opens, "-cp", f"{JARS}/*", launcher, str(folder), port]


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_ready(process: subprocess.Popen[bytes], address: EngineAddress, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while log.read_text(errors="replace").find("ready") < 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unfit("Neo4j did not start: " + " | ".join(log.read_text(errors="replace").splitlines()[-5:]))
        time.sleep(0.1)
    with Database(address) as database:
        database.verify()


def _fetch() -> None:
    """Copy the jars of pom.xml into the cache, asking the network only when they are not there."""
    done = JARS.parent / "pom.xml"
    pom = HERE / "pom.xml"
    if not shutil.which("java") or not (shutil.which("mvn") or done.exists()):
        _install_java()
    if done.exists() and done.read_bytes() == pom.read_bytes():
        return
    print("Fetching Neo4j with Maven (about 130 MB the first time) ...", flush=True)
    shutil.rmtree(JARS, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={JARS}"]
    for options in (["--offline"], []):
        outcome = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if outcome.returncode == 0:
            shutil.copyfile(pom, done)
            return
    raise Unfit("Maven could not fetch Neo4j: " + " ".join(outcome.stdout.split())[:500])


def _install_java() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unfit("needs `mvn` and `java` (17 or newer) on the path, or NEO4J_URI naming an empty Neo4j server")
    print("Installing Maven and a JDK ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *DEBIAN_PACKAGES]):
        outcome = subprocess.run(["apt-get", *step], env=environment, capture_output=True, text=True, check=False)
        if outcome.returncode:
            raise Unfit(f"apt-get {step[0]} failed: " + " ".join(outcome.stderr.split())[:500])


def _address(environment: Environment) -> EngineAddress:
    return EngineAddress(*(environment[f"NEO4J_{name}"] for name in ("URI", "USER", "PASSWORD", "DATABASE")))


def _refuse_data(environment: Environment) -> str:
    """Return the name and version of the server; raises Unfit when it holds data, which the tests would delete."""
    address = _address(environment)
    with Database(address) as database:
        if not database.empty():
            raise Unfit(f"the database {address.database} at {address.uri} holds data, and the tests delete everything")
        try:
            components = "CALL dbms.components() YIELD name, versions, edition RETURN name, versions, edition"
            (row,) = database.read(lambda tx: tx.run(components))
        except (StoreError, ValueError):
            return _agent(address)
        return f"{row['name']} {row['versions'][0]} ({row['edition']})"


def _agent(address: EngineAddress) -> str:
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        return driver.get_server_info().agent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
