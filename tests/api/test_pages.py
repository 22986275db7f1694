"""What the pages say, read as a program reads them (how they look: tests/browser)."""

from __future__ import annotations

import re
from html import unescape

import pytest

from service.auth.roles import Role
from tests.kit.doors import Client, House
from tests.kit.statements import consumed, footprint, lot, process, product, transfer, unique

pytestmark = pytest.mark.engine


def words(client: Client, path: str, status: int = 200) -> str:
    """The text of a page, its spaces made plain."""
    answer = client.get(path)
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
    assert f"and 1 more {documents['figures'][:12]}" in page
    assert "Key registration" in page


def test_of_a_document_one_reads_what_was_disclosed_and_nothing_else(buyer: Client, documents: dict[str, str]) -> None:
    page = words(buyer, f"/documents/{documents['figures']}")
    assert "Footprint of BRACKETS-1" in page
    assert "Only what speaks of lots that you may see is shown." in page
    made = words(buyer, f"/documents/{documents['made']}")
    assert "Lot BRACKETS-1" in made
    for text in (page, made):
        assert not re.search(r"SECRET|3\.25|heat|SHEET|more facts|Your footprint", text)
