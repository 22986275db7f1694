"""Reading over HTTP: as of an index or a time, policies, products, contributions, pages, chains."""

from __future__ import annotations

import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.figures import BREAKDOWNS
from tests.kit.doors import Client, House
from tests.kit.statements import (
    as_bytes,
    consumed,
    direct,
    facility,
    lot,
    of,
    process,
    product,
    q,
    statement,
    transfer,
    unique,
)
from tests.kit.statements import footprint as footprint_fact


@pytest.fixture(scope="module")
def maker(house: House) -> Client:
    """Two lots of one product, made in two years with different emissions."""
    found = house.client("maker", signs=True)
    found.signs(
        product(),
        facility("works", "CN", grid_region="CN"),
        process("heat", 1000, emitted=100, facility="works"),
        lot("L1", 1000),
        process("later", 500, emitted=200, produced_from="2024-01-01", produced_to="2025-01-01"),
        lot("L2", 500, "later", produced_at="2024-06-30"),
    )
    return found


def footprint(client: Client, identity: str, **query: str) -> dict[str, Any]:
    answer = client.get(client.lot(identity) + "/footprint", **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


# As of


def test_a_figure_is_asked_as_of_an_index_or_a_time(house: House) -> None:
    client = house.client("historian")
    first = client.states(product(), process(emitted=100), lot())
    time.sleep(1.1)
    between = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    second = client.states(process(emitted=300, supersedes=first["id"]))
    for query, expected in (
        ({}, 0.3),
        ({"as_of": str(second["ledger_index"])}, 0.3),
        ({"as_of": str(first["ledger_index"])}, 0.1),
        ({"as_of": between}, 0.1),
        ({"as_of": "2200-01-01"}, 0.3),
    ):
        view = footprint(client, "L1", **query)
        assert view["total"] == pytest.approx(expected, rel=1e-12), query
    assert footprint(client, "L1", as_of=between)["as_of"] == first["ledger_index"]


@pytest.mark.parametrize("read", ["", "/footprint", "/content", "/contributions", "/chain"])
def test_before_it_was_stated_a_lot_is_not_there(maker: Client, read: str) -> None:
    for as_of in ("-1", "1999-12-31", "0"):
        assert maker.get(maker.lot("L1") + read, as_of=as_of).status_code == 404


def test_before_it_was_stated_a_product_is_not_there(maker: Client) -> None:
    path = maker.product("steel") + "/footprint"
    for as_of in ("-1", "1999-12-31", "0"):
        assert maker.get(path, period="2025-01-01/2026-01-01", as_of=as_of).status_code == 404


def test_lists_are_as_of_an_index_too(maker: Client) -> None:
    assert maker.get("/api/v1/lots", as_of="-1").json == {"data": []}
    assert len(maker.get("/api/v1/lots").json["data"]) == 2


# Policies and products


def test_a_named_policy_is_the_one_that_is_told(maker: Client) -> None:
    assert footprint(maker, "L1")["policy"].startswith("default/")
    spec = maker.get("/api/openapi.json").json
    names = next(
        p["schema"]["enum"] for p in spec["paths"]["/api/v1/lots"]["get"]["parameters"] if p["name"] == "policy"
    )
    for name in filter(None, names):
        assert footprint(maker, "L1", policy=name)["policy"].startswith(f"{name}/")


def test_a_products_footprint_is_the_average_of_what_was_made_of_it_in_the_period(maker: Client) -> None:
    path = maker.product("steel") + "/footprint"

    def total(period: str) -> float:
        answer = maker.get(path, period=period)
        assert answer.status_code == 200, answer.text
        return float(answer.json["total"])

    assert total("2025-01-01/2026-01-01") == pytest.approx(0.1, rel=1e-12)
    assert total("2024-01-01/2025-01-01") == pytest.approx(0.4, rel=1e-12)
    assert total("2024-01-01/2026-01-01") == pytest.approx(300 / 1500, rel=1e-12)


def test_the_period_asked_is_told(maker: Client) -> None:
    view = maker.get(maker.product("steel") + "/footprint", period="2025-01-01/2026-01-01").json
    assert view["period"] == {"start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}


# Every figure says what it is


def test_a_figure_comes_with_all_one_should_know(maker: Client) -> None:
    view = footprint(maker, "L1")
    assert (view["unit"], view["boundary"], view["basis"]) == ("kgCO2e/kg", "cradle-to-gate", "computed")
    assert view["subject"]["id"] == "L1"
    assert view["lower_bound"] is False
    assert view["total"] == view["direct"] + view["indirect"] + view["undivided"]
    assert len(view["documents"]["ids"]) == 1
    assert view["documents"]["undisclosed"] == 0
    assert maker.get(f"/api/v1/documents/{view['documents']['ids'][0]}").status_code == 200


def test_unknown_is_null_and_never_zero(house: House) -> None:
    client = house.client("unknowing")
    client.states(product(), lot(source=""))
    view = footprint(client, "L1")
    assert (view["total"], view["direct"], view["basis"]) == (None, None, "unknown")
    assert view["unknown_share"] == 1.0
    shares = ("coverage_emissions", "default_share", "primary_data_share", "interval_share")
    assert [view[name] for name in shares] == [None] * len(shares)
    assert [m["id"] for m in view["missing"]["named"]] == ["L1"]


def test_a_lower_bound_says_so_and_what_is_missing(house: House) -> None:
    client = house.client("bounded")
    ghost = of("urn:greenchain:org:unheard-of", "PIG-77")
    client.states(product(), process(emitted=100, inputs=[consumed(ghost, 500)]), lot())
    view = footprint(client, "L1")
    assert view["lower_bound"] is True
    assert view["total"] == pytest.approx(0.1)
    assert [m["id"] for m in view["missing"]["named"]] == ["PIG-77"]


SCOPES = ("direct", "indirect", "undivided", "total")


def test_of_what_is_stated_as_a_total_only_no_scope_is_a_number(house: House) -> None:
    """A total tells nobody how much of it is direct: not in the figure, nor in what is made of it."""
    client = house.client("undivided", signs=True)
    alone = footprint_fact("F1", "2")
    alone["undivided"] = alone.pop("direct")
    del alone["indirect"]
    client.signs(product(), process(emitted=100), lot(), alone)
    view = footprint(client, "L1")
    assert [view[scope] for scope in SCOPES] == [None, None, 2.0, 2.0]
    assert not view["lower_bound"]
    (row,) = client.get(client.lot("L1") + "/contributions").json["by"]["lot"]
    assert [row[scope] for scope in SCOPES] == [None, None, 2.0, 2.0]
    period = "2025-01-01/2026-01-01"
    (group,) = client.get("/api/v1/portfolio", period=period, by="supplier").json["groups"]
    assert (group["direct"], group["indirect"]) == (None, None)


def test_of_a_value_that_was_not_taken_what_nobody_states_is_null(house: House) -> None:
    client = house.client("shadowed", signs=True)
    ghost = of("urn:greenchain:org:unheard-of", "PIG-78")
    client.signs(product(), process(emitted=100, inputs=[consumed(ghost, 500)]), lot(), footprint_fact("F1", "2"))
    (shadow,) = footprint(client, "L1")["shadows"]
    assert (shadow["basis"], shadow["lower_bound"]) == ("computed-gaps", True)
    assert [shadow[scope] for scope in SCOPES] == [pytest.approx(0.1), None, None, pytest.approx(0.1)]


# Contributions and chains


@pytest.fixture(scope="module")
def chained(house: House) -> Client:
    """Three tiers of three organizations, each with its own emissions; the last one asks."""
    previous: Client | None = None
    for tier in range(3):
        client = house.client(f"tier{tier}-", signs=True)
        facts = [product(), facility("works", ("AU", "CN", "DE")[tier])]
        inputs = []
        if previous:
            previous.signs(transfer(previous.uri, client.uri, "L1", 800, "T1"))
            inputs = [consumed(of(previous.uri, "L1"), 800)]
        made = process(emitted=0, inputs=inputs, facility="works")
        made["activities"] = [direct(50 * (tier + 1), "melting"), direct(10, "heating")]
        client.signs(*facts, made, lot())
        previous = client
    assert previous
    return previous


def test_every_breakdown_sums_to_the_total(chained: Client) -> None:
    view = chained.get(chained.lot("L1") + "/contributions").json
    assert set(view["by"]) == set(BREAKDOWNS)
    total = footprint(chained, "L1")["total"]
    assert view["total"]["total"] == pytest.approx(total, rel=1e-12)
    for by, rows in view["by"].items():
        for scope in ("direct", "indirect", "undivided", "total"):
            summed = math.fsum(row[scope] for row in rows)
            assert summed == pytest.approx(view["total"][scope], rel=1e-12, abs=1e-15), (by, scope)
        assert math.fsum(row["share"] for row in rows) == pytest.approx(1, rel=1e-12), by


def test_what_lies_two_tiers_up_is_in_the_total(chained: Client) -> None:
    own = 160 / 1000
    assert footprint(chained, "L1")["total"] == pytest.approx(own + 0.8 * (0.11 + 0.8 * 0.06), rel=1e-12)


def test_the_chain_is_drawn_with_the_undisclosed_as_one_node_a_tier(chained: Client) -> None:
    view = chained.get(chained.lot("L1") + "/chain").json
    assert [node["tier"] for node in view["nodes"]] == [0, 1, 2]
    assert [("name" in node) for node in view["nodes"]] == [True, True, False]
    assert view["nodes"][2].keys() <= {"number", "tier", "lots"}
    edges = {(e["source"], e["target"]): e.get("amount") for e in view["edges"]}
    assert edges == {(1, 0): pytest.approx(0.8), (2, 1): None}
    assert view["truncated"] is False


def test_a_chain_that_contains_itself_has_no_figure_and_its_documents_stay(house: House) -> None:
    client = house.client("looper")
    client.states(
        product(),
        process("a", inputs=[consumed("LB", 10)]),
        lot("LA", 1000, "a"),
        process("b", inputs=[consumed("LA", 10)]),
        lot("LB", 1000, "b"),
    )
    answer = client.get(client.lot("LA") + "/footprint")
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:greenchain:problem:cycle"
    assert {f"{client.uri}|LA", f"{client.uri}|LB"} <= {word.strip(",.;'\"") for word in answer.json["detail"].split()}
    assert client.get(client.lot("LA")).status_code == 200


# Pages


def pages(client: Client, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    cursor = ""
    while True:
        body = client.get(path, cursor=cursor, **query).json
        found.append(body["data"])
        if "next" not in body:
            return found
        cursor = body["next"]
        assert len(found) < 50


def test_pages_hold_everything_once_in_order(house: House) -> None:
    client = house.client("pager")
    names = [f"P{n:02}" for n in range(11)]
    client.states(*[lot(name, 1, "") for name in reversed(names)])
    found = pages(client, "/api/v1/lots", limit=4)
    assert [len(page) for page in found] == [4, 4, 3]
    assert [view["id"] for page in found for view in page] == names
    exactly = pages(client, "/api/v1/lots", limit=11)
    assert [len(page) for page in exactly] == [11]


def test_what_comes_in_between_two_pages_skips_and_repeats_nothing(house: House) -> None:
    client = house.client("pager")
    client.states(*[lot(f"B{n}", 1, "") for n in (1, 3, 5, 7)])
    first = client.get("/api/v1/lots", limit=2).json
    client.states(lot("B0", 1, ""), lot("B2", 1, ""), lot("B4", 1, ""), lot("B9", 1, ""))
    second = client.get("/api/v1/lots", limit=20, cursor=first["next"]).json
    assert [v["id"] for v in first["data"]] == ["B1", "B3"]
    assert [v["id"] for v in second["data"]] == ["B4", "B5", "B7", "B9"]


def test_documents_are_listed_newest_first_also_while_new_ones_come(house: House) -> None:
    client = house.client("pager")
    sent = [client.states(product(unique("p")))["id"] for _ in range(5)]
    first = client.get("/api/v1/documents", limit=2).json
    client.states(product(unique("p")))
    rest = client.get("/api/v1/documents", limit=10, cursor=first["next"]).json
    assert [d["id"] for d in first["data"] + rest["data"]] == sent[::-1]


def test_lots_are_searched_by_id_product_material_and_issuer(house: House) -> None:
    client = house.client("searcher")
    client.states(
        product("kupfer", "copper", name="Kupferdraht"),
        lot("FIND-ME", 1, "", "kupfer"),
        lot("other", 1, "", "unnamed"),
    )

    def found(search: str) -> list[str]:
        return [v["id"] for v in client.get("/api/v1/lots", search=search).json["data"]]

    assert found("find-m") == ["FIND-ME"]
    assert found("KUPFERDRAHT") == ["FIND-ME"]
    assert found("copper") == ["FIND-ME"]
    assert found("searcher") == ["FIND-ME", "other"]
    assert found("nothing like it") == []


def test_a_lot_is_told_as_its_issuer_describes_it(maker: Client) -> None:
    view = maker.get(maker.lot("L1")).json
    assert view["product"]["id"] == "steel"
    told = {
        "id": "L1", "issuer": maker.uri, "described": True, "product_name": "Product steel", "material": "steel",
        "quantity": 1000.0, "unit": "kg", "produced_at": "2025-06-30T00:00:00Z",
    }  # fmt: skip
    assert {name: view[name] for name in told} == told


def test_a_document_is_told_with_every_check(maker: Client) -> None:
    sent = maker.signs(product(unique("p")))
    view = maker.get(f"/api/v1/documents/{sent['id']}").json
    assert view == sent
    assert [c["number"] for c in view["verdict"]["checks"]] == list(range(1, 17))
    assert view["verdict"]["key_in_force"] is True
    assert view["sender"] == view["issuer"] == maker.uri


def test_the_same_document_again_is_answered_the_same_over_http(maker: Client) -> None:
    content = as_bytes(statement(maker.uri, product(unique("p"))))
    first, second = (maker.submit(content, "application/json") for _ in range(2))
    assert (first.status_code, first.json) == (second.status_code, second.json) == (201, first.json)


def test_what_one_worker_wrote_another_reads_at_once(house: House, maker: Client, tmp_path: Any) -> None:
    """Two apps on one graph, as two workers of the service."""
    other = House(house.database, house.settings.data)
    twin = Client(maker.uri, other.app.test_client(), maker.headers)
    for _ in range(3):
        name = unique("W")
        assert twin.get(maker.lot(name)).status_code == 404
        maker.states(lot(name, 1, ""))
        assert twin.get(maker.lot(name)).status_code == 200


def test_readers_and_writers_at_once_never_meet_a_half_read_chain(house: House) -> None:
    """Figures are read while another thread of the process takes in what is new."""
    client = house.client("busy")

    client.states(product(), process(), lot())

    def write(number: int) -> int:
        own = Client(client.uri, house.app.test_client(), client.headers)
        return own.submit(
            as_bytes(statement(client.uri, lot(f"N{number}", 1, ""), facility(f"f{number}"))), "application/json"
        ).status_code

    def read(number: int) -> int:
        own = Client(client.uri, house.app.test_client(), client.headers)
        path = client.lot("L1") + ("", "/footprint", "/contributions", "/chain")[number % 4]
        return own.get(path if number % 5 else "/api/v1/lots").status_code

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    try:
        with ThreadPoolExecutor(8) as pool:
            writes, reads = [pool.submit(write, n) for n in range(40)], [pool.submit(read, n) for n in range(120)]
    finally:
        sys.setswitchinterval(before)
    assert {f.result() for f in writes} == {201}
    assert {f.result() for f in reads} == {200}


def test_the_unit_of_a_figure_is_that_of_the_lot(house: House) -> None:
    client = house.client("pieces")
    client.states(
        product("frame", "window-frame", "piece", mass_per_unit=q("8.6", "kg/piece")),
        process("make", made="frame", emitted=20)
        | {"outputs": [{"id": "good", "product": "frame", "quantity": q(10, "piece")}]},
        lot("F", 1, "", "frame")
        | {
            "quantity": q(10, "piece"),
            "drawn_from": [{"process": "make", "output": "good", "quantity": q(10, "piece")}],
        },
    )
    view = footprint(client, "F")
    assert (view["unit"], view["total"]) == ("kgCO2e/piece", pytest.approx(2))
