"""One graph and one intake for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graph.store.database import Database
from tests.kit.doors import Hall
from tests.kit.graphs import cleared


@pytest.fixture(scope="module")
def hall(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A graph that was empty when the module began, and organizations for the asking."""
    return Hall(cleared(session_database), tmp_path_factory.mktemp("intake") / "lock")
