"""What is the known part of a figure is printed as that, in every table: a number alone is taken for the whole."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from service.cli import figures, history, portfolio, whatif
from service.cli.output import partly, print_table

WHOLE = {"lots": 1, "unknown_lots": 0, "mass": 35000.0, "total": 299_940.07, "intensity": 8.5697, "lower_bound": False}
PART = WHOLE | {"total": 365_391.27, "intensity": 4.8719, "lower_bound": True}


def test_a_number_is_a_known_part_or_whole_or_unknown() -> None:
    assert partly(365_391.27, lower_bound=True) == "known part 365391"
    assert partly(365_391.27, lower_bound=False) == 365_391.27
    assert partly(None, lower_bound=True) is None


def test_groups_of_a_portfolio(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [WHOLE | {"names": {"product": "tray"}}, PART | {"names": {"product": "pack"}}]
    period = {"start": "2025-01-01", "end": "2026-01-01"}
    portfolio._totals({"by": ["product"], "groups": groups, "total": PART, "period": period, "counted_twice": 0.0})
    tray, pack, whole = _lines(capsys, "tray", "pack", "all")
    assert "known part" not in tray
    assert "299940" in tray
    assert pack.count("known part") == whole.count("known part") == 2
    assert "known part 365391" in pack


def test_two_periods(capsys: pytest.CaptureFixture[str]) -> None:
    effects = {"volume": 0.0, "mix": -365_391.27, "intensity": 0.0}
    pack = {"names": {"product": "pack"}, "before": 365_391.27, "after": 0.0, **effects}
    side = {"total": PART, "unweighed_lots": 0}
    found = {"by": ["product"], "effects": effects, "change": -365_391.27, "before": side, "after": side}
    group = pack | {"lower_bound_before": True, "lower_bound_after": False}
    portfolio._comparison(found | {"groups": [group], "of_known": True})
    told = capsys.readouterr().out
    assert "known part 365391" in told
    assert "Something is unknown in one of the periods: the change is of what is known." in told


def test_published_figures_and_what_moved_them(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"name": "pack", "edition": 1, "total": 1461.565, "unit": "kgCO2e/piece", "current": True, "made_at": "t"}
    history._print_published([given | {"lower_bound": True}, given | {"name": "tray", "lower_bound": False}])
    pack, tray = _lines(capsys, "pack", "tray")
    assert "known part 1461.6" in pack
    assert "known part" not in tray
    end = {"total": 1461.565, "lower_bound": True}
    step = {"change": 2.0, "documents": [], "undisclosed": 1} | end
    history._print_moved("Lot L", {"from": end, "to": end | {"lower_bound": False}, "steps": [step], "change": 2.0})
    told = capsys.readouterr().out
    assert "from known part 1461.6 to 1461.57" in told
    assert told.count("known part 1461.6") == 2


def test_coverage_of_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """All of the little that is known is backed: that is not all."""
    view = dict.fromkeys(figures._NAMES, "x") | {"subject": {"id": "L"}, "lower_bound": True, "findings": []}
    figures._table(view | {"coverage_emissions": 1.0, "coverage_emissions_of": "known"})
    figures._table(view | {"coverage_emissions": 1.0, "coverage_emissions_of": "all"})
    figures._table(view | {"coverage_emissions": None, "coverage_emissions_of": "known"})
    shown = [line.split(maxsplit=2)[2].strip() for line in capsys.readouterr().out.splitlines() if "emissions" in line]
    assert shown == ["1 of what is known", "1", "unknown"]


def test_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    base = {"total": 1461.565, "lower_bound": True}
    outcome = {"name": "s", "total": 1400.0, "lower_bound": False, "difference": {"total": -61.565}}
    outcome |= {"difference_bound": "known-part", "changes": [{"effect": "changed"}]}
    whatif.show({"unit": "kgCO2e", "base": base, "scenarios": [outcome]}, argparse.Namespace(json=False))
    as_it_is, scenario = _lines(capsys, "as it is", "s ")
    assert "known part 1461.6" in as_it_is
    assert "known part" not in scenario


def test_large_numbers_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("", "kg"), [["a", 162_500.0], ["b", 1.5e20], ["c", 12_345.678], ["d", 1.5e-7]])
    a, b, c, d = _lines(capsys, "a", "b", "c", "d")
    assert [line.split()[1] for line in (a, b, c, d)] == ["162500", "1.5e+20", "12346", "1.5e-07"]


def _lines(capsys: pytest.CaptureFixture[str], *starts: str) -> list[Any]:
    """The first line of each beginning."""
    lines = capsys.readouterr().out.splitlines()
    return [next(line for line in lines if line.startswith(start)) for start in starts]
