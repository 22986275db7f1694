"""The key by which burdens are divided is part of the result, and tiers that divide in different ways are a finding."""

import numpy as np
import pytest

from graph.rollup.figure import Figure, footprint
from graph.rollup.findings import Finding
from graph.rollup.product import product_footprint
from tests.rollup.rollup_book import Book

GATE = "cradle-to-gate"
FURNACE, ROLLING = "urn:mill|furnace", "urn:roller|line"
IRON, STRIP = "urn:mill|iron", "urn:roller|strip"


def divides(book: Book, key: str, main: str, other: str) -> None:
    """The last process makes 80 of one product and 20 of another."""
    values = {"explicit": (0.9, 0.1)}.get(key, (80.0, 20.0))
    for output, product, quantity, value in (("o", main, 80.0, values[0]), ("by", other, 20.0, values[1])):
        book.makes(quantity, product, output, allocation=key, allocation_value=value)


def chain(furnace: str = "mass", rolling: str = "economic", metal: str = "pig-iron", strip: str = "strip") -> Book:
    """Iron and slag by one key; strip and offcuts of that iron by another."""
    book = Book()
    for product, material in (("urn:mill|i", metal), ("urn:mill|s", "slag"), ("urn:roller|t", strip)):
        book.product(product, material=material)
    book.product("urn:roller|c", material="offcuts")
    book.process(FURNACE, boundary=GATE)
    book.emits(100.0)
    divides(book, furnace, "urn:mill|i", "urn:mill|s")
    book.lot(IRON, FURNACE, product="urn:mill|i")
    book.process(ROLLING, boundary=GATE)
    book.consumes(IRON, 50.0)
    book.emits(10.0)
    divides(book, rolling, "urn:roller|t", "urn:roller|c")
    book.lot(STRIP, ROLLING, product="urn:roller|t")
    return book


def figure(book: Book, lot: str = STRIP) -> Figure:
    return footprint(*book.rolled(), lot)


def found(book: Book, lot: str = STRIP) -> list[Finding]:
    return [f for f in figure(book, lot).findings if f.code == "allocation-mismatch"]


def test_the_keys_that_were_used_are_part_of_the_result() -> None:
    assert figure(chain()).allocation == ("economic", "mass")
    assert figure(chain(), IRON).allocation == ("mass",)
    assert product_footprint(*chain().rolled(), "urn:roller|t", 0.0, 100.0).allocation == ("economic", "mass")


def test_who_makes_one_product_divides_nothing() -> None:
    book = Book()
    book.process(FURNACE, boundary=GATE)
    book.emits(100.0)
    book.makes(60.0, "urn:mill|i")
    book.makes(40.0, "urn:mill|i", "second", allocation="mass")
    book.lot(IRON, FURNACE)
    assert figure(book, IRON).allocation == ()


def test_two_tiers_that_divide_by_different_keys_are_a_finding_on_both() -> None:
    (one,) = found(chain())
    assert one.message == (
        f"{ROLLING} divides by economic value what it made of {IRON}, which was divided by mass in {FURNACE}"
    )
    assert one.subjects == (ROLLING, IRON, FURNACE)
    assert one.processes == (ROLLING, FURNACE)
    assert one.documents == (4, 5, 6)


@pytest.mark.parametrize("key", ["mass", "economic", "energy", "explicit"])
def test_two_tiers_that_divide_by_one_key_are_none(key: str) -> None:
    assert found(chain(key, key)) == []
    assert figure(chain(key, key)).allocation == (key,)


def test_a_footprint_stands_for_the_process_that_it_replaces() -> None:
    book = chain()
    book.footprint(IRON, 1.0, boundary=GATE)
    assert figure(book).allocation == ("economic",)
    assert found(book) == []


def test_outputs_that_cannot_be_divided_have_no_key() -> None:
    book = chain()
    book.tables.rows["outputs"]["allocation_value"][:] = [float("nan")] * 4
    assert figure(book).allocation == ("mass",)
    assert {f.code for f in figure(book).findings} >= {"allocation"}


def test_through_a_blend_of_lots_it_is_between_the_processes() -> None:
    book = chain()
    book.lot("urn:mill|blend", quantity=4.0)
    book.draws("urn:mill|blend", IRON, 2.0, kind="lot")
    book.lot("urn:mill|other", FURNACE)
    book.draws("urn:mill|blend", "urn:mill|other", 2.0, kind="lot")
    book.tables.rows["lot_sources"]["fid"][-1] = book.tables.rows["lot_sources"]["fid"][-3]
    book.tables.rows["inputs"]["target"][0] = "urn:mill|blend"
    (one,) = found(book)
    assert one.subjects == (ROLLING, "urn:mill|blend", FURNACE)


def test_suppliers_of_one_material_divide_by_one_key() -> None:
    """ISO 14044, 4.3.4.1: similar outputs, wherever they are in the chain."""
    book = Book()
    for who, key in (("urn:a", "mass"), ("urn:b", "economic"), ("urn:c", "mass")):
        book.product(f"{who}|iron", material="pig-iron")
        book.product(f"{who}|slag", material=f"slag of {who}")
        book.process(f"{who}|furnace", boundary=GATE)
        book.emits(100.0)
        divides(book, key, f"{who}|iron", f"{who}|slag")
        book.lot(f"{who}|l", f"{who}|furnace", product=f"{who}|iron")
    book.process("urn:d|line", boundary=GATE)
    for who in ("urn:a", "urn:b", "urn:c"):
        book.consumes(f"{who}|l", 1.0)
    book.makes(3.0)
    book.lot("urn:d|l", "urn:d|line")
    (one,) = found(book, "urn:d|l")
    assert one.message == (
        "pig-iron is divided by mass in urn:a|furnace, urn:c|furnace and by economic value in urn:b|furnace"
    )
    assert one.subjects == ("pig-iron", "urn:a|furnace", "urn:c|furnace", "urn:b|furnace")
    assert one.processes == one.subjects[1:]


def test_who_makes_one_product_of_a_material_divides_it_in_no_way() -> None:
    book = chain()
    book.product("urn:x|i", material="pig-iron")
    book.process("urn:x|furnace", boundary=GATE)
    book.emits(50.0)
    book.makes(10.0, "urn:x|i")
    book.lot("urn:x|iron", "urn:x|furnace", product="urn:x|i")
    book.process("urn:d|line", boundary=GATE)
    book.consumes(STRIP, 1.0)
    book.consumes("urn:x|iron", 1.0)
    book.makes(2.0)
    book.lot("urn:d|l", "urn:d|line")
    assert [one.subjects for one in found(book, "urn:d|l")] == [(ROLLING, IRON, FURNACE)]


def test_of_a_blend_only_the_makers_with_another_key_are_named() -> None:
    book = chain()
    book.process("urn:mill|second", boundary=GATE)
    divides(book, "economic", "urn:mill|n", "urn:mill|m")
    book.lot("urn:mill|alike", "urn:mill|second")
    book.lot("urn:mill|blend", quantity=4.0)
    book.draws("urn:mill|blend", IRON, 2.0, kind="lot")
    book.draws("urn:mill|blend", "urn:mill|alike", 2.0, kind="lot")
    book.tables.rows["inputs"]["target"][0] = "urn:mill|blend"
    (one,) = found(book)
    assert one.subjects == (ROLLING, "urn:mill|blend", FURNACE)


def test_the_order_of_rows_is_no_matter() -> None:
    book, turned = chain(metal="steel", strip="steel"), chain(metal="steel", strip="steel")
    for columns in turned.tables.rows.values():
        for column in columns.values():
            column[:] = list(column)[::-1]
    assert len(found(book)) == 2
    assert found(book) == found(turned)


def test_a_figure_names_at_most_two_hundred_inputs() -> None:
    book = chain()
    count = 230
    for i in range(count):
        book.process(f"urn:mill|f{i:03}", boundary=GATE)
        divides(book, "mass", "urn:mill|i", "urn:mill|s")
        book.lot(f"urn:mill|l{i:03}", f"urn:mill|f{i:03}", product="urn:mill|i")
    book.process(ROLLING, boundary=GATE)
    for i in range(count):
        book.consumes(f"urn:mill|l{i:03}", 1.0)
    divides(book, "economic", "urn:roller|t", "urn:roller|c")
    fids = np.array(list(book.tables.rows["inputs"]["fid"]))
    book.tables.rows["inputs"]["fid"][:] = [int(fids[0])] * len(fids)
    tiers = [f for f in found(book) if "divides by" in f.message]
    assert len(tiers) == 200
