"""Numbers as the pages write them, and the geometry of the pictures: no engine, no browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web import charts, lot_page, numbers


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
