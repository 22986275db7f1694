"""Bad questions, one fault a test: the answer is problem details that name the parameter, never a 500."""

from __future__ import annotations

import re

import pytest

from graph.store.documents import ledger_head
from service.api.paging import encode_cursor
from tests.api.refusals import problem
from tests.kit.doors import Client, House

CURSORS = [
    "x",
    "=",
    "!!!",
    "bnVsbA",
    "e30",
    "W10",
    "W251bGxd",
    encode_cursor(1, 2),
    encode_cursor(1.5),
    "a" * 700,
    "%00",
]


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize("path", ["/api/v1/lots", "/api/v1/documents"])
def test_a_bad_page_cursor(supplier: Client, path: str, cursor: str) -> None:
    answer = supplier.get(path, cursor=cursor)
    assert answer.status_code in (400, 422)
    body = problem(answer, answer.status_code)
    assert [e.get("parameter") for e in body["errors"]] == ["cursor"]


@pytest.mark.parametrize("cursor", [encode_cursor("\ud800"), encode_cursor("\x00"), encode_cursor("|" * 100)])
def test_a_cursor_of_strange_characters_is_no_fault_of_ours(supplier: Client, cursor: str) -> None:
    assert supplier.get("/api/v1/lots", cursor=cursor).status_code in (200, 400, 422)


@pytest.mark.parametrize("before", [0, -1, 2**70, -(2**70)])
def test_a_cursor_of_any_number_is_a_place_in_the_list(supplier: Client, before: int) -> None:
    assert supplier.get("/api/v1/documents", cursor=encode_cursor(before)).status_code == 200


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "9" * 30])
def test_a_page_has_one_to_two_hundred_items(supplier: Client, limit: str) -> None:
    body = problem(supplier.get("/api/v1/lots", limit=limit), 422)
    assert [e["parameter"] for e in body["errors"]] == ["limit"]


@pytest.mark.parametrize(
    "as_of",
    [
        "never",
        "1.5",
        "-2",
        "--1",
        "1e3",
        "99999999999999999999",
        "2025-13-01",
        "2025-01-01T00:00:00",
        " 1",
        "٣",
        "x" * 41,
        "\x00",
    ],
)
def test_an_as_of_that_is_neither_index_nor_time(supplier: Client, as_of: str) -> None:
    body = problem(supplier.get(supplier.lot("L1") + "/footprint", as_of=as_of), 422)
    assert [e["parameter"] for e in body["errors"]] == ["as_of"]


def test_a_wrong_as_of_is_told_what_is_taken(supplier: Client) -> None:
    def said(as_of: str) -> str:
        return str(problem(supplier.get(supplier.lot("L1") + "/footprint", as_of=as_of), 422)["detail"])

    assert "a ledger index, a date (2026-01-31) or a time with an offset" in said("yesterday")
    assert said("99999999999999999999") == "is no ledger index"


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("{lot}/footprint", "asof=3", "asof"),
        ("{lot}/footprint", "as_of=0&as_of=1", "as_of"),
        ("{lot}/changes", "since=0&until=1", "until"),
        ("/api/v1/lots", "limit=1&page=2", "page"),
        ("/api/v1/me", "as_of=0", "as_of"),
        ("{lot}/what-if", "asof=3", "asof"),
    ],
)
def test_a_parameter_that_would_be_ignored_is_refused(supplier: Client, path: str, query: str, name: str) -> None:
    """An auditor who misspells as_of must not get the figure of today."""
    method = "POST" if path.endswith("what-if") else "GET"
    address = f"{path.format(lot=supplier.lot('L1'))}?{query}"
    answer = supplier.http.open(address, method=method, headers=supplier.headers, json={} if method == "POST" else None)
    assert [e["parameter"] for e in problem(answer, 422)["errors"]] == [name]


def test_no_endpoint_takes_a_parameter_that_it_does_not_know(supplier: Client) -> None:
    """As every rule of the API is asked; who asks is settled before."""
    rules = [r for r in supplier.http.application.url_map.iter_rules() if r.rule.startswith("/api/v1")]
    assert len(rules) > 20
    for rule in rules:
        path = re.sub(r"<[^>]*>", "x", rule.rule) + "?asof=3"
        for method in sorted(rule.methods - {"OPTIONS"}):
            answer = supplier.http.open(path, method=method, headers=supplier.headers)
            assert answer.status_code == 422, (method, path)
            assert method == "HEAD" or [e["parameter"] for e in answer.json["errors"]] == ["asof"]


def test_an_index_that_the_ledger_has_not_reached(house: House, supplier: Client) -> None:
    head = house.database.read(ledger_head)
    path = supplier.lot("L1") + "/footprint"
    assert supplier.get(path, as_of=str(head)).status_code == 200
    assert problem(supplier.get(path, as_of=str(head + 1)), 422)["type"].endswith("as-of-unknown")


@pytest.mark.parametrize(
    "period", ["", "2025", "2025-01-01", "2026-01-01/2025-01-01", "2025-01-01/2025-01-01", "a/b", "/"]
)
def test_a_period_that_is_none_or_ends_before_it_starts(supplier: Client, period: str) -> None:
    body = problem(supplier.get(supplier.product("steel") + "/footprint", period=period), 422)
    assert [e["parameter"] for e in body["errors"]] == ["period"]


def test_a_policy_that_does_not_exist(supplier: Client) -> None:
    for path in ("/api/v1/lots", supplier.lot("L1") + "/footprint"):
        body = problem(supplier.get(path, policy="../../etc/passwd"), 422)
        assert [e["parameter"] for e in body["errors"]] == ["policy"]
        assert body["errors"][0]["detail"].startswith("Must be one of: cbam-2026, "), "an empty word names nothing"


@pytest.mark.parametrize("address", ["x", "0" * 32, "..", "%00", "%ff", "'", "a" * 3000, "null"])
@pytest.mark.parametrize(
    "path", ["/api/v1/lots/{}", "/api/v1/lots/{}/chain", "/api/v1/documents/{}", "/api/v1/documents/{}/content"]
)
def test_an_address_of_nothing_is_not_found(supplier: Client, path: str, address: str) -> None:
    problem(supplier.http.get(path.format(address), headers=supplier.headers), 404)


def test_methods_that_are_not_there(supplier: Client) -> None:
    for method, path in (("DELETE", "/api/v1/documents"), ("PUT", "/api/v1/lots"), ("POST", supplier.lot("L1"))):
        problem(supplier.http.open(path, method=method, headers=supplier.headers), 405)
