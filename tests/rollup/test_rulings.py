"""The rulings of reference/accounting.md, one by one."""

import pytest

from graph.rollup.contributions import Disclosure, contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import CycleFound
from graph.rollup.figure import content, footprint
from graph.rollup.policy import Basis, load_policy
from tests.rollup.one_lot import LOT, codes, figure, made, transported
from tests.rollup.rollup_book import CBAM, NAN, Book


def test_ruling_1_supersession_comes_first():
    book = Book()
    book.lot(LOT)
    old = book.footprint(LOT, 5.0)
    new = book.footprint(LOT, 7.0)
    book.tables.superseded[old << 20] = new
    assert figure(book).total == 7.0
    assert figure(book, at=old).total == 5.0
    assert figure(book).shadows == ()


def test_ruling_1_order_of_subjects_periods_and_documents():
    book = Book()
    book.product("urn:a|p")
    book.document()
    book.row("facilities", key="urn:a|f", country="CN", region="CN-EAST")
    made(book)
    steps = [
        ({"subject": "urn:a|p"}, 1.0),
        ({"subject": "urn:a|p", "country": "CN"}, 3.0),
        ({"subject": "urn:a|p", "facility": "urn:a|f"}, 4.0),
    ]
    for values, total in steps:
        book.footprint(total=total, subject_kind="product", start=0.0, end=60.0, **values)
        assert figure(book).total == total
    book.footprint("urn:a|p", 9.0, subject_kind="product", start=0.0, end=60.0)
    book.footprint("urn:a|p", 9.0, subject_kind="product", facility="urn:other|f", start=0.0, end=60.0)
    book.footprint("urn:a|p", 9.0, subject_kind="product", country="DE", start=0.0, end=60.0)
    assert figure(book).total == 4.0
    book.footprint(LOT, 5.0, start=30.0, end=40.0)
    assert figure(book).total == 5.0, "the lot itself before its product, where it is valid at all"
    book.footprint(LOT, 6.0, start=0.0, end=60.0)
    book.footprint(LOT, 7.0, start=30.0, end=50.0)
    assert figure(book).total == 6.0, "a reference period that contains the production date"
    book.footprint(LOT, 8.0, start=0.0, end=60.0)
    assert figure(book).total == 8.0, "then the latest document"
    book.footprint(LOT, 9.0, start=0.0, end=80.0)
    assert figure(book).total == 9.0, "the latest period"
    book.footprint(LOT, 0.5, start=0.0, end=80.0, boundary="cradle-to-gate")
    assert figure(book).total == 0.5, "and before all of it the policy's minimum"
    assert [s.basis for s in figure(book).shadows][:2] == [Basis.COMPUTED, Basis.ATTESTED]


def test_a_declaration_matches_by_production_date_in_reference_or_validity_period():
    def basis(**period):
        book = Book()
        book.product("urn:a|p")
        book.lot(LOT, product="urn:a|p", produced_at=1e8)
        book.footprint("urn:a|p", 1.0, subject_kind="product", **period)
        return figure(book).basis

    assert basis() == Basis.ATTESTED, "no period: for all times"
    assert basis(start=0.0, end=1e8) == Basis.ATTESTED, "the end is excluded, but validity starts there"
    assert basis(start=0.0, end=1e8 - 94694400 + 1) == Basis.ATTESTED
    assert basis(start=0.0, end=1e8 - 94780800) == Basis.UNKNOWN, "three years at most"
    assert basis(start=0.0, end=1.0, valid_from=9e7, valid_to=2e8) == Basis.UNKNOWN, "never more"
    assert basis(valid_from=9e7, valid_to=2e8) == Basis.ATTESTED
    assert basis(start=1e8, end=2e8) == Basis.ATTESTED
    assert basis(start=1e8 + 1, end=2e8) == Basis.UNKNOWN


def test_a_declaration_of_a_lot_speaks_for_it_only_where_it_was_made_in_its_time():
    """Naming the lot makes up for no period that misses it (screening.md, red flags)."""

    def told(policy="default", **period):
        book = Book()
        book.lot(LOT, produced_at=1e8)
        book.footprint(LOT, 1.0, boundary="cradle-to-gate", **period)
        found = figure(book, policy=load_policy(policy))
        return found.total, "evidence-out-of-period" in codes(found)

    assert told(start=0.0, end=2e8) == (1.0, False)
    assert told(start=0.0, end=1e8) == (1.0, False), "valid from the end on"
    assert told(start=0.0, end=1.0) == (None, True), "expired"
    assert told(start=1e8 + 1, end=2e8) == (None, True), "of a later time"
    assert told("cbam-2026", start=0.0, end=1e8) == (None, True)
    named = Book()
    named.footprint(LOT, 1.0, start=0.0, end=1.0)
    assert figure(named).total == 1.0, "of a lot that nobody described nobody knows when it was made"


def test_ruling_2_evidence_ranks():
    book = Book()
    book.lot(LOT)
    assert figure(book).basis == Basis.UNKNOWN
    assert (figure(book).total, figure(book).lower_bound) == (None, True)
    book.footprint(LOT, 3.0, signed=False)
    assert (figure(book).basis, figure(book).total) == (Basis.DECLARED, 3.0)
    book.process("urn:a|T")
    book.emits(2.0)
    book.consumes("urn:b|unknown", 1.0)
    book.makes(1.0)
    book.document()
    book.draws(LOT, "urn:a|T", 1.0)
    assert figure(book).basis == Basis.DECLARED, "declared before computed with gaps"
    assert [s.basis for s in figure(book).shadows] == [Basis.COMPUTED_GAPS]
    book.footprint("urn:b|unknown", 1.0)
    assert (figure(book).basis, figure(book).total) == (Basis.COMPUTED, 3.0)
    book.footprint(LOT, 3.2)
    assert (figure(book).basis, figure(book).total) == (Basis.ATTESTED, 3.2)


def test_ruling_3_coverage_by_mass_and_by_emissions():
    book = Book()
    book.process("urn:a|T")
    book.emits(1.0, primary=1)
    book.power(10.0, region="CN")
    book.consumes("urn:b|attested", 1.0)
    book.consumes("urn:b|unknown", 2.0)
    book.consumes("pig-iron", 1.0, "material", country="CN")
    book.consumes("urn:b|fuel", 96.0, role="fuel")
    book.makes(4.0)
    book.lot(LOT, "urn:a|T")
    book.footprint("urn:b|attested", 4.0, primary_data_share=0.5)
    found = figure(book)
    known = 1.0 + 5.306 + 4.0 + 1.66
    assert found.total == pytest.approx(known / 4)
    assert found.coverage_emissions == pytest.approx(5.0 / known)
    assert found.default_share == pytest.approx((5.306 + 1.66) / known)
    assert found.primary_data_share == pytest.approx((1.0 + 2.0) / known)
    assert (found.coverage_mass, found.default_mass_share, found.unknown_share) == (0.25, 0.25, 0.5)
    assert found.coverage_of_known
    assert found.lower_bound
    assert [n.key for n in found.missing] == ["urn:b|fuel", "urn:b|unknown", "pig-iron"]


def test_ruling_4_no_stated_primary_share_counts_as_none():
    book = Book()
    book.lot(LOT)
    book.footprint(LOT, 4.0)
    assert (figure(book).primary_data_share, codes(figure(book))) == (0.0, {"pds-missing"})
    book.footprint(LOT, 4.0, primary_data_share=0.7)
    assert (figure(book).primary_data_share, codes(figure(book))) == (0.7, set())


def test_ruling_5_transport_belongs_to_the_consumer():
    assert figure(transported()).direct == pytest.approx(2.0 + 0.2)
    assert contributions(*transported().rolled(), LOT).by_activity["transport"].direct == pytest.approx(0.2)
    assert figure(transported(), "urn:b|in").direct == 2.0, "the lot's own figure is at the gate"
    assert figure(transported(CBAM)).direct == 2.0
    assert figure(transported(own_leg=True)).direct == pytest.approx(2.0 + 3.5)
    unknown = figure(transported(transport=NAN))
    assert (unknown.lower_bound, "transport-unknown" in codes(unknown)) == (True, True)


def test_ruling_5_an_attested_footprint_leaves_the_legs_out():
    book = transported()
    book.footprint(LOT, 2.1, covers_transport=1)
    assert figure(book).total == 2.1
    assert "transport-left-out" not in codes(figure(book))


def test_ruling_5_a_footprint_that_does_not_cover_known_legs_says_so():
    """Nothing is added to a footprint, and what it leaves out is not passed over in silence."""
    book = transported()
    document = book.footprint(LOT, 2.1, boundary="cradle-to-gate", primary_data_share=1.0)
    found = figure(book)
    assert found.total == 2.1
    (told,) = (f for f in found.findings if f.code == "transport-left-out")
    assert (told.subjects, told.documents) == ((LOT,), (document,))
    assert "of which 0.2 kgCO2e a unit are known" in told.message
    assert "transport-left-out" not in codes(figure(transported(CBAM)))


def test_ruling_6_a_default_fills_the_unknown_precursor_only():
    book = Book()
    book.product("urn:a|p", hs="7208 51")
    book.document()
    book.row("organizations", key="urn:a", country="CN")
    book.process("urn:a|T")
    book.emits(2.0)
    book.consumes("urn:b|unknown", 1.0)
    book.makes(1.0, "urn:a|p")
    book.lot(LOT, "urn:a|T", product="urn:a|p")
    assert (figure(book).direct, figure(book).basis) == (2.0, Basis.COMPUTED_GAPS), "not the whole lot"
    book.lot("urn:a|leaf", product="urn:a|p")
    leaf = figure(book, "urn:a|leaf")
    assert (leaf.direct, leaf.basis, leaf.default_share) == (3.186892655, Basis.DEFAULT, 1.0)
    assert leaf.lower_bound, "the default covers direct emissions only"
    assert figure(book, "urn:a|leaf", policy=load_policy("no-defaults")).basis == Basis.UNKNOWN


def test_ruling_7_tiers_are_boundaries_crossed_and_split_by_path():
    book = Book()
    made(book, "urn:c|l", 8.0, key="")
    book.process("urn:b|T")
    book.consumes("urn:c|l", 1.0)
    book.makes(1.0)
    book.lot("urn:b|l", "urn:b|T")
    book.process("urn:a|T")
    book.consumes("urn:b|l", 0.25)
    book.consumes("urn:c|l", 0.75)
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    book.lot("urn:a|part")
    book.draws("urn:a|part", LOT, 1.0, "lot")
    found = contributions(*book.rolled(), "urn:a|part")
    assert {t: e.total for t, e in found.by_tier.items() if e.total} == {1: 6.0, 2: 2.0}
    assert found.by_lot["urn:c|l"].total == 8.0


def cyclic():
    book = Book()
    made(book, "urn:z|ok", key="")
    for one, other in (("urn:a", "urn:b"), ("urn:b", "urn:a")):
        book.process(f"{one}|T")
        book.emits(1.0)
        book.consumes(f"{other}|l", 0.1)
        book.makes(1.0)
        book.lot(f"{one}|l", f"{one}|T")
    book.lot("urn:c|below")
    book.draws("urn:c|below", LOT, 1.0, "lot")
    return book


@pytest.mark.parametrize("lot", [LOT, "urn:c|below"])
def test_ruling_8_a_cycle_refuses_the_figure_and_names_its_lots(lot):
    snapshot, rolled = cyclic().rolled()
    with pytest.raises(CycleFound) as raised:
        footprint(snapshot, rolled, lot)
    assert raised.value.lots == ("urn:a|l", "urn:b|l")
    assert footprint(snapshot, rolled, "urn:z|ok").total == 2.0
    for ask in (content, contributions):
        with pytest.raises(CycleFound):
            ask(snapshot, rolled, lot)
    with pytest.raises(CycleFound):
        chain(snapshot, rolled, lot, 10)


def test_ruling_9_a_lots_own_total_never_depends_on_who_contributes():
    book = Book()
    made(book, key="")
    assert figure(book).total == contributions(*book.rolled(), LOT).total.total == 2.0


def test_ruling_9_a_tier_of_too_few_is_merged_and_named_by_nobody():
    book = Book()
    made(book, "urn:c|l", 8.0, key="")
    for issuer, source in (("urn:b", "urn:c|l"), ("urn:a", "urn:b|l")):
        book.process(f"{issuer}|T")
        book.consumes(source, 1.0)
        book.power(1.0, region="CN")
        book.makes(1.0)
        book.lot(f"{issuer}|l", f"{issuer}|T")
    book.process("urn:z|T")
    book.consumes(LOT, 1.0)
    book.makes(1.0)
    book.lot("urn:z|l", "urn:z|T")
    told = Disclosure(frozenset({"urn:z"}), frozenset({"urn:z"}), frozenset(), 2, "others")
    found = contributions(*book.rolled(), "urn:z|l", told)
    assert found.tiers_merged
    assert set(found.by_organization) == {"others"}
    assert sum(part.total for part in found.by_tier.values()) == pytest.approx(found.total.total, rel=1e-12)
    assert set(found.by_evidence) == {"default-factor", "signed-activity"}


def test_ruling_10_is_kept_by_stating_no_energy_limit_here():
    book = Book()
    made(book, key="")
    assert not any("energy" in finding.code for finding in figure(book).findings)


def test_what_is_virgin_is_no_scrap_whatever_it_is_called():
    """Else whoever calls its metal scrap has it free of burden."""
    found = {}
    for origin in ("post-consumer", "virgin", ""):
        book = Book()
        book.process("urn:a|T")
        book.emits(1.0)
        book.consumes("gold-scrap", 1.0, "material", origin=origin)
        book.makes(1.0)
        book.lot(LOT, "urn:a|T")
        found[origin] = figure(book)
    assert [(f.total, f.lower_bound) for f in found.values()] == [(1.0, False), (1.0, True), (1.0, False)]
    assert [name.key for name in found["virgin"].missing] == ["gold-scrap"]
