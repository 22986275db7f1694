"""The published schema "statement": what it takes of every kind of fact."""

from __future__ import annotations

from dataclasses import fields, make_dataclass
from decimal import Decimal

import pytest

from graph.model import facts as model
from graph.model.digests import digest
from graph.model.refs import Ref
from graph.units import Amount, Dimension
from tests.schemas.statements import (
    ACTIVITIES,
    DIGEST,
    MAXIMAL,
    ME,
    MINIMAL,
    OTHER,
    STATED,
    changed,
    load,
    one,
    q,
)

# What is taken


@pytest.mark.parametrize("kind", STATED)
@pytest.mark.parametrize("size", ["minimal", "maximal"])
def test_every_kind_of_fact_is_taken_in_its_smallest_and_its_largest_form(kind: str, size: str) -> None:
    fact = one((MINIMAL if size == "minimal" else MAXIMAL)[kind])
    assert fact.kind.value == kind
    assert fact.ref == (Ref(ME) if kind == "organization" else Ref(ME, MINIMAL[kind]["id"]))


def test_all_kinds_fit_in_one_statement() -> None:
    statement = load(*MAXIMAL.values())
    assert [s.fact.kind.value for s in statement.facts] == list(MAXIMAL)
    assert [s.position for s in statement.facts] == list(range(len(MAXIMAL)))
    assert statement.facts[0].supersedes == DIGEST


def test_the_maximal_process_says_what_was_stated() -> None:
    process = one(MAXIMAL["process"])
    assert process.process_kind is model.ProcessKind.BLEND
    assert process.facility == Ref(ME, "works")
    assert (process.boundary, process.complete, process.owner) == ("cbam-embedded", True, OTHER)
    lot, product, material = process.inputs
    assert lot.target == model.LotTarget(Ref(OTHER, "L"))
    assert (lot.amount, lot.incorporated) == (Amount(Decimal(3000), Dimension.MASS), Decimal(2000))
    assert product.target == model.ProductTarget(Ref(OTHER, "p"), 1735689600.0, 1767225600.0)
    assert product.role is model.Role.PACKAGING
    assert material.target == model.MaterialTarget("iron-ore", "AU")
    assert [o.allocation_value for o in process.outputs] == [Decimal(10), Decimal(3)]
    assert process.attachments == (model.Attachment(DIGEST, "Invoice 7", "application/pdf"),)


@pytest.mark.parametrize(
    ("number", "scope", "multiplier", "factor", "source"),
    [
        (0, "direct", Decimal("0.025") * 1000 * Decimal("0.98") * Decimal("0.9"), "0.095", "IPCC, 2006, World"),
        (1, "direct", -Decimal("0.88") * Decimal("3.664"), "1", ""),
        (2, "indirect", Decimal(1), None, "own"),
        (3, "direct", Decimal(1), "0.06", "own"),
        (4, "direct", Decimal("-0.667"), "0.0561", "own"),
        (5, "direct", Decimal(1), "1", ""),
    ],
)
def test_an_activity_is_quantity_times_multiplier_times_factor(
    number: int, scope: str, multiplier: Decimal, factor: str | None, source: str
) -> None:
    found = one(MAXIMAL["process"]).activities[number]
    assert found.scope.value == scope
    assert found.multiplier == multiplier
    assert found.factor_source == source
    if factor is not None:
        assert found.factor == Decimal(factor)
    assert found.gas == ("CH4" if number == 5 else "CO2e")


def test_exported_electricity_is_direct_and_negative() -> None:
    power = ACTIVITIES[2] | {"direction": "out"}
    found = one(MINIMAL["process"] | {"activities": [power]}).activities[0]
    assert (found.scope.value, found.multiplier) == ("direct", Decimal(-1))


def test_electricity_without_a_factor_is_for_the_policy_to_resolve() -> None:
    power = changed(ACTIVITIES[2], "factor", None)
    assert one(MINIMAL["process"] | {"activities": [power]}).activities[0].factor is None


def test_a_published_factor_is_not_primary_whatever_the_declarer_says() -> None:
    """An own activity is primary only if both its data and its factor are (accounting.md, Data quality)."""
    coal, power = one(
        MINIMAL["process"] | {"activities": [ACTIVITIES[0], ACTIVITIES[2] | {"primary": True}]}
    ).activities
    assert (coal.primary, power.primary) == (False, True)


def test_a_footprint_is_stated_per_its_declared_amount() -> None:
    found = one(MAXIMAL["footprint"])
    assert (found.direct, found.indirect, found.undivided) == (Decimal("-0.002"), Decimal("0.0005"), None)
    assert found.subject == model.ProductSubject(Ref(ME, "p"), Ref(ME, "works"), "")


def test_a_bare_id_names_a_thing_of_the_issuer_also_when_others_say_the_same_thing() -> None:
    moved = one(MAXIMAL["transfer"])
    assert moved.moved[0].lot == Ref(ME, "L")
    assert moved.from_facility == Ref(ME, "works")
    received = one(MAXIMAL["transfer"] | {"sender": OTHER, "receiver": ME})
    assert received.ref == Ref(OTHER, "T"), "both sides name the transfer by its sender"


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.00", "+3", "3e0", Decimal("3.0"), "0.3e1"])
def test_a_number_is_the_same_number_however_it_is_written(value: object) -> None:
    spelled = load(MINIMAL["lot"] | {"quantity": q(value)}).facts[0]
    assert spelled.digest == load(MINIMAL["lot"] | {"quantity": q(3)}).facts[0].digest


def test_the_same_quantity_in_another_unit_is_the_same_fact() -> None:
    digests = {
        load(MINIMAL["lot"] | {"quantity": x}).facts[0].digest for x in (q(1500), q("1.5", "t"), q("1500000", "g"))
    }
    assert len(digests) == 1


def test_two_facts_that_differ_anywhere_differ_in_their_digest() -> None:
    every = [*MINIMAL.values(), *MAXIMAL.values(), MINIMAL["lot"] | {"quantity": q("1.000000001")}]
    digests = [load(fact).facts[0].digest for fact in every]
    assert len(set(digests)) == len({str(one(fact)) for fact in every})


def test_what_was_said_keeps_its_digest_when_its_kind_of_fact_may_say_more() -> None:
    fact = load(MAXIMAL["process"]).facts[0].fact
    given = {f.name: getattr(fact, f.name) for f in fields(fact) if f.init}
    later = make_dataclass("Process", [("more", str, "")], bases=(type(fact),), frozen=True)
    assert digest(later(**given)) == digest(fact)
    assert digest(later(**given, more="said")) != digest(fact)
