"""Numbers of every size: right, or clearly refused; one that is not finite is never shown."""

import math
import random
import time
from contextlib import AbstractContextManager
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from graph.rollup import exact
from graph.rollup.arrays import representable, total
from graph.rollup.contributions import contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import BeyondRange, LoopDiverges
from graph.rollup.exact import System, convergent, sums
from graph.rollup.figure import content, footprint
from graph.rollup.policy import Basis
from graph.rollup.product import product_footprint
from graph.units import Dimension
from tests.rollup.one_lot import codes
from tests.rollup.rollup_book import NAN, Book
from tests.rollup.test_loops import recycling
from tests.rollup.test_properties import permuted

INF = math.inf
LOT = "urn:a|l"
MANY = 10_000


def simple(emitted: float = 2.0, made: float = 1.0, consumed: float = 0.0, **values) -> Book:
    book = Book()
    book.process("urn:a|T", **values)
    book.emits(emitted)
    if consumed:
        book.consumes("urn:b|l", consumed)
    book.makes(made, "urn:a|p")
    book.lot(LOT, "urn:a|T", product="urn:a|p")
    return book


def figure(book: Book, lot: str = LOT):
    return footprint(*book.rolled(), lot)


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 1e6, 1e12])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e12])
def test_quantities_from_micrograms_to_gigatonnes(size, unit):
    book = simple(emitted=3 * unit * size, made=size, consumed=0.1 * size)
    book.footprint("urn:b|l", 5 * unit)
    assert figure(book).total == pytest.approx(3.5 * unit, rel=1e-15)
    assert contributions(*book.rolled(), LOT).by_organization["urn:b"].total == pytest.approx(0.5 * unit, rel=1e-15)


def test_zero_is_a_quantity_and_nothing_made_has_no_figure():
    assert (figure(simple(0.0)).total, figure(simple(0.0)).basis) == (0.0, Basis.COMPUTED)
    nothing = figure(simple(made=0.0))
    assert (nothing.total, nothing.lower_bound, codes(nothing)) == (None, True, {"unit-mismatch"})


def test_an_activity_beyond_all_numbers_is_missing_and_found():
    book = simple()
    book.current, book.fid = "urn:a|T", book.tables.rows["processes"]["fid"][0]
    book.emits(1e200, 1e200, name="typing error")
    found = figure(book)
    assert (found.total, found.lower_bound, codes(found)) == (2.0, True, {"beyond-range"})


def test_a_leg_beyond_all_numbers_is_missing_and_found():
    book = simple(consumed=1e200, boundary="cradle-to-gate")
    book.moved("urn:b|l", "urn:a", 1.0, 1e200)
    found = figure(book)
    assert (found.total, found.lower_bound) == (2.0, True)
    assert "transport-unknown" in codes(found)


def test_emissions_that_add_up_beyond_all_numbers_refuse_the_figure():
    book = simple(1e308)
    book.current, book.fid = "urn:a|T", book.tables.rows["processes"]["fid"][0]
    book.emits(1.5e308, scope="indirect")
    book.process("urn:c|T")
    book.consumes(LOT, 1.0)
    book.makes(1.0)
    book.lot("urn:c|l", "urn:c|T")
    book.lot("urn:c|part")
    book.draws("urn:c|part", "urn:c|l", 1.0, "lot")
    snapshot, rolled = book.rolled()
    for lot in (LOT, "urn:c|l", "urn:c|part"):
        for ask in (footprint, content, contributions):
            with pytest.raises(BeyondRange, match=lot[:6]):
                ask(snapshot, rolled, lot)
    with pytest.raises(BeyondRange):
        chain(snapshot, rolled, LOT, 10)
    assert np.isfinite(rolled.chosen).all()
    assert np.isfinite(rolled.computed).all()
    book.footprint("urn:c|l", 7.0)
    found = figure(book, "urn:c|part")
    assert found.total == 7.0, "evidence above it stands"
    assert figure(book, "urn:c|l").shadows == (), "and what is no number is no shadow"


def test_two_large_numbers_that_stay_in_range_are_not_refused():
    book = simple(1e308)
    book.process("urn:b|T")
    book.emits(1.7e308)
    book.makes(1.0)
    book.lot("urn:b|l", "urn:b|T")
    assert (figure(book).total, figure(book, "urn:b|l").total) == (1e308, 1.7e308)


def test_a_share_that_no_number_holds_is_missing_and_found():
    for made in (1e-320, 1e-309):
        found = figure(simple(1e-320, made))
        assert (found.total, found.lower_bound, codes(found)) == (None, True, {"beyond-range"})
    tiny = figure(simple(consumed=1e-320))
    assert (tiny.lower_bound, codes(tiny)) == (True, {"beyond-range"})
    assert figure(simple(3e-300, 1e-300)).total == pytest.approx(3.0)


def test_sums_that_others_are_divided_by():
    book = Book()
    book.process("urn:a|T")
    book.emits(2.0)
    for output in ("o", "p"):
        book.makes(1e308, output=output)
    book.lot(LOT, "urn:a|T")
    assert (figure(book).total, codes(figure(book))) == (None, {"allocation", "unit-mismatch"})
    blend = Book()
    for name in ("x", "y"):
        blend.process(f"urn:a|T{name}")
        blend.emits(2.0)
        blend.makes(1.0)
        blend.lot(f"urn:a|{name}", f"urn:a|T{name}")
    blend.lot(LOT)
    for name in ("x", "y"):
        blend.draws(LOT, f"urn:a|{name}", 1e308, "lot")
    assert (figure(blend).total, codes(figure(blend))) == (None, {"unit-mismatch", "lot-overcommitted"})


def test_transports_beyond_all_numbers_are_unknown():
    book = simple(consumed=1.0, boundary="cradle-to-gate")
    for i in range(2):
        book.moved("urn:b|l", "urn:a", 1e308, 1e-300, key=f"t{i}")
    found = figure(book)
    assert (found.lower_bound, "transport-unknown" in codes(found)) == (True, True)


def test_a_product_of_lots_whose_quantities_together_no_number_holds():
    book = Book()
    book.product("urn:a|p")
    for i, value in enumerate((1.0, 3.0)):
        book.lot(f"urn:a|{i}", product="urn:a|p", quantity=1e308)
        book.footprint(f"urn:a|{i}", value)
    assert product_footprint(*book.rolled(), "urn:a|p", -INF, INF).total == pytest.approx(2.0)
    book.lot("urn:a|2", product="urn:a|p", quantity=INF)
    book.footprint("urn:a|2", 1.0)
    with pytest.raises(BeyondRange):
        product_footprint(*book.rolled(), "urn:a|p", -INF, INF)


def test_a_footprint_that_overflows_in_the_lots_unit_does_not_count():
    book = Book()
    book.product("urn:a|p", dimension=Dimension.PIECE, kg_per_unit=1e-200)
    book.lot(LOT, product="urn:a|p")
    book.footprint(LOT, 1e200, dimension=Dimension.PIECE)
    assert (figure(book).total, codes(figure(book))) == (None, {"unit-mismatch"})
    book.footprint(LOT, direct=1e308, indirect=1e308)
    assert figure(book).total is None
    book.footprint(LOT, 1e308)
    assert figure(book).total == 1e308


def test_a_loop_whose_solution_is_beyond_all_numbers_is_refused_as_that():
    book = recycling(1e10, 1e-11)
    book.tables.rows["activities"]["quantity"][1] = 1e290
    assert figure(book).total == pytest.approx(1e300 / 0.9)
    book.tables.rows["activities"]["quantity"][1] = 1e305
    snapshot, rolled = book.rolled()
    with pytest.raises(BeyondRange):
        footprint(snapshot, rolled, LOT)
    assert np.isfinite(rolled.chosen).all()


def chained(depth: int) -> Book:
    book = Book()
    for i in range(depth):
        issuer = f"urn:{'ab'[i % 2]}"
        book.process(f"{issuer}|T{i}")
        book.emits(0.1 * (1 + i % 7))
        if i:
            book.consumes(f"urn:{'ab'[(i - 1) % 2]}|l{i - 1}", 0.9999)
        book.makes(1.0)
        book.lot(f"{issuer}|l{i}", f"{issuer}|T{i}")
    return book


@pytest.mark.parametrize("depth", [300, pytest.param(5000, marks=pytest.mark.long)])
def test_a_chain_5000_processes_deep(depth):
    book, expected = chained(depth), Fraction(0)
    for i in range(depth):
        expected = expected * Fraction(0.9999) + Fraction(0.1 * (1 + i % 7))
    snapshot, rolled = book.rolled()
    last = f"urn:b|l{depth - 1}"
    found = footprint(snapshot, rolled, last)
    assert found.total == pytest.approx(float(expected), rel=1e-12)
    parts = contributions(snapshot, rolled, last)
    assert math.fsum(p.total for p in parts.by_lot.values()) == pytest.approx(found.total, rel=1e-12)
    assert math.fsum(p.total for p in parts.by_tier.values()) == pytest.approx(found.total, rel=1e-12)
    assert len(parts.by_lot) == depth


def fanned(rng: random.Random, count: int) -> tuple[Book, list[tuple[float, float]]]:
    book, parts = Book(), []
    book.process("urn:a|T")
    for i in range(count):
        parts.append((10 ** rng.uniform(-9, 9), 10 ** rng.uniform(-9, 3)))
        book.consumes(f"urn:b{i % 97}|{i}", parts[-1][0])
    book.makes(7.0)
    book.lot(LOT, "urn:a|T")
    for i, (_, value) in enumerate(parts):
        book.footprint(f"urn:b{i % 97}|{i}", value, primary_data_share=1.0)
    return book, parts


@pytest.mark.parametrize("count", [500, pytest.param(MANY, marks=pytest.mark.long)])
def test_ten_thousand_inputs_of_one_process(count):
    book, parts = fanned(random.Random(5), count)
    snapshot, rolled = book.rolled()
    exact = float(sum((Fraction(q) * Fraction(f) for q, f in parts), Fraction(0)) / 7)
    found = footprint(snapshot, rolled, LOT)
    assert found.total == pytest.approx(exact, rel=1e-13)
    told = contributions(snapshot, rolled, LOT)
    assert told.total.total == pytest.approx(exact, rel=1e-15), "compensated: no fan-in costs a digit"
    for mapping in (told.by_lot, told.by_organization, told.by_tier):
        assert math.fsum(p.total for p in mapping.values()) == pytest.approx(exact, rel=1e-15)
    again = permuted(book, 1).rolled()[1]
    assert again.chosen.tobytes() == rolled.chosen.tobytes()


def test_ten_thousand_lots_of_one_process():
    book, rng = Book(), random.Random(6)
    quantities = [10 ** rng.uniform(-6, 6) for _ in range(MANY)]
    book.process("urn:a|T")
    book.emits(123.0)
    for i, quantity in enumerate(quantities):
        book.makes(quantity, output=f"o{i}")
    for i, quantity in enumerate(quantities):
        book.lot(f"urn:a|{i}", "urn:a|T", quantity=quantity, output=f"o{i}")
    snapshot, rolled = book.rolled()
    out = math.fsum(q * rolled.chosen[snapshot.lots[f"urn:a|{i}"], 0] for i, q in enumerate(quantities))
    assert out == pytest.approx(123.0, rel=1e-12)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_sums_are_as_good_as_exact_and_free_of_order(seed):
    rng = np.random.default_rng(seed)
    count, size = int(rng.integers(0, 60)), int(rng.integers(1, 6))
    codes_, values = (
        rng.integers(0, size, count),
        rng.normal(size=(count, 2)) * 10.0 ** rng.integers(-16, 17, (count, 1)),
    )
    found = sums(codes_, values, size)
    for code in range(size):
        for column in range(2):
            parts = values[codes_ == code, column]
            bound = 1e-16 * abs(math.fsum(parts)) + 1e-29 * math.fsum(abs(parts))
            assert abs(found[code, column] - math.fsum(parts)) <= 2 * bound


def test_sums_of_what_is_no_number():
    assert np.isnan(sums(np.zeros(2, np.int64), np.array([[1e308], [1.7e308]]), 1)[0, 0])
    assert math.isnan(total(np.zeros(2, np.int64), np.array([1e308, 1e308]), 1)[0])
    assert representable(np.array([0.0, 1e-310, 1e-300, -1.0, INF, NAN])).tolist() == [1, 0, 1, 1, 0, 0]


def random_matrix(seed: int) -> tuple[np.ndarray, float]:
    """A nonnegative matrix whose graph may fall into parts, badly scaled, and its spectral radius."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 8))
    matrix = rng.random((size, size)) * (rng.random((size, size)) < 0.4)
    radius = float(abs(np.linalg.eigvals(matrix)).max())
    if radius > 0:
        wanted = float(rng.choice([0.1, 0.9, 0.999, 1.001, 1.5, 20.0]))
        matrix, radius = matrix * (wanted / radius), wanted
    scale = 10.0 ** rng.integers(-9, 13, size)
    return matrix * scale[:, None] / scale[None, :], radius


@given(st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_a_matrix_converges_where_its_spectral_radius_is_below_one(seed):
    matrix, radius = random_matrix(seed)
    assert (convergent(csr_array(matrix)) is not None) == (radius < 1)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_system_is_solved_to_the_last_digits(seed):
    matrix, radius = random_matrix(seed)
    assume(radius < 1)
    right = np.random.default_rng(seed).random(len(matrix))
    found = System(csr_array(matrix)).solve(right[:, None])[:, 0]
    np.testing.assert_allclose(found, solved_exactly(matrix, right), rtol=1e-15)


def gone_round() -> AbstractContextManager[object]:
    """As if any loop were too large a tangle for factors."""
    return patch.multiple(exact, _SMALL=0, _RING=0.0, _FACTORED=0)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_going_round_a_tangle_tells_the_same(seed):
    matrix, radius = random_matrix(seed)
    # Of a loop that hardly loses anything nobody waits for the end: it is refused.
    assume(radius not in (0.999, 1.001))
    right = np.random.default_rng(seed).normal(size=len(matrix))
    with gone_round():
        system = convergent(csr_array(matrix))
        assert (system is not None) == (radius < 1)
        if system is not None:
            np.testing.assert_allclose(system.solve(right[:, None])[:, 0], solved_exactly(matrix, right), rtol=1e-14)


def tangle(size: int, radius: float) -> csr_array:
    """A ring with three more links a node, to anywhere."""
    rng = np.random.default_rng(7)
    row = np.concatenate([np.arange(size), rng.integers(0, size, 3 * size)])
    column = np.concatenate([(np.arange(size) + 1) % size, rng.integers(0, size, 3 * size)])
    matrix = csr_array((rng.random(len(row)), (row, column)), shape=(size, size))
    return csr_array(matrix * (radius / matrix.sum(axis=1).max()))


def test_a_large_tangle_is_solved_in_as_many_rounds_as_it_takes():
    """Factors of it would hold a hundred million numbers."""
    matrix, right = tangle(20_000, 0.9), np.ones((20_000, 1))
    started = time.process_time()
    system = convergent(matrix)
    assert system is not None
    found = system.solve(right)
    assert time.process_time() - started < 5
    np.testing.assert_allclose(found - matrix @ found, right, rtol=1e-12)


@pytest.mark.parametrize("size", [3_000, 6_000])
def test_a_tangle_that_does_not_settle_in_time_has_factors_or_none(size):
    """Beyond 5,000 nodes nobody can tell, so there is no figure."""
    with patch.object(exact, "_WORK", 5 * size * 3):
        assert (convergent(tangle(size, 0.9)) is None) == (size > 5_000)


def solved_exactly(matrix: np.ndarray, right: np.ndarray) -> list[float]:
    """(I - A)^-1 d in fractions."""
    size = len(right)
    rows = [
        [Fraction(i == j) - Fraction(matrix[i, j]) for j in range(size)] + [Fraction(right[i])] for i in range(size)
    ]
    for i in range(size):
        pivot = next(k for k in range(i, size) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in (k for k in range(size) if k != i):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [float(row[-1] / row[i]) for i, row in enumerate(rows)]


def test_what_is_singular_or_goes_round_in_step_does_not_converge():
    for matrix in (
        [[1.0]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[0.0, 2.0], [0.5, 0.0]],
        [[0.5, 0.0], [9.0, 1.0]],
        [[1e200, 1e200]] * 2,
    ):
        assert convergent(csr_array(np.array(matrix))) is None
    assert convergent(csr_array(np.array([[0.0, 1e300], [0.0, 0.0]]))) is not None
    with pytest.raises(LoopDiverges):
        figure(recycling(1e200, 1e200))
