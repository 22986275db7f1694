"""Named policies: what counts as evidence, which defaults with which mark-up, how old a declaration may be."""

import pytest

from graph.rollup.errors import PolicyUnknown
from graph.rollup.figure import Figure, footprint
from graph.rollup.policy import Basis, factors_version, gwp_names, load_policy, policy_names
from graph.rollup.published import marked_up
from tests.rollup.rollup_book import CBAM, Book

STEEL_US = 1.40
DAY = 86_400.0


def test_the_published_figures_have_one_version() -> None:
    assert len(factors_version()) == 64
    assert factors_version() == factors_version()


def steel_from(country: str) -> Book:
    """A lot made of a kilogram of hot-rolled steel from a country of which nobody says more."""
    book = Book()
    book.process("o|press")
    book.consumes("hot-rolled-steel", 1.0, kind="material", country=country)
    book.makes(1.0)
    book.lot("o|part", "o|press")
    return book


def figure(book: Book, lot: str, policy: str, gwp: str = "") -> Figure:
    return footprint(*book.rolled(policy=load_policy(policy, gwp=gwp)), lot)


MARK_UPS = [("cbam-2026", 0.1), ("cbam-2027", 0.2), ("cbam-2028", 0.3), ("default", 0)]


@pytest.mark.parametrize(("policy", "mark_up"), MARK_UPS)
def test_defaults_are_marked_up_by_year(policy: str, mark_up: float) -> None:
    """Implementing Regulation (EU) 2025/2547: 10, 20 and 30 % in 2026, 2027, and from 2028 on."""
    assert figure(steel_from("US"), "o|part", policy).total == pytest.approx(STEEL_US * (1 + mark_up))


@pytest.mark.parametrize("code", ["2814", "28342100", "31021010"])
def test_the_mark_up_of_fertilisers_is_another(code: str) -> None:
    """1 % in every year; the published values that are built in are of other goods."""
    assert marked_up([code], {"fertilisers": 0.01, "other": 0.1}) == 0.01
    assert marked_up(["7208"], {"fertilisers": 0.01, "other": 0.1}) == 0.1


def test_the_source_of_a_default_names_its_mark_up() -> None:
    factor = Book().rolled(policy=load_policy("cbam-2026"))[0].policy.material_default("hot-rolled-steel", "", "US")
    assert factor is not None
    assert "mark-up 10%" in factor.source


def test_under_cbam_a_default_counts_before_what_nobody_signed() -> None:
    book = Book()
    book.product("o|p", hs="7208 51")
    book.document()
    book.row("organizations", key="o", country="CN")
    book.lot("o|l", product="o|p")
    book.footprint("o|l", 0.1, signed=False)
    assert [figure(book, "o|l", policy).basis for policy in ("default", "cbam-2026")] == [Basis.DECLARED, Basis.DEFAULT]


def test_pact_takes_no_defaults_of_another_boundary() -> None:
    found = figure(steel_from("US"), "o|part", "pact-3")
    assert found.total is None
    assert found.lower_bound


def test_under_cbam_a_figure_of_another_boundary_says_so() -> None:
    """What counts transport is no figure to report, however right it is."""
    book = Book()
    book.process("o|p", boundary="cradle-to-gate")
    book.emits(2.0)
    book.makes(1.0)
    book.lot("o|l", "o|p")
    words = "the figure is cradle-to-gate, the policy asks for cbam-embedded"
    found = figure(book, "o|l", "cbam-2026")
    assert [(f.code, f.message) for f in found.findings] == [("boundary-differs", words)]
    assert not figure(book, "o|l", "default").findings
    book.tables.rows["processes"]["boundary"][0] = CBAM
    assert not figure(book, "o|l", "cbam-2026").findings


def attested(until: float) -> Book:
    book = Book()
    book.lot("o|l", produced_at=100 * DAY)
    book.product("o|p")
    book.lot("o|m", product="o|p", produced_at=100 * DAY)
    book.footprint("o|p", 7.0, subject_kind="product", start=0.0, end=until)
    return book


def test_cbam_asks_for_a_period_that_holds_the_production_date() -> None:
    """A declaration of the period before speaks for what is made later elsewhere, not under CBAM."""
    assert figure(attested(90 * DAY), "o|m", "default").basis == Basis.ATTESTED
    assert figure(attested(90 * DAY), "o|m", "cbam-2026").basis == Basis.UNKNOWN
    assert figure(attested(110 * DAY), "o|m", "cbam-2026").total == 7.0


def test_under_cbam_a_stated_validity_does_not_stretch_the_period_backwards_either() -> None:
    book = attested(90 * DAY)
    book.footprint(
        "o|p", 8.0, subject_kind="product", start=200 * DAY, end=300 * DAY, valid_from=50 * DAY, valid_to=400 * DAY
    )
    assert figure(book, "o|m", "default").basis == Basis.ATTESTED
    assert figure(book, "o|m", "cbam-2026").basis == Basis.UNKNOWN


def differing(percent: float, gsd: float = float("nan"), computed: float = float("nan")) -> Book:
    book = Book()
    book.process("o|p")
    book.emits(100.0, gsd=computed)
    book.makes(100.0)
    book.lot("o|l", "o|p", quantity=100.0)
    book.footprint("o|l", 1 + percent / 100, gsd=gsd)
    return book


def codes(book: Book, policy: str) -> set[str]:
    return {f.code for f in figure(book, "o|l", policy).findings}


def test_five_percent_is_material_under_cbam_and_ten_elsewhere() -> None:
    assert "attested-differs" in codes(differing(7), "cbam-2026")
    assert "attested-differs" not in codes(differing(4), "cbam-2026")
    assert "attested-differs" not in codes(differing(7), "default")
    assert "attested-differs" in codes(differing(11), "default")


def test_a_footprint_that_says_how_wide_it_is_may_differ_by_that_much() -> None:
    assert "attested-differs" not in codes(differing(30, gsd=1.2), "default")
    assert "attested-differs" in codes(differing(50, gsd=1.2), "default")


def test_the_widths_of_both_allow_what_neither_allows_alone() -> None:
    """max(10 %, combined uncertainty): ln GSD = sqrt(ln 1.2^2 + ln 1.2^2), so a factor of up to 1.67 either way."""
    assert "attested-differs" not in codes(differing(50, computed=1.3), "default"), "the computed one alone may do"
    assert "attested-differs" not in codes(differing(60, gsd=1.2, computed=1.2), "default")
    assert "attested-differs" in codes(differing(70, gsd=1.2, computed=1.2), "default")
    assert "attested-differs" not in codes(differing(-40, gsd=1.2, computed=1.2), "default")
    assert "attested-differs" in codes(differing(-41, gsd=1.2, computed=1.2), "default")
    (found,) = [
        f for f in figure(differing(70, gsd=1.2, computed=1.2), "o|l", "default").findings if "attested" in f.code
    ]
    assert "their uncertainty allows a factor of 1.675" in found.message


def test_a_total_below_zero_has_no_width_to_differ_by() -> None:
    assert "attested-differs" in codes(differing(-150, gsd=3.0, computed=3.0), "default")


def test_a_computed_figure_of_which_a_part_states_no_width_allows_nothing_by_it() -> None:
    book = Book()
    book.process("o|p")
    book.emits(50.0, gsd=1.3, name="one")
    book.emits(50.0, name="other")
    book.makes(100.0)
    book.lot("o|l", "o|p", quantity=100.0)
    book.footprint("o|l", 1.4)
    assert "attested-differs" in codes(book, "default")
    book.tables.rows["activities"]["gsd"][-1] = 1.3
    assert "attested-differs" not in codes(book, "default")


def test_the_set_of_warming_potentials_is_an_argument() -> None:
    book = Book()
    book.process("o|p")
    book.emits(1.0, gas="CF4")
    book.makes(1.0)
    book.lot("o|l", "o|p")
    found = {gwp: figure(book, "o|l", "default", gwp).total for gwp in ("", "AR5", "AR6", "commission")}
    assert found == {"": 7380, "AR5": 6630, "AR6": 7380, "commission": 6630}
    assert figure(book, "o|l", "default", "AR5").gwp == "AR5"


@pytest.mark.parametrize("name", policy_names())
def test_every_policy_orders_every_basis_and_names_its_source(name: str) -> None:
    policy = load_policy(name)
    assert sorted(policy.order) == sorted(Basis)
    assert policy.order[-1] == Basis.UNKNOWN
    assert 0 < policy.difference < 1
    assert 0 <= policy.max_age_months <= 36
    assert policy.gwp in gwp_names()
    assert (policy.boundary == CBAM) == name.startswith("cbam")


def test_an_unknown_policy_or_set_is_refused() -> None:
    with pytest.raises(PolicyUnknown):
        load_policy("default", gwp="AR1")
    with pytest.raises(PolicyUnknown):
        load_policy("nobody")
