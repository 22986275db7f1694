"""One graph and one app for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graph.store.database import Database
from tests.api.trade import Trade, open_trade
from tests.api.works import Works, open_works
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.outside import Authority, Site, serving
from tests.kit.statements import lot, process, product


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An app on a graph that was empty when the module began, and clients for the asking."""
    return House(cleared(session_database), tmp_path_factory.mktemp("house"), GREENCHAIN_MAX_BATCH_DOCUMENTS="40")


@pytest.fixture(scope="module")
def supplier(house: House) -> Client:
    """Holds 1000 kg of steel in L1 by its own statements."""
    found = house.client("supplier", signs=True)
    found.states(product(), process(), lot())
    return found


@pytest.fixture(scope="module")
def trade(house: House) -> Trade:
    return open_trade(house)


@pytest.fixture(scope="module")
def works(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Works:
    """Where two organizations are enough for an aggregate, and published factors are in force."""
    found = House(cleared(session_database), tmp_path_factory.mktemp("works"), GREENCHAIN_MIN_CONTRIBUTORS="2")
    found.published()
    return open_works(found)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web server of somebody else."""
    authority = Authority(tmp_path_factory.mktemp("outside"))
    with serving(authority.certificate("localhost")) as found:
        found.ca_file = authority.file
        yield found
