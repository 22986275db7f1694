"""What chemistry, chance or the calendar speak against is a finding; it never changes a number."""

import pytest

from graph.rollup.figure import footprint
from graph.rollup.policy import floors
from tests.rollup.rollup_book import Book

DAY = 86_400.0


def codes(book: Book, lot: str) -> set[str]:
    return {f.code for f in footprint(*book.rolled(), lot).findings}


def declared(material: str, direct: float, **more: float) -> Book:
    book = Book()
    book.product("o|p", material=material)
    book.lot("o|l", product="o|p")
    book.footprint("o|l", direct=direct, indirect=9.0, **more)
    return book


FLOORS = [
    ("primary-aluminium", 1.2233, 1.40),
    ("portland-clinker", 0.510, 0.65),
    ("pig-iron", 0.591, 1.15),
    ("hydrogen-smr", 5.457, 7.0),
]


@pytest.mark.parametrize(("material", "impossible", "suspicious"), FLOORS)
def test_floors_by_stoichiometry(material: str, impossible: float, suspicious: float) -> None:
    """reference/screening.md, "Plausibility floors": impossible below the first, suspicious below the second."""
    assert floors()[material] == (impossible, suspicious)
    assert "below-stoichiometry" in codes(declared(material, impossible - 1e-6), "o|l")
    assert codes(declared(material, impossible + 1e-6), "o|l") & {"below-stoichiometry", "near-stoichiometry"} == {
        "near-stoichiometry"
    }
    assert not codes(declared(material, suspicious), "o|l") & {"below-stoichiometry", "near-stoichiometry"}


def found(book: Book, lot: str, code: str) -> tuple[int, ...]:
    """The documents that a finding of a lot names."""
    (finding,) = (f for f in footprint(*book.rolled(), lot).findings if f.code == code)
    assert finding.subjects == (lot,)
    return finding.documents


def test_a_finding_names_the_declaration_it_is_about_and_not_who_described_the_lot() -> None:
    book = declared("pig-iron", 0.1)
    assert found(book, "o|l", "below-stoichiometry") == (book.index,)
    book = copied("steel", 1.234567, 1.234567)
    assert found(book, "s0|l", "identical-values") == (2,)
    assert found(book, "s1|l", "identical-values") == (5,)
    book = timed(0, 365)
    assert found(book, "o|l", "evidence-out-of-period") == (book.index,)


def test_a_total_below_the_floor_is_too_little_as_well() -> None:
    book = Book()
    book.product("o|p", material="pig-iron")
    book.lot("o|l", product="o|p")
    book.footprint("o|l", 0.5)
    assert "below-stoichiometry" in codes(book, "o|l")


def test_direct_emissions_that_nobody_states_are_not_below_the_floor() -> None:
    book = Book()
    book.product("o|p", material="pig-iron")
    book.lot("o|l", product="o|p")
    book.lot("o|m", product="o|p")
    book.footprint("o|l", indirect=0.3)
    book.footprint("o|m", direct=0.0)
    assert "below-stoichiometry" not in codes(book, "o|l")
    assert "below-stoichiometry" in codes(book, "o|m"), "stated to be nothing"


def test_floors_do_not_hold_with_capture_or_recycled_content() -> None:
    assert "below-stoichiometry" not in codes(declared("pig-iron", 0.2, removals=-0.5), "o|l")
    book = declared("pig-iron", 0.2)
    book.content("o|l", pre_consumer=0.9, virgin=0.1)
    assert "below-stoichiometry" not in codes(book, "o|l")


def computed(direct: float, captured: float = 0.0) -> Book:
    book = Book()
    book.product("o|p", material="clinker")
    book.process("o|kiln")
    book.emits(direct)
    if captured:
        book.emits(captured, name="capture", type="capture", fate="stored", category="removals", multiplier=-1.0)
    book.makes(1.0, product="o|p")
    book.lot("o|l", "o|kiln", product="o|p")
    return book


def test_a_process_is_held_to_the_floor_by_its_own_emissions() -> None:
    assert "below-stoichiometry" in codes(computed(0.4), "o|l")
    assert "below-stoichiometry" not in codes(computed(0.8, captured=0.5), "o|l")
    assert "near-stoichiometry" in codes(computed(0.6), "o|l")


def copied(material: str, *totals: float) -> Book:
    book = Book()
    for i, value in enumerate(totals):
        book.product(f"s{i}|p", material=material)
        book.lot(f"s{i}|l", product=f"s{i}|p")
        book.footprint(f"s{i}|l", value)
    return book


def test_the_same_values_from_two_suppliers() -> None:
    book = copied("steel", 1.234567, 1.234567, 1.3)
    assert "identical-values" in codes(book, "s0|l")
    assert "identical-values" in codes(book, "s1|l")
    assert "identical-values" not in codes(book, "s2|l")


def test_the_same_values_of_one_supplier_or_of_two_materials_are_none() -> None:
    book = copied("steel", 1.56789)
    book.lot("s0|m", product="s0|p")
    book.footprint("s0|m", 1.56789)
    book.product("s9|p", material="zinc")
    book.lot("s9|l", product="s9|p")
    book.footprint("s9|l", 1.56789)
    assert not any("identical-values" in codes(book, lot) for lot in ("s0|l", "s0|m", "s9|l"))


def test_things_of_no_stated_material_are_not_compared() -> None:
    book = Book()
    for i in range(2):
        book.lot(f"s{i}|l")
        book.footprint(f"s{i}|l", 1.234567)
    assert "identical-values" not in codes(book, "s0|l")


def timed(start: float, end: float) -> Book:
    book = Book()
    book.product("o|p")
    book.lot("o|l", product="o|p", produced_at=2000 * DAY)
    book.footprint("o|p", 3.0, subject_kind="product", start=start * DAY, end=end * DAY)
    return book


def test_evidence_that_has_expired_or_is_of_another_time_is_named() -> None:
    """Three years from the end of its period a declaration speaks no more."""
    assert "evidence-out-of-period" in codes(timed(0, 365), "o|l")
    assert "evidence-out-of-period" in codes(timed(3000, 3365), "o|l")
    assert "evidence-out-of-period" not in codes(timed(1500, 1865), "o|l")


def test_where_another_declaration_fits_the_old_one_is_no_finding() -> None:
    book = timed(0, 365)
    book.footprint("o|p", 4.0, subject_kind="product", start=1900 * DAY, end=2100 * DAY)
    assert "evidence-out-of-period" not in codes(book, "o|l")


def test_three_digits_are_the_same_by_chance() -> None:
    assert "identical-values" not in codes(copied("steel", 1.25, 1.25), "s0|l")


def test_more_taken_off_than_emitted_is_a_finding() -> None:
    """A credit is legal; one that is larger than what was emitted is what hides a burden."""
    found = {}
    for sold in (2.0, 2.5):
        book = Book()
        book.process("o|p", boundary="cradle-to-gate")
        book.emits(2.0)
        book.emits(sold, name="sold", type="heat", multiplier=-1.0)
        book.makes(1.0)
        book.lot("o|l", "o|p")
        found[sold] = footprint(*book.rolled(), "o|l")
    assert [found[sold].total for sold in (2.0, 2.5)] == [0.0, -0.5]
    assert not found[2.0].findings
    [finding] = found[2.5].findings
    assert (finding.code, finding.subjects, finding.processes) == ("below-zero", ("o|p",), ("o|p",))


def test_a_footprint_below_zero_is_a_finding_on_its_document() -> None:
    book = Book()
    book.lot("o|l")
    index = book.footprint("o|l", direct=-5.0, indirect=0.0)
    [finding] = [f for f in footprint(*book.rolled(), "o|l").findings if f.code == "below-zero"]
    assert (finding.subjects, finding.documents) == (("o|l",), (index,))
