"""The one door (design: One door in): in one transaction the document, its verdict, its facts and its ledger entry."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from graph.errors import StoreError
from graph.model.documents import Format, StoredDocument
from graph.model.refs import fact_id
from graph.store import intake as store
from graph.store.database import Tx
from graph.store.documents import find_document, ledger_head
from service.intake.submit import NotYourStatement
from tests.kit.doors import Hall, Party, refusal
from tests.kit.graphs import ask, count
from tests.kit.statements import (
    as_bytes,
    consumed,
    facility,
    lot,
    organization,
    process,
    product,
    statement,
    unique,
)

WRITERS = 16


def whole_chain() -> list[dict[str, Any]]:
    return [organization(), facility(), product(), process(facility="works"), lot()]


def indexes(hall: Hall) -> list[int]:
    return sorted(row["i"] for row in ask(hall.database, "MATCH (e:Entry) RETURN e.index AS i"))


# One transaction


def test_a_document_its_verdict_its_facts_and_its_entry_are_written_together(hall: Hall) -> None:
    party = hall.party()
    content = party.signed(*whole_chain())
    found = party.submit(content)
    assert found.verdict.accepted
    stored = hall.database.read(find_document, found.id)
    assert stored is not None
    assert (stored.content, stored.verdict, stored.index) == (content, found.verdict, found.index)
    assert count(hall.database, "(e:Entry {index: $i})-[:RECORDS]->(d:Document {id: $id})", i=found.index, id=found.id)
    asserted = ask(hall.database, "MATCH (:Document {id: $id})-[:ASSERTS]->(f) RETURN f.fid AS fid", id=found.id)
    assert sorted(row["fid"] for row in asserted) == [fact_id(found.index, n) for n in range(5)]
    assert (
        count(
            hall.database,
            "(:Document {id: $id})-[:SIGNED_WITH]->(:Key {thumbprint: $t})",
            id=found.id,
            t=party.thumbprint,
        )
        == 1
    )


def test_a_refused_document_is_kept_with_its_verdict_and_states_nothing(hall: Hall) -> None:
    party = hall.party()
    facts = count(hall.database, "(f)-[:STATES]->()")
    content = party.signed(product(), lot(source="", made="steel", colour="red"))
    found = party.submit(content)
    assert refusal(found, "schema") == {"/facts/1/colour": "Unknown field."}
    stored = hall.database.read(find_document, found.id)
    assert stored is not None
    assert stored.content == content
    assert count(hall.database, "(e:Entry {index: $i, accepted: false})-[:RECORDS]->(:Document)", i=found.index) == 1
    assert count(hall.database, "(:Document {id: $id})-[:ASSERTS]->()", id=found.id) == 0
    assert count(hall.database, "(f)-[:STATES]->()") == facts


def test_a_transaction_that_breaks_half_way_leaves_nothing(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that the engine refuses after documents and facts were written."""
    party = hall.party()
    before = [count(hall.database, p) for p in ("(d:Document)", "(e:Entry)", "(f:LotFact)", "(a:Account)")]
    head = hall.database.read(ledger_head)
    monkeypatch.setattr(store, "_OPEN", "UNWIND $rows AS r MATCH (a:Account) THIS IS NO CYPHER")
    with pytest.raises(StoreError):
        party.states(*whole_chain())
    monkeypatch.undo()
    assert [count(hall.database, p) for p in ("(d:Document)", "(e:Entry)", "(f:LotFact)", "(a:Account)")] == before
    assert hall.database.read(ledger_head) == head


# Same bytes again


def test_the_same_bytes_again_get_the_same_answer_and_have_no_second_effect(hall: Hall) -> None:
    party = hall.party()
    content = party.signed(*whole_chain())
    first = party.submit(content)
    before = (indexes(hall), count(hall.database, "(d:Document)-[:ASSERTS]->()"))
    assert party.submit(content) == first
    assert (indexes(hall), count(hall.database, "(d:Document)-[:ASSERTS]->()")) == before


def test_the_same_refused_bytes_again_get_the_same_answer(hall: Hall) -> None:
    party = hall.party()
    first = party.submit(b"nonsense")
    before = indexes(hall)
    assert party.submit(b"nonsense") == first
    assert indexes(hall) == before


def test_the_same_bytes_within_one_batch_are_one_document(hall: Hall) -> None:
    party = hall.party()
    content = party.signed(product())
    before = len(indexes(hall))
    found = hall.intake.submit([(content, Format.JWS)] * 3, party.uri)
    assert found == [found[0]] * 3
    assert len(indexes(hall)) == before + 1


def test_the_same_bytes_from_all_sides_at_once_are_one_document(hall: Hall) -> None:
    party = hall.party()
    content = party.signed(*whole_chain())
    workers = [hall.worker() for _ in range(2)]
    gate = threading.Barrier(WRITERS)
    before = len(indexes(hall))

    def send(number: int) -> StoredDocument:
        gate.wait()
        return workers[number % 2].submit([(content, Format.JWS)], party.uri)[0]

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(send, range(WRITERS)))
    assert answers == [answers[0]] * WRITERS
    assert len(indexes(hall)) == before + 1
    assert count(hall.database, "(:Document {id: $id})-[:ASSERTS]->()", id=answers[0].id) == 5


def test_a_statement_id_used_again_for_other_bytes_is_refused(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(product("a"), jti="my-1")
    assert party.refused("replay", product("b"), jti="my-1") == {"/jti": "was used before"}
    assert hall.database.read(find_document, first.id) is not None
    assert count(hall.database, "(a:Product {key: $key})", key=f"{party.uri}|b") == 0


def test_a_statement_id_used_again_within_one_batch_is_refused(hall: Hall) -> None:
    party = hall.party()
    contents = [(party.signed(product(name), jti="twice"), Format.JWS) for name in ("a", "b")]
    first, second = hall.intake.submit(contents, party.uri)
    assert first.verdict.accepted
    assert refusal(second, "replay") == {"/jti": "was used before"}


def test_a_statement_id_of_a_refused_statement_may_be_used_again(hall: Hall) -> None:
    party = hall.party()
    party.refused("schema", product("a", nonsense=1), jti="my-2")
    party.accepted(product("a"), jti="my-2")


def test_two_issuers_may_use_the_same_statement_id(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    one.accepted(product(), jti="1")
    other.accepted(product(), jti="1")


# The ledger


def test_the_ledger_has_no_gap_under_concurrent_writers_with_refused_ones_among_them(hall: Hall) -> None:
    """Sixteen threads over two workers, each its own mix of good, bad and repeated documents."""
    parties = [hall.party() for _ in range(4)]
    workers = [hall.worker() for _ in range(2)]
    shared = [(parties[0].signed(product(unique("p"))), Format.JWS) for _ in range(3)]
    before = indexes(hall)

    def send(number: int) -> list[StoredDocument]:
        party, intake = parties[number % 4], workers[number % 2]
        answers = []
        for turn in range(6):
            mixed = [
                [(party.signed(product(unique("p"))), Format.JWS)],
                [(party.signed(product(unique("p"), bad=1)), Format.JWS)],
                [(f"junk {number} {turn}".encode(), Format.JWS), shared[turn % 3]],
            ][turn % 3]
            answers += intake.submit(mixed, party.uri)
        return answers

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = [a for part in pool.map(send, range(WRITERS)) for a in part]
    assert len(answers) == WRITERS * 8
    after = indexes(hall)
    assert after == list(range(len(after)))
    assert len(after) == len(before) + len({a.id for a in answers})
    assert {a.index for a in answers} == set(after) - set(before)
    assert hall.database.read(ledger_head) == after[-1]
    recorded = ask(hall.database, "MATCH (e:Entry)-[:RECORDS]->(d:Document) RETURN e.index AS e, d.index AS d")
    assert sorted(row["e"] for row in recorded) == after
    assert all(row["e"] == row["d"] for row in recorded)


def test_a_later_document_of_one_sender_has_a_higher_index(hall: Hall) -> None:
    party = hall.party()
    found = hall.intake.submit([(party.signed(product(unique("p"))), Format.JWS) for _ in range(20)], party.uri)
    assert [d.index for d in found] == list(range(found[0].index, found[0].index + 20))


# Neighbours


def test_a_bad_document_harms_no_neighbour_in_its_group(hall: Hall) -> None:
    party = hall.party()
    good = [(party.signed(product(unique("p"))), Format.JWS) for _ in range(5)]
    bad = [(b"", Format.JWS), (b"\xff\xfe", Format.JWS), (party.signed(lot(bad=1)), Format.JWS)]
    found = hall.intake.submit([*good[:2], *bad, *good[2:]], party.uri)
    assert [d.verdict.accepted for d in found] == [True, True, False, False, False, True, True, True]


def test_a_document_that_the_engine_cannot_take_harms_no_neighbour(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks a group's transaction: the group is halved until only the bad document fails."""
    party = hall.party()
    poison = unique("poison-")
    genuine = store._write_documents

    def breaking(tx: Tx, admissions: list[Any]) -> None:
        if any(a.statement_id == poison for a in admissions):
            tx.run("THIS IS NO CYPHER")
        genuine(tx, admissions)

    monkeypatch.setattr(store, "_write_documents", breaking)
    names = [unique("p") for _ in range(6)]
    contents = [party.signed(product(name)) for name in names]
    contents[3] = party.signed(product(names[3]), jti=poison)
    outcomes = []
    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(party.submit, content) for content in contents]:
            outcomes.append("failed" if future.exception() else future.result().verdict.accepted)
    assert outcomes == [True, True, True, "failed", True, True]


def test_an_unsigned_statement_of_another_organization_is_not_even_stored(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    before = indexes(hall)
    with pytest.raises(NotYourStatement):
        one.submit(as_bytes(statement(other.uri, product())), Format.JSON)
    assert indexes(hall) == before


def test_an_unsigned_statement_of_ones_own_is_taken_and_says_so(hall: Hall) -> None:
    party = hall.party()
    found = party.submit(as_bytes(statement(party.uri, product())), Format.JSON)
    verdict = found.verdict
    assert verdict.accepted
    assert (verdict.signature_valid, verdict.signer_authorised, verdict.key_in_force) == (None, None, None)
    assert ask(hall.database, "MATCH (d:Document {id: $id}) RETURN d.signed AS s", id=found.id) == [{"s": 0}]


# The verdict


def test_a_verdict_lists_every_check_in_order_with_its_outcome(hall: Hall) -> None:
    party = hall.party()
    accepted = party.accepted(product()).verdict
    assert [c.number for c in accepted.checks] == list(range(1, 17))
    waived = {c.name for c in accepted.checks if c.outcome.value == "not-applicable"}
    assert waived == {"disclosure", "credential-status"}
    assert all(c.outcome.value == "passed" for c in accepted.checks if c.name not in waived)
    assert (accepted.signature_valid, accepted.signer_authorised, accepted.key_in_force) == (True, True, True)
    refused = party.states(product(bad=1)).verdict
    outcomes = {c.name: c.outcome.value for c in refused.checks}
    assert outcomes["schema"] == "failed"
    assert {n: o for n, o in outcomes.items() if o == "not-reached"}.keys() == {
        "authority", "credential-status", "key-state", "plausibility", "replay", "balances", "store",
    }  # fmt: skip


def test_what_was_not_looked_at_is_not_told_as_false(hall: Hall) -> None:
    """The key is in force; the document fails before anybody asks."""
    verdict = hall.party().states(product(bad=1)).verdict
    assert verdict.signature_valid is True
    assert verdict.signer_authorised is None
    assert verdict.key_in_force is None


def test_a_signer_speaks_for_its_own_organization_only(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    found = one.states(
        process(facility={"issuer": other.uri, "id": "works"}, inputs=[consumed({"issuer": other.uri, "id": "L"}, 1)])
    )
    assert set(refusal(found, "authority")) == {"/facts/0/facility"}
    assert found.verdict.signer_authorised is False


def test_a_signed_statement_counts_for_its_signer_whoever_hands_it_in(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    found = hall.intake.submit([(one.signed(product()), Format.JWS)], other.uri)[0]
    assert (found.verdict.accepted, found.issuer, found.sender) == (True, one.uri, other.uri)


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_both_algorithms_sign(hall: Hall, alg: str) -> None:
    party: Party = hall.party(alg=alg)
    assert party.accepted(product()).key_thumbprint == party.thumbprint
