"""Numbers as the pages write them, and the geometry of the pictures: no engine, no browser."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.model.indicators import MEMBERS, QUALITIES, Group
from graph.rollup.resources import GROUPS
from service.visibility import UNDISCLOSED
from service.web import charts, lot_page, numbers, plots, tables, words


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (None, 3, "unknown"),
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (14.727017127725306, 3, "14.727"),
        (1234567.891, 1, "1 234 567.9"),
        (-0.0997832, 4, "-0.0998"),
        (0.00001, 3, "< 0.001"),
        (-0.00001, 3, "> -0.001"),
    ],
)
def test_fixed(value, decimals, text):
    assert plain(numbers.fixed(value, decimals)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "unknown"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9999999999999999, "100 %"),
        (0.99999, "> 99.9 %"),
        (0.00001, "< 0.1 %"),
        (-0.00001, "> -0.1 %"),
        (0.2058, "20.6 %"),
        (-0.0573, "-5.7 %"),
        (1.14433, "114.4 %"),
    ],
)
def test_percent(share, text):
    assert plain(numbers.percent(share)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (113000000.0, "kg", "113 000 t"),
        (8.6, "kg", "8.6 kg"),
        (1.0, "piece", "1 piece"),
        (0.0, "kg", "0 kg"),
        (1234567.5, "MJ", "1 234 568 MJ"),
        (None, "kg", "unknown"),
    ],
)
def test_quantity(value, unit, text):
    assert plain(numbers.quantity(value, unit)) == text


@pytest.mark.parametrize(
    ("value", "decimals"), [(71.567, 3), (0.2, 4), (0.19999999999999998, 4), (12345.6, 0), (None, 3)]
)
def test_a_total_shows_about_five_digits(value, decimals):
    assert numbers.decimals_for(value) == decimals


@example(0.5, 0)
@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 8))
def test_only_nothing_is_written_as_nothing(value, decimals):
    digits = set(numbers.fixed(value, decimals)) & set("123456789")
    assert bool(digits) == (value != 0)


@given(st.lists(st.floats(0, 1e6) | st.none(), min_size=1, max_size=8))
def test_parts_of_a_bar_fill_it(values):
    parts = charts.stacked([("p", "p", v) for v in values])
    if sum(v or 0 for v in values):
        assert sum(p.width for p in parts) == pytest.approx(100, abs=0.01)
        assert all(p.share is None for p, v in zip(parts, values, strict=True) if v is None)
    else:
        assert not any(p.width for p in parts)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_bars_stay_on_their_scale(values):
    for bar in charts.bars(values, sum(values)):
        assert bar.x >= -1e-3
        assert bar.x + bar.width <= 100.01


def node(number, tier, **more):
    return {"number": number, "tier": tier, "basis": "computed", "name": {"kind": "lot", "id": f"L{number}"}, **more}


def test_a_crowded_tier_is_drawn_in_one_box_more():
    nodes = [node(0, 0), *(node(n, 1) for n in range(1, 40)), {"number": 40, "tier": 2, "lots": 3}]
    edges = [{"source": n, "target": 0} for n in range(1, 40)] + [{"source": 40, "target": 39}]
    found = charts.tier_map(nodes, edges)
    assert len(found.boxes) == 1 + charts.MOST_BOXES + 1
    assert found.boxes[charts.MOST_BOXES].lines[0] == "28 more"
    assert len(found.paths) == charts.MOST_BOXES + 1
    assert [name for _, name in found.columns] == [charts.tier_name(t) for t in range(3)]


def row(name, total):
    return {"name": name, "direct": total, "indirect": 0.0, "undivided": 0.0, "total": total, "share": 0.1}


def test_many_rows_end_in_one_and_keep_their_sum():
    rows = [row(f"r{n}", 1.0 + n / 1000) for n in range(100)]
    total = sum(r["total"] for r in rows)
    view = {"by": {"lot": rows}, "total": {"total": total}, "lower_bound": False}
    found = lot_page.breakdown(view, "lot")
    assert len(found.rows) == lot_page.MOST_ROWS
    assert found.rows[-1].name == "76 smaller ones"
    assert sum(r.total for r in found.rows) == pytest.approx(total, rel=1e-12)
    assert found.complete


def test_with_gaps_nothing_known_is_not_zero():
    view = {"by": {"lot": [row("a", 1.0), row("b", 0.0)]}, "total": {"total": 1.0}, "lower_bound": True}
    found = lot_page.breakdown(view, "lot", ["c"])
    assert [(r.name, r.total) for r in found.rows] == [("a", 1.0), ("b", None), ("c", None)]
    assert found.sums["indirect"] is None


def told(*rows, lower_bound=False):
    total = sum(r["total"] or 0.0 for r in rows)
    return {
        "by": {"organization": list(rows)},
        "total": {"total": total},
        "lower_bound": lower_bound,
        "unit": "kgCO2e/kg",
    }


def chain_of(**tiers):
    return {"nodes": [node(n, tier, organization=name) for n, (name, tier) in enumerate(tiers.items())]}


def test_steps_lead_from_the_farthest_to_the_total_and_leave_out_what_is_unknown():
    found = told(row("own", 1.0), row("near", 4.0), row(UNDISCLOSED, 2.0), row("credit", -0.5), row("gap", None))
    drawn = plots.steps(found, chain_of(own=0, near=1, credit=1, gap=2))
    assert [s.label for s in drawn] == [UNDISCLOSED, "near", "credit", "own", "Total"]
    assert [(s.start, s.end) for s in drawn] == [(0, 2), (2, 6), (6, 5.5), (5.5, 6.5), (0, 6.5)]
    assert plots.waterfall(drawn[-2:], "kg", 2, lower_bound=False) is None
    assert plots.waterfall(drawn, "kg", 2, lower_bound=True)["steps"][-1]["text"] == "known part 6.50"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_however_many_organizations_the_steps_end_at_their_sum(values):
    drawn = plots.steps(told(*(row(f"o{n}", v) for n, v in enumerate(values))), chain_of())
    assert len(drawn) <= plots.MOST_STEPS + 1
    assert drawn[-2].end == pytest.approx(sum(values), rel=1e-9, abs=1e-6)


def test_only_what_has_an_area_is_a_tile():
    found = {
        "by": {"lot": [row("a", 2.0), row("b", 1.0), row("c", -1.0)]},
        "total": {"total": 2.0},
        "lower_bound": True,
    }
    rows = lot_page.breakdown(found, "lot", ["gap"]).rows
    assert [tile["label"] for tile in plots.treemap(rows, "kg", 3)["tiles"]] == ["a", "b"]
    assert plots.left_out(rows) == {"unknown": ["gap"], "credits": ["c"]}
    assert plots.treemap(rows[:1], "kg", 3) is None


def test_in_a_file_the_unknown_is_a_word_and_nothing_is_a_formula():
    table = tables.Table("t", ("name", "value", "known"), (("=SUM(A1)", None, False), ('a "b", c', -0.0000001, True)))
    assert table.csv().splitlines() == ["name,value,known", "'=SUM(A1),unknown,no", '"a ""b"", c",-1e-07,yes']
    assert table.records()[0]["value"] is None


def test_every_indicator_has_a_word():
    assert set(words.GROUPS) == {group.value for group in GROUPS}
    assert set(words.INDICATORS) == {name for group in GROUPS for name in MEMBERS[group]}
    assert set(words.PARTS) == set(MEMBERS[Group.GHG])
    assert set(words.QUALITY) == set(QUALITIES)


def test_an_interval_stays_on_its_scale():
    assert charts.whisker(1.0, 2.0, 4.0) == charts.Whisker(23.75, 47.5, 95.0)
