"""The documents that the tests hold to the code."""

from __future__ import annotations

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def readme() -> str:
    """The README's text."""
    return (CHECKOUT / "README.md").read_text(encoding="utf-8")
