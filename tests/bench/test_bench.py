"""Every bench runs, in small, and prints rows as design.md says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
pytestmark = pytest.mark.long

COLUMNS = ["what", "size", "ours", "beside", "ratio", "unit", "aim", "met", "peak_mb"]


def run(*arguments: str) -> list[dict[str, object]]:
    command = [sys.executable, "-W", "ignore", "-m", "bench", *arguments, "--json"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=150, check=False)
    assert ended.returncode in (0, 1), ended.stderr
    rows: list[dict[str, object]] = json.loads(ended.stdout)["rows"]
    assert rows
    for row in rows:
        assert list(row) == COLUMNS
        assert isinstance(row["ours"], int | float)
    return rows


def test_rollup() -> None:
    rows = run("rollup", "--quick")
    assert any(row["beside"] for row in rows if str(row["what"]).startswith("roll-up, "))
    for row in rows:
        if str(row["what"]).startswith("the same lot by both"):  # bw2calc is an extra
            assert row["met"] is True


def test_questions() -> None:
    rows = run("questions", "--quick")
    assert sum(str(row["what"]).startswith("100 scenarios") for row in rows) == 3
    assert sum(row["met"] is not None for row in rows) == 4


def test_trust() -> None:
    rows = run("trust", "--size", "3")
    assert sum(row["met"] is not None for row in rows) == 2
    assert all(row["ratio"] for row in rows)


@pytest.mark.engine
def test_intake() -> None:
    rows = run("intake", "--size", "16")
    assert sum(row["unit"] == "documents/s" for row in rows) == 2


@pytest.mark.engine
def test_http() -> None:
    rows = run("http", "--size", "20", "--quick")
    assert [row["what"] for row in rows if "p50" in str(row["what"])]


@pytest.mark.engine
def test_reads() -> None:
    rows = {str(row["what"]): row for row in run("reads", "--size", "20")}
    assert any(what.endswith("all there are") for what in rows)
    assert sum(row["met"] is not None for row in rows.values()) == 1


@pytest.mark.engine
def test_ledger() -> None:
    rows = run("ledger", "--quick")
    assert {row["size"] for row in rows if row["what"] == "append a leaf"} == {1_000, 10_000}
    assert {row["unit"] for row in rows if row["met"] is not None} == {"us", "round trips"}
    assert sum(row["met"] is not None for row in rows) == 9


def test_unknown_names_are_refused() -> None:
    ended = subprocess.run([sys.executable, "-m", "bench", "nothing"], cwd=CHECKOUT, capture_output=True, check=False)
    assert ended.returncode == 2
