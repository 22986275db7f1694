"""`greenchain sign --format`: what each form needs, and that what is hidden is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.trust.forms import guess
from service.trust.signing import new_key
from tests.cli.conftest import Cli

INPUT = {"material": "scrap", "country": "DE", "quantity": {"value": "2", "unit": "t"}}
PROCESS = {
    "kind": "process",
    "id": "melt",
    "produced_from": "2025-01-01",
    "produced_to": "2026-01-01",
    "inputs": [INPUT],
    "outputs": [{"id": "o", "product": "p", "quantity": {"value": "1", "unit": "t"}}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key.jwk").write_text(json.dumps(new_key()))
    (tmp_path / "statement.json").write_text(
        json.dumps({"iss": "urn:greenchain:org:a", "jti": "1", "facts": [PROCESS]})
    )
    return tmp_path


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("jws", "application/jose"), ("vc-jwt", "application/vc+jwt"), ("data-integrity", "application/vc")],
)
def test_a_form_is_written(cli: Cli, folder: Path, form: str, media_type: str) -> None:
    assert cli("sign", "statement.json", "--key", "key.jwk", "--format", form, "--out", "signed").code == 0
    assert guess((folder / "signed").read_bytes()).value == media_type


def test_what_is_hidden_is_kept(cli: Cli, folder: Path) -> None:
    hide = ("--audience", "http://127.0.0.1:8410/", "--hide", "/facts/0/inputs/0", "--kept", "kept")
    assert cli("sign", "statement.json", "--key", "key.jwk", "--format", "sd-jwt", *hide, "--out", "signed").code == 0
    [kept] = (folder / "kept").read_bytes().splitlines()
    assert kept
    assert kept not in (folder / "signed").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "x5c"), "--chain"),
        (("--format", "sd-jwt"), "--audience"),
        (("--format", "sd-jwt", "--audience", "http://127.0.0.1", "--hide", "/facts/0/inputs/0"), "--kept"),
        (("--format", "sd-jwt", "--audience", "http://127.0.0.1", "--hide", "/x", "--kept", "kept"), "/x"),
        (("--format", "x5c", "--chain", "statement.json"), "PEM"),
    ],
)
def test_what_is_missing_is_told_in_one_line(cli: Cli, folder: Path, options: tuple[str, ...], told: str) -> None:
    asked = cli("sign", "statement.json", "--key", "key.jwk", *options)
    assert asked.code != 0
    asked.is_one_line(told)
    assert not (folder / "kept").exists()
