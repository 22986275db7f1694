"""What a figure moves with: derivatives of the adjoint pass against finite differences of the documents."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup.scenarios import prepare
from graph.rollup.sensitivity import sensitivities
from tests.rollup.chains import PROFILE, profile
from tests.rollup.rollup_book import Book
from tests.rollup.test_properties import random_book

STEP = 1e-4


def sensitive(book, lot, top=1000, open_to=None):
    snapshot, rolled = book.rolled()
    names = snapshot.attributes.organizations
    may = np.array([open_to is None or n in open_to for n in names], np.bool_)
    return sensitivities(prepare(snapshot, rolled), lot, top, may)


def total(book, lot):
    snapshot, rolled = book.rolled()
    return float(rolled.chosen[snapshot.lots[lot], :3].sum())


def nudged(seed, lot, table, row, column):
    """The central difference of a figure by one cell of the documents."""
    ends = []
    for sign in (1, -1):
        book = random_book(seed, 7)
        book.tables.rows[table][column][row] += sign * STEP
        ends.append(total(book, lot))
    return (ends[0] - ends[1]) / (2 * STEP)


@pytest.mark.long
@given(st.integers(0, 10**6))
@settings(max_examples=6, deadline=None)
def test_derivatives_are_those_of_finite_differences(seed):
    book = random_book(seed, 7)
    snapshot, _ = book.rolled()
    lot = sorted(snapshot.lots)[-1]
    found, rows = sensitive(book, lot), book.tables.rows
    by_process = {}
    for s in found.factors:
        by_process.setdefault((s.kind, s.subject), []).append(s.derivative)
    for row, process in enumerate(rows["activities"]["process"]):
        derivatives = by_process.get(("factor", process), [0.0])
        measured = nudged(seed, lot, "activities", row, "factor")
        assert min(abs(measured - d) for d in derivatives) <= 1e-6 * max(1, abs(measured))
    inputs = {(s.subject, s.name): s.derivative for s in found.inputs}
    for row, (process, target) in enumerate(zip(rows["inputs"]["process"], rows["inputs"]["target"], strict=True)):
        measured = nudged(seed, lot, "inputs", row, "quantity")
        assert measured == pytest.approx(inputs.get((process, target), 0.0), rel=1e-6, abs=1e-6)
    for row, subject in enumerate(rows["footprints"]["subject"]):
        derivative = by_process.get(("footprint", subject), [0.0])[0]
        assert nudged(seed, lot, "footprints", row, "undivided") == pytest.approx(derivative, rel=1e-6, abs=1e-6)


@pytest.mark.long
@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_elasticities_of_all_factors_sum_to_one(seed):
    book = random_book(seed)
    snapshot, rolled = book.rolled()
    for lot in list(snapshot.lots)[-3:]:
        size = rolled.chosen[snapshot.lots[lot], 3]
        if abs(rolled.chosen[snapshot.lots[lot], :3].sum()) > 1e-3 * size > 0:
            assert sensitive(book, lot).other_factors == pytest.approx(0, abs=1e-9)
            some = sensitive(book, lot, top=1, open_to={"urn:a"})
            assert some.other_factors == pytest.approx(1 - sum(s.elasticity for s in some.factors), abs=1e-12)


def test_aluminium_moves_most_with_its_electricity():
    book = Book()
    found = sensitive(book, profile(book), top=2)
    first = found.factors[0]
    assert (first.kind, first.subject, first.name) == ("factor", "urn:smelter|potline", "electricity")
    assert first.derivative == pytest.approx(3_000_000 * 3.6 / 200_000 * 120 / 113, rel=1e-12), "MJ a kg"
    assert first.elasticity == pytest.approx(6.15 * 120 / 113 / 8.610026548672568, rel=1e-9)
    assert len(found.factors) == 2
    assert found.inputs[0].elasticity == pytest.approx(7.705 * 120 / 113 / 8.610026548672568, rel=1e-9)


def test_others_are_not_told():
    book = Book()
    found = sensitive(book, profile(book), open_to={"urn:former"})
    assert {s.subject for s in (*found.factors, *found.inputs)} == {"urn:former|line"}
    assert found.hidden == 2
    assert found.other_factors == pytest.approx(7.705 * 120 / 113 / 8.610026548672568, rel=1e-9)


def test_of_nothing_known_nothing_is_sensitive():
    book = Book()
    book.lot("urn:a|l")
    found = sensitive(book, "urn:a|l")
    assert (found.factors, found.inputs, found.other_factors, found.hidden) == ((), (), 0.0, 0)
    assert PROFILE not in book.rolled()[0].lots


def test_an_input_of_which_nothing_is_known_is_not_said_to_move_nothing():
    book = Book()
    book.process("urn:a|p")
    book.consumes("urn:who|knows", 3.0)
    book.consumes("urn:b|l", 2.0)
    book.emits(1.0)
    book.makes(1.0)
    book.footprint("urn:b|l", 0.0, primary_data_share=1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    assert [(s.name, s.derivative) for s in sensitive(book, lot).inputs] == [("urn:b|l", 0.0)]
