"""Figures from some of the documents and an aggregate for the others (graph/rollup/partial.py)."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.refs import asserted_at
from graph.rollup.figure import footprint
from graph.rollup.kernel import roll_up
from graph.rollup.partial import Part, PartUnknown, conceal, reveal
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import ChainSnapshot, build
from tests.rollup.chains import FRAME, PROFILE, SCREWS, frame
from tests.rollup.rollup_book import Book
from tests.rollup.test_loops import recycling
from tests.rollup.test_properties import random_book

A = "urn:a|l"
SEEDS = st.integers(0, 10**6)


def part_of(book: Book, documents: set[int]) -> ChainSnapshot:
    """The chain of some of the documents, at the index and under the policy of the whole."""
    some = Book()
    some.tables.head = book.tables.head
    for table, columns in book.tables.rows.items():
        numbers = columns["index"] if table == "documents" else [asserted_at(fid) for fid in columns["fid"]]
        for name, values in columns.items():
            some.tables.rows[table][name].extend(v for v, n in zip(values, numbers, strict=True) if n in documents)
    return build(some.tables, book.index, load_policy())


def of_issuers(book: Book, issuers: str) -> set[int]:
    """The documents that describe processes and lots of some organizations, with the footprints of their lots."""
    found = set()
    for table, column in (("processes", "key"), ("lots", "key"), ("footprints", "subject"), ("contents", "subject")):
        rows = book.tables.rows[table]
        pairs = zip(rows["fid"], rows[column], strict=True)
        found |= {asserted_at(fid) for fid, key in pairs if key.partition("|")[0][-1] in issuers}
    return found


@pytest.mark.long
@given(SEEDS, st.sampled_from(["a", "ab", "bcd", "abcd", ""]))
@settings(max_examples=80, deadline=None)
def test_a_part_of_the_documents_gives_the_figures_of_all(seed: int, issuers: str) -> None:
    book = random_book(seed)
    whole, rolled = book.rolled()
    seen = part_of(book, of_issuers(book, issuers))
    made, parts = conceal(whole, rolled, seen)
    again = reveal(seen, parts)
    np.testing.assert_array_equal(made.chosen, again.chosen)
    np.testing.assert_array_equal(made.mass, again.mass)
    hidden = {part.key for part in parts if part.hidden}
    for key, node in seen.lots.items():
        if key in hidden:
            assert not again.chosen[node].any(), "what may not be seen counts in the aggregates of those who use it"
            assert not again.mass[node].any()
        else:
            np.testing.assert_allclose(again.chosen[node], rolled.chosen[whole.lots[key]], rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(again.mass[node], rolled.mass[whole.lots[key]], rtol=1e-11, atol=1e-12)


@pytest.mark.long
@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_who_sees_all_documents_needs_no_aggregate(seed: int) -> None:
    book = random_book(seed)
    whole, rolled = book.rolled()
    seen = part_of(book, set(range(book.index + 1)))
    made, parts = conceal(whole, rolled, seen)
    assert parts == ()
    np.testing.assert_array_equal(made.chosen, rolled.chosen)


@pytest.mark.long
@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_order_of_aggregates_changes_nothing(seed: int) -> None:
    book = random_book(seed)
    seen = part_of(book, of_issuers(book, "ac"))
    _, parts = conceal(*book.rolled(), seen)
    shuffled = list(parts)
    random.Random(seed).shuffle(shuffled)
    np.testing.assert_array_equal(reveal(seen, parts).chosen, reveal(seen, shuffled).chosen)


def makers_view() -> tuple[ChainSnapshot, tuple[Part, ...], float]:
    """The window frame as its maker sees it: its own assembly, and nothing of its suppliers'."""
    book = Book()
    frame(book)
    whole, rolled = book.rolled()
    own = {
        asserted_at(fid)
        for table in ("processes", "lots", "products")
        for fid, key in zip(book.tables.rows[table]["fid"], book.tables.rows[table]["key"], strict=True)
        if key.startswith("urn:maker|")
    }
    seen = part_of(book, own)
    _, parts = conceal(whole, rolled, seen)
    total = footprint(whole, rolled, FRAME).total
    assert total is not None
    return seen, parts, total


def test_one_aggregate_stands_for_all_suppliers_of_a_process_and_names_none() -> None:
    seen, parts, total = makers_view()
    assert {(p.kind, p.key) for p in parts if p.hidden} == {("lot", PROFILE), ("lot", SCREWS)}
    told = [p for p in parts if not p.hidden]
    assert [(p.kind, p.key) for p in told] == [("process", "urn:maker|assembly")]
    assert footprint(seen, reveal(seen, parts), FRAME).total == pytest.approx(total, rel=1e-12)


def test_without_the_aggregate_the_figure_is_only_what_is_known() -> None:
    seen, _, total = makers_view()
    alone = footprint(seen, roll_up(seen), FRAME)
    assert alone.lower_bound
    assert alone.total is None or alone.total < total


def test_a_changed_aggregate_changes_the_figure() -> None:
    seen, parts, total = makers_view()
    more = [p if p.hidden else replace(p, emissions=(p.emissions[0] + 1.0, *p.emissions[1:])) for p in parts]
    assert footprint(seen, reveal(seen, more), FRAME).total == pytest.approx(total + 1.0)


def said_by(book: Book, issuer: str) -> set[int]:
    keyed = ((table, "key") for table in ("processes", "lots", "products"))
    rows = [(book.tables.rows[table], column) for table, column in keyed]
    return {asserted_at(f) for r, c in rows for f, k in zip(r["fid"], r[c], strict=True) if k.startswith(issuer)}


@pytest.mark.parametrize("hidden", ["nothing", "partner", "evidence"])
def test_who_sees_a_part_of_a_recycling_loop_comes_to_its_figures(hidden: str) -> None:
    """Also where the loop would not end without the evidence that is hidden."""
    book = recycling(1.0, 3.0) if hidden == "evidence" else recycling()
    attested = book.footprint("urn:b|p", 4.0, subject_kind="product", primary_data_share=1.0)
    whole, rolled = book.rolled()
    documents = said_by(book, "urn:a") if hidden == "partner" else set(range(book.index + 1))
    seen = part_of(book, documents - ({attested} if hidden == "evidence" else set()))
    made, parts = conceal(whole, rolled, seen)
    again = reveal(seen, parts)
    np.testing.assert_array_equal(made.chosen, again.chosen)
    wanted = footprint(whole, rolled, A).total
    assert footprint(seen, again, A).total == pytest.approx(wanted, rel=1e-12)
    assert (len(parts) > 0) == (hidden != "nothing")
    if hidden == "evidence":
        assert footprint(seen, reveal(seen, []), A).total is None, "unknown, and no number, without the aggregates"


def test_an_aggregate_must_fit_the_documents() -> None:
    seen, parts, _ = makers_view()
    told = next(p for p in parts if not p.hidden)
    with pytest.raises(PartUnknown, match="no document names it"):
        reveal(seen, [replace(told, key="urn:maker|elsewhere")])
    with pytest.raises(PartUnknown, match="stands twice"):
        reveal(seen, [told, told])
    with pytest.raises(PartUnknown, match="shape"):
        reveal(seen, [replace(told, emissions=(1.0,))])
