"""Transport on the way of what was consumed (ruling 5): by mass, from hand to hand, and of what lots are parts of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup.figure import Figure, footprint
from graph.units import Dimension
from tests.rollup.rollup_book import CBAM, NAN, Book
from tests.rollup.test_properties import permuted

GATE = "cradle-to-gate"
MADE, USED = "urn:s|in", "urn:c|l"
PIECE = Dimension.PIECE


def made(lot: str = MADE, quantity: float = 10.0, book: Book | None = None, **values: float) -> Book:
    """A lot at the gate of its maker, 1 kgCO2e a kilogram."""
    found = book or Book()
    found.process(f"{lot}-T", boundary=GATE)
    found.emits(quantity)
    found.makes(quantity)
    found.lot(lot, f"{lot}-T", quantity=quantity, **values)
    return found


def moved(book: Book, way: str, quantity: float = 10.0, transport: float = 0.5, lot: str = MADE, **values: str) -> None:
    """So much from one to another, "s>c"."""
    sender, receiver = (f"urn:{name}" for name in way.split(">"))
    book.moved(lot, receiver, quantity, transport, sender=sender, asserted_by=sender, **values)


def used(book: Book, lot: str = MADE, quantity: float = 10.0, boundary: str = GATE) -> Figure:
    """A lot of as many kilograms as were consumed, with nothing else to it."""
    book.process("urn:c|T", boundary=boundary)
    book.consumes(lot, quantity)
    book.makes(quantity)
    book.lot(USED, "urn:c|T", quantity=quantity)
    return footprint(*book.rolled(), USED)


def pieces(kg: float, transport: float) -> Figure:
    book = Book()
    book.product("urn:s|p", dimension=PIECE, kg_per_unit=kg)
    book.lot(MADE, quantity=100.0, dimension=PIECE, product="urn:s|p")
    book.footprint(MADE, 2.0, boundary=GATE, dimension=PIECE)
    book.moved(MADE, "urn:c", 100.0, transport, sender="urn:s", dimension=PIECE)
    book.process("urn:c|T", boundary=GATE)
    book.consumes(MADE, 30.0, dimension=PIECE)
    book.makes(1.0)
    book.lot(USED, "urn:c|T")
    return footprint(*book.rolled(), USED)


def test_what_is_counted_in_pieces_is_carried_by_its_mass():
    """ISO 14083: mass x distance x intensity; 30 pieces of 8.6 kg, .5 kgCO2e for each kilogram."""
    assert pieces(8.6, 0.5).total == pytest.approx(30 * 2.0 + 30 * 8.6 * 0.5)


def test_without_a_mass_per_piece_the_transport_is_unknown_and_not_nothing():
    found = pieces(NAN, 0.5)
    assert (found.total, found.lower_bound) == (pytest.approx(60.0), True)
    assert "transport-unknown" in {f.code for f in found.findings}
    assert not pieces(NAN, 0.0).lower_bound, "nothing was emitted, whatever it weighs"


def test_the_legs_from_hand_to_hand_are_all_the_consumers():
    book = made()
    moved(book, "s>t", transport=0.5)
    moved(book, "t>u", transport=0.25)
    moved(book, "u>c", transport=0.125)
    found = used(book)
    assert found.total == pytest.approx(1 + 0.875)
    assert set(range(1, 5)) <= set(found.documents), "each with the transfer that states it"
    assert footprint(*book.rolled(), MADE).total == 1.0, "at the gate"


def test_legs_are_weighted_by_what_came_each_way():
    book = made()
    moved(book, "s>c", 6.0, 0.1)
    moved(book, "s>t", 8.0, 0.5)
    moved(book, "s>t", 8.0, 0.3)
    moved(book, "t>c", 2.0, 1.0)
    found = used(book, quantity=4.0)
    assert found.total == pytest.approx(1 + 0.75 * 0.1 + 0.25 * (0.4 + 1.0))


def test_who_consumes_a_part_of_what_it_received_has_its_legs():
    book = made()
    moved(book, "s>c")
    book.lot("urn:c|half", quantity=5.0)
    book.draws("urn:c|half", MADE, 5.0, "lot")
    book.lot("urn:c|quarter", quantity=2.0)
    book.draws("urn:c|quarter", "urn:c|half", 2.0, "lot")
    assert used(book, "urn:c|quarter", 2.0).total == pytest.approx(1.5)
    assert footprint(*book.rolled(), "urn:c|quarter").total == 1.0, "as at the gate of who made it"


def test_of_a_blend_each_part_has_the_legs_by_which_it_came_to_the_blender():
    book = made("urn:z|in", book=made())
    moved(book, "s>t", transport=0.4)
    moved(book, "z>t", transport=0.8, lot="urn:z|in")
    book.lot("urn:t|blend", quantity=4.0)
    book.draws("urn:t|blend", MADE, 3.0, "lot")
    book.draws("urn:t|blend", "urn:z|in", 1.0, "lot")
    moved(book, "t>c", 4.0, 0.1, lot="urn:t|blend")
    assert used(book, "urn:t|blend", 4.0).total == pytest.approx(1 + 0.75 * 0.4 + 0.25 * 0.8 + 0.1)


def test_what_comes_back_to_its_maker_has_gone_both_ways():
    book = made("urn:c|in")
    moved(book, "c>t", transport=0.5, lot="urn:c|in")
    moved(book, "t>c", transport=0.25, lot="urn:c|in")
    assert used(book, "urn:c|in").total == pytest.approx(1.75)
    sold = made()
    for way, transport in (("s>t", 0.5), ("t>s", 0.25), ("s>c", 0.125)):
        moved(sold, way, transport=transport)
    assert used(sold).total == pytest.approx(1.125), "what its maker passes on comes from the gate"


def test_what_goes_round_between_the_same_hands_is_unknown():
    book = made()
    moved(book, "t>c")
    moved(book, "c>t")
    found = used(book)
    assert (found.total, found.lower_bound) == (1.0, True)
    assert "transport-unknown" in {f.code for f in found.findings}


def test_a_leg_without_intensity_behind_another_is_unknown():
    book = made()
    moved(book, "s>t", transport=NAN)
    moved(book, "t>c", transport=0.5)
    assert (used(book).total, used(book).lower_bound) == (1.5, True)


def test_of_two_sides_who_state_a_transfer_the_one_counts_who_states_its_legs():
    """Silence about the legs contradicts nobody and takes nothing away."""
    for statements in ((0.0, 0.5), (0.5, 0.0), (0.5, 0.7)):
        book = made()
        for transport in statements:
            moved(book, "s>c", transport=transport, key="t")
        assert used(book).total == pytest.approx(1.5), statements


def test_a_lot_that_one_transfer_names_several_times_came_by_all_of_them():
    book = made(quantity=15.0)
    moved(book, "s>c", 5.0, 0.5, key="t")
    named = {"key": "t", "lot": MADE, "sender": "urn:s", "receiver": "urn:c", "quantity": 5.0, "transport": 0.5}
    book.row("transfers", **named, dimension=Dimension.MASS)
    moved(book, "s>c", 5.0, 0.2, key="u")
    assert used(book, quantity=15.0).total == pytest.approx(1 + (10 * 0.5 + 5 * 0.2) / 15)


def test_what_went_to_another_is_no_other_side_of_a_transfer():
    """Whoever gives a transfer of its own the name of another's does not take that one out of the count."""
    book = made(quantity=20.0)
    moved(book, "s>c", 5.0, 0.0, key="t")
    moved(book, "s>c", 5.0, 0.5, key="u")
    moved(book, "s>x", 5.0, 0.7, key="t")
    assert used(book, quantity=10.0).total == pytest.approx(1 + 0.25)


def test_under_cbam_nothing_is_carried():
    book = made()
    moved(book, "s>t")
    moved(book, "t>c")
    assert used(book, boundary=CBAM).total == 1.0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), min_size=1, max_size=6), st.randoms())
@settings(max_examples=40, deadline=None)
def test_to_hand_on_or_to_repack_on_the_way_adds_and_loses_nothing(steps, rng):
    """Refinement: a way in steps, some of them repacked, is one way of the same length; and no bit hangs on order."""
    book, lot, holder = made(), MADE, "s"
    for i, (repacked, transport) in enumerate(steps):
        following = "c" if i == len(steps) - 1 else f"t{i}"
        moved(book, f"{holder}>{following}", transport=transport, lot=lot)
        holder = following
        if repacked == "a":
            share = rng.uniform(1, 9)
            book.lot(f"urn:{holder}|pack{i}", quantity=share)
            book.draws(f"urn:{holder}|pack{i}", lot, share, "lot")
            lot = f"urn:{holder}|pack{i}"
    found = used(book, lot)
    assert found.total == pytest.approx(1 + sum(transport for _, transport in steps), rel=1e-12)
    again = permuted(book, 1).rolled()
    assert again[1].chosen.tobytes() == book.rolled()[1].chosen.tobytes()
