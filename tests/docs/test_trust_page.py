"""docs/trust.md names checks and tests; they are those that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.trust.checks import CHECKS
from service.web.words import check_title


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "trust.md").read_text(encoding="utf-8")


def named(page: str) -> set[str]:
    return set(re.findall(r"\bcheck `([^`]+)`", page))


def test_every_check_named_exists(page: str) -> None:
    assert named(page) - {check.name for check in CHECKS} == set()


def test_every_check_stands_against_somebody(page: str) -> None:
    """``store`` is the writing itself: nobody lies to it."""
    assert {check.name for check in CHECKS} - named(page) == {"store"}


def test_every_test_named_exists(page: str, checkout: Path) -> None:
    files = set(re.findall(r"\btests/[\w/]+\.py\b", page))
    assert len(files) > 3
    assert [name for name in sorted(files) if not (checkout / name).is_file()] == []


def test_every_line_says_what_notices_and_what_remains(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) > 30
    assert [row for row in rows if row.count("|") != 4 or not all(c.strip() for c in row.split("|")[1:-1])] == []


def test_every_check_has_a_name_for_people() -> None:
    assert [check.name for check in CHECKS if check_title(check.name) == check.name] == []
