"""`greenchain factors` on the machine of a service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.store.database import Database
from graph.store.embedded import EngineAddress
from schemas.factor_sets import MAX_BYTES, shipped
from service.bootstrap import log_factors
from service.config import Settings
from tests.cli.conftest import Cli
from tests.kit.graphs import cleared

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def environment(
    engine: EngineAddress, session_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    data = str(tmp_path_factory.mktemp("data"))
    log_factors(Settings.from_environment({"GREENCHAIN_DATA": data}), cleared(session_database))
    graph = {"NEO4J_URI": engine.uri, "NEO4J_USER": engine.user, "NEO4J_PASSWORD": engine.password}
    return graph | {"NEO4J_DATABASE": engine.database, "GREENCHAIN_DATA": data}


def a_file(folder: Path, **changes: object) -> Path:
    found = folder / "set.json"
    found.write_text(json.dumps(json.loads(shipped()[1]) | changes), encoding="utf-8")
    return found


def test_a_newer_version_is_loaded_once_and_listed(environment: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    file = str(a_file(tmp_path, version="2", title="A correction"))
    told = cli("factors", "load", file, "--json", environment=environment)
    assert (told.code, told.json["name"], told.json["version"], told.json["anew"]) == (
        0,
        "mee-nbs-grid-2023",
        "2",
        True,
    )
    again = cli("factors", "load", file, environment=environment)
    assert again.code == 0
    assert "was in force already" in again.out
    listed = cli("factors", "list", "--json", environment=environment).json["factor_sets"]
    versions = {one["name"]: one["version"] for one in listed}
    assert versions == {"cbam-defaults-2025": "1", "mee-nbs-grid-2023": "2", "mee-nbs-provinces-2022": "1"}
    table = cli("factors", "list", environment=environment)
    assert all(word in table.out for word in ("mee-nbs-grid-2023", "kgCO2/kWh", "cbam-embedded"))


def test_a_file_that_is_no_set_is_refused_by_field(environment: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    told = cli("factors", "load", str(a_file(tmp_path, unit="kWh", year=1800)), environment=environment)
    assert told.code == 1
    told.is_one_line("/year", "1990")
    told = cli("factors", "load", str(a_file(tmp_path, rows=[{"region": "CN", "value": 0}])), environment=environment)
    told.is_one_line("/rows/0/value", "greater than 0")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (MAX_BYTES + 1))
    told = cli("factors", "load", str(large), environment=environment)
    told.is_one_line("at most")
    told = cli("factors", "load", str(tmp_path / "nowhere.json"), environment=environment)
    assert told.code == 2


def test_another_content_under_the_same_version_is_refused(
    environment: dict[str, str], cli: Cli, tmp_path: Path
) -> None:
    told = cli("factors", "load", str(a_file(tmp_path, title="Another")), environment=environment)
    assert told.code == 1
    told.is_one_line("mee-nbs-grid-2023", "another content needs a newer version")
