"""A receipt of a lot carries its energy, water, waste and captured CO2: proven where the documents in it lead there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas.receipts import INDICATORS, dump_receipt, load_receipt
from service.receipts.commitment import commits, record_of, said, salt_of
from service.receipts.report import Line, Standing
from service.receipts.verifying import verify_receipt
from tests.kit.doors import Client
from tests.kit.statements import all_indicators, consumed, footprint, lot, of, process, product, q, transfer, unique
from tests.receipts.conftest import Street

pytestmark = pytest.mark.engine


def groups(street: Street, content: bytes) -> dict[str, Line]:
    """What a reader finds of each group."""
    found = verify_receipt(content, street.logs)
    assert found.holds, list(found.tree.wrong())
    [line] = [part for part in found.tree.parts if part.what == "indicators"]
    return {part.what: part for part in line.parts}


@pytest.fixture(scope="module")
def smelter(street: Street) -> Client:
    """Makes 10 kg of metal and says all of its energy, water and waste."""
    found = street.house.client(unique("smelter"), signs=True)
    accounts = {"activities": all_indicators(), "accounts": ["energy", "water", "waste", "recovered"]}
    found.signs(product("metal", "zinc"), process("smelt", 10, emitted=0, made="metal", **accounts))
    found.signs(lot("METAL", 10, "smelt", "metal"))
    return found


def test_what_the_documents_say_in_full_is_proven(street: Street, smelter: Client) -> None:
    content = street.receipt(smelter, "METAL")
    answered = smelter.get(smelter.lot("METAL") + "/indicators").json["groups"]
    told = load_receipt(content).indicators
    assert told is not None
    assert set(told) == set(INDICATORS)
    assert {group: account.values for group, account in told.items()} == {g: a["values"] for g, a in answered.items()}
    assert {group: account.unit for group, account in told.items()} == {g: a["unit"] for g, a in answered.items()}
    found = groups(street, content)
    assert {group: line.standing for group, line in found.items()} == dict.fromkeys(INDICATORS, Standing.PROVEN)
    assert "m3/kg (computed)" in found["water"].detail


def test_what_rests_on_documents_that_are_not_in_the_receipt_is_the_services_word(
    street: Street, smelter: Client
) -> None:
    """The buyer may not read how the metal was made: its energy is in the answer, and not in the buyer's documents."""
    caster = street.house.client(unique("caster"), signs=True)
    smelter.signs(
        lot("SOLD", 10, "smelt-2", "metal"), process_of("smelt-2"), transfer(smelter.uri, caster.uri, "SOLD", 10)
    )
    bought = [consumed(of(smelter.uri, "SOLD"), 10)]
    caster.signs(
        product("part", "part"),
        process("cast", 5, made="part", inputs=bought, accounts=["energy", "water", "waste", "recovered"]),
        lot("PART", 5, "cast", "part"),
    )
    content = street.receipt(caster, "PART")
    found = groups(street, content)
    told = load_receipt(content).indicators
    assert told is not None
    assert (told["energy"].shown, told["energy"].lower_bound) == (False, False)
    assert told["energy"].values["coal"] == pytest.approx(2500 / 5)
    assert found["energy"].standing is Standing.WORD
    assert "the service's word" in found["energy"].detail


def process_of(identity: str) -> dict[str, Any]:
    accounts = {"activities": all_indicators(), "accounts": ["energy", "water", "waste", "recovered"]}
    return process(identity, 10, emitted=0, made="metal", **accounts)


def test_what_is_partly_known_is_proven_as_far_as_it_goes(street: Street) -> None:
    works = street.house.client(unique("works"), signs=True)
    well = {"name": "well", "type": "water", "quantity": q(3, "m3")}
    works.signs(product(), process("heat", 10, activities=[well]), lot("L1", 10))
    found = groups(street, street.receipt(works, "L1"))
    assert found["water"].standing is Standing.WORD
    assert "that nobody says more is the service's word" in found["water"].detail


def test_a_footprint_leaves_the_account_of_the_process_below_it(street: Street, smelter: Client) -> None:
    """The receipt holds the process for the content of the lot, so its energy is shown, too."""
    smelter.signs(process_of("smelt-3"))
    smelter.signs(lot("CLAIMED", 10, "smelt-3", "metal"), footprint(unique("F"), "2", "CLAIMED"))
    content = street.receipt(smelter, "CLAIMED")
    assert load_receipt(content).basis == "attested"
    assert groups(street, content)["energy"].standing is Standing.PROVEN


@pytest.mark.parametrize(
    ("member", "value"), [("values", {"fresh_water": 0.1}), ("basis", "attested"), ("unit", "m3/t"), ("shown", False)]
)
def test_a_changed_account_is_found(street: Street, smelter: Client, member: str, value: Any) -> None:
    changed = json.loads(street.receipt(smelter, "METAL"))
    changed["indicators"]["water"][member] = value
    wrong = {line.what for line in verify_receipt(json.dumps(changed).encode(), street.logs).tree.wrong()}
    assert wrong - {"receipt"} == ({"commitment"} if member == "shown" else {"commitment", "water"})


def test_indicators_that_are_left_out_are_missed(street: Street, smelter: Client) -> None:
    for without in ({"indicators": None}, {"indicators": {}}):
        changed = json.loads(street.receipt(smelter, "METAL")) | without
        found = verify_receipt(json.dumps(changed).encode(), street.logs)
        assert "commitment" in {line.what for line in found.tree.wrong()}


def test_a_receipt_that_was_given_before_there_were_indicators_reads_as_it_did(street: Street, smelter: Client) -> None:
    """Nothing of them is in the file, nor in what the log committed to."""
    now = load_receipt(street.receipt(smelter, "METAL"))
    before = replace(now, indicators=None)
    assert b'"indicators"' not in said(before)
    salted = replace(before, salt=salt_of(before, b"secret"))
    file = dump_receipt(salted)
    del file["indicators"]
    read = load_receipt(json.dumps(file).encode())
    assert read == salted
    assert commits(record_of(salted, salted.salt), read)
    assert "indicators" not in {part.what for part in verify_receipt(json.dumps(file).encode(), street.logs).tree.parts}


def test_a_product_over_a_period_has_none(street: Street, smelter: Client) -> None:
    path = smelter.product("metal") + "/receipt"
    answer = smelter.get(path, period="2025-01-01/2026-01-01")
    assert (answer.status_code, answer.json["indicators"]) == (200, None)
    forged = answer.json | {"indicators": {}}
    wrong = {line.what for line in verify_receipt(json.dumps(forged).encode(), street.logs).tree.wrong()}
    assert "indicators" in wrong
