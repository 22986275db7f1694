"""Facts over time: corrections supersede, nothing is edited, the same fact twice corroborates (design: One door in)."""

from __future__ import annotations

import pytest

from graph.model.documents import Format, StoredDocument
from graph.model.refs import NEVER, Ref, fact_id
from graph.rollup.errors import LotUnknown
from service.intake.candidate import document_id
from tests.kit.doors import Hall, Party, refusal
from tests.kit.figures import footprint as figure_of
from tests.kit.figures import total
from tests.kit.graphs import ask, count
from tests.kit.statements import (
    Fact,
    consumed,
    footprint,
    grant,
    lot,
    of,
    process,
    product,
    transfer,
    withdrawal,
)


def made(emitted: object = 100, **more: object) -> list[Fact]:
    """1000 kg of steel in a lot, and what was emitted for it."""
    return [product(), process(emitted=emitted, **more), lot()]


def lives(hall: Hall, document: StoredDocument) -> list[int]:
    """When each fact of a document ceased to be in force."""
    rows = ask(
        hall.database,
        "MATCH (:Document {id: $id})-[:ASSERTS]->(f) RETURN f.fid AS fid, f.superseded AS at",
        id=document.id,
    )
    return [row["at"] for row in sorted(rows, key=lambda r: r["fid"])]


def codes(document: StoredDocument) -> list[str]:
    return [finding.code for finding in document.verdict.findings]


# Corrections


def test_a_correction_supersedes_and_the_past_keeps_its_figure(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made(emitted=100))
    second = party.accepted(process(emitted=250, supersedes=first.id))
    third = party.accepted(process(emitted=50, supersedes=second.id))
    at = [total(hall.database, party.uri, "L1", as_of) for as_of in (first.index, second.index, third.index, None)]
    assert at == pytest.approx([0.1, 0.25, 0.05, 0.05], rel=1e-12)
    with pytest.raises(LotUnknown):
        total(hall.database, party.uri, "L1", first.index - 1)
    assert lives(hall, first) == [NEVER, second.index, NEVER]
    assert lives(hall, second) == [third.index]


def test_nothing_is_edited_in_place(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made(emitted=100))
    kept = "MATCH (f:ProcessFact {fid: $fid}) MATCH (v:Activity)-[:OF]->(f) RETURN f.digest AS d, v.quantity AS q"
    before = ask(hall.database, kept, fid=fact_id(first.index, 1))
    party.accepted(process(emitted=250, supersedes=first.id))
    assert ask(hall.database, kept, fid=fact_id(first.index, 1)) == before


def test_a_conflict_is_shown_and_the_first_stays_in_force(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made(emitted=100))
    rival = party.accepted(process(emitted=1))
    assert codes(rival) == ["conflict"]
    assert first.id in rival.verdict.findings[0].message
    assert rival.verdict.findings[0].subjects == (Ref(party.uri, "heat").key,)
    assert total(hall.database, party.uri, "L1") == pytest.approx(0.1, rel=1e-12)
    assert lives(hall, rival) == [rival.index]


@pytest.mark.parametrize("wrong", ["0" * 64, "another thing", "superseded already"])
def test_what_a_correction_supersedes_must_be_in_force(hall: Hall, wrong: str) -> None:
    party = hall.party()
    first = party.accepted(*made(emitted=100))
    if wrong == "another thing":
        wrong = party.accepted(product("other")).id
    if wrong == "superseded already":
        party.accepted(process(emitted=2, supersedes=first.id))
        wrong = first.id
    assert set(party.refused("replay", process(emitted=250, supersedes=wrong))) == {"/facts/0/supersedes"}


def test_nobody_supersedes_what_another_states(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    first = one.accepted(*made(emitted=100))
    other.refused("replay", process(emitted=1, supersedes=first.id))
    assert total(hall.database, one.uri, "L1") == pytest.approx(0.1, rel=1e-12)


# Corroboration


def test_a_second_document_that_says_the_same_asserts_the_same_fact(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made())
    second = party.accepted(*reversed(made()))
    assert codes(second) == []
    asserted = "MATCH (:Document {id: $id})-[:ASSERTS]->(f) RETURN f.fid AS fid"
    fids = [sorted(row["fid"] for row in ask(hall.database, asserted, id=d.id)) for d in (first, second)]
    assert fids == [[fact_id(first.index, n) for n in range(3)]] * 2
    assert count(hall.database, "(f:LotFact {key: $key})", key=f"{party.uri}|L1") == 1


def test_the_same_in_other_units_says_the_same(hall: Hall) -> None:
    party = hall.party()
    party.accepted(*made())
    tonne = {"value": "1.0", "unit": "t"}
    again = lot() | {"quantity": tonne, "drawn_from": [{"process": "heat", "output": "good", "quantity": tonne}]}
    assert codes(party.accepted(again)) == []


def test_a_declared_zero_is_the_same_zero_in_every_unit(hall: Hall) -> None:
    party = hall.party()
    party.accepted(product(), lot(source=""), footprint(per_kg="0"))
    per_tonne = footprint(per_kg="0") | {"per": {"value": "1", "unit": "t"}}
    assert codes(party.accepted(per_tonne)) == []


def test_a_corroborating_document_may_be_named_by_a_correction(hall: Hall) -> None:
    party = hall.party()
    party.accepted(*made(emitted=100))
    second = party.accepted(process(emitted=100))
    party.accepted(process(emitted=300, supersedes=second.id))
    assert total(hall.database, party.uri, "L1") == pytest.approx(0.3, rel=1e-12)


# Withdrawal


def test_a_withdrawal_takes_back_every_fact_of_a_document(hall: Hall) -> None:
    party = hall.party()
    party.accepted(product(), process(), lot())
    claim = party.accepted(footprint(per_kg="9"), grant(hall.party().uri))
    assert total(hall.database, party.uri, "L1") == 9.0
    taken = party.accepted(withdrawal(claim.id))
    assert lives(hall, claim) == [taken.index] * 2
    assert total(hall.database, party.uri, "L1") == pytest.approx(0.1, rel=1e-12)
    assert total(hall.database, party.uri, "L1", claim.index) == 9.0


def test_a_fact_that_another_document_says_as_well_survives_a_withdrawal(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made())
    second = party.accepted(process())
    party.accepted(withdrawal(first.id))
    assert lives(hall, second) == [NEVER]
    assert lives(hall, first)[1] == NEVER


def test_when_both_documents_are_withdrawn_the_fact_is_gone(hall: Hall) -> None:
    """Each of the two said it; neither does any more."""
    party = hall.party()
    first = party.accepted(*made())
    second = party.accepted(process())
    party.accepted(withdrawal(first.id))
    last = party.accepted(withdrawal(second.id))
    assert lives(hall, second) == [last.index]


def test_an_organization_withdraws_its_own_accepted_documents_only(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    document = one.accepted(*made())
    rejected = other.submit(b"nothing")
    for wrong in (document.id, rejected.id, "0" * 64):
        assert set(other.refused("replay", withdrawal(wrong))) == {"/facts/0/document"}
    assert lives(hall, document) == [NEVER] * 3


def test_after_a_withdrawal_the_thing_may_be_stated_anew(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made(emitted=100))
    party.accepted(withdrawal(first.id))
    again = party.accepted(*made(emitted=700))
    assert codes(again) == []
    assert total(hall.database, party.uri, "L1") == pytest.approx(0.7, rel=1e-12)


def test_a_document_withdrawn_and_superseded_at_once_gives_back_what_it_booked_once(hall: Hall) -> None:
    """Else the books would say that less is there than is."""
    party = hall.party()
    first = party.accepted(*made())
    party.accepted(withdrawal(first.id), lot("L1", 900, supersedes=first.id), process(supersedes=first.id))
    rows = ask(
        hall.database,
        "MATCH (a:Account) WHERE a.key STARTS WITH $of RETURN a.key AS k, a.credit AS c, a.debit AS d",
        of=f"lot {party.uri}|L1 ",
    )
    assert [(row["c"], row["d"]) for row in rows] == [(900.0, 0.0)]


# Within one group: what the documents would have got one by one


def grouped(party: Party, *statements: list[Fact]) -> list[StoredDocument]:
    return party.intake.submit([(party.signed(*facts), Format.JWS) for facts in statements], party.uri)


def test_within_a_group_a_correction_sees_what_went_before_it(hall: Hall) -> None:
    party = hall.party()
    first = party.signed(*made(emitted=100))
    identity = document_id(first)
    second = party.signed(process(emitted=500, supersedes=identity))
    found = party.intake.submit([(first, Format.JWS), (second, Format.JWS)], party.uri)
    assert [d.verdict.accepted for d in found] == [True, True]
    assert total(hall.database, party.uri, "L1") == pytest.approx(0.5, rel=1e-12)


def test_within_a_group_a_corroborated_fact_survives_a_withdrawal(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made())
    corroborating, _ = grouped(party, [process()], [withdrawal(first.id)])
    assert lives(hall, corroborating) == [NEVER]


def test_within_a_group_what_was_superseded_is_not_given_back_twice(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(*made())
    grouped(party, [lot("L1", 800, supersedes=first.id)], [withdrawal(first.id)])
    party.refused("balances", process("use", 10, inputs=[consumed("L1", 900)]))


# Transfers: asserted by either side, confirmed by the other


def test_a_transfer_stated_alike_by_both_sides_is_confirmed(hall: Hall) -> None:
    seller, buyer = hall.party(), hall.party()
    seller.accepted(*made(), transfer(seller.uri, buyer.uri, "L1", 400))
    confirming = buyer.accepted(transfer(seller.uri, buyer.uri, of(seller.uri, "L1"), 400))
    assert codes(confirming) == []
    facts = ask(
        hall.database, "MATCH (f:TransferFact {key: $k}) RETURN f.issuer AS by, f.digest AS d", k=f"{seller.uri}|T1"
    )
    assert {row["by"] for row in facts} == {seller.uri, buyer.uri}
    assert len({row["d"] for row in facts}) == 1


def test_a_transfer_stated_differently_is_disputed_and_both_statements_stay(hall: Hall) -> None:
    seller, buyer = hall.party(), hall.party()
    sold = seller.accepted(*made(), transfer(seller.uri, buyer.uri, "L1", 400))
    bought = buyer.accepted(transfer(seller.uri, buyer.uri, of(seller.uri, "L1"), 390))
    assert codes(bought) == ["transfer-disputed"]
    assert lives(hall, sold)[3:] == [NEVER]
    assert lives(hall, bought) == [NEVER]


def test_a_dispute_is_found_whichever_side_comes_first_and_ends_with_a_correction(hall: Hall) -> None:
    seller, buyer = hall.party(), hall.party()
    bought = buyer.accepted(transfer(seller.uri, buyer.uri, of(seller.uri, "L1"), 390))
    assert codes(seller.accepted(*made(), transfer(seller.uri, buyer.uri, "L1", 400))) == ["transfer-disputed"]
    corrected = transfer(seller.uri, buyer.uri, of(seller.uri, "L1"), 400, supersedes=bought.id)
    assert codes(buyer.accepted(corrected)) == []


def test_a_third_party_states_no_transfer_between_others(hall: Hall) -> None:
    one, other, third = hall.party(), hall.party(), hall.party()
    found = third.states(transfer(one.uri, other.uri, of(one.uri, "L1"), 1))
    assert "/facts/0/sender" in refusal(found, "authority")


def test_a_footprint_counts_for_its_lot_only_from_its_issuer(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    one.accepted(*made())
    assert set(other.refused("authority", footprint(about=of(one.uri, "L1")))) == {"/facts/0/lot"}
    assert figure_of(hall.database, one.uri, "L1").basis.label == "computed"
