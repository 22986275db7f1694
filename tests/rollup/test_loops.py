"""Loops: legal between products in a period, solved as (I - A) x = d; illegal between lots (accounting.md, Cycles)."""

import math

import numpy as np
import pytest

from graph.rollup.contributions import contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import CycleFound, LoopDiverges
from graph.rollup.figure import content, footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import Basis
from graph.rollup.product import product_footprint
from schemas.figures import BREAKDOWNS
from tests.rollup.one_lot import codes
from tests.rollup.rollup_book import Book

A, B, C = "urn:a|l", "urn:b|l", "urn:c|l"
INF = math.inf
X_A, X_B = 1.2244897959, 2.2448979592


def recycling(a_of_b: float = 0.1, b_of_a: float = 0.2, **values) -> Book:
    """The cyclic example of reference/accounting.md: x_A = 1 + .1 x_B, x_B = 2 + .2 x_A; by products in a period."""
    book = Book()
    for own, other, emitted, amount in (("urn:a", "urn:b", 1.0, a_of_b), ("urn:b", "urn:a", 2.0, b_of_a)):
        book.process(f"{own}|T", **values)
        book.emits(emitted)
        book.consumes(f"{other}|p", amount, "product", start=0.0, end=100.0)
        book.makes(1.0, f"{own}|p")
        book.lot(f"{own}|l", f"{own}|T", product=f"{own}|p")
    return book


def above(book: Book, lot: str = A, own: float = 0.0) -> str:
    """A lot made of a unit of another."""
    book.process("urn:c|T")
    book.emits(own)
    book.consumes(lot, 1.0)
    book.makes(1.0)
    return book.lot(C, "urn:c|T")


def figure(book: Book, lot: str = A):
    return footprint(*book.rolled(), lot)


def test_the_cyclic_example():
    book = recycling()
    for lot, value in ((A, X_A), (B, X_B)):
        found = figure(book, lot)
        assert found.total == pytest.approx(value, abs=5e-11)
        assert (found.basis, found.lower_bound, found.missing) == (Basis.COMPUTED, False, ())
    assert product_footprint(*book.rolled(), "urn:b|p", -INF, INF).total == pytest.approx(X_B, abs=5e-11)
    assert figure(book, above(book, own=3.0)).total == pytest.approx(3 + X_A, abs=5e-11)


def test_contributions_to_a_lot_of_a_loop_go_round_it():
    book = recycling()
    above(book)
    snapshot, rolled = book.rolled()
    for lot, total in ((A, X_A), (C, X_A)):
        found = contributions(snapshot, rolled, lot)
        for name in BREAKDOWNS:
            parts = getattr(found, f"by_{name}").values()
            assert math.fsum(part.total for part in parts) == pytest.approx(found.total.total, rel=1e-15), name
        assert found.total.total == pytest.approx(total, abs=5e-11)
        assert found.by_organization["urn:a"].total == pytest.approx(1 / 0.98)
        assert found.by_organization["urn:b"].total == pytest.approx(0.2 / 0.98)
        assert found.by_lot["urn:b|p"].total == pytest.approx(0.2 / 0.98)


def test_tiers_of_a_loop_are_a_series_whose_last_holds_the_rest():
    snapshot, rolled = recycling().rolled()
    tiers = contributions(snapshot, rolled, A).by_tier
    # Every second boundary leads back: 1, .1 x 2, .02 x 1, .02 x .1 x 2 ...
    for tier, share in ((0, 1.0), (1, 0.2), (2, 0.02), (3, 0.004), (4, 0.0004)):
        assert tiers[tier].total == pytest.approx(share, rel=1e-12)
    assert sorted(tiers) == list(range(len(tiers)))
    assert 8 <= len(tiers) <= 14, "what is less than a billionth is counted with the last tier"
    assert math.fsum(part.total for part in tiers.values()) == pytest.approx(X_A, abs=5e-11)


def test_a_loop_that_hardly_ends_has_tiers_that_still_add_up():
    snapshot, rolled = recycling(0.999, 0.999).rolled()
    found = contributions(snapshot, rolled, A)
    assert found.total.total == pytest.approx((1 + 0.999 * 2) / (1 - 0.999**2), rel=1e-12)
    parts = [part.total for part in found.by_tier.values()]
    assert math.fsum(parts) == pytest.approx(found.total.total, rel=1e-13)
    assert parts[-1] > 0.9 * found.total.total
    assert len(parts) < 50


def test_a_loop_is_drawn_with_its_way_back():
    book = recycling()
    above(book)
    drawn = chain(*book.rolled(), C, 10)
    names = [(node.name.key, node.tier) for node in drawn.nodes]
    assert names == [(C, 0), (A, 1), ("urn:b|p", 2), ("urn:a|p", 3)]
    ways = {(drawn.nodes[e.source].name.key, drawn.nodes[e.target].name.key): e.amount for e in drawn.edges}
    assert ways["urn:b|p", "urn:a|p"] == pytest.approx(0.1)
    assert ways["urn:a|p", "urn:b|p"] == pytest.approx(0.2)


def test_a_process_that_takes_its_own_product_back():
    book = Book()
    book.process("urn:a|T")
    book.emits(3.0)
    book.consumes("urn:a|p", 0.5, "product")
    book.makes(2.0, "urn:a|p")
    book.lot(A, "urn:a|T")
    assert figure(book).total == pytest.approx(3 / 1.5, rel=1e-15)


def test_one_reference_to_a_product_makes_a_loop_legal():
    """B took a lot of A; A took of B's product what the period gave on average: nothing is made of itself."""
    book = Book()
    book.process("urn:a|T")
    book.emits(1.0)
    book.consumes("urn:b|p", 0.1, "product")
    book.makes(1.0)
    book.lot(A, "urn:a|T")
    book.process("urn:b|T")
    book.emits(2.0)
    book.consumes(A, 0.2)
    book.makes(1.0, "urn:b|p")
    book.lot(B, "urn:b|T")
    assert figure(book, A).total == pytest.approx(X_A, abs=5e-11)
    assert figure(book, B).total == pytest.approx(X_B, abs=5e-11)


def test_lots_that_go_round_stay_an_error_wherever_products_go_round_too():
    book = recycling()
    book.process("urn:d|T")
    book.consumes("urn:e|l", 0.1)
    book.consumes(A, 0.1)
    book.makes(1.0, "urn:d|p")
    book.lot("urn:d|l", "urn:d|T")
    book.process("urn:e|T")
    book.consumes("urn:d|l", 0.1)
    book.consumes("urn:d|p", 0.1, "product")
    book.makes(1.0, "urn:e|p")
    book.lot("urn:e|l", "urn:e|T")
    assert figure(book, A).total == pytest.approx(X_A, abs=5e-11), "what does not rest on the cycle has its figure"
    book.footprint("urn:d|l", 1.0)
    for lot in ("urn:d|l", "urn:e|l", above(book, "urn:e|l")):
        with pytest.raises(CycleFound) as raised:
            figure(book, lot)
        assert raised.value.lots == ("urn:d|l", "urn:e|l")
        assert not isinstance(raised.value, LoopDiverges)


@pytest.mark.parametrize(("a_of_b", "b_of_a"), [(1.0, 1.0), (2.0, 0.5), (2.0, 3.0), (1e9, 1e-9), (0.1, 1e300)])
def test_a_loop_that_uses_up_what_it_makes_is_refused_and_named(a_of_b, b_of_a):
    book = recycling(a_of_b, b_of_a)
    above(book)
    snapshot, rolled = book.rolled()
    for lot in (A, B, C):
        for ask in (footprint, content, contributions):
            with pytest.raises(LoopDiverges) as raised:
                ask(snapshot, rolled, lot)
            assert raised.value.lots == ("urn:a|p", "urn:b|p")
            assert raised.value.key == lot
        assert not rolled.chosen[snapshot.lots[lot], :7].any(), "no number is left of it"
    with pytest.raises(LoopDiverges):
        chain(snapshot, rolled, C, 10)
    with pytest.raises(LoopDiverges):
        product_footprint(snapshot, rolled, "urn:a|p", -INF, INF)


def test_the_radius_is_told_from_one_to_twelve_digits():
    assert figure(recycling(1.0, 1 - 1e-10)).total == pytest.approx((1 + 2) / 1e-10, rel=1e-6)
    with pytest.raises(LoopDiverges):
        figure(recycling(1.0, 1 - 1e-15))


def test_only_the_part_that_diverges_and_what_rests_on_it_is_refused():
    """Evidence cuts a loop in two: one half diverges, the other has its figure."""
    book = recycling(0.1, 0.2)
    for name in ("d", "e"):
        book.process(f"urn:{name}|T")
        book.emits(1.0)
        book.consumes(f"urn:{'e' if name == 'd' else 'd'}|p", 1.0, "product")
        if name == "d":
            book.consumes("urn:a|p", 1.0, "product")
        book.makes(1.0, f"urn:{name}|p")
        book.lot(f"urn:{name}|l", f"urn:{name}|T")
    book.process("urn:f|T")
    book.consumes("urn:d|p", 1.0, "product")
    book.makes(1.0, "urn:f|p")
    book.process("urn:a|T2")
    book.emits(1.0)
    book.consumes("urn:b|p", 0.1, "product", start=0.0, end=100.0)
    book.consumes("urn:f|p", 1.0, "product")
    book.makes(1.0, "urn:a|p")
    with pytest.raises(LoopDiverges):
        figure(book, A)
    book.footprint("urn:f|p", 1.0, subject_kind="product")
    assert figure(book, A).total == pytest.approx(1 + 0.1 * 2.3 / 0.98), "b = 2 + .2 (1.5 + .1 b)"
    for lot in ("urn:d|l", "urn:e|l", above(book, "urn:d|l")):
        with pytest.raises(LoopDiverges) as raised:
            figure(book, lot)
        assert raised.value.lots == ("urn:d|p", "urn:e|p")
    book.footprint("urn:d|l", 7.0)
    assert figure(book, C).total == 7.0, "evidence stands in for what cannot be computed"
    assert [s.basis for s in figure(book, "urn:d|l").shadows] == []


def attested_product(book: Book, value: float, **values) -> None:
    book.footprint("urn:b|p", value, subject_kind="product", primary_data_share=1.0, **values)


def test_an_attested_footprint_cuts_the_loop_whatever_would_be_computed():
    book = recycling()
    attested_product(book, 5.0)
    found = figure(book, A)
    assert (found.total, found.basis, found.coverage_emissions) == (pytest.approx(1.5), Basis.COMPUTED, 1.0)
    diverging = recycling(1.0, 9.0)
    attested_product(diverging, 5.0)
    assert figure(diverging, A).total == pytest.approx(6.0)
    lot = figure(diverging, B)
    assert (lot.total, lot.basis) == (5.0, Basis.ATTESTED)
    assert [s.total for s in lot.shadows] == [pytest.approx(2 + 9 * 6)], "its shadow is what the others make of it"


def test_the_computed_shadow_of_a_cut_is_computed_with_the_cut():
    book = recycling()
    attested_product(book, 5.0)
    snapshot, rolled = book.rolled()
    node = next(n for n, k in enumerate(snapshot.key) if k == "urn:b|p")
    at = int(np.flatnonzero(snapshot.decided == node)[0])
    assert rolled.computed[at, :3].sum() == pytest.approx(2 + 0.2 * 1.5)
    assert "attested-differs" in codes(figure(book, A))


def test_what_is_declared_counts_only_where_something_is_missing():
    book = recycling()
    attested_product(book, 5.0, signed=False)
    assert figure(book, A).total == pytest.approx(X_A, abs=5e-11), "computed where nothing is missing ranks before it"
    gap = recycling()
    gap.process("urn:c|T")
    gap.consumes("urn:x|unknown", 1.0)
    gap.makes(1.0, "urn:b|p")
    attested_product(gap, 5.0, signed=False)
    found = figure(gap, A)
    assert (found.total, found.lower_bound) == (pytest.approx(X_A, abs=5e-11), False), "another issuer's process"
    gap.process("urn:b|T2")
    gap.consumes("urn:x|unknown", 1.0)
    gap.makes(1.0, "urn:b|p")
    found = figure(gap, A)
    assert (found.total, found.basis, found.lower_bound) == (pytest.approx(1.5), Basis.COMPUTED, False)


def test_no_more_of_a_loop_is_cut_than_the_gap_asks_for():
    """A and B are both declared; B alone misses something: with B's declaration nothing is missing of A."""
    book = recycling()
    book.process("urn:b|T2")
    book.consumes("urn:x|unknown", 1.0)
    book.makes(1.0, "urn:b|p")
    for name, value in (("a", 50.0), ("b", 5.0)):
        book.footprint(f"urn:{name}|p", value, subject_kind="product", signed=False)
    snapshot, rolled = book.rolled()
    basis = {snapshot.key[n]: Basis(int(b)) for n, b in enumerate(rolled.basis) if snapshot.kind[n] == 2}
    assert basis == {"urn:a|p": Basis.COMPUTED, "urn:b|p": Basis.DECLARED}
    assert figure(book, A).total == pytest.approx(1.5)


def test_a_gap_and_a_default_go_all_the_way_round():
    book = recycling()
    book.current = "urn:b|T"
    book.fid = book.tables.rows["processes"]["fid"][1]
    book.consumes("urn:x|unknown", 1.0)
    for lot in (A, B):
        found = figure(book, lot)
        assert (found.lower_bound, found.basis) == (True, Basis.COMPUTED_GAPS)
        assert [name.key for name in found.missing] == ["urn:x|unknown"]
        assert found.unknown_share > 0
    book.consumes("pig-iron", 1.0, "material", country="CN")
    assert [name.key for name in figure(book, A).defaulted] == ["pig-iron"]


def test_a_loop_of_which_nothing_is_known_is_unknown_and_not_zero():
    book = Book()
    for own, other in (("urn:a", "urn:b"), ("urn:b", "urn:a")):
        book.process(f"{own}|T")
        book.consumes(f"{other}|p", 0.5, "product")
        book.makes(1.0, f"{own}|p")
        book.lot(f"{own}|l", f"{own}|T")
    found = figure(book, A)
    assert (found.total, found.basis, found.lower_bound) == (None, Basis.UNKNOWN, True)
    assert found.unknown_share == 1.0
    taken = figure(book, above(book, own=3.0))
    assert (taken.total, taken.basis) == (3.0, Basis.COMPUTED_GAPS), "unknown is not nothing for who takes it either"
    assert (taken.lower_bound, taken.particulars.parts_lower_bound) == (True, True)
    for each in (found, taken):
        assert [(name.kind, name.key) for name in each.missing] == [("process", "urn:a|T"), ("process", "urn:b|T")]


def test_content_goes_round_and_what_comes_from_nowhere_is_unknown():
    book = recycling(0.5, 1.0)
    closed = content(*book.rolled(), A)
    assert closed.unknown == 1.0, "no material ever enters this loop"
    book.current = "urn:b|T"
    book.fid = book.tables.rows["processes"]["fid"][1]
    book.consumes("ore", 2.0, "material", origin="virgin")
    book.consumes("scrap", 1.0, "material", origin="post-consumer")
    found = content(*book.rolled(), A)
    assert (found.virgin, found.post_consumer, found.unknown) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 0.0)
    book.current = "urn:a|T"
    book.fid = book.tables.rows["processes"]["fid"][0]
    book.consumes("ore", 0.5, "material", origin="virgin")
    # c_A = (ore + c_B) / 2, c_B = (c_A + 2 ore + scrap) / 4
    assert content(*book.rolled(), A).post_consumer == pytest.approx(1 / 7, rel=1e-15)
    book.content("urn:b|p", subject_kind="product", pre_consumer=1.0)
    assert content(*book.rolled(), A).pre_consumer == pytest.approx(0.5)
    assert content(*book.rolled(), A).virgin == pytest.approx(0.5)


def test_coverage_by_mass_goes_round_the_loop():
    book = recycling(0.5, 1.0)
    for process, target in ((1, "urn:x|unknown"), (1, "pig-iron"), (0, "urn:y|attested")):
        book.current = ("urn:a|T", "urn:b|T")[process]
        book.fid = book.tables.rows["processes"]["fid"][process]
        book.consumes(target, 1.0, "material" if target == "pig-iron" else "lot", country="CN")
    book.footprint("urn:y|attested", 1.0)
    found = figure(book, A)
    # m_A = (m_B + 2 attested) / 3, m_B = (m_A + unknown + default) / 3
    assert found.coverage_mass == pytest.approx(6 / 8)
    assert (found.unknown_share, found.default_mass_share) == (pytest.approx(1 / 8), pytest.approx(1 / 8))


def test_the_same_bits_whatever_stands_around_a_loop():
    alone, beside = recycling(), Book()
    beside.process("urn:0|T")
    beside.emits(1.0)
    beside.makes(1.0)
    beside.lot("urn:0|l", "urn:0|T")
    by = {"fid": (beside.index + 1) << 20, "index": beside.index + 1}
    for name, columns in alone.tables.rows.items():
        for column, values in columns.items():
            beside.tables.rows[name][column].extend(v + by[column] if column in by else v for v in values)
    beside.index += alone.index + 1
    one, other = alone.rolled(), beside.rolled()
    for lot in (A, B):
        np.testing.assert_array_equal(one[1].chosen[one[0].lots[lot]], other[1].chosen[other[0].lots[lot]])


def test_loops_at_many_scales():
    """Tonnes against micrograms: coefficients of 1e-12 and 1e12 that multiply to .02."""
    for size in (1e-9, 1.0, 1e12):
        assert figure(recycling(0.1 * size, 0.2 / size), A).total == pytest.approx(
            (1 + 0.1 * size * 2) / 0.98, rel=1e-14
        )
    big = recycling(0.5e12, 0.5e-12)
    assert figure(big, B).total == pytest.approx((2 + 0.5e-12) / 0.75, rel=1e-14)


def test_a_long_loop_between_many_firms():
    book, size = Book(), 400
    for i in range(size):
        book.process(f"urn:n{i}|T")
        book.emits(1.0)
        book.consumes(f"urn:n{(i + 1) % size}|p", 0.99, "product")
        book.makes(1.0, f"urn:n{i}|p")
    book.lot("urn:n0|l", "urn:n0|T")
    snapshot, rolled = book.rolled()
    assert footprint(snapshot, rolled, "urn:n0|l").total == pytest.approx(100.0, rel=1e-12)
    found = contributions(snapshot, rolled, "urn:n0|l")
    assert math.fsum(p.total for p in found.by_organization.values()) == pytest.approx(100.0, rel=1e-12)
    assert math.fsum(p.total for p in found.by_tier.values()) == pytest.approx(100.0, rel=1e-12)
    assert roll_up(snapshot).same(rolled)
