"""One signed declaration, verified offline with what its reader knows: key or authority, and the ledger's key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.cli.main import main
from service.receipts.declaration import Given, verify_declaration
from service.receipts.report import Line, Standing
from service.trust.signing import new_key, public_jwk, sign_statement
from service.trust.signing_forms import FORMS, sign_as
from tests.kit.abroad import anchors, issuing, status_list, web_document, with_status
from tests.kit.doors import AUDIENCE
from tests.kit.statements import footprint, of, product, statement
from tests.receipts.conftest import Street

MILL = "urn:greenchain:org:mill"


def known(key: dict[str, str], **more: Any) -> Given:
    return Given(jwk=json.dumps(public_jwk(key)).encode(), issuer=MILL, **more)


def shown(tree: Line) -> dict[str, Standing]:
    return {part.what: part.standing for part in tree.parts}


def wrong(tree: Line) -> list[str]:
    return [line.what for line in tree.wrong()][1:]


@pytest.mark.parametrize("form", FORMS)
def test_a_declaration_in_any_form(form: str) -> None:
    """And with any byte changed it does not hold, or means the same."""
    key = new_key("ES256" if form == "x5c" else "EdDSA")
    document = sign_as(form, statement(MILL, product()), key, issuing(MILL, key)).document
    given = Given(anchors=anchors()) if form == "x5c" else known(key, audience=AUDIENCE)
    found = verify_declaration(document, given, b"", [])
    assert found.holds, list(found.wrong())
    assert found.detail == MILL
    lines = shown(found)
    assert (lines["signature"], lines["log entry"]) == (Standing.PROVEN, Standing.WORD)
    assert lines.get("certificate authority" if form == "x5c" else "owner")
    for place in range(0, len(document), 37):
        changed = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        again = verify_declaration(changed, given, b"", [])
        assert not again.holds or form == "data-integrity"
        assert again.holds or wrong(again)


def test_a_key_of_somebody_else_opens_nothing() -> None:
    document = sign_statement(statement(MILL, product()), new_key())
    found = verify_declaration(document, known(new_key()), b"", [])
    assert wrong(found) == ["checks"]
    assert "key" in next(line.detail for line in found.parts if line.what == "checks")


def test_what_a_did_says_and_its_status_are_the_readers_to_bring() -> None:
    key, did, url = new_key(), "did:web:mill.example", "https://mill.example/status"
    document = with_status(MILL, key, did, url, product())
    given = known(key, did_document=web_document(did, key), status_list=status_list(MILL, key, did, url))
    lines = shown(verify_declaration(document, given, b"", []))
    assert (lines["credential-status"], lines["status-list"]) == (Standing.PROVEN, Standing.WORD)
    assert wrong(verify_declaration(document, known(key), b"", [])) == ["checks"]


def test_of_anothers_things_the_signature_alone_proves_no_authority() -> None:
    key = new_key()
    document = sign_statement(statement(MILL, footprint(about=of("urn:greenchain:org:mine", "L1"))), key)
    assert shown(verify_declaration(document, known(key), b"", []))["delegation"] is Standing.WORD


def test_what_is_not_signed_is_no_declaration() -> None:
    found = verify_declaration(json.dumps(statement(MILL, product())).encode(), Given(issuer=MILL), b"", [])
    assert wrong(found) == ["signature"]


@pytest.mark.parametrize("content", [b"", b"a.b.c", b"~", b"{", b'{"proof":{},"@context":[]}', b"\xff.\xff.\xff"])
def test_what_is_no_document_is_told_so(content: bytes) -> None:
    assert wrong(verify_declaration(content, known(new_key()), b"", [])) == ["checks"]


# On the command line, with the ledger's proof


@pytest.fixture(scope="module")
def files(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A declaration, its proof, the signer's key, and a receipt, as files."""
    folder = tmp_path_factory.mktemp("files")
    mill = street.mill
    document = sign_statement(statement(mill.uri, product("slab")), mill.key)
    stored = mill.submit(document)
    assert stored.status_code == 201, stored.text
    proof = mill.get("/ledger/proof", document=(stored.json or {})["id"])
    for name, content in (
        ("declaration.jws", document),
        ("proof", proof.data),
        ("key.jwk", json.dumps(public_jwk(mill.key)).encode()),
        ("receipt.json", street.receipt(mill, "STEEL")),
    ):
        (folder / name).write_bytes(content)
    return folder


def run(*options: object) -> int:
    return main(["verify", *map(str, options)])


def test_a_logged_declaration(files: Path, street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--key", files / "key.jwk", "--issuer", street.mill.uri, "--log-key", street.house.services.log.vkey)
    proof = ("--proof", files / "proof")
    assert run(files / "declaration.jws", *options, *proof, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"]
    assert {p["what"]: p["standing"] for p in found["tree"]["parts"]}["log entry"] == "proven"
    assert run(files / "declaration.jws", *options, *proof) == 0
    assert "It holds." in capsys.readouterr().out

    other = files / "other.jws"
    other.write_bytes(sign_statement(statement(street.mill.uri, product("slab")), street.mill.key))
    assert run(other, *options, *proof) == 1
    assert "is about document" in capsys.readouterr().err


def test_a_declaration_that_the_log_refused(files: Path, street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    """Its signature is sound; that it counts is what the log denies."""
    mill = street.mill
    document = sign_statement(statement(mill.uri, footprint(about=of(street.mine.uri, "ORE"))), mill.key)
    refused = mill.submit(document)
    assert refused.status_code == 422, refused.text
    (files / "refused.jws").write_bytes(document)
    identity = (refused.json or {})["document"]["id"]
    (files / "refused.proof").write_bytes(mill.get("/ledger/proof", document=identity).data)
    options = ("--key", files / "key.jwk", "--issuer", mill.uri, "--log-key", street.house.services.log.vkey)
    assert run(files / "refused.jws", *options, "--proof", files / "refused.proof") == 1
    assert "was refused" in capsys.readouterr().err


def test_a_receipt(files: Path, street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    receipt, log = files / "receipt.json", ("--log-key", street.house.services.log.vkey)
    assert run(receipt, *log) == 0
    assert "It holds." in capsys.readouterr().out
    changed = files / "changed.json"
    changed.write_text(receipt.read_text().replace('"lower_bound": false', '"lower_bound": true'))
    assert run(changed, *log) == 1
    assert "lower_bound" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("receipt.json", (), "--log-key"),
        ("receipt.json", ("--log-key", "nonsense"), "--log-key"),
        ("declaration.jws", (), "--key"),
        ("declaration.jws", ("--issuer", MILL), "--key"),
        ("declaration.jws", ("--anchors", "nowhere"), "--anchors"),
        ("absent.jws", (), "absent.jws"),
    ],
)
def test_what_is_missing_is_named(
    files: Path, capsys: pytest.CaptureFixture[str], name: str, options: tuple[str, ...], reason: str
) -> None:
    assert run(files / name, *options) == 2
    assert reason in capsys.readouterr().err
