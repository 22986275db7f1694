"""The rulings of reference/accounting.md, one by one."""

import numpy as np
import pytest

from graph.rollup.contributions import Disclosure, contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import CycleFound, LotUnknown
from graph.rollup.figure import content, footprint
from graph.rollup.policy import Basis, load_policy
from graph.rollup.product import product_footprint
from graph.units import Dimension
from tests.rollup.rollup_book import CBAM, NAN, Book

INF = float("inf")
LOT = "urn:a|l"


def figure(book, lot=LOT, **options):
    return footprint(*book.rolled(**options), lot)


def made(book, lot=LOT, emitted=2.0, key="urn:a|p", **values):
    """A lot with a product and a process that emits so much per kg."""
    issuer = lot.partition("|")[0]
    book.process(f"{issuer}|T-{lot}", facility=f"{issuer}|f", **values)
    book.emits(emitted)
    book.makes(1.0, key)
    return book.lot(lot, f"{issuer}|T-{lot}", product=key)


def codes(found):
    return {finding.code for finding in found.findings}


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


def transported(boundary="cradle-to-gate", own_leg=False, transport=0.5):
    book = Book()
    made(book, "urn:b|in", key="", boundary=boundary)
    book.moved("urn:b|in", "urn:a", 10.0, transport)
    book.moved("urn:b|in", "urn:a", 30.0, 0.1)
    book.tables.rows["transfers"]["key"][1] = "t-other"
    book.document()
    for name, column in book.tables.rows["transfers"].items():
        column.append(book.fid if name == "fid" else column[1])
    book.process("urn:a|T", boundary=boundary)
    book.consumes("urn:b|in", 2.0)
    if own_leg:
        book.emits(7.0, type="transport", name="lorry")
    book.makes(2.0)
    book.lot(LOT, "urn:a|T")
    return book


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


def test_a_lot_that_nobody_named():
    snapshot, rolled = Book().rolled()
    for ask in (footprint, content, contributions):
        with pytest.raises(LotUnknown):
            ask(snapshot, rolled, "urn:x|nobody")
    with pytest.raises(LotUnknown):
        product_footprint(snapshot, rolled, "urn:x|nothing", -INF, INF)


def test_attested_against_computed():
    book = Book()
    made(book, "urn:b|in", 5.0, key="")
    book.process("urn:a|T")
    book.consumes("urn:b|in", 1.0)
    book.emits(1.0)
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    book.footprint(LOT, 6.5, primary_data_share=1.0)
    assert codes(figure(book)) == set()
    book.footprint(LOT, 6.7, primary_data_share=1.0)
    assert codes(figure(book)) == {"attested-differs"}
    index = book.footprint(LOT, 4.9, primary_data_share=1.0, gwp="AR5", boundary="cradle-to-gate")
    found = figure(book)
    assert codes(found) == {"attested-differs", "below-upstream", "gwp-mismatch"}
    assert (found.gwp, found.boundary, found.documents) == ("AR5", "cradle-to-gate", (index - 3, index))
    book.process("urn:z|T")
    book.consumes(LOT, 1.0)
    book.makes(1.0)
    book.lot("urn:z|l", "urn:z|T")
    assert figure(book, "urn:z|l").boundary == "mixed"
    mixed = {f.subjects: f.documents for f in figure(book, "urn:z|l").findings if f.code == "boundary-mixed"}
    assert mixed == {
        ("cbam-embedded", "cradle-to-gate"): (),
        ("urn:z|T",): (book.index - 1,),
        (LOT,): (index,),
    }


def test_units_convert_by_stated_mass_per_piece_alone():
    book = Book()
    book.product("urn:b|screw", dimension=Dimension.PIECE, kg_per_unit=0.01)
    made(book, "urn:b|l", key="")
    book.tables.rows["lots"]["product"][-1] = "urn:b|screw"
    book.process("urn:a|T")
    book.consumes("urn:b|l", 300.0, dimension=Dimension.PIECE)
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    assert figure(book).total == pytest.approx(6.0)
    book.tables.rows["lots"]["product"][-2] = ""
    found = figure(book)
    assert (found.total, "unit-mismatch" in codes(found)) == (None, True)
    book.footprint(LOT, 1.0, dimension=Dimension.VOLUME)
    assert figure(book).basis == Basis.UNKNOWN


@pytest.mark.parametrize(
    ("outputs", "first"),
    [
        ([("mass", NAN), ("mass", NAN)], 0.25),
        ([("economic", 30.0), ("economic", 10.0)], 0.75),
        ([("energy", 1.0), ("energy", 3.0)], 0.25),
        ([("explicit", 0.9), ("explicit", 0.1)], 0.9),
        ([("explicit", 0.9), ("explicit", 0.2)], None),
        ([("mass", NAN), ("economic", 1.0)], None),
        ([("economic", NAN), ("economic", 1.0)], None),
        ([("economic", -1.0), ("economic", 2.0)], None),
        ([("economic", NAN)], 1.0),
        ([("explicit", 0.5)], None),
    ],
)
def test_allocation(outputs, first):
    book = Book()
    book.process("urn:a|T")
    book.emits(12.0)
    for i, (key, value) in enumerate(outputs):
        book.makes(1.0 + 2 * i, output=f"o{i}", allocation=key, allocation_value=value)
    book.lot(LOT, "urn:a|T", output="o0")
    found = figure(book)
    assert found.total == (None if first is None else pytest.approx(12.0 * first))
    assert ("allocation" in codes(figure(book))) == (first is None) or found.total is None


@pytest.mark.parametrize("known", [True, False])
def test_a_co_product_without_a_share_bears_nothing_and_that_is_known(known):
    """Whatever is unknown of its process; and what is made of it alone is complete."""
    book = Book()
    book.process("urn:a|T", boundary="cradle-to-gate", accounts="water")
    book.emits(12.0)
    if not known:
        book.consumes("urn:b|unknown", 1.0)
    for output, value in (("o", 10.0), ("p", 0.0)):
        book.makes(1.0, output=output, allocation="economic", allocation_value=value)
    book.lot(LOT, "urn:a|T")
    book.lot("urn:a|dust", "urn:a|T", output="p")
    book.process("urn:c|T", boundary="cradle-to-gate")
    book.consumes("urn:a|dust", 2.0)
    book.makes(1.0)
    book.lot("urn:c|l", "urn:c|T")
    for lot in ("urn:a|dust", "urn:c|l"):
        found = figure(book, lot)
        assert (found.total, found.basis, found.lower_bound) == (0.0, Basis.COMPUTED, False), lot
        assert found.missing == (), "nothing of what is unknown is borne here"
    assert (figure(book).lower_bound, len(figure(book).missing)) == (not known, 0 if known else 1)
    assert contributions(*book.rolled(), "urn:c|l").total.total == 0.0


def test_a_share_that_is_refused_is_not_a_share_of_nothing():
    book = Book()
    book.process("urn:a|T")
    book.emits(12.0)
    for output in "op":
        book.makes(1.0, output=output, allocation="explicit", allocation_value=0.0)
    book.lot(LOT, "urn:a|T")
    assert (figure(book).total, figure(book).lower_bound) == (None, True)


def test_floor_at_zero_is_shown_as_an_activity():
    book = Book()
    book.process("urn:a|T")
    book.emits(3.0)
    book.emits(-5.0, name="waste gas")
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    assert figure(book).direct == 0.0
    shares = contributions(*book.rolled(), LOT)
    assert shares.by_activity["floor at zero"].direct == 2.0
    assert shares.by_evidence["rule"].direct == 2.0


def test_recycled_claim_on_electrolysis_and_more_out_than_in():
    book = Book()
    book.product("urn:a|al", material="aluminium")
    book.process("urn:a|T", complete=1)
    book.power(13.3, 0.5)
    book.consumes("alumina", 0.5, "material")
    book.makes(1.0, "urn:a|al")
    book.lot(LOT, "urn:a|T", product="urn:a|al")
    book.content(LOT, post_consumer=0.1)
    assert codes(content(*book.rolled(), LOT)) == set()
    assert codes(figure(book)) == {"mass-out-exceeds-in"}
    book.content(LOT, signed=True, post_consumer=0.5)
    assert codes(content(*book.rolled(), LOT)) == {"recycled-exceeds"}


def test_undisclosed_inputs_never_look_like_nothing():
    book = Book()
    made(book, key="")
    whole = figure(book)
    hidden = Book()
    made(hidden, key="", complete=-1)
    bound = figure(hidden)
    assert (whole.lower_bound, bound.lower_bound) == (False, True)
    assert bound.total == whole.total
    assert "inputs-undisclosed" in codes(bound)
    assert content(*hidden.rolled(), LOT).unknown == 1.0


def test_content_declarations():
    book = Book()
    made(book, key="")
    book.content(LOT, post_consumer=0.9, signed=False)
    assert content(*book.rolled(), LOT).post_consumer == 0.9
    book.content(LOT, pre_consumer=0.2, virgin=0.3)
    found = content(*book.rolled(), LOT)
    assert (found.pre_consumer, found.virgin, found.declared) == (0.2, 0.3, True)
    assert found.unknown == pytest.approx(0.5)
    for bad in ({"virgin": 1.2}, {"virgin": 1.0, "custody": "mass-balance"}, {"virgin": 1.0, "basis": "bio-C/total C"}):
        book.content(LOT, **bad)
    again = content(*book.rolled(), LOT)
    assert (again.pre_consumer, codes(again)) == (0.2, {"content-refused"})


def test_a_content_of_which_nothing_is_known_is_told_as_nothing():
    book = Book()
    made(book, key="")
    book.content(LOT, post_consumer=0.4)
    told = content(*book.rolled(), LOT).told
    assert (told["post_consumer"], told["virgin"]) == (0.4, None)
    book.content(LOT, post_consumer=0.4, virgin=0.6)
    assert content(*book.rolled(), LOT).told["pre_consumer"] == 0.0, "all is told, so this is none of it"


def test_own_scrap_and_fuel_earn_nothing():
    book = Book()
    book.process("urn:a|T")
    book.consumes("steel-scrap", 1.0, "material", origin="post-consumer")
    book.consumes("steel-scrap", 1.0, "material", origin="virgin", incorporated=3.0)
    book.consumes("steel-scrap", 5.0, "material", origin="post-consumer", role="own-scrap")
    book.consumes("wood", 5.0, "material", origin="non-grain-bio", role="fuel")
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    found = content(*book.rolled(), LOT)
    assert (found.post_consumer, found.virgin, found.unknown) == (0.25, 0.75, 0.0)


def test_product_references():
    book = Book()
    book.product("urn:b|p")
    for start, emitted, quantity in ((0.0, 4.0, 1.0), (50.0, 3.0, 3.0), (500.0, 99.0, 1.0)):
        book.process(f"urn:b|T{start}", start=start, end=start + 50)
        book.emits(emitted)
        book.makes(quantity, "urn:b|p")
    book.process("urn:a|T")
    book.consumes("urn:b|p", 2.0, "product", start=0.0, end=100.0)
    book.consumes("urn:b|nothing", 0.0, "product")
    book.makes(2.0)
    book.lot(LOT, "urn:a|T")
    assert figure(book).total == pytest.approx(7 / 4)
    book.footprint("urn:b|p", 9.0, subject_kind="product", facility="urn:b|f", start=0.0, end=60.0)
    assert figure(book).total == 9.0
    book.footprint("urn:b|p", 5.0, subject_kind="product", start=0.0, end=60.0)
    assert figure(book).total == 5.0, "for a reference the product itself before one of its facilities"


def test_product_footprint_by_lots_by_outputs_by_evidence():
    book = Book()
    book.product("urn:a|p")
    book.process("urn:a|T")
    book.emits(6.0)
    book.makes(3.0, "urn:a|p")
    ask = lambda start=-INF, end=INF: product_footprint(*book.rolled(), "urn:a|p", start, end)  # noqa: E731
    assert (ask().total, ask().basis) == (2.0, Basis.COMPUTED)
    assert ask(200.0, 300.0).basis == Basis.UNKNOWN
    book.lot("urn:a|1", "urn:a|T", product="urn:a|p", quantity=3.0)
    book.lot("urn:a|2", product="urn:a|p", quantity=1.0)
    book.footprint("urn:a|2", 6.0)
    book.lot("urn:a|3", product="urn:a|p", quantity=NAN)
    assert (ask().total, ask().subject) == (3.0, "urn:a|p")
    assert "quantity-unknown" in codes(ask())
    book.footprint("urn:a|p", 5.0, subject_kind="product", signed=False)
    assert (ask().basis, len(ask().shadows)) == (Basis.COMPUTED, 1)
    book.footprint("urn:a|p", 4.0, subject_kind="product")
    assert (ask().total, ask().basis, codes(ask())) == (4.0, Basis.ATTESTED, {"pds-missing"})


def test_chain_for_drawing():
    book = transported()
    drawn = chain(*book.rolled(), LOT, 10)
    assert [(n.name.key, n.tier, n.total) for n in drawn.nodes][1] == ("urn:b|in", 1, 2.0)
    assert (drawn.edges[0].process, drawn.edges[0].amount, drawn.truncated) == ("urn:a|T", 1.0, False)
    assert chain(*book.rolled(), LOT, 1).truncated


def test_gaps_of_activities():
    book = Book()
    book.process("urn:a|T")
    book.emits(1.0, NAN, name="mystery")
    book.emits(1.0, gas="XYZ")
    book.emits(2.0, gas="CH4", scope="")
    book.power(1.0, region="XX")
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    found = figure(book)
    assert (found.undivided, found.lower_bound) == (pytest.approx(55.8), True)
    assert codes(found) == {"factor-unknown", "gwp-unknown"}


def test_weights_of_several_sources():
    book = Book()
    made(book, "urn:a|1", 2.0, key="")
    made(book, "urn:a|2", 6.0, key="")
    book.lot(LOT)
    book.draws(LOT, "urn:a|1", 3.0, "lot")
    book.draws(LOT, "urn:a|2", 1.0, "lot")
    assert figure(book).total == 3.0
    book.tables.rows["lot_sources"]["quantity"][-1] = -1.0
    assert figure(book).lower_bound
    assert np.isnan(book.tables.rows["outputs"]["allocation_value"][0])


def test_unsigned_data_is_named_as_such_and_parts_are_drawn():
    book = Book()
    book.document()
    book.row("organizations", key="urn:a", country="IN")
    made(book, signed=False)
    book.lot("urn:a|part")
    book.draws("urn:a|part", LOT, 1.0, "lot")
    found = contributions(*book.rolled(), "urn:a|part")
    assert set(found.by_evidence) == {"unsigned-activity"}
    assert found.by_country["IN"].direct == 2.0
    book.process("urn:b|T", signed=False)
    book.consumes("mystery", 1.0, "material")
    book.consumes("urn:p|p", 1.0, "product", country="CN")
    book.makes(1.0)
    book.lot("urn:b|l", "urn:b|T")
    drawn = chain(*book.rolled(), "urn:a|part", 10)
    assert [(e.source, e.target, e.process) for e in drawn.edges] == [(1, 0, "")]
    snapshot, rolled = book.rolled()
    assert {n.kind for n in footprint(snapshot, rolled, "urn:b|l").missing} == {"material", "product"}
    assert rolled.lower_bound.tolist() == [basis == Basis.UNKNOWN for basis in rolled.basis.tolist()]


def test_two_accounts_of_one_process_are_not_added():
    book = Book()
    made(book, key="")
    made(book, key="", emitted=5.0)
    assert figure(book).total == 2.0


def test_shadow_total_and_default_without_mass():
    book = Book()
    made(book, key="")
    book.footprint(LOT, direct=1.0, indirect=0.5, primary_data_share=1.0)
    assert figure(book).shadows[0].total == 2.0
    book.product("urn:b|piece", hs="7208", dimension=Dimension.PIECE, kg_per_unit=NAN)
    book.lot("urn:b|l", product="urn:b|piece", dimension=Dimension.PIECE)
    assert figure(book, "urn:b|l").total is None
    book.process("urn:c|T")
    book.consumes("pig-iron", 1.0, "material", dimension=Dimension.VOLUME, country="CN")
    book.makes(1.0)
    book.lot("urn:c|l", "urn:c|T")
    assert figure(book, "urn:c|l").total is None


def test_a_footprint_without_one_scope_is_partial():
    book = Book()
    book.lot(LOT)
    book.footprint(LOT, direct=1.0, primary_data_share=1.0)
    found = figure(book)
    assert (found.direct, found.lower_bound, codes(found)) == (1.0, True, {"partial"})


def test_diamond_in_a_drawing_and_product_without_evidence():
    book = Book()
    made(book, key="")
    for name in ("x", "y"):
        book.lot(f"urn:a|{name}")
        book.draws(f"urn:a|{name}", LOT, 1.0, "lot")
    book.lot("urn:a|both")
    book.draws("urn:a|both", "urn:a|x", 1.0, "lot")
    book.draws("urn:a|both", "urn:a|y", 1.0, "lot")
    assert len(chain(*book.rolled(), "urn:a|both", 10).nodes) == 4
