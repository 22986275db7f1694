"""Questions in names: which nodes and amounts they stand for, and what stands in for an input."""

import numpy as np
import pytest

from graph.rollup import asking
from graph.rollup.errors import LotUnknown
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import DEFAULTED, GAP, KNOWN
from graph.rollup.portfolio import Holding, totals
from graph.rollup.scenarios import prepare
from graph.rollup.whatif import what_if
from graph.units import Dimension
from tests.rollup.chains import SCREWS, STEEL, screws, steel
from tests.rollup.rollup_book import NAN, Book
from tests.rollup.scenarios import Asking

EVER = (float("-inf"), float("inf"))
PIECE = 7


def near(value):
    return pytest.approx(value, rel=1e-12)


def everybody(_organization: str) -> bool:
    return True


def by_lot(snapshot, holding: Holding) -> dict[str, float]:
    return dict(zip(asking.keys_of(snapshot, holding.nodes), holding.quantity.tolist(), strict=True))


def goods() -> Book:
    """Two firms, a product of each, and a lot that nobody dated."""
    book = Book()
    book.product("urn:a|bars")
    book.product("urn:b|parts", dimension=PIECE, kg_per_unit=2.0)
    book.lot("urn:a|1", product="urn:a|bars", quantity=10.0)
    book.lot("urn:a|2", product="urn:a|bars", quantity=20.0, produced_at=150.0)
    book.lot("urn:a|undated", product="urn:a|bars", quantity=30.0, produced_at=NAN)
    book.lot("urn:b|1", product="urn:b|parts", quantity=5.0, dimension=PIECE)
    for key, value, unit in (("urn:a|1", 3.0, 1), ("urn:a|2", 6.0, 1), ("urn:b|1", 8.0, PIECE)):
        book.footprint(key, value, primary_data_share=1.0, dimension=unit)
    return book


# What is asked about


def test_a_question_about_a_lot_is_about_one_unit_of_it():
    snapshot, rolled = goods().rolled()
    openly = asking.those(snapshot, "urn:a".__eq__)
    asked = asking.about_lot(snapshot, "urn:b|1", openly, 3)
    assert (asking.keys_of(snapshot, asked.roots), asked.amounts.tolist(), asked.minimum) == (["urn:b|1"], [1.0], 3)
    names = snapshot.attributes.organizations
    assert [name for name, may in zip(names, asked.open, strict=True) if may] == ["urn:a"]
    assert what_if(prepare(snapshot, rolled), asked, [])[0].total == 8.0
    with pytest.raises(LotUnknown, match="nobody"):
        asking.about_lot(snapshot, "urn:nobody|1", openly, 3)


def test_a_portfolio_is_asked_about_by_its_quantities_and_an_unknown_one_leaves_a_gap():
    snapshot, rolled = goods().rolled()
    nodes = np.array([snapshot.lots["urn:a|1"], snapshot.lots["urn:a|2"]], np.int64)
    openly = asking.those(snapshot, everybody)
    for quantity, gap, total in ((20.0, False, 10 * 3 + 20 * 6), (NAN, True, 10 * 3)):
        asked = asking.about_holding(Holding(nodes, np.array([10.0, quantity])), openly, 0)
        base, _ = what_if(prepare(snapshot, rolled), asked, [])
        assert (base.total, base.gap, base.known) == (near(total), gap, True)


def test_what_some_organizations_made_in_a_period():
    snapshot, _ = goods().rolled()
    found, undated = asking.holding_made(snapshot, everybody, "", (0.0, 100.0))
    assert (by_lot(snapshot, found), undated) == ({"urn:a|1": 10.0, "urn:b|1": 5.0}, 1)
    found, undated = asking.holding_made(snapshot, "urn:a".__eq__, "", (100.0, 200.0))
    assert (by_lot(snapshot, found), undated) == ({"urn:a|2": 20.0}, 1)
    found, undated = asking.holding_made(snapshot, everybody, "urn:b|parts", EVER)
    assert (by_lot(snapshot, found), undated) == ({"urn:b|1": 5.0}, 0)
    found, undated = asking.holding_made(snapshot, everybody, "urn:b|no-such-product", EVER)
    assert (by_lot(snapshot, found), undated) == ({}, 0), "a product that nobody names is not all products"


def test_what_was_received_is_summed_by_lot_in_the_unit_of_the_lot():
    snapshot, _ = goods().rolled()
    amounts = [("urn:b|1", 3.0, PIECE), ("urn:a|1", 4.0, 1), ("urn:b|1", 1.0, 1), ("urn:nobody|1", 9.0, 1)]
    found, undated = asking.holding_received(snapshot, amounts, EVER)
    assert (by_lot(snapshot, found), undated) == ({"urn:a|1": 4.0, "urn:b|1": 3.5}, 0), "a kilogram is half a piece"
    found, _ = asking.holding_received(snapshot, amounts, EVER, "urn:b|parts")
    assert by_lot(snapshot, found) == {"urn:b|1": 3.5}
    found, _ = asking.holding_received(snapshot, amounts, EVER, "urn:b|no-such-product")
    assert by_lot(snapshot, found) == {}
    received = [("urn:a|2", 1.0, 1), ("urn:a|undated", 1.0, 1)]
    found, undated = asking.holding_received(snapshot, received, (0.0, 100.0))
    assert (by_lot(snapshot, found), undated) == ({}, 1)


def test_a_received_quantity_that_nothing_converts_is_unknown_and_never_left_out_of_the_sum():
    snapshot, rolled = goods().rolled()
    found, _ = asking.holding_received(snapshot, [("urn:a|1", 4.0, 1), ("urn:a|1", 2.0, PIECE)], EVER)
    assert np.isnan(found.quantity).tolist() == [True]
    (whole,) = totals(snapshot, rolled, found, ())
    assert (whole.total, whole.lots, whole.unknown, whole.lower_bound) == (None, 0, 1, True)


# What a name stands for


def named_inputs(book: Book, *name: str) -> set[tuple[str, NodeKind]]:
    snapshot, _ = book.rolled()
    nodes = asking.inputs_named(snapshot, *name).tolist()
    assert nodes == sorted(nodes)
    return {(snapshot.key[n], NodeKind(int(snapshot.kind[n]))) for n in nodes}


def used() -> Book:
    """One process that takes a lot, the product it is of, and a material from two countries."""
    book = goods()
    book.process("urn:a|p")
    book.consumes("urn:a|1", 1.0)
    book.consumes("urn:a|bars", 1.0, "product", start=0.0, end=100.0)
    book.consumes("hot-rolled-steel", 1.0, "material", country="US")
    book.consumes("hot-rolled-steel", 1.0, "material", country="CN")
    book.makes(1.0, "urn:a|bars")
    return book


def test_a_lot_and_a_material_by_their_names():
    book = used()
    assert named_inputs(book, "lot", "urn:a|1") == {("urn:a|1", NodeKind.LOT)}
    steels = ("hot-rolled-steel", NodeKind.MATERIAL)
    assert named_inputs(book, "material", "hot-rolled-steel") == {steels}
    snapshot, _ = book.rolled()
    both, chinese = (asking.inputs_named(snapshot, "material", "hot-rolled-steel", c) for c in ("", "CN"))
    assert (len(both), [snapshot.attributes.countries[snapshot.attributes.country[n]] for n in chinese]) == (2, ["CN"])


def test_a_product_is_its_lots_and_what_refers_to_it_and_a_supplier_is_all_of_both():
    book = used()
    lots = {(f"urn:a|{name}", NodeKind.LOT) for name in ("1", "2", "undated")}
    bars = ("urn:a|bars", NodeKind.PRODUCT)
    assert named_inputs(book, "product", "urn:a|bars") == lots | {bars}
    assert named_inputs(book, "supplier", "urn:a") == lots | {bars}, "but no process, which is no input"
    assert named_inputs(book, "product", "urn:b|parts") == {("urn:b|1", NodeKind.LOT)}


@pytest.mark.parametrize("kind", ["lot", "product", "material", "supplier"])
def test_a_name_that_nothing_has_stands_for_nothing(kind):
    assert named_inputs(used(), kind, "urn:nobody|x") == set()


# What stands in for an input


def replaced(book: Book, source):
    """Screws from other steel: the direct emissions of one kg of it, and what can be told of them."""
    steel(book), screws(book)
    asked = Asking(book)
    _, (found,) = asked.what_if(SCREWS, [asked.switch(STEEL, source(asked))])
    return (found.found.scopes.sum() - 0.19635 - 3400 * 0.833 / 17000) * 17 / 20, found.found.gap, found.bound


def made(book: Book, quantity: float, per_unit: float, lot: str, product: str = "urn:x|w") -> None:
    book.process(f"{lot}-process")
    book.emits(quantity * per_unit)
    book.makes(quantity, product)
    book.lot(lot, f"{lot}-process", quantity=quantity, product=product)


def test_a_lot_in_place_of_another():
    book = Book()
    made(book, 10.0, 3.0, "urn:x|1")
    assert replaced(book, lambda a: asking.source_lot(a.snapshot, "urn:x|1")) == (near(3.0), False, "exact")
    with pytest.raises(LotUnknown):
        asking.source_lot(book.rolled()[0], "urn:x|2")


def test_a_product_stands_in_as_what_was_made_of_it_on_average_by_quantity():
    book = Book()
    made(book, 10.0, 3.0, "urn:x|1")
    made(book, 30.0, 7.0, "urn:x|2")
    assert replaced(book, lambda a: asking.source_product(a.prepared, "urn:x|w")) == (near(6.0), False, "exact")
    with pytest.raises(LotUnknown):
        asking.source_product(Asking(book).prepared, "urn:x|nothing")


def test_a_product_without_lots_stands_in_as_what_its_processes_make():
    book = Book()
    book.process("urn:x|p")
    book.emits(8.0)
    book.makes(2.0, "urn:x|w")
    assert replaced(book, lambda a: asking.source_product(a.prepared, "urn:x|w")) == (near(4.0), False, "exact")


def test_a_product_stands_in_as_it_is_attested_where_that_counts_before_what_was_made():
    for signed, value in ((True, 5.0), (False, 3.0)):
        book = Book()
        made(book, 10.0, 3.0, "urn:x|1")
        book.footprint("urn:x|w", 5.0, subject_kind="product", primary_data_share=1.0, signed=signed)
        assert replaced(book, lambda a: asking.source_product(a.prepared, "urn:x|w")) == (near(value), False, "exact")


def test_a_product_of_which_nothing_is_known_stands_in_as_an_unknown_and_never_as_zero():
    book = Book()
    book.product("urn:x|w")
    left, gap, bound = replaced(book, lambda a: asking.source_product(a.prepared, "urn:x|w"))
    assert (left, gap, bound) == (pytest.approx(0.0, abs=1e-12), True, "known-part")
    nothing = asking.source_product(Asking(book).prepared, "urn:x|w")
    assert (nothing.vector[GAP], nothing.vector[KNOWN], len(nothing.nodes)) == (1.0, 0.0, 0)


def test_a_product_counted_in_pieces_stands_in_by_its_mass():
    book = Book()
    book.product("urn:x|w", dimension=PIECE, kg_per_unit=4.0)
    book.footprint("urn:x|w", 8.0, subject_kind="product", primary_data_share=1.0, dimension=PIECE)
    assert replaced(book, lambda a: asking.source_product(a.prepared, "urn:x|w")) == (near(2.0), False, "exact")


def test_a_material_stands_in_at_the_value_published_for_its_country():
    """The published value covers direct emissions alone, so that what is told is a lower bound."""
    for country, value in (("US", 1.4), ("CN", 3.186892655), ("XX", 4.048689266)):
        found = replaced(Book(), lambda a, c=country: asking.source_default(a.snapshot, "hot-rolled-steel", c))
        assert found == (near(value), True, "known-part")
    snapshot, _ = Book().rolled()
    assert asking.source_default(snapshot, "unobtainium", "CN") is None, "no value is no zero"
    known = asking.source_default(snapshot, "hot-rolled-steel", "US").vector
    assert (known[KNOWN], known[DEFAULTED]) == (1.0, 1.0), "and it is told as a default"


def test_a_stated_total_stands_in_for_one_unit():
    found = replaced(Book(), lambda a: asking.source_stated(a.snapshot, 1.5, Dimension.MASS))
    assert found == (near(1.5), False, "exact")
