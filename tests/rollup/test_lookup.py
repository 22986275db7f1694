"""Rows found by what they hold, without going through the others."""

import random

import numpy as np
import pytest

from graph.rollup import lookup
from graph.rollup.lookup import Index, Indexed
from tests.rollup.rollup_book import Book


def keys(*numbers: int):
    return np.array(numbers, np.int64)


def test_documents_are_told_in_their_order_and_once_and_only_those_there_are():
    book = Book()
    for _ in range(4):
        book.document()
    found = Indexed(book.tables).documents([3, 1, 3, 9, -5])
    assert found.ints("index").tolist() == [1, 3]
    assert found.text("id") == ["sha1", "sha3"]
    assert len(Indexed(book.tables).documents([])) == 0


def test_nothing_is_found_by_no_key_and_no_row_has_to_be_sorted_for_it():
    index = Index()
    assert index.find(np.arange(10_000), keys()).tolist() == []
    assert index.find(np.arange(10_000), keys(7, 9_999)).tolist() == [7, 9_999]


@pytest.mark.parametrize("loose", [0, 3, 50])
def test_a_column_that_grows_is_found_in_as_if_it_were_looked_through(monkeypatch, loose):
    monkeypatch.setattr(lookup, "_LOOSE", loose)
    rng, index, column = random.Random(loose), Index(), np.zeros(0, np.int64)
    for _ in range(40):
        column = np.append(column, [rng.randrange(30) for _ in range(rng.randrange(20))]).astype(np.int64)
        wanted = np.unique([rng.randrange(-3, 33) for _ in range(rng.randrange(1, 6))])
        assert index.find(column, wanted).tolist() == np.flatnonzero(np.isin(column, wanted)).tolist()


def test_of_a_column_that_is_sorted_nothing_is_kept_beside_it():
    """What it grew out of could not go else."""
    index, column = Index(), np.arange(10_000)
    index.find(column, keys(7))
    (run,) = index._runs
    assert not np.shares_memory(run._steps, column)
    assert run._steps.base is None
