"""How the figure of a lot follows from processes, sources and footprints; gaps are told, nothing counts twice."""

import numpy as np
import pytest

from graph.rollup.contributions import contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import LotUnknown
from graph.rollup.figure import content, footprint
from graph.rollup.policy import Basis
from graph.rollup.product import product_footprint
from graph.units import Dimension
from tests.rollup.one_lot import INF, LOT, codes, figure, made, transported
from tests.rollup.rollup_book import NAN, Book


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
        assert set(found.particulars.parts.values()) == {0.0}, "nor any part of it"
        assert not found.particulars.parts_lower_bound
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
