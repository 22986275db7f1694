"""A credential that is revoked or suspended after it was accepted: a new verdict, and its facts leave the figures."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from graph.model.intake import StatusChange
from graph.store.database import Database
from graph.store.documents import contents_at, ledger_head
from graph.store.ledger import read_leaves
from graph.store.validation import validation_of
from service.chain import Chain
from service.context import build_intake, guarded
from service.intake.submit import Intake
from service.ledger.entry import parse_leaf
from service.outside import Outside
from service.restatus import Refreshed, Restatus
from service.trust.wanted import Resolved
from tests.kit.doors import Client, House, refusal
from tests.kit.figures import footprint as figure
from tests.kit.graphs import cleared
from tests.kit.issuers import Issuer
from tests.kit.outside import Site, reply
from tests.kit.statements import footprint, lot, unique, withdrawal

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory, site: Site) -> House:
    return House(cleared(session_database), tmp_path_factory.mktemp("house"), **site.settings)


@pytest.fixture
def supplier(house: House) -> Client:
    """With a lot that nothing but a credential gives a footprint."""
    found = house.client(unique("web-"), signs=True)
    found.signs(lot("L1", source=""))
    return found


@pytest.fixture
def issuer(supplier: Client, site: Site) -> Issuer:
    return Issuer(supplier, site)


def refreshed(house: House, at: float = 0.0) -> Refreshed:
    restatus = Restatus(house.database, intake_of(house), Outside(guarded(house.settings)))
    return restatus.refresh(at or time.time())


def intake_of(house: House) -> Intake:
    return build_intake(house.settings, house.database)


def accepted(issuer: Issuer, content: bytes) -> dict[str, Any]:
    status, text = issuer.submits(content)
    assert status == 201, text
    return dict(json.loads(text))


def of(found: Refreshed, document: str) -> list[tuple[str, int]]:
    return [(c.state, c.index) for c in found.changes if c.document == document]


def codes(house: House, supplier: Client, as_of: int | None = None) -> dict[str, str]:
    found = figure(house.database, supplier.uri, "L1", as_of)
    return {f.code: f.message for f in found.findings if f.code.startswith("evidence-")}


def test_a_credential_that_is_revoked_later_leaves_the_figures_from_then_on(
    house: House, supplier: Client, issuer: Issuer
) -> None:
    told = accepted(issuer, issuer.credential(7, footprint(per_kg="2.5")))
    assert of(refreshed(house), told["id"]) == []
    before = house.database.read(ledger_head)
    issuer.list(7)
    [(state, index)] = of(refreshed(house), told["id"])
    assert state == "revoked"
    assert figure(house.database, supplier.uri, "L1").total is None
    assert codes(house, supplier).keys() == {"evidence-revoked"}
    assert told["id"] in codes(house, supplier)["evidence-revoked"]
    assert (figure(house.database, supplier.uri, "L1", before).total, codes(house, supplier, before)) == (2.5, {})
    assert of(refreshed(house), told["id"]) == [], "it is entered once"
    now = supplier.get(f"/api/v1/documents/{told['id']}").json or {}
    assert now["left_at"] == index
    assert now["verdict"] == told["verdict"], "the verdict of then is not edited"


def test_the_change_is_an_entry_with_a_verdict_of_its_own(house: House, supplier: Client, issuer: Issuer) -> None:
    told = accepted(issuer, issuer.credential(9, footprint(per_kg="2.5")))
    issuer.list(9)
    [(_, index)] = of(refreshed(house), told["id"])
    [record] = house.database.read(contents_at, [index])
    shown = supplier.get(f"/api/v1/documents/{record.id}").json or {}
    assert [f["code"] for f in shown["verdict"]["findings"]] == ["status-revoked"]
    assert shown["verdict"]["findings"][0]["subjects"] == [told["id"]]
    assert house.client().get(f"/api/v1/documents/{record.id}").status_code == 404
    said = json.loads(record.content)
    assert (said["document"], said["state"], said["follows"]) == (told["id"], "revoked", "")
    assert parse_leaf(read_leaves(house.database, index, index + 1)[0]).kind == "status-change"
    kept = house.database.read(validation_of, [index])[index]
    assert {v.name for v in kept} == {issuer.did, issuer.url}, "what it rests on is kept, and committed to"
    assert parse_leaf(read_leaves(house.database, index, index + 1)[0]).validation


def test_a_suspension_that_is_lifted_is_entered_and_brings_nothing_back_by_itself(
    house: House, supplier: Client, issuer: Issuer
) -> None:
    issuer.list(purpose="suspension")
    told = accepted(issuer, issuer.credential(3, footprint(per_kg="2.5"), statusPurpose="suspension"))
    issuer.list(3, purpose="suspension")
    assert [s for s, _ in of(refreshed(house), told["id"])] == ["suspended"]
    assert "suspended it" in codes(house, supplier)["evidence-suspended"]
    issuer.list(purpose="suspension")
    [(state, index)] = of(refreshed(house), told["id"])
    assert state == "valid"
    assert figure(house.database, supplier.uri, "L1").total is None
    assert f"until entry {index}" in codes(house, supplier)["evidence-suspended"]
    assert of(refreshed(house), told["id"]) == []
    supplier.signs(footprint(per_kg="2.5"))
    assert (figure(house.database, supplier.uri, "L1").total, codes(house, supplier)) == (2.5, {})


@pytest.mark.parametrize("fault", ["away", "gone", "forged", "other purpose", "expired"])
def test_a_list_that_says_nothing_changes_nothing_and_is_told(
    house: House, supplier: Client, issuer: Issuer, fault: str
) -> None:
    told = accepted(issuer, issuer.credential(7, footprint(per_kg="2.5")))
    read_at = time.time()
    refreshed(house, read_at)
    content, at = bytearray(issuer.list(7, purpose="suspension" if fault == "other purpose" else "revocation")), 0.0
    if fault == "away":
        issuer.site.answers[f"{issuer.path}/status"] = lambda request: reply(request, 503, b"", {})
    elif fault == "gone":
        del issuer.site.answers[f"{issuer.path}/status"]
    elif fault == "forged":
        content[-10] ^= 1
        issuer.site.says(f"{issuer.path}/status", bytes(content), "application/vc+jwt")
    elif fault == "expired":
        at = time.time() + 86_400
    found = refreshed(house, at)
    assert of(found, told["id"]) == []
    [unread] = [u for u in found.unread if u.url == issuer.url]
    assert unread.reason
    assert unread.last_read == read_at
    assert figure(house.database, supplier.uri, "L1").total == 2.5


def test_what_has_left_already_is_not_entered_again(house: House, supplier: Client, issuer: Issuer) -> None:
    told = accepted(issuer, issuer.credential(7, footprint(per_kg="2.5")))
    supplier.signs(withdrawal(told["id"]))
    issuer.list(7)
    assert of(refreshed(house), told["id"]) == []
    assert codes(house, supplier) == {}


def test_a_change_entered_while_its_document_was_taken_back_ends_nothing_more(
    house: House, supplier: Client, issuer: Issuer
) -> None:
    told = accepted(issuer, issuer.credential(7, footprint(per_kg="2.5")))
    supplier.signs(footprint(per_kg="2.5"))
    gone = supplier.signs(withdrawal(told["id"]))
    late = StatusChange(told["id"], "revoked", "late")
    [record] = intake_of(house).change_statuses([(late, frozenset())], Resolved({}, {}))
    assert record.verdict.accepted
    assert (supplier.get(f"/api/v1/documents/{told['id']}").json or {})["left_at"] == gone["ledger_index"]
    assert (figure(house.database, supplier.uri, "L1").total, codes(house, supplier)) == (2.5, {})


def test_a_change_of_no_accepted_document_is_refused(house: House) -> None:
    strange = StatusChange("f" * 64, "revoked", "strange")
    [record] = intake_of(house).change_statuses([(strange, frozenset())], Resolved({}, {}))
    assert refusal(record, "replay") == {}


def test_each_list_is_asked_for_once_however_few_are_held_at_a_time(
    house: House, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        accepted(issuer, issuer.credential(number))
    issuer.site.seen.clear()
    monkeypatch.setattr("service.restatus._LISTS", 1)
    steps: list[tuple[int, int]] = []
    restatus = Restatus(house.database, intake_of(house), Outside(guarded(house.settings)))
    found = restatus.refresh(time.time(), lambda *step: steps.append(step))
    assert found.lists == len(steps)
    assert steps[-1] == (found.documents, found.documents)
    assert [path for path, _ in issuer.site.seen].count(f"{issuer.path}/status") == 1


def test_the_documents_give_the_same_ledger_and_figures_without_any_network(
    house: House, supplier: Client, issuer: Issuer
) -> None:
    """Replayed where every list says something else by now: what was found then is in the ledger."""
    told = accepted(issuer, issuer.credential(7, footprint(per_kg="2.5")))
    issuer.list(7)
    assert refreshed(house).changes
    refused = issuer.submits(issuer.credential(7))
    assert refused[0] == 422
    database, size = house.database, house.database.read(ledger_head) + 1
    documents, kept = database.read(contents_at, list(range(size))), database.read(validation_of, list(range(size)))
    leaves, old = read_leaves(database, 0, size), Chain(database, "default").world()
    issuer.site.answers.clear()
    again = intake_of(house).replay(documents, kept) if cleared(database) else []
    assert [d.id for d in again] == [d.id for d in documents]
    assert read_leaves(database, 0, size) == leaves
    new = Chain(database, "default").world()
    assert (new.snapshot.key, new.tables.superseded) == (old.snapshot.key, old.tables.superseded)
    assert new.rolled.same(old.rolled)
    assert told["id"] in codes(house, supplier)["evidence-revoked"]


def test_a_batch_holds_only_so_much_of_what_was_found_and_answers_in_order(
    supplier: Client, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.intake.submit._HELD_BYTES", 1000)
    lines = [issuer.credential(number) for number in range(4)]
    lines.insert(2, b"{}")
    answer = supplier.post("/api/v1/documents:batch", b"\n".join(lines), "application/x-ndjson")
    assert [r["status"] for r in (answer.json or {})["results"]] == [201, 201, 403, 201, 201], answer.text
