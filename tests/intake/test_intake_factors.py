"""Sets of published factors enter the ledger as records of the service, and count from their entry on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graph.model.documents import Format
from graph.model.facts import Stated
from graph.model.tables import TABLES
from graph.rollup.figure import Figure
from graph.store.database import Database
from graph.store.documents import find_document, ledger_head
from graph.store.factors import read_factor_sets
from graph.store.ledger import read_leaves
from graph.store.tables import read_newer
from graph.store.tabulate import Held, tabulate
from schemas.factor_sets import read_factor_set, shipped
from service.auth.roles import OPERATOR
from service.bootstrap import log_factors
from service.chain import Chain, NotFound
from service.config import Settings
from service.factors import FactorSets, NotNewer, enter, enter_shipped
from service.intake.records import factor_record
from service.ledger.entry import parse_leaf
from service.trust.signing import new_key
from tests.kit.doors import Hall, Party
from tests.kit.figures import footprint
from tests.kit.graphs import cleared
from tests.kit.statements import lot, process, product, q, unique, withdrawal


def grid(region: str, version: str = "1", value: float = 0.5, **changes: Any) -> bytes:
    """A set of one region, by which it is named."""
    told = {"title": "A grid", "source": "an authority", "kind": "grid", "year": 2024, "unit": "kgCO2e/kWh"}
    rows = [{"region": region, "value": value}]
    named = {"name": region.lower(), "version": version, "boundary": "", "rows": rows}
    return json.dumps(told | named | changes).encode()


def a_region() -> str:
    return unique("DE-")


@dataclass(frozen=True)
class Smelter:
    """An organization with a lot of a kilogram that took a thousand kilowatt hours of the grid of a region."""

    uri: str
    region: str
    database: Database

    def figure(self, as_of: int | None = None) -> Figure:
        return footprint(self.database, self.uri, "L", as_of)


@pytest.fixture
def smelter(hall: Hall) -> Smelter:
    party, region = hall.party(), a_region()
    power = {"name": "electricity", "type": "electricity", "quantity": q(1000, "kWh"), "region": region}
    party.accepted(product(), process("melt", 1, activities=[power]), lot("L", 1, "melt"))
    return Smelter(party.uri, region, hall.database)


def head(hall: Hall) -> int:
    return hall.database.read(ledger_head)


def test_a_set_fills_a_gap_from_its_entry_on_and_the_figure_names_its_record(hall: Hall, smelter: Smelter) -> None:
    before = head(hall)
    assert smelter.figure().total is None
    entered = enter(hall.database, hall.intake, grid(smelter.region))
    record = hall.database.read(find_document, entered.document)
    assert record is not None
    assert (record.format, record.issuer, record.index) == (Format.RECORD, OPERATOR, before + 1)
    assert smelter.figure().total == pytest.approx(500.0)
    assert record.index in smelter.figure().documents
    assert smelter.figure(before).total is None
    assert parse_leaf(read_leaves(hall.database, record.index, record.index + 1)[0]).kind == "factor-set"


def test_a_newer_version_takes_the_place_of_the_older_from_its_entry_on(hall: Hall, smelter: Smelter) -> None:
    first = enter(hall.database, hall.intake, grid(smelter.region, "1.9", 0.5))
    then = head(hall)
    second = enter(hall.database, hall.intake, grid(smelter.region, "1.10", 0.4))
    assert smelter.figure().total == pytest.approx(400.0)
    assert smelter.figure(then).total == pytest.approx(500.0)
    assert versions(hall, smelter.region) == [("1.9", first.document, False), ("1.10", second.document, True)]


def versions(hall: Hall, region: str) -> list[tuple[str, str, bool]]:
    every = hall.database.read(read_factor_sets)
    return [(s.version, s.document, s.in_force) for s in every if s.name == region.lower()]


def test_the_same_file_again_has_no_second_effect(hall: Hall) -> None:
    region = a_region()
    first = enter(hall.database, hall.intake, grid(region))
    size = head(hall)
    again = enter(hall.database, hall.intake, json.dumps(json.loads(grid(region)), indent=2).encode())
    assert (again.document, again.anew, head(hall)) == (first.document, False, size)


@pytest.mark.parametrize(("version", "value"), [("2", 0.6), ("1.9", 0.5), ("2.0", 0.6)])
def test_what_is_not_newer_and_says_something_else_is_refused(hall: Hall, version: str, value: float) -> None:
    region = a_region()
    enter(hall.database, hall.intake, grid(region, "2"))
    size = head(hall)
    with pytest.raises(NotNewer, match=f"{region.lower()}: version 2 is there already"):
        enter(hall.database, hall.intake, grid(region, version, value))
    assert head(hall) == size


def test_of_two_records_that_take_the_place_of_one_version_the_later_is_refused(hall: Hall) -> None:
    """As two who load at the same moment would enter them: each has looked before the other was there."""
    region = a_region()
    first = enter(hall.database, hall.intake, grid(region))
    one, other = (factor_record(grid(region, version), first.document) for version in ("2", "3"))
    assert hall.worker().record(one).verdict.accepted
    failed = hall.worker().record(other).verdict.failed
    assert failed is not None
    assert (failed.name, failed.errors[0].pointer) == ("replay", "/follows")
    assert [version for version, *_ in versions(hall, region)] == ["1", "2"]


def test_a_record_that_is_no_set_of_factors_is_refused_by_field(hall: Hall) -> None:
    """None is written by this service; another's ledger that is replayed may hold one."""
    failed = hall.intake.record(factor_record(grid(a_region(), kind="water"), "")).verdict.failed
    assert failed is not None
    assert (failed.name, failed.errors[0].pointer) == ("schema", "/kind")


def test_only_the_service_itself_states_published_factors(hall: Hall) -> None:
    party, region = hall.party(), a_region()
    refused = party.states({"kind": "factor-set", "id": region} | json.loads(grid(region)) | {"kind": "factor-set"})
    assert refused.verdict.failed is not None
    assert refused.verdict.failed.name == "schema"
    hall.intake.record(factor_record(grid(region), ""), party.uri)
    assert versions(hall, region) == []


def test_a_set_that_the_operator_withdraws_counts_no_more_and_comes_back_as_a_newer_version(
    hall: Hall, smelter: Smelter
) -> None:
    operator = Party(OPERATOR, hall.intake, new_key())
    assert operator.registers(operator.key).verdict.accepted
    entered = enter(hall.database, hall.intake, grid(smelter.region))
    operator.accepted(withdrawal(entered.document))
    assert smelter.figure().total is None
    with pytest.raises(NotNewer):
        enter(hall.database, hall.intake, grid(smelter.region))
    enter(hall.database, hall.intake, grid(smelter.region, "2"))
    assert smelter.figure().total == pytest.approx(500.0)


def test_sets_are_read_as_of_an_index(hall: Hall) -> None:
    region = a_region()
    first = enter(hall.database, hall.intake, grid(region, "1", 0.5))
    then = head(hall)
    enter(hall.database, hall.intake, grid(region, "2", 0.4))
    sets, name = FactorSets(hall.database, Chain(hall.database, "default")), region.lower()
    found = sets.one(name, then)
    assert (found["version"], found["document"], found["ledger_index"]) == ("1", first.document, then)
    assert (found["unit"], found["per"]) == ("kgCO2e/kWh", "kgCO2e/MJ")
    assert found["rows"] == [{"region": region, "value": 0.5 / 3.6, "source": "an authority"}]
    assert sets.one(name, None)["version"] == "2"
    assert name in [told["name"] for told in sets.all(None)["factor_sets"]]
    with pytest.raises(NotFound):
        sets.one(name, then - 1)


def test_a_value_that_the_source_does_not_state_is_read_as_none(hall: Hall) -> None:
    name, country = unique("metal-"), {"materials": ["unobtainium"], "country": "TR", "value": None}
    told = {"kind": "material", "scope": "direct", "unit": "tCO2e/t", "boundary": "cbam-embedded", "rows": [country]}
    enter(hall.database, hall.intake, grid("DE", name=name, **told))
    found = FactorSets(hall.database, Chain(hall.database, "default")).one(name, None)
    assert found["rows"] == [country | {"source": "an authority"}]


# Starts


@pytest.fixture
def fresh(session_database: Database) -> Database:
    return cleared(session_database)


def test_the_sets_of_the_program_are_entered_at_the_first_start_and_once(fresh: Database, tmp_path: Path) -> None:
    settings = Settings.from_environment({"GREENCHAIN_DATA": str(tmp_path)})
    entered = log_factors(settings, fresh)
    assert [one.found.ref.id for one in entered] == [
        "cbam-defaults-2025",
        "mee-nbs-grid-2023",
        "mee-nbs-provinces-2022",
    ]
    assert log_factors(settings, fresh) == []
    other = Settings.from_environment({"GREENCHAIN_DATA": str(tmp_path / "another machine")})
    assert log_factors(other, fresh) == []
    assert fresh.read(ledger_head) == 2


def test_of_several_that_start_at_once_one_enters_each_set(fresh: Database) -> None:
    hall = Hall(fresh)
    workers = [hall.worker() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: enter_shipped(fresh, worker), workers))
    assert len(fresh.read(read_factor_sets)) == fresh.read(ledger_head) + 1 == len(shipped())


def test_a_start_does_not_take_back_what_the_operator_has_loaded(fresh: Database) -> None:
    hall = Hall(fresh)
    newer = json.loads(shipped()[0]) | {"version": "2"}
    enter(fresh, hall.intake, json.dumps(newer).encode())
    enter_shipped(fresh, hall.intake)
    told = [(s.version, s.in_force) for s in fresh.read(read_factor_sets) if s.name == newer["name"]]
    assert told == [("2", True)]


def test_the_rows_are_what_the_files_say_bit_for_bit(fresh: Database) -> None:
    enter_shipped(fresh, Hall(fresh).intake)
    read = read_newer(fresh).rows["factors"]
    held = [
        Held(n, "", OPERATOR, False, (Stated(0, read_factor_set(file, OPERATOR), ""),))
        for n, file in enumerate(shipped())
    ]
    made = tabulate(held).rows["factors"]
    for name in TABLES["factors"]:
        assert sorted(map(repr, read[name])) == sorted(map(repr, made[name])), name
