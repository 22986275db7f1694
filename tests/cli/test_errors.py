"""What can go wrong before a service is asked is told in one line, with exit code 2."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli.main import main
from service.trust.signing import new_key
from tests.cli.conftest import CHECKOUT, Cli, Told, free_port, plain_environment

NOBODY = {"GREENCHAIN_CLIENT_ID": "nobody", "GREENCHAIN_CLIENT_SECRET": "nothing"}
STATEMENT = {
    "iss": "urn:greenchain:org:a",
    "jti": "1",
    "facts": [{"kind": "organization", "name": "A", "country": "DE"}],
}


def _at(port: int, **more: str) -> dict[str, str]:
    return NOBODY | {"GREENCHAIN_URL": f"http://127.0.0.1:{port}"} | more


def test_new_key_is_private_and_never_overwritten(cli: Cli, tmp_path: Path) -> None:
    made = cli("keys", "new", "--out", "key.jwk", "--json")
    path = tmp_path / "key.jwk"
    assert made.code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert "d" not in made.json["jwk"]
    assert json.loads(path.read_text())["d"] not in made.out
    before = path.read_bytes()
    again = cli("keys", "new", "--out", "key.jwk")
    assert again.code == 2
    again.is_one_line("key.jwk", "never overwritten")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("algorithm", "kind"), [("EdDSA", "OKP"), ("ES256", "EC")])
def test_keys_of_both_algorithms_sign(cli: Cli, tmp_path: Path, algorithm: str, kind: str) -> None:
    made = cli("keys", "new", "--out", "key.jwk", "--alg", algorithm, "--json")
    assert made.json["jwk"]["kty"] == kind
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    signed = cli("sign", "statement.json", "--key", "key.jwk", "--out", "statement.jws")
    assert (signed.code, signed.out) == (0, "signed (jws): statement.jws\n")
    assert (tmp_path / "statement.jws").read_bytes().count(b".") == 2
    assert cli("sign", "statement.json", "--key", "key.jwk").out.count(".") == 2


def test_no_service_at_the_address(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"iat": 1}')
    for command in (("submit", "a.json"), ("footprint", "LOT-1"), ("document", "00")):
        told = cli(*command, environment=_at(free_port()))
        assert told.code == 2
        told.is_one_line("does not answer", "--url")
    cli("footprint", "LOT-1", "--url", "ftp://x", environment=NOBODY).is_one_line("ftp://x")


class _CutsOff(http.server.BaseHTTPRequestHandler):
    """Announces more than it sends."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"{")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cuts_off() -> Iterator[int]:
    """The port of a server that hangs up in the middle of its answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _CutsOff) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_an_answer_that_is_cut_off(cli: Cli, cuts_off: int) -> None:
    told = cli("footprint", "LOT-1", environment=_at(cuts_off))
    assert told.code == 2
    told.is_one_line("does not answer")


@pytest.mark.parametrize("missing", sorted(NOBODY))
def test_missing_credentials(cli: Cli, missing: str) -> None:
    told = cli("footprint", "LOT-1", environment={n: v for n, v in NOBODY.items() if n != missing})
    assert told.code == 2
    told.is_one_line("GREENCHAIN_CLIENT_ID", "GREENCHAIN_CLIENT_SECRET")


def test_missing_files(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    for command in (
        ("sign", "statement.json", "--key", "nokey.jwk"),
        ("keys", "register", "--key", "nokey.jwk"),
    ):
        told = cli(*command, environment=_at(free_port()))
        assert told.code == 2
        told.is_one_line("nokey.jwk", "keys new")
    told = cli("submit", "nothing.jws", environment=_at(free_port()))
    assert told.code == 2
    told.is_one_line("nothing.jws", "no such file")
    assert cli("sign", ".", "--key", "nokey.jwk").code == 2
    told = cli("verify", "nofile")
    assert told.code == 2
    told.is_one_line("nofile: there is no such file")


def test_what_is_neither_signed_nor_a_receipt_cannot_be_verified(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    told = cli("verify", "statement.json")
    assert told.code == 2
    told.is_one_line("statement.json: this is neither a receipt nor a signed declaration")


def test_a_folder_that_is_not_there_is_named_before_anything_is_asked(cli: Cli, tmp_path: Path) -> None:
    """Nobody answers at the address: an answer from there would say so."""
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    cli("keys", "new", "--out", "key.jwk")
    for command in (("receipt", "LOT"), ("document", "0" * 64), ("sign", "statement.json", "--key", "key.jwk")):
        told = cli(*command, "--out", "/nonexistent/x", environment=_at(free_port()))
        assert told.code == 2
        told.is_one_line("/nonexistent/x: there is no folder /nonexistent")


def test_plain_json_says_when_it_was_issued(cli: Cli, tmp_path: Path) -> None:
    """Told before it is handed in, as it would be entered as rejected."""
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    told = cli("submit", "statement.json", environment=_at(free_port()))
    assert told.code == 2
    told.is_one_line("statement.json", "iat is missing", "greenchain sign", "seconds since 1970")


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ((), "COMMAND"),
        (("fly",), "fly"),
        (("footprint",), "lot"),
        (("footprint", "L", "--speed", "3"), "--speed"),
        (("footprint", "L", "--by", "organization,magic"), "choose one or two of"),
        (("keys", "rotate", "--key", "k", "--out", "o", "--overlap-days", "many"), "0 to 90"),
    ],
)
def test_a_command_line_that_is_wrong(capsys: pytest.CaptureFixture[str], command: tuple[str, ...], word: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(command))
    told = capsys.readouterr()
    assert ended.value.code == 2
    Told(2, told.out, told.err).is_one_line(word, "--help")
    assert told.out == ""


BAD_KEYS = {
    "not JSON": b"-----BEGIN PRIVATE KEY-----",
    "not UTF-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "no private part": json.dumps({n: v for n, v in new_key().items() if n != "d"}).encode(),
    "half a key": b'{"d": "x"}',
    "no strings": b'{"d": 1, "kty": "OKP", "crv": "Ed25519", "x": 2}',
    "another's private part": json.dumps(new_key() | {"d": "!!"}).encode(),
    "empty": b"",
}


@pytest.mark.parametrize("content", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_garbage_for_a_key(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "statement.json").write_text(json.dumps(STATEMENT))
    (tmp_path / "bad.jwk").write_bytes(content)
    told = cli("sign", "statement.json", "--key", "bad.jwk")
    assert told.code == 2
    assert told.out == ""
    told.is_one_line("key")


BAD_STATEMENTS = {
    "not JSON": (b"{", ""),
    "not UTF-8": (b'{"iss": "\xff"}', ""),
    "a list": (b"[]", "JSON object"),
    "twice": (b'{"iss": "urn:a:b", "iss": "urn:a:c"}', "iss"),
    "NaN": (b'{"iat": NaN}', ""),
    "unknown field": (json.dumps(STATEMENT | {"colour": "green"}).encode(), "colour"),
    "unknown unit": (
        json.dumps(
            STATEMENT
            | {
                "facts": [
                    {
                        "kind": "lot",
                        "id": "L",
                        "product": "p",
                        "produced_at": "2025-01-01",
                        "quantity": {"value": "1", "unit": "wheelbarrow"},
                    }
                ]
            }
        ).encode(),
        "/facts/0/quantity/unit",
    ),
}


@pytest.mark.parametrize(("content", "word"), BAD_STATEMENTS.values(), ids=BAD_STATEMENTS.keys())
def test_garbage_for_a_statement(cli: Cli, tmp_path: Path, content: bytes, word: str) -> None:
    cli("keys", "new", "--out", "key.jwk")
    (tmp_path / "bad.json").write_bytes(content)
    told = cli("sign", "bad.json", "--key", "key.jwk")
    assert told.code == 2
    assert told.out == ""
    told.is_one_line("bad.json: ", word)


def test_accounts_need_a_running_service(cli: Cli, tmp_path: Path) -> None:
    told = cli("accounts", "add", "urn:greenchain:org:a", "--role", "supplier", "--name", "A")
    assert told.code == 2
    told.is_one_line(str(tmp_path / "data"), "GREENCHAIN_DATA")


WRONG_SETTINGS = {
    "GREENCHAIN_PORT": "eighty",
    "GREENCHAIN_WORKERS": "0",
    "GREENCHAIN_HOST": "not a host",
    "GREENCHAIN_LOG": "xml",
    "NEO4J_URI": "http://localhost",
    "GREENCHAIN_HTTPS": "on",
}


@pytest.mark.parametrize(("name", "value"), WRONG_SETTINGS.items(), ids=WRONG_SETTINGS.keys())
def test_wrong_setting_stops_the_start(cli: Cli, tmp_path: Path, name: str, value: str) -> None:
    told = cli("run", environment={name: value})
    assert told.code == 2
    told.is_one_line(name)
    assert not (tmp_path / "data").exists()


def test_errors_of_the_program_itself(tmp_path: Path) -> None:
    """The same through a real process: exit code and one line, whatever the shell."""
    environment = plain_environment(GREENCHAIN_PORT="99999", GREENCHAIN_DATA=str(tmp_path / "data"))
    command = [sys.executable, "-m", "service.cli.main", "run"]
    told = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith("greenchain: GREENCHAIN_PORT: '99999'")
    assert told.stderr.count(os.linesep) == 1
