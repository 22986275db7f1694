"""What changed between two points of the ledger, and which document changed it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup.changes import MOST_STEPS, SAME, Changes, changes
from graph.rollup.figure import footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from tests.rollup.rollup_book import Book


def of(book: Book, lot: str, first: int, last: int) -> Changes:
    policy = load_policy()

    def at(index: int):  # type: ignore[no-untyped-def]
        snapshot = build(book.tables, index, policy)
        return footprint(snapshot, roll_up(snapshot), lot)

    return changes(lambda _: book.tables.superseded, first, last, at)


def chain() -> Book:
    """Two units of the mine's lot in one of the mill's."""
    book = Book()
    book.lot("mine|ore")
    book.process("mill|heat")
    book.emits(5.0)
    book.consumes("mine|ore", 2.0)
    book.makes(1.0)
    book.lot("mill|steel", "mill|heat")
    return book


def superseded(book: Book, old: int) -> None:
    """The present document ends the facts of an earlier one."""
    for columns in book.tables.rows.values():
        for fid in columns.get("fid", ()):
            if fid >> 20 == old:
                book.tables.superseded[fid] = book.index


def test_each_document_with_what_it_moved() -> None:
    book = chain()
    first = book.footprint("mine|ore", 1.0)
    second = book.footprint("mine|ore", 3.0)
    superseded(book, first)
    book.lot("other|thing")
    found = of(book, "mill|steel", first, book.index)
    assert found.change == pytest.approx(4.0)
    assert [(s.documents, s.total, s.change) for s in found.steps] == [((second,), 11.0, 4.0)]


def test_between_lower_bounds_the_difference_is_of_what_is_known() -> None:
    """The step says that the figure is no lower bound any more; from no figure at all there is no difference."""
    book = chain()
    before = book.index
    now = book.footprint("mine|ore", 1.0)
    found = of(book, "mill|steel", before, now)
    assert found.before is not None
    assert (found.before.total, found.before.lower_bound) == (5.0, True)
    assert [(s.documents, s.change, s.lower_bound) for s in found.steps] == [((now,), 2.0, False)]
    assert of(book, "mill|steel", 0, now).change is None


def test_each_step_has_the_total_as_of_its_own_document() -> None:
    book = chain()
    old = first = book.footprint("mine|ore", 1.0)
    for value in (3.0, 2.0):
        new = book.footprint("mine|ore", value)
        superseded(book, old)
        old = new
    found = of(book, "mill|steel", first, book.index)
    assert [(s.total, s.change) for s in found.steps] == [(11.0, 4.0), (9.0, -2.0)]


def test_what_came_and_went_between_moved_nothing() -> None:
    book = chain()
    first = book.footprint("mine|ore", 1.0)
    passing = book.footprint("mine|ore", 9.0)
    superseded(book, first)
    last = book.footprint("mine|ore", 1.0)
    superseded(book, passing)
    found = of(book, "mill|steel", first, last)
    assert found.change == 0.0
    assert passing in {d for s in found.steps for d in s.documents}, "it ended what the first figure rests on"
    assert sum(s.change or 0.0 for s in found.steps) == 0.0


def test_the_noise_of_sums_is_no_change() -> None:
    """Three tenths are not a tenth and two in float64; a difference in the ninth digit is one."""
    book = chain()
    first = book.footprint("mine|ore", 0.3)
    second = book.footprint("mine|ore", 0.1 + 0.2)
    superseded(book, first)
    third = book.footprint("mine|ore", 0.3 * (1 + 1e-7))
    superseded(book, second)
    assert 0.1 + 0.2 != 0.3
    assert [s.change for s in of(book, "mine|ore", first, second).steps] == [0.0]
    assert of(book, "mine|ore", first, second).change == 0.0
    assert of(book, "mine|ore", first, third).change == pytest.approx(3e-8)


def test_nothing_that_bears_on_it_is_no_step() -> None:
    book = chain()
    at = book.footprint("mine|ore", 1.0)
    book.lot("other|thing")
    assert of(book, "mill|steel", at, book.index).steps == ()


@pytest.mark.long
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=MOST_STEPS + 8))
@settings(max_examples=15, deadline=None)
def test_steps_sum_to_the_whole_and_many_are_told_in_groups(values: list[float]) -> None:
    book = chain()
    old = first = book.footprint("mine|ore", 1.0)
    for value in values:
        new = book.footprint("mine|ore", value)
        superseded(book, old)
        old = new
    found = of(book, "mill|steel", first, book.index)
    assert found.change == pytest.approx(2 * (values[-1] - 1.0), abs=1e-7)
    noise = SAME * 2 * sum(s.total or 0.0 for s in found.steps)
    assert sum(s.change or 0.0 for s in found.steps) == pytest.approx(found.change, abs=1e-6 + noise)
    assert 1 <= len(found.steps) <= MOST_STEPS
    indices = [d for s in found.steps for d in s.documents]
    assert indices == sorted(set(indices))
