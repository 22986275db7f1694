"""Each proof in ``vectors`` has one fault, and is refused by the step and in the words that the manifest gives."""

from __future__ import annotations

import json

import pytest

from service.ledger.note import parse_vkey
from tests.ledger.ledger_vectors import ENDING, HERE, LOG, files, outcome

MANIFEST = json.loads((HERE / "manifest.json").read_text())


def test_the_generator_writes_what_is_there() -> None:
    assert {path.name: path.read_bytes() for path in HERE.iterdir()} == files()


def test_one_is_valid_and_every_other_is_refused() -> None:
    assert [name for name, told in MANIFEST["vectors"].items() if told == "accepted"] == ["valid"]
    assert len(MANIFEST["vectors"]) > 35
    assert parse_vkey(MANIFEST["log_key"]) == LOG.key


@pytest.mark.parametrize("name", MANIFEST["vectors"])
def test_a_fault_is_named(name: str) -> None:
    assert outcome((HERE / f"{name}{ENDING}").read_bytes()) == MANIFEST["vectors"][name]
