"""`greenchain audit` and `greenchain witness` against a service that really listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from service.cli.main import main
from service.ledger.audit_state import AuditState
from service.ledger.files import read_signer
from service.ledger.monitor import Monitor
from service.ledger.note import KeyType, Signer, open_checkpoint, parse_vkey
from tests.kit.doors import Client, House
from tests.kit.logs import PaperLog, paper_leaf
from tests.kit.statements import product, unique


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def supplier(house: House) -> Client:
    return house.client("audited", signs=True)


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(a) for a in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_an_audit_follows_the_log(
    address: str, supplier: Client, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "seen.json"
    for _ in range(2):
        supplier.signs(product(id=unique("P")))
        code, out, err = command(capsys, "audit", address, "--state", state, "--json")
        told = json.loads(out)
        assert (code, told["sound"], told["findings"]) == (0, True, []), err
        assert told["size"] == house.services.log.checkpoint().head.size
        assert told["kinds"]["key-registration"] == 1
    code, out, _ = command(capsys, "audit", address, "--state", state, "--json")
    assert (code, json.loads(out)["read"]) == (0, 0), "all of it was read before"
    other = Signer("other.example/ledger", KeyType.ED25519, bytes(32)).verifier.vkey
    code, _, err = command(capsys, "audit", address, "--state", state, "--log-key", other)
    assert (code, "another ledger's key" in err) == (2, True)
    code, out, _ = command(capsys, "audit", address, "--state", state, "--witness", house.services.witness.vkey)
    assert (code, "witnesses-missing" in out) == (1, True)


def test_an_audit_is_by_the_key_that_it_was_given(
    address: str, supplier: Client, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = command(capsys, "audit", address, "--log-key", house.services.log.vkey, "--json")
    assert (code, json.loads(out)["log_key_as_served"]) == (0, False)
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    code, _, err = command(capsys, "audit", address, "--log-key", other)
    assert code == 1
    assert "no signature of a trusted key" in err
    assert command(capsys, "audit", address, "--log-key", "nonsense")[0] == 2


def test_an_audit_notices_a_fork(
    address: str, supplier: Client, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was seen before had another root, signed by the same key."""
    for size, code_word in ((1, "forked"), (400, "rolled-back")):
        seen, file = PaperLog(), tmp_path / code_word
        seen.signer = read_signer(house.settings.data / "ledger" / "log.key")
        seen.add(*(paper_leaf(str(n)) for n in range(size)))
        state = AuditState(file)
        assert Monitor(seen.key, state).look(seen).sound
        state.close()
        for _ in range(2):  # the evidence is kept
            code, out, _ = command(capsys, "audit", address, "--state", file, "--json")
            told = json.loads(out)
            assert (code, told["sound"], told["findings"][0]["code"]) == (1, False, code_word)
            assert seen.checkpoint().decode() in told["findings"][0]["evidence"]


def test_a_file_that_is_no_state_is_left_alone(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "mine.json"
    state.write_text('{"a": "b"}')
    code, _, err = command(capsys, "audit", address, "--state", state)
    assert (code, state.read_text()) == (2, '{"a": "b"}')
    assert err == f"greenchain: {state}: is no state of an audit; choose another file\n"


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = command(capsys, "audit", "http://127.0.0.1:9")
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def test_an_address_without_a_ledger(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = command(capsys, "audit", f"{address}/foo")
    assert code == 2
    assert err.startswith(f"greenchain: {address}/foo/ledger: there is no ledger; expected is the address of a service")
    assert "--url" not in err
    assert err.count("\n") == 1


def test_a_witness_cosigns_what_continues(
    address: str, supplier: Client, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, vkey = tmp_path / "w.key", house.services.log.vkey
    given = ("witness", address, "--key", key)
    assert command(capsys, *given)[0] == 2, "there is no key"
    assert command(capsys, *given, "--name", "witness.example/w")[0] == 2, "it was not told the ledger's key"
    for arguments in (("--log-key", vkey), ()):
        supplier.signs(product(id=unique("P")))
        code, out, err = command(capsys, *given, *arguments, "--json")
        assert code == 0, err
        told = json.loads(out)
        note = (told["checkpoint"] + told["cosignature"] + "\n").encode()
        _, signed = open_checkpoint(note, [parse_vkey(vkey), parse_vkey(told["witness_key"])])
        assert len(signed) == 2
    printed = command(capsys, *given)[1]
    assert open_checkpoint(printed.encode(), [parse_vkey(vkey), parse_vkey(told["witness_key"])])[1] == signed
    [kept] = (tmp_path / "w.key.heads").glob("*.note")
    assert key.stat().st_mode & 0o077 == 0
    kept.write_bytes(kept.read_bytes().replace(vkey.encode(), b""))
    assert command(capsys, *given, "--log-key", told["witness_key"])[0] == 2, "another key for the same ledger"
