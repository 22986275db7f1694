"""Scenarios on the command line: a few words become what /what-if takes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from schemas.questions import WhatIfSchema
from service.cli.output import Unasked
from service.cli.whatif import scenarios, show


def test_words_are_scenarios_that_the_service_takes() -> None:
    found = scenarios(
        [
            "grid=0.5306",
            "grid:CN-EAST=0.1, transport=0.3",
            "activity:fire=0.5,input:L1=*0.9",
            "input:urn:greenchain:org:a|L1=urn:greenchain:org:b|L2",
            "input:L1=L2",
            "input:L1=material:pig-iron@CN",
            "input:L1=material:pig-iron",
            "supplier:urn:greenchain:org:a=product:urn:greenchain:org:b|P",
            "material:pig-iron@CN=footprint:1.2",
            "product:P=*0.5",
        ]
    )
    WhatIfSchema().load({"scenarios": found})
    changes = [scenario["changes"] for scenario in found]
    assert changes[0] == [{"grid": {"factor": {"value": "0.5306", "unit": "kg/kWh"}}}]
    assert changes[1][0]["grid"]["region"] == "CN-EAST"
    assert changes[1][1] == {"transport": {"scale": "0.3"}}
    assert changes[2][1] == {"input": {"from": {"lot": "L1"}, "scale": "0.9"}}
    other = {"issuer": "urn:greenchain:org:b", "id": "L2"}
    assert changes[3] == [
        {"input": {"from": {"lot": {"issuer": "urn:greenchain:org:a", "id": "L1"}}, "to": {"lot": other}}}
    ]
    assert changes[4][0]["input"]["to"] == {"lot": "L2"}
    assert changes[5][0]["input"]["to"] == {"material": "pig-iron", "country": "CN"}
    assert changes[6][0]["input"]["to"] == {"material": "pig-iron"}
    product = {"issuer": "urn:greenchain:org:b", "id": "P"}
    assert changes[7] == [{"input": {"from": {"supplier": "urn:greenchain:org:a"}, "to": {"product": product}}}]
    assert changes[8][0]["input"] == {
        "from": {"material": "pig-iron", "country": "CN"}, "to": {"footprint": {"value": "1.2", "unit": "kg/kg"}},
    }  # fmt: skip
    assert changes[9] == [{"input": {"from": {"product": "P"}, "scale": "0.5"}}]


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    listed = [{"name": "a", "changes": [{"transport": {"scale": "0"}}]}]
    path = tmp_path / "scenarios.json"
    path.write_text(json.dumps({"scenarios": listed}))
    assert scenarios([f"@{path}", "transport=1"])[:1] == listed
    for content in ("", "[]", '{"scenarios": 1}'):
        path.write_text(content)
        with pytest.raises(Unasked, match="scenarios"):
            scenarios([f"@{path}"])


@pytest.mark.parametrize(
    "text", ["", "grid", "grid=", "wind=1", "activity=1", "input=1", "transport:x=1", "supplier=1"]
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(Unasked, match="what-if"):
        scenarios([text])


def test_however_long_a_scenario_is_its_numbers_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A number that a table cuts off is another number."""
    base = {"total": 71.56741183890698, "lower_bound": False}
    effects = [{"effect": "covered-by-evidence"}]
    name = ",".join(["input:urn:greenchain:org:a|L1=urn:greenchain:org:b|L2"] * 4)
    outcome = base | {"name": name, "total": 1234.5, "difference": {"total": -1162.9}, "difference_bound": "known-part"}
    found = {"unit": "kgCO2e", "base": base, "scenarios": [outcome | {"changes": effects}]}
    show(found, argparse.Namespace(json=False))
    printed = capsys.readouterr().out
    for words in ("71.567", "1234.5", "-1162.9", "known-part", "covered-by-evidence", name):
        assert words in printed, printed
