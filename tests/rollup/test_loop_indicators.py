"""Indicators beside the scopes in a recycling loop: each group with its own evidence and its own cuts."""

import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph.model.indicators import OF_FOOTPRINT, Group
from graph.rollup.arrays import ABSENT
from graph.rollup.figure import footprint
from graph.rollup.policy import Basis
from graph.rollup.resources import resources
from graph.units import Dimension
from tests.rollup.rollup_book import Book

A, B = "urn:a|l", "urn:b|l"
EVERYTHING = "energy water waste recovered"


def states(book: Book, kind: str, quantity: float, **values) -> None:
    """A flow that is no emission."""
    book.emits(0.0, name=kind, type=kind, **values)
    book.tables.rows["activities"]["quantity"][-1] = quantity


def watered(a_of_b: float = 0.1, b_of_a: float = 0.2, complete: str = EVERYTHING) -> Book:
    """The cyclic example of reference/accounting.md in water, in emissions, in coal and in captured CO2."""
    book = Book()
    for own, other, amount, back in (("urn:a", "urn:b", 1.0, a_of_b), ("urn:b", "urn:a", 2.0, b_of_a)):
        book.process(f"{own}|T", accounts=EVERYTHING if own == "urn:a" else complete)
        book.emits(amount, technology=amount, geography=1.0, time=1.0)
        book.emits(amount, name="coal", type="stream", carrier="coal", energy=amount)
        book.emits(amount, name="capture", type="capture", fate="stored", category="removals", multiplier=0.0)
        states(book, "water", amount, dimension=Dimension.VOLUME)
        book.consumes(f"{other}|p", back, "product", start=0.0, end=100.0)
        book.makes(1.0, f"{own}|p")
        book.lot(f"{own}|l", f"{own}|T", product=f"{own}|p")
    return book


def of(book: Book, group: Group, lot: str = A):
    return resources(*book.rolled(), lot).accounts[group]


def says(book: Book, signed: bool = True, **values) -> None:
    """A declaration for what B makes."""
    book.footprint("urn:b|p", subject_kind="product", signed=signed, **values)


@pytest.mark.parametrize(
    ("group", "name"), [(Group.WATER, "fresh_water"), (Group.ENERGY, "coal"), (Group.CAPTURE, "captured")]
)
def test_every_group_goes_round(group, name):
    assert of(watered(), group).values[name] == pytest.approx(1.2 / 0.98, rel=1e-15)
    assert of(watered(), group, B).values[name] == pytest.approx(2.2 / 0.98, rel=1e-15)


def test_parts_and_quality_go_round_with_the_emissions():
    found = footprint(*watered().rolled(), A)
    assert found.total == pytest.approx(2 * 1.2 / 0.98)
    assert found.particulars.parts["fossil"] == pytest.approx(2 * 1.2 / 0.98)
    assert not found.particulars.parts_lower_bound
    # Rated are 1 of A at 1 and .2 of B at 2, each going round; as much again is coal, which nobody rates.
    assert found.particulars.quality["technology"] == pytest.approx((1 + 0.2 * 2) / 1.2)
    assert found.particulars.rated_share == pytest.approx(0.5)


def test_evidence_for_one_group_cuts_the_loop_for_that_group_alone():
    book = watered()
    says(book, fresh_water=5.0)
    water = of(book, Group.WATER)
    assert (water.values["fresh_water"], water.basis, water.lower_bound) == (pytest.approx(1.5), Basis.COMPUTED, False)
    assert of(book, Group.WATER, B).basis == Basis.ATTESTED
    assert of(book, Group.ENERGY).values["coal"] == pytest.approx(1.2 / 0.98)
    assert footprint(*book.rolled(), A).total == pytest.approx(2 * 1.2 / 0.98)


def test_unsigned_evidence_for_a_group_counts_where_its_account_is_not_complete():
    whole, torn = watered(), watered(complete="energy")
    for book in (whole, torn):
        says(book, signed=False, fresh_water=5.0)
    assert of(whole, Group.WATER).values["fresh_water"] == pytest.approx(1.2 / 0.98)
    assert of(torn, Group.WATER).values["fresh_water"] == pytest.approx(1.5)
    assert not of(torn, Group.WATER).lower_bound
    assert of(torn, Group.WASTE).lower_bound


def test_what_evidence_leaves_out_is_a_gap_all_the_way_round():
    book = watered()
    says(book, coal=5.0)
    energy = of(book, Group.ENERGY)
    assert (energy.values["coal"], energy.values["oil"], energy.lower_bound) == (pytest.approx(1.5), None, True)


def test_a_footprint_cuts_parts_and_quality_and_leaves_what_it_does_not_state_unknown():
    book = watered()
    says(book, total=5.0)
    found = footprint(*book.rolled(), A)
    assert found.total == pytest.approx(2.5)
    assert found.particulars.parts["fossil"] == pytest.approx(2.0)
    assert found.particulars.parts_lower_bound
    assert found.particulars.rated_share == pytest.approx(1 / 2.5)
    book = watered()
    says(book, total=5.0, fossil=5.0, technology=3.0, geography=1.0, time=1.0)
    found = footprint(*book.rolled(), A)
    assert found.particulars.parts["fossil"] == pytest.approx(2.5)
    assert found.particulars.quality["technology"] == pytest.approx((1 + 0.5 * 3) / 1.5)


def test_a_group_that_diverges_is_unknown_where_evidence_cuts_the_emissions():
    book = watered(1.0, 3.0)
    says(book, total=5.0)
    assert footprint(*book.rolled(), A).total == pytest.approx(7.0)
    for group in (Group.WATER, Group.ENERGY, Group.CAPTURE):
        account = of(book, group)
        assert set(account.values.values()) == {None}
        assert (account.lower_bound, account.basis) == (True, Basis.UNKNOWN)


def test_an_amount_that_no_number_holds_is_unknown_and_no_other_group_with_it():
    book = watered(1e10, 1e-11)
    book.tables.rows["activities"]["quantity"][-1] = 1e305
    assert book.tables.rows["activities"]["type"][-1] == "water"
    assert of(book, Group.WATER).values == {"fresh_water": None}
    assert of(book, Group.ENERGY).values["coal"] == pytest.approx((1 + 2e10) / 0.9)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_every_group_agrees_with_a_dense_solution(seed):
    rng, book = random.Random(seed), Book()
    count = rng.randrange(2, 6)
    for i in range(count):
        book.process(f"urn:{i}|T", accounts=rng.choice(["", "water", EVERYTHING]))
        book.emits(rng.uniform(0, 9), technology=2.0, geography=1.0, time=rng.choice([1.0, 5.0]))
        states(book, "water", rng.uniform(0, 9), dimension=Dimension.VOLUME)
        for j in rng.sample(range(count), rng.randrange(3)):
            book.consumes(f"urn:{j}|p", rng.uniform(0.05, 0.45), "product")
        book.makes(1.0, f"urn:{i}|p")
        for values in ({"fresh_water": rng.random()}, {"total": rng.random(), "fossil": rng.random()}):
            if rng.random() < 0.2:
                book.footprint(f"urn:{i}|p", subject_kind="product", signed=rng.random() < 0.5, **values)
    snapshot, rolled = book.rolled()
    assume((rolled.cause == ABSENT).all())
    size, layout = len(snapshot.key), snapshot.indicators.layout
    own = snapshot.indicators.own.matrix(size, layout.size)
    for group in layout.groups:
        nodes, taken = rolled.taken.get(group, (snapshot.decided, rolled.offer))
        cut = nodes[taken != ABSENT] if group not in OF_FOOTPRINT else snapshot.decided[rolled.offer != ABSENT]
        matrix, right = np.eye(size), own[:, layout.span(group)].copy()
        right[cut] = rolled.indicators[cut, layout.span(group)]
        for node in np.setdiff1d(np.arange(size), cut).tolist():
            edges = slice(snapshot.indptr[node], snapshot.indptr[node + 1])
            matrix[node, snapshot.indices[edges]] -= snapshot.emissions[edges]
        found = rolled.indicators[:, layout.span(group)]
        np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-9, atol=1e-12)
