"""Published factors over HTTP: whoever may ask sees the sets with their documents, and not by that where others are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.factor_sets import shipped
from service.auth.roles import OPERATOR, Role
from service.factors import enter
from tests.kit.doors import Client, House
from tests.kit.statements import consumed, lot, of, process, product, q, transfer

pytestmark = pytest.mark.engine

SETS = {"cbam-defaults-2025": "material", "mee-nbs-grid-2023": "grid", "mee-nbs-provinces-2022": "grid"}


@pytest.fixture(scope="module")
def published(house: House) -> House:
    return house.published()


@pytest.fixture(scope="module")
def smelter(published: House) -> Client:
    """With a lot of a kilogram that took a thousand kilowatt hours of northern China."""
    found = published.client("factor-smelter", signs=True)
    power = {"name": "electricity", "type": "electricity", "quantity": q(1000, "kWh"), "region": "CN-North"}
    found.signs(product(), process("melt", 1, emitted=0, activities=[power]), lot("L", 1, "melt"))
    return found


def told(client: Client, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(path, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_the_sets_in_force_are_listed_with_source_year_unit_and_document(published: House) -> None:
    stranger = published.client("factor-stranger")
    found = told(stranger, "/api/v1/factor-sets")
    assert {one["name"]: one["kind"] for one in found["factor_sets"]}.items() >= SETS.items()
    grid = next(one for one in found["factor_sets"] if one["name"] == "mee-nbs-grid-2023")
    assert (grid["version"], grid["source"], grid["year"], grid["unit"]) == ("1", "MEE/NBS", 2023, "kgCO2/kWh")
    document = told(stranger, f"/api/v1/documents/{grid['document']}")
    assert (document["issuer"], document["ledger_index"]) == (OPERATOR, grid["ledger_index"])


def test_one_set_shows_its_rows(published: House) -> None:
    stranger = published.client("factor-reader")
    found = told(stranger, "/api/v1/factor-sets/cbam-defaults-2025")
    assert (found["per"], found["scope"], found["boundary"]) == ("kgCO2e/kg", "direct", "cbam-embedded")
    rows = {(row["materials"][0], row["country"]): row["value"] for row in found["rows"]}
    assert (rows["hot-rolled-steel", "US"], rows["grey-clinker", "TR"]) == (1.4, None)
    assert stranger.get("/api/v1/factor-sets/nobodys").status_code == 404
    assert stranger.get("/api/v1/factor-sets/cbam-defaults-2025", as_of="-1").status_code == 404
    assert stranger.get("/api/v1/factor-sets", as_of="1000000").status_code == 422
    assert stranger.get("/api/v1/factor-sets", as_of="then").status_code == 422


def test_who_is_not_signed_in_is_told_nothing(published: House) -> None:
    assert published.app.test_client().get("/api/v1/factor-sets").status_code == 401


@pytest.mark.parametrize("role", [Role.SUPPLIER, Role.PROCUREMENT, Role.AUDITOR])
def test_everybody_reads_the_document_with_its_bytes(published: House, role: Role) -> None:
    reader = published.client("", role)
    found = told(reader, "/api/v1/factor-sets/mee-nbs-grid-2023")
    answer = reader.get(f"/api/v1/documents/{found['document']}/content")
    assert answer.status_code == 200
    assert json.loads(answer.data)["set"] == json.loads(shipped()[1])
    page = reader.http.get(f"/documents/{found['document']}", headers=reader.headers).text
    assert "Record of the service" in page
    for told_there in ("mee-nbs-grid-2023", "CN-EAST", "0.1528", "MEE/NBS"):
        assert told_there in page


def test_a_set_that_is_loaded_later_is_there_for_who_looked_before(published: House) -> None:
    reader = published.client("factor-early")
    told(reader, "/api/v1/factor-sets")
    assert reader.get("/api/v1/documents/" + "0" * 64).status_code == 404
    another = json.loads(shipped()[2]) | {"name": "another-grid"}
    entered = enter(published.database, published.services.intake, json.dumps(another).encode())
    assert told(reader, f"/api/v1/documents/{entered.document}")["issuer"] == OPERATOR


def test_other_records_of_the_service_stay_its_own(published: House) -> None:
    record = published.services.intake.record(b'{"kind":"something"}')
    stranger = published.client("factor-curious")
    assert stranger.get(f"/api/v1/documents/{record.id}").status_code == 404


def test_a_figure_names_the_documents_of_the_factors_it_rests_on(published: House, smelter: Client) -> None:
    document = told(smelter, "/api/v1/factor-sets/mee-nbs-grid-2023")["document"]
    figure = told(smelter, f"{smelter.lot('L')}/footprint")
    assert figure["total"] == pytest.approx(636.1)
    assert document in figure["documents"]["ids"]
    assert figure["documents"]["undisclosed"] == 0
    nodes = told(smelter, f"{smelter.lot('L')}/explanation")["nodes"]
    by_kind = {node["name"]["kind"]: node["documents"]["ids"] for node in nodes}
    assert document in by_kind["process"]
    assert document not in by_kind["lot"]


def test_which_grid_a_supplier_takes_its_electricity_from_is_its_own_affair(published: House, smelter: Client) -> None:
    """Whoever may not see what rests on a set is not told that the figure does: it would say where somebody is."""
    buyer = published.client("factor-buyer", signs=True)
    smelter.signs(transfer(smelter.uri, buyer.uri, "L", 0.5))
    document = told(buyer, "/api/v1/factor-sets/mee-nbs-grid-2023")["document"]
    for what in ("footprint", "contributions", "explanation"):
        found = told(buyer, f"{buyer.lot('L', smelter.uri)}/{what}")
        assert document not in json.dumps(found), what
        if what == "footprint":
            assert (found["defaulted"]["named"], found["defaulted"]["undisclosed"]) == ([], 1)
            assert (len(found["documents"]["ids"]), found["documents"]["undisclosed"]) == (1, 1)
    own = {"name": "electricity", "type": "electricity", "quantity": q(1, "kWh"), "region": "CN"}
    frame = consumed(of(smelter.uri, "L"), 0.5)
    buyer.signs(product("f"), process("p", 1, made="f", inputs=[frame], activities=[own]), lot("F", 1, "p", "f"))
    assert document in told(buyer, f"{buyer.lot('F')}/footprint")["documents"]["ids"], "its own process rests on it"


def test_what_changed_names_the_version_that_changed_it(published: House, smelter: Client) -> None:
    buyer = published.client("factor-witness")
    smelter.signs(transfer(smelter.uri, buyer.uri, "L", 0.1, "to-witness"))
    before = told(smelter, f"{smelter.lot('L')}/footprint")["as_of"]
    newer = json.loads(shipped()[1]) | {"version": "2"}
    newer["rows"] = [row | {"value": 0.6} for row in newer["rows"]]
    entered = enter(published.database, published.services.intake, json.dumps(newer).encode())
    found = told(smelter, f"{smelter.lot('L')}/changes", since=str(before))
    assert found["change"] == pytest.approx(600.0 - 636.1)
    assert [d["id"] for step in found["steps"] for d in step["documents"]] == [entered.document]
    [step] = told(buyer, f"{buyer.lot('L', smelter.uri)}/changes", since=str(before))["steps"]
    assert (step["documents"], step["undisclosed"]) == ([], 1), "to a buyer somebody upstream has changed something"
    assert told(smelter, f"{smelter.lot('L')}/footprint", as_of=str(before))["total"] == pytest.approx(636.1)
