"""Published factors that a figure rests on are documents of its receipt, which everybody may read."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from graph.store.documents import find_document
from graph.store.factors import read_factor_sets
from schemas.factor_sets import shipped
from schemas.receipts import load_receipt
from service.factors import enter
from service.ledger.note import parse_vkey
from service.receipts import earlier
from service.receipts.report import Standing
from service.receipts.verifying import Verdict, verify_receipt
from tests.kit.doors import Client
from tests.kit.statements import consumed, lot, of, process, product, q, transfer
from tests.receipts.conftest import Street, every

# 100 kg of steel of the United States at 1.40, and 1,000 kWh of eastern China at 0.55, in 300 kg.
TOTAL = (100 * 1.40 + 1000 * 0.55) / 300
EARLIER = Path(__file__).with_name("earlier")


@pytest.fixture(scope="module")
def published(street: Street) -> Street:
    street.house.published()
    return street


@pytest.fixture(scope="module")
def framer(published: Street) -> Client:
    """Who makes frames of steel that nobody speaks for, with electricity without a factor."""
    found = published.house.client("framer", signs=True)
    power = {"name": "electricity", "type": "electricity", "quantity": q(1000, "kWh"), "region": "CN-EAST"}
    steel = {"material": "hot-rolled-steel", "country": "US", "quantity": q(100)}
    made = process("build", 300, emitted=0, made="frame", inputs=[steel], activities=[power])
    found.signs(product("frame"), made, lot("FRAME", 300, "build", "frame"))
    return found


def verified(content: bytes, street: Street) -> Verdict:
    found = verify_receipt(content, street.logs)
    assert found.holds, list(found.tree.wrong())
    return found


def sets_in(content: bytes) -> set[str]:
    documents = (json.loads(e.content) for e in load_receipt(content).exhibits if e.format.endswith("record+json"))
    return {told["set"]["name"] for told in documents}


def test_the_reader_recomputes_from_the_factors_in_the_receipt(published: Street, framer: Client) -> None:
    content = published.receipt(framer, "FRAME")
    found = verified(content, published)
    assert found.receipt is not None
    assert found.receipt.numbers["total"] == pytest.approx(TOTAL, rel=1e-12)
    assert found.receipt.aggregates == ()
    assert sets_in(content) == {"cbam-defaults-2025", "mee-nbs-grid-2023", "mee-nbs-provinces-2022"}
    told = [line for line in every(found.tree) if line.what == "source"]
    assert {line.standing for line in told} == {Standing.WORD}
    assert any("MEE/NBS" in line.detail for line in told)


def test_a_figure_without_published_factors_carries_none(published: Street) -> None:
    assert sets_in(published.receipt(published.mine, "ORE")) == set()


def altered(content: bytes, name: str, old: str, new: str) -> bytes:
    """The receipt with a text of a set replaced."""
    receipt = json.loads(content)
    for exhibit in receipt["exhibits"]:
        told = base64.b64decode(exhibit["content"]).decode()
        if f'"name":"{name}"' in told:
            assert told.count(old) == 1
            exhibit["content"] = base64.b64encode(told.replace(old, new).encode()).decode()
    return json.dumps(receipt).encode()


def test_another_value_in_a_set_is_refused_by_its_name(published: Street, framer: Client) -> None:
    content = altered(published.receipt(framer, "FRAME"), "mee-nbs-grid-2023", '"value":0.55}', '"value":0.05}')
    found = verify_receipt(content, published.logs)
    assert not found.holds
    [place] = [line for line in every(found.tree) if line.what.startswith("document ") and not line.holds]
    assert place.detail == "published factors mee-nbs-grid-2023"
    assert [part.what for part in place.parts] == ["bytes"]


def test_a_receipt_without_a_set_that_counted_does_not_hold(published: Street, framer: Client) -> None:
    receipt = json.loads(published.receipt(framer, "FRAME"))
    kept = [e for e in receipt["exhibits"] if b"mee-nbs-grid-2023" not in base64.b64decode(e["content"])]
    assert len(kept) == len(receipt["exhibits"]) - 1
    found = verify_receipt(json.dumps(receipt | {"exhibits": kept}).encode(), published.logs)
    wrong = {line.what for line in found.tree.wrong()}
    assert {"commitment", "total", "indirect"} <= wrong


def test_another_record_of_the_service_does_not_pass_for_published_factors(published: Street, framer: Client) -> None:
    receipt = json.loads(published.receipt(framer, "FRAME"))
    receipt["exhibits"].append(receipt["commitment"])
    wrong = {
        line.what: line.detail for line in verify_receipt(json.dumps(receipt).encode(), published.logs).tree.wrong()
    }
    assert wrong["factors"] == "a record that states no published factors of the service"


def test_who_may_read_nothing_of_a_supplier_still_reads_the_factors(published: Street, framer: Client) -> None:
    """They are public, though a figure above which they count may be hidden."""
    buyer = published.house.client("frame-buyer", signs=True)
    framer.signs(transfer(framer.uri, buyer.uri, "FRAME", 200))
    frame = consumed(of(framer.uri, "FRAME"), 200)
    buyer.signs(product("window"), process("fit", 100, emitted=5, made="window", inputs=[frame]))
    buyer.signs(lot("WINDOW", 100, "fit", "window"))
    content = published.receipt(buyer, "WINDOW")
    found = verified(content, published)
    assert found.receipt is not None
    assert found.receipt.numbers["total"] == pytest.approx((200 * TOTAL + 5) / 100, rel=1e-12)
    assert framer.uri.encode() not in b"".join(e.content for e in found.receipt.exhibits if e.issuer != buyer.uri)
    for one in published.house.database.read(read_factor_sets):
        assert buyer.get(f"/api/v1/documents/{one.document}/content").status_code == 200


def test_a_receipt_as_of_then_carries_the_version_of_then(published: Street, framer: Client) -> None:
    before = published.house.services.chain.tables().head
    newer = json.loads(shipped_grid()) | {"version": "2"}
    newer["rows"] = [row | {"value": 0.5 if row["region"] == "CN-EAST" else row["value"]} for row in newer["rows"]]
    entered = enter(published.house.database, published.house.services.intake, json.dumps(newer).encode())
    new, old = published.receipt(framer, "FRAME"), published.receipt(framer, "FRAME", as_of=before)
    totals = [float(verified(c, published).receipt.numbers["total"] or 0) for c in (old, new)]  # type: ignore[union-attr]
    assert totals == pytest.approx([TOTAL, TOTAL - 1000 * 0.05 / 300])
    record = published.house.database.read(find_document, entered.document)
    assert record is not None
    assert [record.index in [e.index for e in load_receipt(c).exhibits] for c in (old, new)] == [False, True]


def shipped_grid() -> bytes:
    return next(file for file in shipped() if b"mee-nbs-grid-2023" in file)


# Receipts from before published factors were documents


def given_earlier() -> tuple[bytes, list[Any]]:
    return (EARLIER / "receipt.json").read_bytes(), [parse_vkey((EARLIER / "log.vkey").read_text().strip())]


def test_a_receipt_from_before_still_verifies() -> None:
    """It names the version of all figures that came with the program then, and holds no document of them."""
    content, logs = given_earlier()
    found = verify_receipt(content, logs)
    assert found.holds, list(found.tree.wrong())
    assert found.receipt is not None
    assert sets_in(content) == set()
    assert (found.receipt.numbers["total"], found.receipt.numbers["default_share"]) == (2.3000000000000003, 1.0)


@pytest.mark.parametrize("name", ["_FILES", "_LEFT", "_NAMED"])
def test_where_the_figures_of_then_are_gone_it_says_why_it_does_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, logs = given_earlier()
    monkeypatch.setattr(earlier, name, {"another"} if name == "_FILES" else "another")
    told = {line.what: line.detail for line in verify_receipt(content, logs).tree.wrong()}
    assert "came with another version of this program" in told["figure"]
