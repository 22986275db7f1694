"""Logs over a graph of a module's own, and an app with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store.database import Database
from tests.kit.doors import House
from tests.kit.graphs import cleared


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An app on a graph that was empty when the module began."""
    return House(cleared(session_database), tmp_path_factory.mktemp("house"))


@pytest.fixture
def ledger_folder(tmp_path: Path) -> Path:
    """A ledger's folder in a data folder."""
    return tmp_path / "ledger"
