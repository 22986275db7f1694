"""The pages about lots, as people see them."""

import math
import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import full, shown

pytestmark = pytest.mark.browser

DIRECT, INDIRECT = 14.7270171277, 56.8403947112
BREAKDOWNS = ("organization", "lot", "facility", "country", "material", "activity", "evidence")
CASES = {
    "frame": ("windows", "FRAME-0001"),
    "casting": ("castings", "CASTING-2025"),
    "billet": ("billets", "BILLET-2025"),
    "steel": ("steelworks", "HRC-2025-07"),
}


@pytest.fixture
def frame(visitors, demo):
    return visitors.open("windows", demo.lot("windows", "FRAME-0001"))


def case(visitors, demo, name, query="", status=200):
    short, lot = CASES[name]
    return visitors.open(short, demo.lot(short, lot) + query, status=status)


def test_a_link_leads_to_the_lots(visitors, demo):
    page = visitors.stranger()
    visitors.go(page, "/lots")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/lots$"))
    visitors.go(page, demo.links["auditor"].removeprefix(demo.url))
    page.get_by_role("button", name="Sign in as auditor@demo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.get_by_role("link", name="Greenchain").click()
    expect(page).to_have_url(demo.url + "/lots")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(demo.url + "/sign-in")


def test_lots_show_what_one_may_see(visitors):
    page = visitors.open("windows")
    assert page.locator("tbody th a").all_inner_texts() == ["Window profile", "Window screws", "Window frame"]
    row = page.locator("tbody tr", has_text="PROFILE-2025")
    assert "113 000 t" in shown(row)
    assert "Riverside Profiles" in shown(row)
    assert "31 Dec 2025" in shown(row)
    assert "8.6100" in shown(row)
    assert "Computed" in shown(row)


def test_search_finds_and_says_when_it_does_not(visitors):
    page = visitors.open("windows")
    page.get_by_label("Search lots").fill("screw")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("Search lots")).to_have_value("screw")
    page.get_by_label("Search lots").fill("<b>nothing</b>")
    page.get_by_label("Search lots").press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing matches “<b>nothing</b>”")
    page.get_by_role("link", name="Show all lots").click()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_without_lots_the_page_says_what_to_do(visitors):
    page = visitors.open("retired")
    expect(page.get_by_role("heading", name="No lots yet")).to_be_visible()
    expect(page.get_by_text("greenchain submit")).to_be_visible()


def test_the_window_frame_has_the_published_figures(frame):
    expect(frame.get_by_role("heading", level=1)).to_have_text("Window frame")
    assert full(frame.locator("[data-figure=total]")) == pytest.approx(DIRECT + INDIRECT, rel=1e-9)
    assert full(frame.locator("[data-figure=direct]")) == pytest.approx(DIRECT, rel=1e-9)
    assert full(frame.locator("[data-figure=indirect]")) == pytest.approx(INDIRECT, rel=1e-9)
    assert shown(frame.locator("[data-figure=direct]")) == "14.727"
    assert shown(frame.locator("[data-figure=indirect]")) == "56.840"
    assert shown(frame.locator("[data-figure=total]")) == "71.567 kg CO₂e per piece"
    expect(frame.locator(".basis .badge")).to_have_text("Computed")
    expect(frame.get_by_text("no mining, no fuel supply, no transport")).to_be_visible()
    for share in ("0.19 %", "0.78 %", "99.03 %"):
        assert share in shown(frame.locator("section", has=frame.locator("#content")))


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_tiers_add_up_to_the_total(visitors, demo, name):
    page = case(visitors, demo, name)
    assert_sums(page, page.locator("#tiers"))


def test_every_breakdown_adds_up_and_names_no_supplier_of_a_supplier(visitors, demo, frame):
    for by in BREAKDOWNS:
        visitors.go(frame, demo.lot("windows", "FRAME-0001") + f"?by={by}")
        expect(frame.locator("#contributions [aria-current]")).to_have_text(by.capitalize())
        assert_sums(frame, frame.locator("#contributions"))
        expect(frame.get_by_text("The rows add up to the total.")).to_be_visible()
        content = frame.content()
        for name in ("Harbour", "steelworks", "HRC-2025", "Plateau", "smelter", "INGOT"):
            assert name.lower() not in content.lower(), by
        assert "Riverside Profiles" in content
    expect(frame.locator("svg.chain .box.hidden")).to_have_count(2)


def assert_sums(page, section):
    total = full(page.locator("[data-figure=total]"))
    rows = section.locator("tbody [data-cell=total]")
    known = [full(rows.nth(n)) for n in range(rows.count()) if shown(rows.nth(n)) != "unknown"]
    assert known
    assert math.fsum(known) == pytest.approx(total, rel=1e-9)
    assert full(section.locator("tfoot [data-cell=total]")) == pytest.approx(total, rel=1e-9)


def test_tabs_choose_another_breakdown(frame):
    frame.locator("#contributions").get_by_role("link", name="Activity").click()
    expect(frame).to_have_url(re.compile(r"by=activity#contributions$"))
    expect(frame.locator("#contributions tbody th").first).to_have_text("electricity")


def test_the_documents_behind_it_are_listed_with_their_verdicts(frame):
    section = frame.locator("#documents")
    rows = section.locator("tbody tr")
    expect(rows).to_have_count(3)
    for issuer in ("Fenster Windows", "Riverside Profiles", "Delta Fasteners"):
        row = section.locator("tr", has_text=issuer)
        expect(row.locator(".badge")).to_have_text("Accepted")
        expect(row.get_by_role("cell", name="yes")).to_be_visible()
    expect(section).to_contain_text("And 2 documents of organizations not disclosed to you")
    section.locator("tr", has_text="Delta Fasteners").get_by_role("link").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Signed statement")
    # Its verdict is disclosed, its bytes are not.
    expect(frame.get_by_role("link", name="Download the bytes")).to_have_count(0)


def test_the_map_leads_to_the_supplier(frame):
    frame.get_by_role("link", name="PROFILE-2025").first.click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Window profile")
    section = frame.locator("section", has=frame.locator("#chain"))
    section.get_by_text("The same as a table").click()
    expect(section.locator("tbody tr").first).to_contain_text("PROFILE-2025")


def test_an_unknown_input_makes_a_lower_bound_and_never_a_zero(visitors, demo):
    page = case(visitors, demo, "casting", "?by=lot")
    warning = page.locator(".note.warn", has=page.locator("#lower-bound"))
    expect(warning).to_contain_text("This figure is the known part alone")
    expect(warning).to_contain_text("PIG-77")
    assert shown(page.locator("[data-figure=total]")).startswith("known part 0.2000")
    assert shown(page.locator("[data-figure=indirect]")) == "unknown"
    assert [shown(c) for c in page.locator("#contributions tr", has_text="PIG-77").locator("td.number").all()] == [
        "unknown"
    ] * 4
    cells = [shown(cell) for cell in page.locator("#tiers td.number, #contributions td.number").all()]
    assert not [text for text in cells if re.fullmatch(r"0([.,]0*)?( %)?", text)]
    expect(page.locator("dl.meters")).to_contain_text("of known emissions")
    assert "100 %" in shown(page.locator("dl.legend").last)
    assert "0 %" not in re.findall(r"\b\d+ %", shown(page.locator("dl.legend").last))
    expect(page.locator("svg.chain .box.unknown")).to_contain_text("emissions unknown")
    assert "known part 0.2000" in shown(visitors.open("castings").locator("tbody tr"))


def test_a_disagreement_shows_both_values(visitors, demo):
    page = case(visitors, demo, "billet")
    expect(page.locator(".basis .badge")).to_have_text("Attested")
    assert shown(page.locator("[data-figure=total]")).startswith("1.2000")
    expect(page.locator(".findings")).to_contain_text("The signed figure disagrees with the process data")
    other = page.locator("section", has=page.locator("#others")).locator("tbody tr")
    assert "2.5732" in shown(other)
    assert "+114.4 %" in shown(other)


def test_a_contradicted_recycled_claim_is_told_once(visitors, demo):
    page = visitors.open("recycler", demo.lot("recycler", "RE-INGOT-2025"))
    expect(page.locator(".findings li")).to_have_count(1)
    expect(page.locator(".findings li")).to_contain_text("80% recycled, but electrolysis made 97% of it")


def test_as_of_an_earlier_index(frame, visitors, demo):
    head = int(re.search(r"index (\d+)", frame.get_by_label("As of").get_attribute("placeholder"))[1])
    frame.get_by_label("As of").fill(str(head - 1))
    frame.get_by_role("button", name="Show").click()
    expect(frame.get_by_role("status")).to_contain_text(f"as of {head - 1} (ledger index {head - 1})")
    visitors.expected_status = 404
    frame.get_by_label("As of").fill("2020-01-01")
    frame.get_by_role("button", name="Show").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Not on record then")
    frame.get_by_role("link", name="Show the present").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Window frame")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?as_of=999999", 422),
        ("?as_of=soon", 422),
        ("?as_of=" + "1" * 60, 422),
        ("?by=name", 404),
        ("?from=-3", 200),
        ("?from=99999", 200),
    ],
)
def test_wrong_questions_get_a_page_that_says_so(visitors, demo, query, status):
    page = case(visitors, demo, "frame", query, status=status)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("query", ["?cursor=x", "?cursor=WzFd", "?search=" + "x" * 101])
def test_wrong_lists_get_a_page_that_says_so(visitors, query):
    status = 422 if "search" in query else 400
    expect(visitors.open("windows", "/lots" + query, status=status).get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("query", ["", "?as_of=3"])
def test_a_foreign_lot_looks_like_none(visitors, demo, query):
    told = [
        re.sub(r"name the request: \w+", "", visitors.open("windows", path, status=404).locator("main").inner_text())
        for path in (demo.lot("steelworks", "HRC-2025-07") + query, "/lots/" + "0" * 32 + query)
    ]
    assert told[0] == told[1]
    assert "HRC" not in told[0]
