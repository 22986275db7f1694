"""A number taken apart: each node is the sum of what is said to be in it, with the documents that say so."""

import math

import pytest
from hypothesis import given, settings

from graph.rollup.contributions import contributions
from graph.rollup.explanation import explanation
from graph.rollup.policy import Basis
from tests.rollup.chains import frame
from tests.rollup.rollup_book import Book
from tests.rollup.test_properties import SEEDS, rolled_book

ALL = 10_000


@pytest.mark.long
@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_every_number_is_the_sum_of_what_is_below_it(seed):
    snapshot, rolled = rolled_book(seed)
    for lot in snapshot.lots:
        found = explanation(snapshot, rolled, lot, ALL)
        assert not found.truncated
        for node in found.nodes:
            if node.stated:
                assert (node.terms, node.emitted) == ((), ())
                continue
            below = [term.amount * (found.nodes[term.source].total or 0.0) for term in node.terms]
            summed = math.fsum([*below, *(one.value for one in node.emitted)])
            assert summed == pytest.approx(node.total or 0.0, rel=1e-9, abs=1e-9)


@pytest.mark.long
@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_documents_are_those_behind_the_figure(seed):
    snapshot, rolled = rolled_book(seed)
    for lot in snapshot.lots:
        told = {index for node in explanation(snapshot, rolled, lot, ALL).nodes for index in node.documents}
        assert told == set(contributions(snapshot, rolled, lot).documents)


def test_the_window_frame_is_explained_by_activities_and_inputs():
    book = Book()
    lot = frame(book)
    found = explanation(*book.rolled(), lot, ALL)
    assert found.nodes[0].name.key == lot
    made = found.nodes[found.nodes[0].terms[0].source]
    assert (made.name.kind, made.dimension) == ("process", None)
    assert {found.nodes[term.source].name.kind for term in made.terms} == {"lot"}
    assert any(one.value for node in found.nodes for one in node.emitted)


def test_a_stated_number_names_its_document_and_nothing_below_it():
    book = Book()
    book.process("a|T")
    book.emits(5)
    book.makes(1)
    book.lot("a|L", "a|T")
    stated = book.footprint("a|L", 7.0)
    (found,) = explanation(*book.rolled(), "a|L", ALL).nodes
    assert (found.stated, found.basis, found.total) == (True, Basis.ATTESTED, 7.0)
    assert stated in found.documents


def test_what_is_beyond_the_limit_is_said_to_be_there():
    book = Book()
    lot = frame(book)
    found = explanation(*book.rolled(), lot, 2)
    assert (len(found.nodes), found.truncated) == (2, True)
    assert None in {term.source for node in found.nodes for term in node.terms}
