"""What the pages say, read as a program reads them (how they look: tests/browser)."""

from __future__ import annotations

import re
from html import unescape

import pytest

from service.auth.roles import Permission, Role
from service.web.words import PERMISSIONS
from tests.kit.doors import Client, House
from tests.kit.statements import consumed, footprint, lot, process, product, transfer, unique

pytestmark = pytest.mark.engine


def words(client: Client, path: str, status: int = 200) -> str:
    """The text of a page, its spaces made plain."""
    answer = client.http.get(path, headers=client.headers)
    assert answer.status_code == status, answer.text
    body = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(body).split())


@pytest.fixture(scope="module")
def maker(house: House) -> Client:
    return house.client(unique("pages-"), Role.SUPPLIER, signs=True)


@pytest.fixture(scope="module")
def buyer(house: House) -> Client:
    return house.client(unique("pages-buyer-"))


@pytest.fixture(scope="module")
def documents(maker: Client, buyer: Client) -> dict[str, str]:
    """Documents by name: how two lots were made, of which one is passed on, and figures of them and of a bare name."""
    made = maker.signs(
        product(),
        process("heat", 2000, inputs=[consumed("SHEET-1", 900)], emitted=5),
        lot("BRACKETS-1"),
        lot("SECRET-1", 1),
        transfer(maker.uri, buyer.uri, "BRACKETS-1", 1000),
    )
    figures = maker.signs(footprint("of-secret", "3.25", "SECRET-1"), footprint("of-brackets", "0.235", "BRACKETS-1"))
    bare = maker.signs(footprint("of-bare", "0.235", "BARE-1"))
    return {"made": made["id"], "figures": figures["id"], "bare": bare["id"]}


def test_a_document_says_what_it_states_and_what_came_of_it(maker: Client, documents: dict[str, str]) -> None:
    page = words(maker, f"/documents/{documents['bare']}")
    assert "Footprint of BARE-1 Direct 0.2350 kg CO₂e per kg (235.00 kg per t)" in page
    assert "Period 1 Jan 2025 to 31 Dec 2025" in page
    assert "Your footprint for BARE-1 now shows 0.2350 kg CO₂e per kg . Open the lot" in page
    process_page = words(maker, f"/documents/{documents['made']}")
    assert "Process heat Period 1 Jan 2025 to 31 Dec 2025 Inputs 1 Outputs 1 Activities 1" in process_page


def test_lists_call_documents_by_what_they_say(maker: Client, documents: dict[str, str]) -> None:
    page = words(maker, "/documents")
    assert f"Footprint of BARE-1 {documents['bare'][:12]}" in page
    assert f"Footprint of SECRET-1 and 1 more {documents['figures'][:12]}" in page, "the first of a document names it"
    assert "Key registration" in page


def test_of_a_document_one_reads_what_was_disclosed_and_nothing_else(buyer: Client, documents: dict[str, str]) -> None:
    page = words(buyer, f"/documents/{documents['figures']}")
    assert "Footprint of BRACKETS-1" in page
    assert "Only what speaks of lots that you may see is shown." in page
    made = words(buyer, f"/documents/{documents['made']}")
    assert "Lot BRACKETS-1" in made
    for text in (page, made):
        assert not re.search(r"SECRET|3\.25|heat|SHEET|more facts|Your footprint", text)


def test_a_figure_of_a_lot_that_nobody_described_has_its_unit_in_the_list(
    maker: Client, documents: dict[str, str]
) -> None:
    assert documents
    assert "0.2350 kg CO₂e per kg" in words(maker, "/lots?search=BARE")


def test_a_figure_that_stands_alone_claims_no_traced_origin(maker: Client, documents: dict[str, str]) -> None:
    assert documents
    page = words(maker, maker.lot("BARE-1").removeprefix("/api/v1"))
    assert "Covered by the maker's signed figure 100 % of mass" in page.replace("\u202f", " ")
    assert "stands for all that went into this lot. Nothing above it was traced by this service." in page
    assert "Traced to its origin" not in page
    assert "Traced to its origin" in words(maker, maker.lot("BRACKETS-1").removeprefix("/api/v1"))


def test_tiers_are_the_makers_also_for_a_buyer(maker: Client, buyer: Client, documents: dict[str, str]) -> None:
    assert documents
    page = words(buyer, buyer.lot("BRACKETS-1", maker.uri).removeprefix("/api/v1"))
    assert "The maker's own operations" in page
    assert not re.search("Own operations|direct suppliers", page)


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("soon", "Must be"),
        ("99999", "The ledger's last index is"),
        ("1" * 60, "Has at most 40 characters"),
        ("-5", "Is no ledger index"),
    ],
)
def test_a_wrong_time_is_told_at_its_box_beside_the_present(
    maker: Client, documents: dict[str, str], as_of: str, told: str
) -> None:
    assert documents
    path = maker.lot("BARE-1").removeprefix("/api/v1")
    page = words(maker, f"{path}?as_of={as_of}", 422)
    assert page.count(told) == 1, page
    assert "The present is shown." in page
    assert "0.2350" in page
    assert words(maker, f"{path}?policy=none-such", 422).count("is one of") == 1


def test_the_page_of_the_api_knows_who_is_signed_in(maker: Client, house: House) -> None:
    page = words(maker, "/api/docs")
    assert "Keys Sign API" in page
    assert "Sign in" not in page
    assert "Sign in" in house.app.test_client().get("/api/docs").text


def test_the_account_says_in_words_what_one_may_do(house: House) -> None:
    assert set(PERMISSIONS) == {permission.value for permission in Permission}
    person = house.client(unique("pages-person-"), Role.BRAND_OWNER)
    page = words(person, "/account")
    assert "brand owner You may" in page
    assert PERMISSIONS["grant"] in page
    assert not re.search("read-chain|submit-documents", page)
