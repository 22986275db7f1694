"""`greenchain demo --json`: the acceptance test, once for real, with nothing left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CHECKOUT, free_port, plain_environment, processes_over

pytestmark = [pytest.mark.engine, pytest.mark.long]

# accounting.md, worked examples of the Commission: name -> direct, indirect, unit. A frame of 8.6 kg in all.
EXPECTED = {
    "integrated-steel": (1.5389760645578654, 0.2035539825, "kgCO2e/kg"),
    "screws": (0.19635 + 20 / 17 * 1.5389760645578654, 20 / 17 * 0.2035539825 + 0.2 * 0.833, "kgCO2e/kg"),
    "aluminium-smelter": (1.555, 6.15, "kgCO2e/kg"),
    "aluminium-profile": (1.698079646017699, 6.9119469026548686, "kgCO2e/kg"),
    "cement": (0.7852147410358565, 0.12224275, "kgCO2e/kg"),
    "window-frame": (14.7270171277253, 56.8403947111817, "kgCO2e/piece"),
}
QUALITY = ("coverage_mass", "coverage_emissions")


def test_the_demo_shows_the_worked_examples(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = plain_environment(TMPDIR=str(scratch))
    command = [sys.executable, "-m", "service.cli.main", "demo", "--json", "--url", f"http://127.0.0.1:{free_port()}"]
    told = subprocess.run(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=170
    )
    assert told.returncode == 0, told.stderr.decode()[-2000:]
    report = json.loads(told.stdout)
    _check_figures({figure["name"]: figure for figure in report["figures"]})
    _check_odd_cases(report)
    assert "sign-in" not in told.stdout.decode(), "a link is a secret, and of no use after the end"
    assert list(scratch.iterdir()) == []
    assert processes_over(scratch) == {}


def _check_figures(figures: dict[str, dict]) -> None:
    assert set(figures) == set(EXPECTED)
    for name, (direct, indirect, unit) in EXPECTED.items():
        figure = figures[name]
        assert figure["direct"] == pytest.approx(direct, rel=1e-9), name
        assert figure["indirect"] == pytest.approx(indirect, rel=1e-9), name
        assert figure["total"] == pytest.approx(direct + indirect, rel=1e-9), name
        assert figure["unit"] == unit
        assert figure["boundary"] == "cbam-embedded"
        assert figure["basis"] == "computed"
        assert not figure["lower_bound"]
        assert [figure[q] for q in QUALITY] == pytest.approx([1, 1])
        assert figure["findings"] == []
    content = figures["window-frame"]["content"]
    assert content["post_consumer"] == pytest.approx(0.4 / 8.6 * 0.2 / 4.8, rel=1e-9)
    assert content["pre_consumer"] == pytest.approx(0.4 / 8.6 * 0.8 / 4.8, rel=1e-9)


def _check_odd_cases(report: dict) -> None:
    by_finding = {finding: case for case in report["odd_cases"] for finding in case["findings"]}
    assert by_finding["attested-differs"]["basis"] == "attested"
    assert "recycled-exceeds" in by_finding
    (casting,) = (case for case in report["odd_cases"] if case["lower_bound"])
    assert casting["missing"] == 1
    assert casting["direct"] == pytest.approx(0.2)
    assert casting["unknown_share"] > 0
    assert report["rejected"]["check"] == "key-state"
