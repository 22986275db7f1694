"""The page of a portfolio as a program reads it (how it looks: tests/browser): whose lots, which years, what of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

import pytest

from service.web import portfolio_page
from tests.api.test_pages import words
from tests.kit.doors import Client, House
from tests.kit.statements import consumed, grant, lot, of, organization, process, product, q, transfer, unique

pytestmark = pytest.mark.engine

HOSTILE = "=1+1<script>alert(1)</script>"
MADE, TAKEN = "/portfolio?organization={}&year=2025", "/portfolio?organization={}&year=2025&scope=received"


def made(name: str, year: int, emitted: int, quantity: int = 100, **more: object) -> list[dict[str, object]]:
    period = {"produced_from": f"{year}-01-01", "produced_to": f"{year + 1}-01-01"}
    run = f"{name}-{year}"
    return [
        process(run, quantity, made=name, emitted=emitted, **period, **more),
        lot(run, quantity, run, name, produced_at=f"{year}-03-05"),
    ]


@pytest.fixture(scope="module")
def seller(house: House) -> Client:
    """Somebody with a name of its own making, and with a product of which something is unknown."""
    client = house.client(unique("portfolio-seller-"), signs=True)
    unknown = {"inputs": [consumed(of("urn:greenchain:org:nobody", "GHOST"), 5)]}
    facts = [
        organization(HOSTILE),
        product("beam", "steel"),
        *made("beam", 2024, 300),
        *made("beam", 2025, 400, **unknown),
    ]
    client.signs(*facts)
    return client


@pytest.fixture(scope="module")
def buyer(house: House, seller: Client) -> Client:
    """May see what the seller made, and received some of it."""
    client = house.client(unique("portfolio-buyer-"))
    seller.signs(grant(client.uri), transfer(seller.uri, client.uri, "beam-2025", 10))
    return client


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("year=soon", "year"), ("year=1800", "year"), ("year=20255", "year"), ("year=%C2%B2025", "year"),
        ("base=0", "base"), ("from=nan", "from"), ("from=2025&until=2024", "until"), ("from=2000&until=2100", "until"),
        ("reduction=nan", "reduction"), ("reduction=-1", "reduction"), ("reduction=inf", "reduction"),
        ("scope=all", "scope"), (f"organization={'x' * 201}", "organization"), ("as_of=999999", "as_of"),
        ("as_of=soon", "as_of"), ("policy=mine", "policy"), ("gwp=mine", "gwp"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_its_name(seller: Client, query: str, field: str) -> None:
    for path in ("/portfolio", "/portfolio/tables/totals.json"):
        answer = seller.http.get(f"{path}?{query}", headers=seller.headers | {"Accept": "application/json"})
        assert answer.status_code == 422, answer.text
        assert [error["parameter"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize("top", ["0", "101", "many", "1e3"])
def test_how_many_may_be_asked_for(seller: Client, top: str) -> None:
    of_all = seller.get("/api/v1/portfolio/uncertainty", period="2025-01-01/2026-01-01", top=top)
    for answer in (of_all, seller.get(seller.lot("beam-2025") + "/uncertainty", top=top)):
        assert (answer.status_code, [error["parameter"] for error in answer.json["errors"]]) == (422, ["top"])


@pytest.mark.parametrize("year", [1990, 2059, 2150, 2200])
def test_any_year_can_be_asked_for_and_its_files_taken_away(seller: Client, year: int) -> None:
    page = seller.get("/portfolio", year=year)
    assert page.status_code == 200, page.text
    (path,) = re.findall(r'href="(/portfolio/tables/change.csv[^"]*)"', page.text)
    assert seller.http.get(path.replace("&amp;", "&"), headers=seller.headers).status_code == 200


def test_what_others_received_is_nobody_elses_to_read(seller: Client, buyer: Client) -> None:
    """The numbers are one's own, and so is the name above them."""
    shown = words(buyer, TAKEN.format(seller.uri))
    assert f"Portfolio {buyer.uri} lots received in 2025" in shown
    period = {"period": "2025-01-01/2026-01-01", "scope": "received"}
    for path, more in (("", {}), ("/uncertainty", {}), ("/compare", {"base": "2024-01-01/2025-01-01"})):
        answer = buyer.get(f"/api/v1/portfolio{path}", **period, **more, organization=seller.uri)
        assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "organization")
    assert buyer.get("/api/v1/portfolio", **period, organization=buyer.uri).json["total"]["lots"] == 1


def test_of_whom_one_may_see_nothing_the_page_says_so_by_the_name_that_was_given(seller: Client, buyer: Client) -> None:
    shown = words(seller, MADE.format(buyer.uri))
    assert f"There is no dated lot made by {buyer.uri} that you may see." in shown


def test_names_are_words_and_never_code(seller: Client, buyer: Client) -> None:
    page = buyer.get("/portfolio", organization=seller.uri, year="2025")
    assert "<script>alert" not in page.text
    file = buyer.get("/portfolio/tables/totals.csv", organization=seller.uri, year="2025").text
    (row, whole) = csv.DictReader(io.StringIO(file))
    assert row["supplier"] == f"'{HOSTILE}"
    assert (whole["supplier"], whole["month"]) == ("all", "all"), "of all months, none of them unknown"


def test_a_known_part_says_so_wherever_it_stands(seller: Client) -> None:
    page = words(seller, "/portfolio?year=2025&base=2024&from=2024")
    change = page[page.index("Change by product") :]
    assert re.search(r"beam 300\.\d+ known part 400\.\d+ ", change), change[:400]

    def row(name: str) -> Mapping[str, str]:
        answer = seller.get(f"/portfolio/tables/{name}.csv", year="2025", base="2024", **{"from": "2024"})
        return list(csv.DictReader(io.StringIO(answer.text)))[0 if name == "change" else 1]

    told = row("change")
    assert (told["before"], told["lower_bound_before"]) == ("300.0", "no")
    assert (told["after"], told["lower_bound_after"]) == ("400.0", "yes")
    told = row("target")
    assert (told["year"], told["aim_lower_bound"], told["actual"], told["actual_lower_bound"]) == (
        "2025", "no", "400.0", "yes",
    )  # fmt: skip


def test_two_suppliers_of_one_name_are_two() -> None:
    def group(uri: str, total: float) -> dict[str, object]:
        names = {"supplier": uri, "supplier_name": "Mill", "month": "2025-01"}
        return {"names": names, "total": total, "lower_bound": False}

    totals = {"groups": [group("urn:a", 1.0), group("urn:b", 2.0)]}
    drawn = portfolio_page.stacked(totals, 2025, portfolio_page.scale([3.0]))
    assert drawn is not None
    assert [(one["label"], one["values"][0]) for one in drawn["series"]] == [("Mill", 2.0), ("Mill", 1.0)]


def test_a_lot_that_one_transfer_names_twice_was_received_by_both(house: House, seller: Client) -> None:
    buyer = house.client(unique("portfolio-twice-"))
    moved = [{"lot": "beam-2024", "quantity": q(kilograms)} for kilograms in (10, 25)]
    seller.signs({**transfer(seller.uri, buyer.uri, "", 0, "twice"), "moved": moved})
    found = buyer.get("/api/v1/portfolio", period="2024-01-01/2025-01-01", scope="received").json
    assert (found["total"]["mass"], found["total"]["total"]) == (35.0, pytest.approx(105.0))
