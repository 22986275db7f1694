"""The check ``authority``: an organization speaks only for its own, and may name what is others'."""

from dataclasses import replace

import pytest

from graph.model.facts import Fact, LotSource, LotSubject, OutputSource, ProductSubject
from graph.model.refs import Kind, Ref
from service.trust.authority import Need, needs, violations
from tests.trust import facts_kit as f
from tests.trust.trust_kit import ME, RIVAL, run, statement
from tests.vectors import kit

THEIRS = Ref(RIVAL, "x")


def test_its_own_and_others_inputs() -> None:
    assert violations(statement(*f.SOUND), ME, signed=True) == ()


@pytest.mark.parametrize(
    "fact",
    [
        replace(f.LOT, drawn_from=(), part_of=(LotSource(THEIRS, f.kg("10")),)),
        replace(f.LOT, product=THEIRS, drawn_from=(), part_of=(LotSource(THEIRS, f.kg("10")),)),
        replace(f.LOT, drawn_from=()),
        replace(f.TRANSFER, ref=Ref(RIVAL, "T1"), sender=RIVAL, receiver=ME),
        replace(f.PROCESS, facility=None),
        replace(f.PROCESS, owner=RIVAL),
        replace(f.CONTENT, subject=ProductSubject(Ref(ME, "steel"), None, "DE")),
        replace(f.GRANT, lot=Ref(ME, "L1")),
    ],
)
def test_what_else_may_be_said(fact: Fact) -> None:
    assert violations(statement(fact), ME) == ()


@pytest.mark.parametrize("fact", [x for x in f.SOUND if x is not f.TRANSFER], ids=lambda fact: type(fact).__name__)
def test_a_fact_named_by_another_is_refused(fact: Fact) -> None:
    named = Ref(RIVAL, fact.ref.id)
    errors = violations(statement(f.GRANT, replace(fact, ref=named)), ME, signed=True)
    assert [e.pointer for e in errors] == ["/facts/1/id"]
    assert RIVAL in errors[0].detail


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (replace(f.ORGANIZATION, ref=Ref(ME, "branch")), "/id"),
        (replace(f.PROCESS, facility=THEIRS), "/facility"),
        (
            replace(f.PROCESS, outputs=(f.output(f.kg("1")), replace(f.output(f.kg("1")), product=THEIRS))),
            "/outputs/1/product",
        ),
        (replace(f.LOT, drawn_from=(OutputSource(THEIRS, "o", f.kg("10")),)), "/drawn_from/0/process"),
        (replace(f.LOT, product=THEIRS), "/product"),
        (replace(f.FOOTPRINT, subject=LotSubject(THEIRS)), "/lot"),
        (replace(f.CONTENT, subject=LotSubject(THEIRS)), "/lot"),
        (replace(f.FOOTPRINT, subject=ProductSubject(THEIRS, None, "")), "/product"),
        (replace(f.CONTENT, subject=ProductSubject(Ref(ME, "steel"), THEIRS, "")), "/facility"),
        (replace(f.GRANT, lot=THEIRS), "/lot"),
        (replace(f.TRANSFER, receiver=ME), "/receiver"),
        (replace(f.TRANSFER, ref=THEIRS), "/id"),
        (replace(f.TRANSFER, ref=THEIRS, sender=RIVAL, receiver="https://third.example/"), "/sender"),
        (f.DELEGATION, ""),
        (replace(f.ACCREDITATION, institution=ME), "/institution"),
        (replace(f.ASSURANCE, footprint=Ref(ME, "F1")), "/footprint"),
        (replace(f.CERTIFICATE, holder=ME), "/holder"),
        (replace(f.INVENTORY, facility=THEIRS), "/facility"),
    ],
)
def test_refused(fact: Fact, pointer: str) -> None:
    assert [e.pointer for e in violations(statement(fact), ME)] == [f"/facts/0{pointer}"]


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (replace(f.DELEGATION, about=THEIRS), "/lot"),
        (replace(f.DELEGATION, about_kind="product", about=THEIRS), "/product"),
        (replace(f.DELEGATION, delegate=ME), "/delegate"),
        (replace(f.FOOTPRINT, subject=ProductSubject(THEIRS, Ref(ME, "works"), "")), "/product"),
        (replace(f.FOOTPRINT, subject=ProductSubject(Ref(ME, "steel"), THEIRS, "")), "/facility"),
        (replace(f.GRANT, lot=THEIRS), "/lot"),
        (replace(f.PROCESS, facility=THEIRS), "/facility"),
    ],
)
def test_a_signature_does_not_open_everything(fact: Fact, pointer: str) -> None:
    """Only its own things are delegated, and only a declaration about things of one other is left to delegations."""
    assert [e.pointer for e in violations(statement(fact), ME, signed=True)] == [f"/facts/0{pointer}"]
    assert needs(statement(fact), ME) == ()


def test_what_is_declared_about_anothers_things_is_left_to_its_delegations() -> None:
    place = ProductSubject(THEIRS, Ref(RIVAL, "works"), "")
    declared = statement(
        f.GRANT, replace(f.FOOTPRINT, subject=LotSubject(THEIRS)), replace(f.CONTENT, subject=place), f.FOOTPRINT
    )
    assert violations(declared, ME, signed=True) == ()
    assert needs(declared, ME) == (
        Need("/facts/1/lot", Kind.FOOTPRINT, RIVAL, lot=THEIRS.key),
        Need("/facts/2/product", Kind.CONTENT, RIVAL, product=THEIRS.key, facility=f"{RIVAL}|works"),
    )


def test_a_parser_that_reads_another_issuer_is_caught() -> None:
    assert [e.pointer for e in violations(statement(issuer=RIVAL), ME)] == ["/iss"]


def test_the_signature_is_valid_and_the_signer_not_authorised() -> None:
    wrong = statement(replace(f.PROCESS, facility=THEIRS))
    found = run(kit.jws(), parse_statement=lambda _: wrong)
    assert found.failed is not None
    assert (found.failed.name, found.failed.errors[0].pointer) == ("authority", "/facts/0/facility")
    assert (found.signature_valid, found.signer_authorised, found.statement) == (True, False, None)
    unsigned = run(kit.claims(), "application/json", parse_statement=lambda _: wrong)
    assert unsigned.failed is not None
    assert (unsigned.failed.name, unsigned.signer_authorised) == ("authority", None)


def test_sound_facts_pass() -> None:
    sound = statement(*f.SOUND)
    found = run(kit.jws(), parse_statement=lambda _: sound)
    assert found.statement is sound
    assert found.signer_authorised is True


def test_a_registration_is_not_examined_as_a_statement() -> None:
    found = run(kit.claims(), "application/key-registration+jwt")
    assert found.failed is not None
    assert found.failed.name == "envelope"
