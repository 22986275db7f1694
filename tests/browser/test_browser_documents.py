"""The pages about documents, lists that have a second page, and what holds for every page."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.demo.statements import org
from service.trust.checks import CHECKS, by_name
from tests.browser.for_everybody import assert_for_everybody, assert_skip_link
from tests.browser.visits import shown

pytestmark = pytest.mark.browser

MANY = 27


@pytest.fixture(scope="module")
def many(demo):
    """An organization with more lots and documents than one page holds."""
    client = demo.join("many", "Many Lots")
    product = {"kind": "product", "id": "p", "name": "Plate", "material": "steel", "declared_unit": "t"}
    for number in range(MANY):
        lot = {"kind": "lot", "id": f"PLATE-{number:02}", "product": "p", "produced_at": "2026-01-02"}
        facts = [product, lot | {"quantity": {"value": "1.5", "unit": "t"}}] if number else [product]
        now = int(datetime.now(UTC).timestamp())
        statement = {"iss": org("many"), "jti": f"s-{number}", "iat": now, "exp": now + 600, "facts": facts}
        assert client.submit(_json(statement), "application/json")["verdict"]["accepted"]
    return "many"


def _json(statement):
    return json.dumps(statement).encode()


def rejected(demo):
    return f"/documents/{demo.report.rejected['document']}"


def test_own_documents_newest_first(visitors):
    page = visitors.open("retired", "/documents")
    assert page.locator("tbody .badge").all_inner_texts() == ["Rejected", "Accepted", "Accepted", "Accepted"]
    indexes = [int(text) for text in re.findall(r"ledger index (\d+)", page.locator("tbody").inner_text())]
    assert indexes == sorted(indexes, reverse=True)
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rejected")


def test_a_rejected_document_says_why_and_what_to_do(visitors, demo):
    page = visitors.open("retired", rejected(demo))
    reason = page.locator(".note.bad")
    expect(reason).to_contain_text(f"Rejected at check {by_name('key-state').number}")
    expect(reason).to_contain_text("The key was revoked before this document was logged.")
    expect(reason).to_contain_text(by_name("key-state").remedy)
    assert page.locator(".three dd:not(.says)").all_inner_texts() == ["valid", "authorised", "not in force"]
    outcomes = page.locator(".checks .badge").all_inner_texts()
    failed = by_name("key-state").number - 1
    assert set(outcomes[:failed]) == {"passed", "does not apply"}
    assert outcomes[failed:] == ["failed"] + ["not reached"] * (len(CHECKS) - failed - 1)
    expect(page.locator(".checks li").nth(failed)).to_contain_text(by_name("key-state").clause)
    expect(page.locator("main")).to_contain_text(demo.report.rejected["document"])


def test_the_bytes_that_come_down_are_the_document(visitors, demo):
    page = visitors.open("retired", rejected(demo))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bytes").click()
    content = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == demo.report.rejected["document"]


def test_a_foreign_document_looks_like_none(visitors, demo):
    told = [
        re.sub(r"name the request: \w+", "", visitors.open("windows", path, status=404).locator("main").inner_text())
        for path in (rejected(demo), "/documents/" + "0" * 64)
    ]
    assert told[0] == told[1]


def test_fields_at_fault_are_pointed_at(visitors, demo):
    client = demo.system("windows")
    now = int(datetime.now(UTC).timestamp())
    bad = {"kind": "product", "id": "x", "name": "X", "material": "steel", "declared_unit": "parsec", "colour": "red"}
    document = client.submit(
        _json({"iss": org("windows"), "jti": "clumsy", "iat": now, "exp": now + 600, "facts": [bad]}),
        "application/json",
    )
    page = visitors.open("windows", f"/documents/{document['id']}")
    expect(page.locator(".note.bad")).to_contain_text("Rejected at check 9")
    expect(page.locator(".faults")).to_contain_text("/facts/0/colour")
    expect(page.get_by_text("This document is not signed.")).to_be_visible()


@pytest.mark.long
def test_lists_go_on_where_they_end(visitors, many):
    page = visitors.open(many, "/documents")
    expect(page.locator("tbody tr")).to_have_count(25)
    first = page.locator("tbody code").all_inner_texts()
    page.get_by_role("link", name="Older documents").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert not set(first) & set(page.locator("tbody code").all_inner_texts())
    page.get_by_role("link", name="Newest").click()
    assert page.locator("tbody code").all_inner_texts() == first
    visitors.go(page, "/lots?search=plate")
    expect(page.locator("tbody tr")).to_have_count(25)
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("PLATE-26")
    assert "unknown" in shown(page.locator("tbody tr"))
    page.locator("tbody th a").click()
    expect(page.locator("#lower-bound")).to_have_text("The emissions of this lot are unknown")
    expect(page.locator(".note.warn")).to_contain_text("lot PLATE-26 of")
    for name in ("total", "direct", "indirect"):
        assert shown(page.locator(f"[data-figure={name}]")).startswith("unknown")
    cells = [shown(cell) for cell in page.locator("td.number, dl.meters dd.number").all()]
    assert not [text for text in cells if re.match(r"0($|[., ]0*$)", text)]


# What holds for every page

PAGES = {
    "lots": ("windows", lambda demo: "/lots"),
    "nothing found": ("windows", lambda demo: "/lots?search=zzz"),
    "frame": ("windows", lambda demo: demo.lot("windows", "FRAME-0001")),
    "casting": ("castings", lambda demo: demo.lot("castings", "CASTING-2025")),
    "steel": ("steelworks", lambda demo: demo.lot("steelworks", "HRC-2025-07") + "?by=activity"),
    "billet": ("billets", lambda demo: demo.lot("billets", "BILLET-2025")),
    "documents": ("retired", lambda demo: "/documents"),
    "rejected": ("retired", rejected),
    "account": ("windows", lambda demo: "/account"),
}


@pytest.mark.long
@pytest.mark.parametrize("place", PAGES)
def test_every_page_is_for_everybody(visitors, demo, place):
    short, path = PAGES[place]
    page = visitors.open(short, path(demo))
    assert_for_everybody(page)
    assert_skip_link(page)
