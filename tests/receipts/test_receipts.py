"""A receipt leads to the figure it is of, for whoever holds the ledger's key, and hides what its reader may not see."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from graph.store.documents import ledger_head
from schemas.receipts import load_receipt
from service.auth.roles import Role
from service.cli.main import main
from service.ledger.note import KeyType, Signer, parse_note
from service.receipts.allowance import Allowance, TooManyReceipts
from service.receipts.report import Line, Standing
from service.receipts.verifying import verify_receipt
from tests.kit.doors import House
from tests.kit.statements import consumed, footprint, lot, process, product, transfer
from tests.receipts.conftest import Street, changed, wrong

ORE = 50 / 1000
STEEL = (900 + 800 * ORE) / 500
FRAME = (100 + 400 * STEEL) / 300


def lines(tree: Line) -> dict[str, Line]:
    """The lines of a tree by what they are about; of several alike the last."""
    found = {tree.what: tree}
    for part in tree.parts:
        found |= lines(part)
    return found


def test_the_auditor_recomputes_the_figure_from_signed_bytes_alone(street: Street) -> None:
    content = street.receipt(street.auditor(), "FRAME", street.maker.uri)
    found = verify_receipt(content, street.logs)
    assert found.holds, list(found.tree.wrong())
    assert found.receipt is not None
    assert found.receipt.numbers["total"] == pytest.approx(FRAME, rel=1e-12)
    assert found.receipt.aggregates == ()
    shown = lines(found.tree)
    assert shown["hidden branches"].standing is Standing.PROVEN
    assert shown["total"].standing is Standing.PROVEN
    assert shown["nothing newer"].standing is Standing.WORD


def test_one_number_stands_for_what_the_asker_may_not_read(street: Street) -> None:
    content = street.receipt(street.maker, "FRAME")
    found = verify_receipt(content, street.logs)
    assert found.holds, list(found.tree.wrong())
    receipt = load_receipt(content)
    assert receipt.numbers["total"] == pytest.approx(FRAME, rel=1e-12)
    assert {(p.kind, p.key) for p in receipt.aggregates if not p.hidden} == {("process", f"{street.maker.uri}|build")}
    assert lines(found.tree)["hidden branches"].standing is Standing.WORD
    held = everything_in(content)
    assert street.maker.uri.encode() in held
    assert street.mine.uri.encode() not in held, "whom the mill buys from is nobody's business"
    assert b"melt" not in held


def everything_in(content: bytes) -> bytes:
    """All bytes of a receipt, those in base64 decoded, and the payloads of its documents too."""
    found, waiting = [content], [json.loads(content)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, str):
            found += [value.encode(), *_decoded(value)]
    return b"\n".join(found)


def _decoded(text: str) -> list[bytes]:
    """What base64 holds, and the payload of what may be a compact JWS: a hash may have two dots in it, too."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return []
    parts = content.split(b".")
    if len(parts) != 3:
        return [content]
    try:
        return [content, base64.urlsafe_b64decode(parts[1] + b"==")]
    except ValueError:
        return [content]


@pytest.mark.parametrize("content", [b"", b".", b"..", b"a.a.a", b"\xff.%AAAAA.\x00", b"x.bWVsdA.y"])
def test_what_only_looks_like_a_signed_document_is_looked_through_as_it_is(content: bytes) -> None:
    found = everything_in(json.dumps([base64.b64encode(content).decode()]).encode())
    assert content in found
    assert (b"melt" in found) is (content == b"x.bWVsdA.y")


def hiding(street: Street, suppliers: int) -> dict[str, Any]:
    """A receipt of a maker whose only supplier has so many suppliers of its own; nothing of them may be seen."""
    house = street.house
    sources = [house.client(f"source{n}", signs=True) for n in range(suppliers)]
    mill, maker = house.client("mill", signs=True), house.client("maker", signs=True)
    for source in sources:
        source.signs(product("ore"), lot("ORE", 800, "", made="ore"), footprint(per_kg="0.05", about="ORE"))
        source.signs(transfer(source.uri, mill.uri, "ORE", 800))
    inputs = [consumed({"issuer": s.uri, "id": "ORE"}, 800 / suppliers) for s in sources]
    mill.signs(product(), process("melt", 500, emitted=900, inputs=inputs), lot("STEEL", 500, "melt"))
    mill.signs(transfer(mill.uri, maker.uri, "STEEL", 400))
    steel = {"issuer": mill.uri, "id": "STEEL"}
    maker.signs(product("frame"), process("build", 300, made="frame", inputs=[consumed(steel, 400)]))
    maker.signs(lot("FRAME", 300, "build", "frame"))
    content = street.receipt(maker, "FRAME")
    assert verify_receipt(content, street.logs).holds
    held = everything_in(content)
    assert maker.uri.encode() in held, "what is in the receipt is looked through"
    for source in sources:
        assert source.uri.encode() not in held
        assert source.key["x"].encode() not in held
    assert b"melt" not in held
    return dict(json.loads(content))


def test_neither_name_nor_number_of_hidden_suppliers_is_told(street: Street) -> None:
    """One supplier behind the supplier or three: the receipts have the same shape and the same numbers."""
    one, three = hiding(street, 1), hiding(street, 3)
    assert shape(one) == shape(three)
    assert one["numbers"] == pytest.approx(three["numbers"])
    for left, right in zip(one["aggregates"], three["aggregates"], strict=True):
        assert (left["emissions"], left["mass"]) == (pytest.approx(right["emissions"]), pytest.approx(right["mass"]))


def shape(value: Any) -> Any:
    """What a receipt is made of, without what it says; how long the paths in the ledger are is the ledger's."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in sorted(value.items()) if name != "path"}
    if isinstance(value, list):
        return [shape(member) for member in value]
    # A whole number is written without a point: which sums come out whole hangs on the order of random names.
    return "number" if type(value) in (int, float) else type(value).__name__


def test_the_figure_is_the_one_that_was_answered(street: Street) -> None:
    receipt = load_receipt(street.receipt(street.mill, "STEEL"))
    answered = street.mill.get(f"{street.mill.lot('STEEL')}/footprint", as_of=str(receipt.as_of)).json
    assert answered is not None
    assert receipt.numbers["total"] == pytest.approx(answered["total"], rel=1e-12)
    assert (receipt.unit, receipt.basis, receipt.as_of) == (answered["unit"], answered["basis"], answered["as_of"])


def test_a_scope_of_which_nothing_is_known_is_null_in_a_lower_bound(street: Street) -> None:
    maker = street.house.client("gap", signs=True)
    unknown = {"issuer": street.mine.uri, "id": "NEVER-DESCRIBED"}
    maker.signs(product("frame", "frame"), process("gap", 10, emitted=7, made="frame", inputs=[consumed(unknown, 5)]))
    maker.signs(lot("GAP", 10, "gap", "frame"))
    content = street.receipt(maker, "GAP")
    numbers = load_receipt(content).numbers
    assert (numbers["direct"], numbers["indirect"], numbers["total"]) == (pytest.approx(0.7), None, pytest.approx(0.7))
    assert "indirect" in wrong(street, changed(json.loads(content), "numbers", "indirect", to=0.0))


def test_a_receipt_follows_the_set_of_warming_potentials_that_was_asked_for(street: Street) -> None:
    """The reader counts with the set that the receipt names; another name is another account."""
    party = street.house.client("methane", signs=True)
    leak = {"name": "leak", "type": "measured", "scope": "direct", "gas": "CH4", "primary": True}
    leaking = process("heat", 10, emitted=0, activities=[leak | {"quantity": {"value": "1", "unit": "kg"}}])
    party.signs(product(), leaking, lot("L1", 10))
    found = {gwp: street.receipt(party, "L1", gwp=gwp) for gwp in ("AR5", "AR6")}
    assert {load_receipt(content).gwp for content in found.values()} == {"AR5", "AR6"}
    totals = [load_receipt(found[gwp]).numbers["total"] for gwp in ("AR5", "AR6")]
    assert totals[0] != totals[1]
    assert all(verify_receipt(content, street.logs).holds for content in found.values())
    assert {"total", "commitment"} <= wrong(street, changed(json.loads(found["AR5"]), "gwp", to="AR6"))
    assert "figure" in wrong(street, changed(json.loads(found["AR5"]), "gwp", to="AR1"))


def test_what_is_unknown_stays_unknown(street: Street) -> None:
    """A receipt of a lower bound says so; nothing known is null, never 0."""
    maker = street.house.client("gap", signs=True)
    unknown = {"issuer": street.mine.uri, "id": "NEVER-DESCRIBED"}
    maker.signs(product("frame", "frame"), process("gap", 10, emitted=0, made="frame", inputs=[consumed(unknown, 5)]))
    maker.signs(lot("GAP", 10, "gap", "frame"))
    receipt = load_receipt(content := street.receipt(maker, "GAP"))
    assert receipt.numbers["total"] is None
    assert receipt.lower_bound
    assert verify_receipt(content, street.logs).holds


def test_a_product_over_a_period(street: Street) -> None:
    path = street.maker.product("frame")
    answer = street.maker.get(f"{path}/receipt", period="2025-01-01/2026-01-01")
    assert answer.status_code == 200, answer.text
    found = verify_receipt(answer.data, street.logs)
    assert found.holds, list(found.tree.wrong())
    assert found.receipt is not None
    assert found.receipt.numbers["total"] == pytest.approx(FRAME, rel=1e-12)


def test_an_attested_footprint_is_proven_by_its_own_signature(street: Street) -> None:
    party = street.house.client("attester", signs=True)
    party.signs(product(), lot(source=""), footprint(per_kg="2.5"))
    found = verify_receipt(street.receipt(party, "L1"), street.logs)
    assert found.holds
    assert found.receipt is not None
    assert (found.receipt.basis, found.receipt.numbers["total"]) == ("attested", 2.5)


def test_a_correction_counts_from_its_entry_on(street: Street) -> None:
    """What was superseded is in the receipt as of then, and not in the one of now."""
    party = street.house.client("corrector", signs=True)
    first = party.signs(product(), lot(source=""), footprint(per_kg="2.5"))
    party.signs(footprint(per_kg="4", supersedes=first["id"]))
    for index, total in ((first["ledger_index"], 2.5), (first["ledger_index"] + 1, 4.0)):
        found = verify_receipt(street.receipt(party, "L1", as_of=str(index)), street.logs)
        assert found.holds, list(found.tree.wrong())
        assert found.receipt is not None
        assert (found.receipt.as_of, found.receipt.numbers["total"]) == (index, total)
        stated = {e.index: e.in_force for e in found.receipt.exhibits}
        assert (2 in stated[first["ledger_index"]]) is (total == 2.5)


def test_asking_again_adds_no_entry(street: Street) -> None:
    """Neither does asking as of any entry that changed no fact, nor does another's receipt change one's own."""
    party, database = street.house.client("asker", signs=True), street.house.database
    party.signs(product(), lot(source=""), footprint(per_kg="2.5"))
    first = street.receipt(party, "L1")
    head = database.read(ledger_head)
    assert street.receipt(party, "L1") == first
    assert [party.register_key().status_code, party.submit(b"no.signed.statement").status_code] == [201, 422]
    moved = database.read(ledger_head)
    assert moved > head
    again = [load_receipt(street.receipt(party, "L1", **q)) for q in ({}, {"as_of": str(moved)}, {"as_of": str(head)})]
    assert database.read(ledger_head) == moved
    assert {(r.as_of, r.salt, r.commitment.index) for r in (load_receipt(first), *again)} == {
        (again[0].as_of, again[0].salt, again[0].commitment.index)
    }
    party.signs(lot("L2", source=""))
    assert load_receipt(street.receipt(party, "L1")).as_of > again[0].as_of
    assert database.read(ledger_head) == moved + 2


def test_new_receipts_are_given_so_many_an_hour(street: Street) -> None:
    """What was given before is given again; another system of the organization has an allowance of its own."""
    narrow = House(street.house.database, street.house.settings.data, GREENCHAIN_RECEIPTS_PER_HOUR="2")
    party = street.house.client("reader", signs=True)
    party.signs(product(), *(lot(f"L{n}", source="") for n in range(3)))
    asking = narrow.colleague(party, Role.SUPPLIER)
    answers = [asking.get(f"{asking.lot(f'L{n}')}/receipt") for n in (0, 0, 1, 2, 1)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 200]
    assert answers[3].content_type == "application/problem+json"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 3600
    other = narrow.colleague(party, Role.SUPPLIER)
    assert other.get(f"{other.lot('L2')}/receipt").status_code == 200


def test_an_allowance_comes_back_with_time() -> None:
    now = [0.0]
    allowance = Allowance(2, lambda: now[0])
    allowance.take("a")
    now[0] = 10.0
    allowance.take("a")
    with pytest.raises(TooManyReceipts) as refused:
        allowance.take("a")
    assert refused.value.seconds == 3591
    allowance.take("b")
    now[0] = 3600.0
    allowance.take("a")
    with pytest.raises(TooManyReceipts):
        allowance.take("a")


def test_an_unsigned_statement_is_shown_as_somebodys_word(street: Street) -> None:
    party = street.house.client("declarer")
    party.states(product(), lot(source=""), footprint(per_kg="2.5"))
    found = verify_receipt(street.receipt(party, "L1"), street.logs)
    assert found.holds
    assert found.receipt is not None
    assert found.receipt.basis == "declared"
    assert lines(found.tree)["sender"].standing is Standing.WORD


def test_what_may_not_be_seen_has_no_receipt(street: Street) -> None:
    stranger = street.house.client("stranger")
    assert stranger.get(f"{stranger.lot('FRAME', street.maker.uri)}/receipt").status_code == 404


def test_a_lot_of_which_no_document_may_be_read_has_no_receipt(street: Street) -> None:
    """The maker sees the figure of the steel that it was sent, but holds no document that describes it."""
    answer = street.maker.get(f"{street.maker.lot('STEEL', street.mill.uri)}/receipt")
    assert answer.status_code == 409
    assert answer.json is not None
    assert "no document" in answer.json["detail"]


def test_a_reader_may_ask_for_witnesses(street: Street, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    witness, lost = (Signer(name, KeyType.COSIGNATURE, name.encode() * 8) for name in ("here", "lost"))
    told = json.loads(street.receipt(street.mill, "STEEL"))
    told["checkpoint"] += witness.line(parse_note(told["checkpoint"].encode()).text, 1)
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(told))
    given = ["verify", str(file), "--log-key", street.logs[0].vkey, "--witness", witness.verifier.vkey]
    assert main(given) == 0
    assert "signed by 127.0.0.1:8410/ledger, here" in capsys.readouterr().out.replace("\n", " ")
    given += ["--witness", lost.verifier.vkey]
    assert main(given) == 1
    assert "1 of 2 witnesses have cosigned the head, and 2 are needed" in capsys.readouterr().err
    assert main([*given, "--quorum", "1"]) == 0
    assert main([*given, "--quorum", "3"]) == 2
