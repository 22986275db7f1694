"""Published factors are rows of the chain: which of them counts, from when on, and what names them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.rollup.explanation import explanation
from graph.rollup.figure import footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import Basis, load_policy
from graph.rollup.snapshot import build
from tests.rollup.rollup_book import CBAM, Book

KWH = 1000.0


def powered(book: Book, region: str = "CN-EAST") -> Book:
    """A lot of a kilogram that took a thousand kilowatt hours of a grid."""
    book.process("o|smelter")
    book.power(KWH, region=region)
    book.makes(1.0)
    book.lot("o|l", "o|smelter")
    return book


def steel(book: Book, country: str = "US", material: str = "hot-rolled-steel") -> Book:
    book.process("o|press", boundary="")
    book.consumes(material, 1.0, kind="material", country=country)
    book.makes(1.0)
    book.lot("o|part", "o|press")
    return book


def total(book: Book, lot: str = "o|l", policy: str = "default", at: int | None = None) -> float | None:
    found = footprint(*book.rolled(at, load_policy(policy)), lot)
    return found.total


def test_without_a_set_nothing_published_fills_a_gap() -> None:
    """Unknown stays unknown: the program brings no figure of its own along."""
    book = steel(powered(Book(published=False)))
    for lot in ("o|l", "o|part"):
        found = footprint(*book.rolled(), lot)
        assert found.total is None
        assert found.lower_bound
        assert found.defaulted == ()
    assert "factor-unknown" in {f.code for f in footprint(*book.rolled(), "o|l").findings}


def test_a_set_counts_from_its_document_on_and_the_figure_names_it() -> None:
    book = powered(Book(published=False))
    document = book.publishes("grid", {"region": "CN-EAST", "value": 0.5})
    assert total(book, at=document - 1) is None
    found = footprint(*book.rolled(), "o|l")
    assert found.total == pytest.approx(500.0)
    assert document in found.documents
    assert found.default_share == 1.0


def test_the_explanation_of_a_node_names_the_set_beside_the_documents_that_state_it() -> None:
    book = Book(published=False)
    document = book.publishes("grid", {"region": "CN", "value": 0.5})
    powered(book)
    nodes = {node.name.key: node.documents for node in explanation(*book.rolled(), "o|l", 10).nodes}
    assert document in nodes["o|smelter"]
    assert document not in nodes["o|l"]


def test_a_default_in_place_of_a_material_names_its_set() -> None:
    book = Book(published=False)
    row = {"materials": ["hot-rolled-steel"], "country": "US", "value": 1.4}
    document = book.publishes("steel", row, kind="material", scope="direct", unit="tCO2e/t", boundary=CBAM)
    steel(book)
    found = footprint(*book.rolled(), "o|part")
    assert found.total == pytest.approx(1.4)
    assert found.lower_bound, "direct emissions alone"
    assert document in found.documents


def test_an_undivided_published_value_leaves_nothing_unknown() -> None:
    book = Book(published=False)
    row = {"materials": ["hot-rolled-steel"], "country": "other", "value": 1.92}
    book.publishes("world", row, kind="material", scope="undivided", unit="tCO2/t", boundary="cradle-to-gate")
    found = footprint(*steel(book).rolled(), "o|part")
    assert (found.undivided, found.direct, found.lower_bound) == (1.92, 0.0, False)
    assert (found.basis, found.defaulted != ()) == (Basis.COMPUTED_GAPS, True)


def test_of_two_sets_that_name_one_region_the_later_year_counts() -> None:
    """As ruling 1: the latest period, then the latest document."""
    book = powered(Book(published=False))
    later = book.publishes("of-2024", {"region": "CN-EAST", "value": 0.4}, year=2024)
    earlier = book.publishes("of-2023", {"region": "CN-EAST", "value": 0.9}, year=2023)
    assert total(book) == pytest.approx(400.0)
    found = footprint(*book.rolled(), "o|l")
    assert later in found.documents
    assert earlier not in found.documents
    again = book.publishes("of-2024-too", {"region": "CN-EAST", "value": 0.3}, year=2024)
    assert total(book) == pytest.approx(300.0), "of one year, what was entered later"
    assert total(book, at=again - 1) == pytest.approx(400.0)


def test_a_region_by_its_own_name_counts_before_its_country_of_a_later_year() -> None:
    book = powered(Book(published=False))
    book.publishes("province", {"region": "CN-EAST", "value": 0.9}, year=2020)
    book.publishes("country", {"region": "CN", "value": 0.4}, year=2024)
    assert total(book) == pytest.approx(900.0)


def test_a_set_of_the_policys_boundary_counts_before_a_later_one_of_another() -> None:
    book = steel(Book(published=False))
    row = {"materials": ["hot-rolled-steel"], "country": "other"}
    given_ = {"kind": "material", "unit": "tCO2e/t"}
    book.publishes("embedded", row | {"value": 2.0}, scope="direct", boundary=CBAM, year=2020, **given_)
    book.publishes("to-gate", row | {"value": 3.0}, scope="undivided", boundary="cradle-to-gate", **given_)
    assert total(book, "o|part") == pytest.approx(3.0)
    assert total(book, "o|part", "cbam-2026") == pytest.approx(2.0 * 1.1)


def test_only_defaults_of_cbam_are_marked_up() -> None:
    book = steel(Book(published=False))
    row = {"materials": ["hot-rolled-steel"], "country": "other", "value": 3.0}
    book.publishes("to-gate", row, kind="material", unit="tCO2e/t", scope="undivided", boundary="cradle-to-gate")
    assert total(book, "o|part", "cbam-2026") == pytest.approx(3.0)


def test_a_country_may_be_in_another_set_than_the_other_countries() -> None:
    book = steel(Book(published=False), country="VN")
    row = {"materials": ["hot-rolled-steel"]}
    given_ = {"kind": "material", "unit": "tCO2e/t", "scope": "direct", "boundary": CBAM}
    book.publishes("others", row | {"country": "other", "value": 4.0}, **given_)
    book.publishes("vietnam", row | {"country": "VN", "value": 5.0}, year=2020, **given_)
    assert total(book, "o|part") == pytest.approx(5.0), "the more specific first"


def test_a_country_listed_without_a_value_has_none_even_where_others_have() -> None:
    book = Book()
    assert total(steel(book, country="TR", material="grey-clinker"), "o|part") is None
    assert total(steel(Book(), country="FR", material="grey-clinker"), "o|part") == pytest.approx(1.37)


def test_a_policy_takes_only_the_kinds_that_it_names() -> None:
    book = steel(powered(Book()))
    assert (total(book, "o|l", "pact-3") is None, total(book, "o|part", "pact-3") is None) == (False, True)
    assert {total(book, lot, "no-defaults") for lot in ("o|l", "o|part")} == {None}


def test_a_set_that_was_superseded_counts_until_then() -> None:
    book = powered(Book(published=False))
    first = book.publishes("grid", {"region": "CN-EAST", "value": 0.5})
    fid = book.fid
    second = book.publishes("grid", {"region": "CN-EAST", "value": 0.4}, version="2", year=2023)
    book.tables.superseded[fid] = second
    assert total(book, at=first) == pytest.approx(500.0)
    assert total(book) == pytest.approx(400.0), "though of an earlier year: the version before is not in force"


def test_what_a_policy_brings_along_is_never_taken_for_what_is_in_force() -> None:
    """The policy of a snapshot is built with again, as of another index or from a part of the documents."""
    book = powered(Book(published=False))
    book.publishes("grid", {"region": "CN-EAST", "value": 0.5})
    resolved = book.rolled()[0].policy
    snapshot = build(book.tables, 0, resolved)
    assert snapshot.policy.grid == {}
    assert snapshot.unresolved.process.size == 1


@given(st.permutations(range(4)), st.lists(st.sampled_from([2021, 2022, 2023]), min_size=4, max_size=4))
def test_which_set_counts_does_not_hang_on_the_order_of_rows(order: list[int], years: list[int]) -> None:
    book = powered(Book(published=False))
    documents = [
        book.publishes(f"s{n}", {"region": "CN-EAST", "value": 0.1 * (n + 1)}, year=year)
        for n, year in enumerate(years)
    ]
    expected = max(range(4), key=lambda n: (years[n], documents[n]))
    columns = book.tables.rows["factors"]
    kept = {name: list(column) for name, column in columns.items()}
    for name, column in columns.items():
        column[:] = [kept[name][i] for i in order]
    snapshot = build(book.tables, book.index, load_policy())
    assert snapshot.policy.grid["CN-EAST"].document == documents[expected]
    assert footprint(snapshot, roll_up(snapshot), "o|l").total == pytest.approx(100.0 * (expected + 1))


def test_values_come_out_as_they_were_when_they_were_part_of_the_program() -> None:
    """Bit for bit: kWh by 3.6, materials as stated, with the mark-up of the policy."""
    policy = Book().rolled(policy=load_policy("cbam-2027"))[0].policy
    assert policy.grid["CN"].value == 0.5306 / 3.6
    assert policy.grid["CN-SX"].value == 0.7096 / 3.6
    assert policy.materials["hot-rolled-steel", "CN"].value == 3.186892655 * (1 + 0.2)
    assert policy.materials["7601", "other"].value == 2.20264371 * (1 + 0.2)
    assert math.isnan(policy.materials["clinker", "TR"].value)
    assert (len(policy.grid), len(policy.materials)) == (13, 70)
    assert f"{policy.grid['CN'].source} {policy.grid['CN'].year}" == "MEE/NBS national average 2023"
