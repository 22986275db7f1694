"""An empty graph that is fed the documents of another gives the same verdicts, figures and ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.model.documents import Format
from graph.store.database import Database
from graph.store.documents import contents_at, ledger_head
from graph.store.embedded import EmbeddedEngine
from graph.store.migrations import migrate
from graph.store.tables import read_newer
from schemas.factor_sets import shipped
from service.cli.main import main
from service.context import build_intake
from service.factors import enter
from service.intake.submit import Intake, Surroundings
from service.intake.writer import GroupWriter
from service.rebuild import NotEmpty, rebuild
from service.trust.limits import Limits
from service.trust.signing_forms import sign_as
from tests.kit.abroad import Web, anchors, by_web, issuing, web_document
from tests.kit.doors import House
from tests.kit.graphs import cleared
from tests.kit.statements import (
    as_bytes,
    facility,
    footprint,
    grant,
    lot,
    process,
    product,
    q,
    revocation,
    statement,
    withdrawal,
)
from tests.receipts.conftest import Street

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def lived(street: Street) -> Street:
    """The street after a while: corrections, withdrawals, a revoked key, refused documents, a receipt."""
    mill = street.mill
    first = mill.signs(product("scrap"), process("melt-2", 10), lot("EXTRA", 10, "melt-2"))
    mill.signs(lot("EXTRA", 8, "melt-2", supersedes=first["id"]))
    mill.signs(withdrawal(first["id"]))
    assert mill.submit(b"{}", "application/json").status_code in (403, 422)
    refused = statement(mill.uri, footprint(per_kg="-1"))
    assert mill.submit(as_bytes(refused), "application/json").status_code in (201, 422)
    mill.signs(grant(street.maker.uri, "all"))
    street.receipt(street.maker, "FRAME")
    _factors(street)
    _abroad(street)
    signer = street.house.client("leaving", signs=True)
    signer.signs(product(), lot(source=""), footprint(per_kg="2.5"))
    signer.states(revocation(str(signer.get("/api/v1/keys").json["data"][0]["thumbprint"])))  # type: ignore[index]
    return street


def _factors(street: Street) -> None:
    """Published factors, a newer version of a set, and a lot that rests on them."""
    database, intake = street.house.database, street.house.services.intake
    street.house.published()
    steel = {"material": "hot-rolled-steel", "country": "US", "quantity": q(100)}
    street.mill.signs(process("press", 10, inputs=[steel]), lot("PRESSED", 10, "press"))
    enter(database, intake, json.dumps(json.loads(shipped()[0]) | {"version": "2"}).encode())


def _abroad(street: Street) -> None:
    """Documents that rest on what was outside then, and is no more: a rebuild asks nobody."""
    services, web = street.house.services, Web()
    around = Surroundings(services.settings.url, anchors(), resolve=web.resolve)
    intake = Intake(services.database, GroupWriter(services.database, services.scribe), Limits(), surroundings=around)
    party = street.house.client("abroad")
    assert party.register_key("ES256").status_code == 201
    did = "did:web:abroad.example"
    for document in (web_document(did, party.key), b"{}"):
        web.documents[did] = document
        intake.submit([(by_web(party.uri, party.key, did), Format.VC_JWT)], party.uri)
    chained = sign_as("x5c", statement(party.uri, facility()), party.key, issuing(party.uri, party.key))
    [found] = intake.submit([(chained.document, Format.JWS)], party.uri)
    assert found.verdict.accepted, found.verdict.failed


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Database]:
    """An empty graph beside the one that the tests share."""
    with EmbeddedEngine(tmp_path / "graph-of-its-own", heap_mb=384) as engine, Database(engine.address) as database:
        migrate(database)
        yield database


def intake_on(house: House, database: Database) -> Intake:
    return build_intake(house.settings, database)


@pytest.mark.long
def test_the_documents_are_all_there_is(lived: Street, elsewhere: Database) -> None:
    source, steps = lived.house.database, list[tuple[int, int]]()
    found = rebuild(source, elsewhere, intake_on(lived.house, elsewhere), lambda *step: steps.append(step))
    assert found.differences == ()
    assert found.documents == source.read(ledger_head) + 1
    assert found.root == lived.house.services.log.checkpoint().head.root.hex()
    assert steps[-1] == (found.documents, found.documents)
    old, new = read_newer(source), read_newer(elsewhere)
    assert old.superseded == new.superseded
    for table in old.rows:
        rows = [sorted(map(repr, zip(*t.rows[table].values(), strict=True))) for t in (old, new)]
        assert rows[0] == rows[1], table


@pytest.mark.long
def test_what_differs_is_named(lived: Street, elsewhere: Database) -> None:
    """A document whose bytes were changed in the graph is not the one that was signed."""
    source = lived.house.database
    head = source.read(ledger_head)
    [last] = source.read(contents_at, [head])
    changed = last.content.replace(b'"', b"'", 1)
    set_content = "MATCH (d:Document {id: $id}) SET d.content = $content"
    source.write(lambda tx: tx.run(set_content, id=last.id, content=changed))
    try:
        found = rebuild(source, elsewhere, intake_on(lived.house, elsewhere), lambda *_: None)
    finally:
        source.write(lambda tx: tx.run(set_content, id=last.id, content=last.content))
    assert any(last.id in difference for difference in found.differences)


def test_only_an_empty_graph_is_built_into(lived: Street) -> None:
    source = lived.house.database
    with pytest.raises(NotEmpty):
        rebuild(source, source, intake_on(lived.house, source), lambda *_: None)


@pytest.mark.long
def test_nothing_is_rebuilt_from_nothing(session_database: Database, elsewhere: Database, tmp_path: Path) -> None:
    house = House(cleared(session_database), tmp_path)
    found = rebuild(house.database, elsewhere, intake_on(house, elsewhere), lambda *_: None)
    assert (found.documents, found.differences) == (0, ())


@pytest.mark.long
def test_the_command_says_whether_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An engine is started over the folder, another one in the new folder, and the roots are the same."""
    data, new = tmp_path / "data", tmp_path / "new"
    with EmbeddedEngine(data, heap_mb=384) as engine, Database(engine.address) as database:
        migrate(database)
        house = House(database, data)
        party = house.client("rebuilt", signs=True)
        party.signs(product(), lot(source=""), footprint(per_kg="2.5"))
        assert party.get(f"{party.lot('L1')}/receipt").status_code == 200
        root = house.services.log.checkpoint().head.root.hex()
    for name in [n for n in os.environ if n.startswith(("GREENCHAIN_", "NEO4J_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GREENCHAIN_DATA", str(data))
    assert main(["rebuild", str(new), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["root"], found["differences"]) == (root, [])
    assert found["documents"] >= 3
    assert main(["rebuild", str(new)]) == 2
    assert "exists" in capsys.readouterr().err
