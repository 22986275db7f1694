"""Every story of ``tests/vectors/standing`` ends as it says: refused by the check named, or without the level."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph.model.documents import Format, Received, StoredDocument
from graph.model.intake import KeyState
from graph.rollup.figure import footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from graph.store.tabulate import Held, tabulate
from schemas.statement import load_statement
from service.intake.submit import _candidate
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey, parse_jwk
from service.trust.verify import examine
from tests.kit.ledgers import Ledger
from tests.vectors import kit, standing

STORIES = sorted(path.name for path in standing.FOLDER.glob("*.json"))
KEYS = {s.kid: KnownKey(standing.ORGANIZATIONS[name], parse_jwk(s.jwk)) for name, s in standing.SIGNERS.items()}


def told(story: dict[str, Any]) -> tuple[Ledger, list[StoredDocument]]:
    """The statements handed in one by one at their times, on a ledger that knows the keys."""
    ledger, answers = Ledger(), []
    ledger.keys = {kid: KeyState(known.organization, revoked=False) for kid, known in KEYS.items()}
    for said in story["statements"]:
        kind = Format.JWS if said["signed"] else Format.JSON
        received = Received(said["content"].encode(), kind, said["by"], float(said["at"]))
        context = OpenContext(keys=KEYS, at=received.received_at, audience=kit.AUDIENCE)
        found = examine(received, context, load_statement)
        answers += ledger.take(_candidate(received, found)).answers
    return ledger, answers


def figure_of(ledger: Ledger) -> Any:
    held = []
    for a in ledger.admissions:
        assert a.statement is not None
        held.append(Held(a.index, a.id, a.issuer, bool(a.thumbprint), a.statement.facts, a.received_at))
    tables = tabulate(held)
    policy = load_policy("default", frozenset({standing.ORGANIZATIONS["body"]}))
    snapshot = build(tables, tables.head, policy)
    return footprint(snapshot, roll_up(snapshot), f"{standing.OWNER}|L")


def test_files_are_as_generated() -> None:
    on_disk = {path.name: path.read_bytes() for path in standing.FOLDER.iterdir()}
    assert on_disk == standing.files(), "run python -m tests.vectors.standing"


def test_there_is_a_story_for_every_way() -> None:
    assert len(STORIES) > 25
    stories = standing.files().values()
    assert sum(b'"check": null' in s for s in stories) > 3


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    story = json.loads((standing.FOLDER / name).read_bytes())
    ledger, answers = told(story)
    assert [a.verdict.failed for a in answers[:-1]] == [None] * (len(answers) - 1)
    failed = answers[-1].verdict.failed
    assert (failed.name if failed else None) == story["check"], failed
    if "level" in story:
        found = figure_of(ledger)
        codes = {f.code for f in found.findings if "assurance" in f.code or "accreditation" in f.code}
        assert (found.assurance, codes) == (story["level"], {story["finding"]} - {""})
