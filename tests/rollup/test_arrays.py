"""What the roll-up asks of arrays, told by plain Python beside it."""

import random
from math import nan

import numpy as np
import pytest

from graph.rollup import asking
from graph.rollup.arrays import by_code, numbered
from graph.rollup.errors import LotUnknown
from graph.rollup.matrices import Matrix
from graph.rollup.portfolio import Holding
from graph.rollup.rows import every, of_table, standing
from graph.rollup.uncertainty import Terms
from tests.rollup.rollup_book import Book


def codes(many: int, width: int) -> np.ndarray:
    rng = random.Random(width)
    return np.array([rng.randrange(width) for _ in range(many)], np.int64)


@pytest.mark.parametrize("width", [5, 70_000, 1 << 21, 1 << 40])
def test_rows_of_columns_have_one_number_where_they_are_the_same_however_wide_they_are(width: int) -> None:
    one, other = codes(500, width), codes(500, 7)
    firsts, which = numbered([(one, width), (other, 7), (one, width)])
    pairs = list(zip(one.tolist(), other.tolist(), strict=True))
    assert len(firsts) == len(set(pairs)) == which.max() + 1
    assert [pairs[at] for at in firsts[which].tolist()] == pairs
    assert sorted(firsts.tolist()) == sorted(pairs.index(pair) for pair in set(pairs)), "the first of each"


@pytest.mark.parametrize("width", [9, 1 << 16, 1 << 20, 1 << 40])
def test_codes_are_ordered_by_counting_and_equal_ones_stay_as_they_stood(width: int) -> None:
    found = np.concatenate([codes(400, width), codes(400, width)])
    assert by_code(found).tolist() == sorted(range(800), key=lambda at: found[at])
    assert by_code(found[:0]).tolist() == []


def test_a_matrix_of_few_rows_is_read_like_one_of_all() -> None:
    found = Matrix(np.array([1, 0, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (len(found), found.shape) == (3, (3, 2))
    assert found.whole().tolist() == [found[at].tolist() for at in range(len(found))]
    assert found[np.array([0, 2]), 1].tolist() == [4.0, 4.0]


def test_indicators_are_read_by_position_with_flags_behind_amounts() -> None:
    book = Book()
    book.process("o|p", accounts="water")
    book.emits(3.0)
    book.makes(1.0)
    book.lot("o|l", "o|p")
    snapshot, rolled = book.rolled()
    layout, whole = snapshot.indicators.layout, rolled.indicators[:]
    assert whole.shape == (len(snapshot.key), layout.size)
    amounts = slice(None, layout.first_flag)
    np.testing.assert_array_equal(rolled.indicators[:, amounts], whole[:, amounts])
    assert set(np.unique(whole[:, layout.first_flag :]).tolist()) <= {0.0, 1.0}
    for group in layout.groups:
        flagged = rolled.indicators.flagged(np.arange(len(whole)), layout.known[group] - layout.first_flag)
        assert flagged.tolist() == (whole[:, layout.known[group]] > 0).tolist()


def test_texts_are_picked_by_mask_by_name_and_by_issuer() -> None:
    book = Book()
    for lot in ("a|1", "b|1", "b|2"):
        book.lot(lot)
    keys = book.rolled()[0].key
    found = list(keys)
    assert list(keys.where(np.array([key != "b|1" for key in found]))) == [key for key in found if key != "b|1"]
    assert keys.among(["b|1", "nobody|1"]).tolist() == [key == "b|1" for key in found]
    assert keys.issued_by(["b", "c"]).tolist() == [key.startswith("b|") for key in found]
    assert keys.issuers() == {"a", "b"}


def test_rows_that_stand_are_those_in_force_of_a_table() -> None:
    book = Book()
    first = book.footprint("o|l", 5.0)
    second = book.footprint("o|l", 7.0)
    book.tables.superseded[first << 20] = second
    for at in (first, second):
        rows = standing(book.tables, every(book.tables, "footprints"), at)
        assert rows.facts == of_table(book.tables, "footprints", at).facts == [at << 20]


def test_what_a_sum_is_of_leaves_nobody_out() -> None:
    book = Book()
    book.lot("o|known", quantity=4.0)
    book.lot("o|unweighed", quantity=nan)
    snapshot, rolled = book.rolled()
    nodes = np.array([snapshot.lots[lot] for lot in ("o|known", "o|unweighed")])
    found = asking.sum_of(rolled, Holding(nodes, snapshot.quantity[nodes]), 3.0)
    assert (found.roots.tolist(), found.amounts.tolist(), found.lacking.tolist()) == ([nodes[0]], [4.0], [nodes[1]])
    one = asking.sum_of_lot(snapshot, "o|known", 3.0)
    assert (one.roots.tolist(), one.amounts.tolist(), one.lacking.tolist(), one.total) == ([nodes[0]], [1.0], [], 3.0)
    with pytest.raises(LotUnknown):
        asking.sum_of_lot(snapshot, "o|nobody", 3.0)


def test_some_terms_keep_what_is_said_of_each() -> None:
    terms = Terms(np.array([1.0, 2.0]), np.array([1.1, nan]), np.array([4, 5]), np.array([7, 8]))
    part = terms.part(~terms.stated)
    assert (part.value.tolist(), part.shared.tolist(), part.node.tolist()) == ([2.0], [5], [8])
    assert part.joined(terms).value.tolist() == [2.0, 1.0, 2.0]
