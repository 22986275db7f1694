"""One graph and one app for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graph.store.database import Database
from tests.kit.doors import House
from tests.kit.graphs import cleared
from tests.kit.outside import Authority, Site, serving


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An app on a graph that was empty when the module began, and clients for the asking."""
    return House(cleared(session_database), tmp_path_factory.mktemp("house"), GREENCHAIN_MAX_BATCH_DOCUMENTS="40")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web server of somebody else."""
    authority = Authority(tmp_path_factory.mktemp("outside"))
    with serving(authority.certificate("localhost")) as found:
        found.ca_file = authority.file
        yield found
