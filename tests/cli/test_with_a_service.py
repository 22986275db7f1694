"""The README's ten minutes, and the commands one by one, against one service that has the demo."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from graph.store.database import Database
from tests.cli.conftest import CHECKOUT, Cli, Running, free_port, plain_environment, sign_in_link
from tests.conftest import empty_graph

pytestmark = [pytest.mark.engine, pytest.mark.long]

WINDOWS = "urn:greenchain:org:demo-windows"
BETA = "urn:greenchain:org:beta"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Running]:
    """Started twice: for the demo, and again over what the first start left. Also on the server of NEO4J_URI."""
    folder = tmp_path_factory.mktemp("with-demo")
    server = {name: value for name, value in os.environ.items() if name.startswith("NEO4J_")}
    shared: Database | None = request.getfixturevalue("session_database") if "NEO4J_URI" in server else None
    if shared is not None:
        empty_graph(shared)
    settings = {"GREENCHAIN_DATA": str(folder / "data"), "GREENCHAIN_PORT": str(free_port())}
    running = Running(folder, plain_environment(**settings, **server), ("--demo",))
    try:
        running.start()
        assert "window-frame" in running.printed
        # The link of the first start is the operator's only way in: loading the demo must not have ended it.
        assert requests.get(running.url + sign_in_link(running.printed), timeout=20).status_code == 200
        running.terminate()
        running.start()
        yield running
    finally:
        running.close()
        if shared is not None:
            empty_graph(shared)


def test_the_second_start_is_quick_and_loads_nothing(service: Running) -> None:
    # 10 s on a machine that does nothing else; a test machine shares its processors among what else runs on it.
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert service.starts[1] < 10 * crowd
    assert "window-frame" not in service.printed
    assert service.url in service.printed


def test_the_sign_in_link_works_once(service: Running) -> None:
    link, browser = service.url + sign_in_link(service.printed), requests.Session()
    token = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', browser.get(link, timeout=20).text)
    assert token
    entered = browser.post(link, data={"csrf_token": token[1]}, allow_redirects=False, timeout=20)
    assert entered.status_code == 303
    assert requests.get(link, timeout=20).status_code in (403, 404, 410)


ROLES = ("setup", "supplier", "procurement", "auditor")


def _readme_script() -> str:
    blocks = re.findall(r"^```sh ([a-z]+)\n(.*?)^```$", (CHECKOUT / "README.md").read_text("utf-8"), re.M | re.S)
    assert list(dict.fromkeys(role for role, _ in blocks)) == list(ROLES)
    return "set -e -o pipefail\n" + "".join(f"echo '=== {role}'\n{block}" for role, block in blocks)


@pytest.fixture(scope="module")
def ten_minutes(service: Running) -> dict[str, str]:
    """What the README's commands print, by role, run as they stand there in the folder of the service."""
    (service.folder / ".venv").symlink_to(sys.prefix)
    environment = {n: v for n, v in service.environment.items() if n != "GREENCHAIN_DATA"}
    told = subprocess.run(
        ["bash", "-c", _readme_script()],
        cwd=service.folder,
        env=environment | {"TMPDIR": str(service.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Traceback" not in told.stderr
    parts = re.split(r"^=== ([a-z]+)\n", told.stdout, flags=re.M)[1:]
    printed: dict[str, str] = dict.fromkeys(ROLES, "")
    for role, text in zip(parts[::2], parts[1::2], strict=True):
        printed[role] += text
    return printed


def test_readme_supplier(ten_minutes: dict[str, str]) -> None:
    printed = ten_minutes["supplier"]
    assert re.search(r"^16\s+store\s+passed", printed, re.M)
    assert re.search(r"total\s+0\.44\b", printed)
    assert re.search(r"balances\s+failed", printed)
    assert "rejected, as it should be (exit code 1)" in printed


def test_readme_procurement(ten_minutes: dict[str, str]) -> None:
    printed = ten_minutes["procurement"]
    assert re.search(r"total\s+71\.567", printed)
    assert "By activity" in printed
    assert re.search(r"Acme Castings\s+0\.44", printed)
    assert "not for this reader (exit code 1)" in printed
    assert "/sign-in/" in printed


def test_readme_auditor(ten_minutes: dict[str, str]) -> None:
    printed = ten_minutes["auditor"]
    named = re.search(r"Document ([0-9a-f]{64}), ledger index \d+", printed)
    assert named
    assert re.search(rf"^{named[1]}$", printed, re.M), "the SHA-256 that Python printed is not the document's id"
    assert "not yet stated (exit code 1)" in printed
    assert re.search(r"proven figure: 71\.567\d+ kgCO2e/piece, computed again", printed)
    assert "on word hidden branches" in printed
    assert "It holds." in printed


@pytest.fixture(scope="module")
def beta(service: Running) -> dict[str, str]:
    """The environment of a supplier's system, made by the command."""
    command = [
        sys.executable,
        "-m",
        "service.cli.main",
        "accounts",
        "add",
        BETA,
        "--name",
        "Beta",
        "--role",
        "supplier",
    ]
    made = subprocess.run(
        [*command, "--shell"], cwd=CHECKOUT, env=service.environment, capture_output=True, text=True, check=True
    )
    exported = dict(re.findall(r"^export (GREENCHAIN_\w+)=(\S+)$", made.stdout, re.M))
    assert set(exported) == {"GREENCHAIN_CLIENT_ID", "GREENCHAIN_CLIENT_SECRET"}
    return exported | {"GREENCHAIN_URL": service.url}


def _statement(jti: str, *facts: dict) -> str:
    return json.dumps({"iss": BETA, "jti": jti, "facts": list(facts)})


def _facility(identity: str) -> dict:
    return {"kind": "facility", "id": identity, "name": identity, "country": "DE"}


def test_a_key_is_registered_and_its_statement_accepted(cli: Cli, beta: dict[str, str], tmp_path: Path) -> None:
    cli("keys", "new", "--out", "key.jwk")
    registered = cli("keys", "register", "--key", "key.jwk", "--json", environment=beta)
    assert registered.code == 0, registered.err
    assert registered.json["organization"] == BETA
    again = cli("keys", "register", "--key", "key.jwk", environment=beta)
    assert again.code == 1
    again.is_one_line("registered already")
    (tmp_path / "s.json").write_text(_statement("signed-1", _facility("works")))
    cli("sign", "s.json", "--key", "key.jwk", "--out", "s.jws")
    told = cli("submit", "s.jws", "--json", environment=beta)
    assert told.code == 0, told.err
    answer = told.json
    assert answer["id"] == hashlib.sha256((tmp_path / "s.jws").read_bytes()).hexdigest()
    assert {c["outcome"] for c in answer["verdict"]["checks"]} == {"passed", "not-applicable"}
    assert cli("submit", "s.jws", "--json", environment=beta).json == answer, "the same bytes, the same answer"


def test_a_key_is_rotated_and_the_old_one_revoked(cli: Cli, beta: dict[str, str], tmp_path: Path) -> None:
    cli("keys", "new", "--out", "old.jwk")
    old = cli("keys", "register", "--key", "old.jwk", "--json", environment=beta).json["thumbprint"]
    (tmp_path / "s.json").write_text(_statement("rotated-1", _facility("works-4")))
    cli("sign", "s.json", "--key", "old.jwk", "--out", "s.jws")
    stolen = cli("submit", "s.jws", "--json", environment=beta).json["id"]

    rotate = ("keys", "rotate", "--key", "old.jwk", "--out")
    turned = cli(*rotate, "new.jwk", "--overlap-days", "1", "--json", environment=beta)
    assert turned.code == 0, turned.err
    assert turned.json["replaces"] == old
    assert json.loads((tmp_path / "new.jwk").read_text())["kid"] == turned.json["thumbprint"] != old

    cli("keys", "revoke", old, "--reason", "keyCompromise", environment=beta).is_one_line("since")
    since = ("--since", "2026-01-01", "--key", "new.jwk")
    revoked = cli("keys", "revoke", old, "--reason", "keyCompromise", *since, "--json", environment=beta)
    assert revoked.code == 0, revoked.err
    assert revoked.json["left the figures"] == [stolen]
    again = cli(*rotate, "newer.jwk", environment=beta)
    assert again.code == 1
    again.is_one_line("key-state")


def test_an_unsigned_revocation_and_one_of_nobodys_key(cli: Cli, beta: dict[str, str]) -> None:
    """Where the only key was stolen, nothing is left to sign with."""
    cli("keys", "new", "--out", "gone.jwk")
    gone = cli("keys", "register", "--key", "gone.jwk", "--json", environment=beta).json["thumbprint"]
    assert cli("keys", "revoke", gone, "--reason", "cessationOfOperation", environment=beta).code == 0
    refused = cli("keys", "revoke", "nobodys", "--reason", "superseded", environment=beta)
    assert refused.code == 1
    refused.is_one_line("replay")


def test_an_unknown_key_is_named_as_the_failed_check(cli: Cli, beta: dict[str, str], tmp_path: Path) -> None:
    cli("keys", "new", "--out", "other.jwk")
    (tmp_path / "s.json").write_text(_statement("signed-2", _facility("works-2")))
    cli("sign", "s.json", "--key", "other.jwk", "--out", "s.jws")
    told = cli("submit", "s.jws", environment=beta)
    assert told.code == 1
    told.is_one_line("rejected by check 4 (key)")
    assert told.out.startswith("rejected by check 4 (key)")
    assert re.search(r"key\s+failed", told.out)
    assert not json.loads(cli("submit", "s.jws", "--json", environment=beta).out)["verdict"]["accepted"]


def test_an_unsigned_statement_of_its_own(cli: Cli, beta: dict[str, str], tmp_path: Path) -> None:
    statement = json.loads(_statement("plain-1", _facility("works-3"))) | {"iat": 1767225600}
    (tmp_path / "s.json").write_text(json.dumps(statement))
    told = cli("submit", "s.json", environment=beta)
    assert told.code == 0, told.err
    assert re.match(r"accepted: ledger entry \d+\n", told.out)
    assert re.search(r"signature\s+not-applicable", told.out)


def test_wrong_credentials(cli: Cli, beta: dict[str, str]) -> None:
    told = cli("footprint", "X", environment=beta | {"GREENCHAIN_CLIENT_SECRET": "wrong"})
    assert told.code == 2
    told.is_one_line("401", "client id or the client secret", "GREENCHAIN_CLIENT_SECRET")


def test_what_may_not_be_seen_is_not_found(cli: Cli, beta: dict[str, str]) -> None:
    for lot in (("FRAME-0001", "--issuer", WINDOWS), ("NO-SUCH-LOT", "--issuer", WINDOWS), ("NO-SUCH-LOT",)):
        told = cli("footprint", *lot, environment=beta)
        assert told.code == 1
        told.is_one_line("404", "no such lot")
        assert ("--issuer" in told.err) == ("--issuer" not in lot), "told to who has not named an issuer"
    told = cli("document", "0" * 64, environment=beta)
    assert told.code == 1
    told.is_one_line("404")


def test_a_wrong_as_of_is_named(cli: Cli, service: Running, beta: dict[str, str]) -> None:
    told = cli("footprint", "X", "--as-of", "yesterday", environment=beta)
    assert told.code == 2
    told.is_one_line("422: as_of: must be a ledger index, a date")
    assert told.err.count("ledger index") == 1


def test_footprint_as_json_and_by_every_breakdown(cli: Cli, service: Running, ten_minutes: dict[str, str]) -> None:
    command = ("accounts", "add", WINDOWS, "--role", "brand-owner", "--json")
    made = cli(*command, environment=service.environment).json
    system = {f"GREENCHAIN_{n.upper()}": made[n] for n in ("client_id", "client_secret")}
    system |= {"GREENCHAIN_URL": service.url}
    found = cli("footprint", "FRAME-0001", "--json", environment=system).json
    assert found["direct"] == pytest.approx(14.7270171277253, rel=1e-9)
    assert cli("footprint", found["subject"]["uid"], "--json", environment=system).json == found
    for by in ("lot", "tier", "organization", "country", "material", "activity"):
        told = cli("footprint", "FRAME-0001", "--by", by, environment=system)
        assert told.code == 0
        assert f"By {by}" in told.out


def test_explain_and_policies(cli: Cli, service: Running, ten_minutes: dict[str, str]) -> None:
    made = cli("accounts", "add", WINDOWS, "--role", "brand-owner", "--json", environment=service.environment).json
    system = {f"GREENCHAIN_{n.upper()}": made[n] for n in ("client_id", "client_secret")}
    system |= {"GREENCHAIN_URL": service.url}
    told = cli("explain", "FRAME-0001", environment=system).out
    # From the number over its formula and what went in to the documents, as far as they are the reader's to see.
    assert re.search(r"#0 lot FRAME-0001: 71\.5674 kgCO2e/piece \(computed\)\n.*= 1 x #1\n", told), told
    assert re.search(r"8\.2 x #2 lot PROFILE-2025: 8\.61003 kgCO2e/kg \(computed\)", told)
    assert re.search(r"document [0-9a-f]{12}", told)
    assert "not disclosed to you" in told
    assert "Harbour" not in told + cli("explain", "FRAME-0001", "--json", environment=system).out
    nodes = cli("explain", "FRAME-0001", "--json", "--policy", "pact-3", environment=system).json
    assert (nodes["policy"], nodes["nodes"][0]["total"]) == ("pact-3/1", pytest.approx(71.567411838525, rel=1e-9))
    asked = ("footprint", "FRAME-0001", "--policy", "cbam-2026", "--gwp", "AR5", "--as-of", str(nodes["as_of"]))
    printed = cli(*asked, environment=system).out
    for words in (
        "cbam-2026/1",
        "No 95 % interval",
        "land use change",
        "renewable electricity",
        "known part",
        "unknown",
    ):
        assert words in printed, printed
    assert cli(*asked, "--json", environment=system).json["policy"] == "cbam-2026/1"
    cli("explain", "FRAME-0001", "--policy", "mine", environment=system).is_one_line("policy")


def test_accounts_of_unknown_organizations_need_a_name(cli: Cli, service: Running) -> None:
    new = ("accounts", "add", "urn:greenchain:org:gamma", "--role", "supplier")
    told = cli(*new, environment=service.environment)
    assert told.code == 2
    told.is_one_line("--name")
    told = cli("accounts", "add", "no uri", "--name", "X", "--role", "supplier", environment=service.environment)
    assert told.code == 2
    told.is_one_line("URI")
    person = cli(*new, "--name", "Gamma", "--person", "pat@gamma", "--json", environment=service.environment)
    assert person.code == 0, person.err
    assert person.json["sign_in_link"].startswith(f"{service.url}/sign-in/")
    assert "client_secret" not in person.json


def test_a_figure_is_published_and_restated_with_what_moved_it(cli: Cli, beta: dict[str, str], tmp_path: Path) -> None:
    kilogram = {"value": "1", "unit": "kg"}
    about = {"lot": "P1", "period_start": "2025-01-01", "period_end": "2026-01-01", "boundary": "cradle-to-gate"}
    figure = {"kind": "footprint", "id": "PF", **about, "per": kilogram, "indirect": "0"}
    good = {"kind": "product", "id": "good", "name": "Good", "material": "good", "declared_unit": "kg"}
    made = {"kind": "lot", "id": "P1", "product": "good", "quantity": kilogram, "produced_at": "2025-06-01"}

    def hand_in(jti: str, *facts: dict) -> dict:
        (tmp_path / "s.json").write_text(json.dumps(json.loads(_statement(jti, *facts)) | {"iat": 1767225600}))
        told = cli("submit", "s.json", "--json", environment=beta)
        assert told.code == 0, told.err
        return dict(told.json)

    first = hand_in("published-1", good, made, figure | {"direct": "2"})
    assert "edition 1" in cli("publish", "our good", "P1", environment=beta).out
    again = cli("publish", "our good", "P1", environment=beta)
    assert again.code == 1
    again.is_one_line("409", "publications --restate")
    second = hand_in("published-2", figure | {"direct": "3", "supersedes": first["id"]})
    assert re.search(r"our good\s+1\s+2\s+kgCO2e/kg\s+no", cli("publications", environment=beta).out)
    [restated] = cli("publications", "--restate", "--json", environment=beta).json
    assert (restated["current"], restated["editions"][1]["moved"]["change"]) == (True, 1.0)
    told = cli("changes", "P1", "--since", str(first["ledger_index"]), environment=beta)
    assert re.search(rf"1\s+3\s+entry {second['ledger_index']} of {BETA}", told.out), told.out


def test_questions_beyond_a_figure_have_their_commands(cli: Cli, service: Running, ten_minutes: dict[str, str]) -> None:
    made = cli("accounts", "add", WINDOWS, "--role", "brand-owner", "--json", environment=service.environment).json
    system = {f"GREENCHAIN_{n.upper()}": made[n] for n in ("client_id", "client_secret")}
    system |= {"GREENCHAIN_URL": service.url}

    def told(*words: str, code: int = 0) -> str:
        found = cli(*words, environment=system)
        assert found.code == code, found.err
        return found.out + found.err

    frame, year = ("footprint", "FRAME-0001"), ("portfolio", "2025-01-01/2026-01-01")
    pairs = told(*frame, "--by", "organization,activity", "--top", "1")
    assert "2 others" in pairs[pairs.index("By organization,activity") :]
    assert re.search(r"input +frame-0001 +PROFILE-2025 +8\.61 ", told(*frame, "--sensitive"))
    # What is behind a supplier is asked of that supplier.
    assert re.search(r"Riverside Profiles +0 .*0\.98", told(*frame, "--ask-first"))
    assert "Riverside Profiles" in told(*year, "--ask-first", "--policy", "cbam-2026")
    scenarios = told(*year, "--what-if", "grid=0", "--what-if", "grid=0.1,transport=0.5")
    assert re.search(r"grid=0 +14\.727 +-56\.84 exact", scenarios)
    assert re.search(r"2026 +65\.556 +unknown +unknown unknown", told(*year, "--target", "2027=16.8"))
    assert "--target must be such as" in told(*year, "--target", "soon", code=2)
    changed = told(*year, "--compare", "2024-01-01/2025-01-01")
    assert re.search(r"all +unknown", changed)
    assert "before: nothing is known of it" in changed
    lot = ("recall", "PROFILE-2025", "--issuer", "urn:greenchain:org:demo-profiles")
    assert "FRAME-0001" in told(*lot)
    assert "FRAME-0001" not in told(*lot, "--as-of", "12")
