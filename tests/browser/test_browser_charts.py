"""The charts of a lot's page, the tables beside them, and what one takes away."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.demo.statements import org
from tests.browser.for_everybody import assert_for_everybody
from tests.browser.visits import full, shown
from tests.kit.statements import all_indicators, lot, process, product, statement

pytestmark = pytest.mark.browser

HOSTILE = "=1+1 <b>coal</b> <a href='https://elsewhere.test'>x</a>"


def settle(demo):
    """A kiln that says all there is to say of a lot."""
    client = demo.join("kiln", "Kiln")
    made = process(output=1000, activities=all_indicators(HOSTILE), accounts=["energy", "water"])
    told = statement(org("kiln"), product(), made, lot("K-1", 1000))
    assert client.submit(json.dumps(told).encode(), "application/json")["verdict"]["accepted"]
    return demo.lot("kiln", "K-1")


@pytest.fixture(scope="module")
def kiln(demo):
    return settle(demo)


def drawn(page, kind):
    """A chart of the page, once plotly has drawn it."""
    figure = page.locator(f"figure[data-chart={kind}]")
    figure.scroll_into_view_if_needed()
    expect(page.locator(f"figure[data-chart={kind}][data-drawn]")).to_be_visible(timeout=20_000)
    return figure


def taken(page, link):
    """The file behind a link that one takes a table away with."""
    with page.expect_download() as download:
        link.click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def takes(section, form):
    return section.locator(".takeaway").get_by_role("link", name=form)


def test_charts_say_what_the_tables_beside_them_say(visitors, demo):
    asked = []
    page = visitors.open("windows", "/lots")
    page.on("request", lambda request: asked.append(request.url))
    visitors.go(page, demo.lot("windows", "FRAME-0001"))
    total = full(page.locator("[data-figure=total]"))
    # Nothing of 5 MB is fetched for who reads the first screen.
    assert not [url for url in asked if "/assets/plotly-" in url]
    tabs = "document.querySelector('#contributions nav.tabs').getBoundingClientRect().top + scrollY"
    places = [page.evaluate(tabs)]
    waterfall = drawn(page, "waterfall")
    told = json.loads(waterfall.locator("script").text_content())
    assert [step["label"] for step in told["steps"]] == [
        "upstream, not disclosed",
        "Riverside Profiles",
        "Delta Fasteners",
        "Total",
    ]
    expect(waterfall.locator(".bars .point")).to_have_count(4)
    assert [t.strip() for t in waterfall.locator(".bartext").all_text_contents()] == [s["text"] for s in told["steps"]]
    assert told["steps"][-2]["end"] == pytest.approx(total, rel=1e-12)
    treemap = drawn(page, "treemap")
    # A chart that pushed the page down would move what one is about to click on.
    places.append(page.evaluate(tabs))
    assert places[1] == pytest.approx(places[0], abs=1)
    # One tile a row, and the whole around them.
    expect(treemap.locator(".slice")).to_have_count(4)
    assert sum(tile["value"] for tile in json.loads(treemap.locator("script").text_content())["tiles"]) == (
        pytest.approx(total, rel=1e-12)
    )
    assert len([url for url in asked if "/assets/plotly-" in url]) == 1
    name, content = taken(page, takes(page.locator("#contributions"), "CSV"))
    assert name == f"FRAME-0001-contributions-by-organization-index-{_head(page)}.csv"
    rows = list(csv.DictReader(io.StringIO(content)))
    assert sum(float(row["total"]) for row in rows) == pytest.approx(total, rel=1e-12)
    assert {row["lower_bound"] for row in rows} == {"no"}
    assert "Harbour" not in content
    _, content = taken(page, takes(page.locator("section", has=page.locator("#chain")), "CSV"))
    assert {(row["tier"], row["nodes"], row["name"]) for row in csv.DictReader(io.StringIO(content))} >= {
        ("0", "1", "FRAME-0001"), ("1", "1", "PROFILE-2025"), ("2", "2", ""),
    }  # fmt: skip
    assert "Harbour" not in content
    assert_for_everybody(page)


def _head(page):
    return page.get_by_label("As of").get_attribute("placeholder").rpartition(" ")[2]


@pytest.mark.long
def test_what_is_known_beside_the_total_is_told_and_what_is_not_is_unknown(visitors, kiln):
    page = visitors.open("kiln", kiln + "?by=activity")
    interval = json.loads(taken(page, takes(page.locator("section", has=page.locator("#footprint")), "JSON"))[1])
    values = {row["name"]: row["value"] for row in interval["rows"]}
    assert values["95 % interval, low"] < values["total"] < values["95 % interval, high"]
    assert f"{values['95 % interval, low']:.4f}" in shown(page.locator("[data-figure=interval]"))
    assert "technology 1.0, geography 2.0, time 3.0" in shown(page.locator("[data-figure=data-quality]"))
    assert shown(page.locator("[data-part=removals]")) == "-0.0500"
    section = page.locator("#indicators")
    assert shown(section.locator("[data-cell=Coal]")) == "2.5000"
    assert shown(section.locator("[data-cell='Solid waste']")) == "at least 0.04000"
    expect(section).to_contain_text("Recovered: unknown")
    file = json.loads(taken(page, takes(section, "JSON"))[1])
    recovered = next(row for row in file["rows"] if row["name"] == "Resources recovered")
    assert (recovered["value"], recovered["lower_bound"]) == (None, False)
    assert ",Resources recovered,unknown," in taken(page, takes(section, "CSV"))[1]
    # A supplier's words are words: no markup in a chart, no formula in a spreadsheet.
    treemap = drawn(page, "treemap")
    expect(treemap).to_contain_text("<b>coal</b>")
    expect(treemap.locator("a")).to_have_count(0)
    expect(treemap.locator("figcaption")).to_contain_text("credits have no area (1 in the table)")
    assert f"'{HOSTILE}," in taken(page, takes(page.locator("#contributions"), "CSV"))[1]


@pytest.mark.long
def test_the_policy_and_the_warming_potentials_are_chosen_and_kept(visitors, demo):
    page = visitors.open("billets", demo.lot("billets", "BILLET-2025"))
    page.get_by_label("Evidence policy").select_option("cbam-2026")
    page.get_by_label("Warming potentials").select_option("AR5")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".facts")).to_contain_text("cbam-2026/1")
    # The finding leads to the document that it is about.
    finding = page.locator(".findings li", has_text="Another GWP set")
    document = finding.get_by_role("link").get_attribute("href")
    page.locator("#contributions").get_by_role("link", name="Activity").click()
    expect(page.get_by_label("Evidence policy")).to_have_value("cbam-2026")
    expect(page.get_by_label("Warming potentials")).to_have_value("AR5")
    file = json.loads(taken(page, takes(page.locator("#tiers"), "JSON"))[1])
    assert (file["policy"], file["gwp"]) == ("cbam-2026/1", "AR5")
    visitors.go(page, document)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Signed statement")


def test_of_a_lot_that_one_may_not_see_there_are_no_tables(visitors, demo):
    page = visitors.open("windows", "/lots")
    hidden, nowhere = demo.lot("steelworks", "HRC-2025-07"), "/lots/" + "0" * 32
    answers = [page.request.get(f"{demo.url}{lot}/tables/footprint.csv") for lot in (hidden, nowhere)]
    assert [answer.status for answer in answers] == [404, 404]
    own = demo.lot("windows", "FRAME-0001")
    for path, status in (("nothing.csv", 404), ("tiers.xml", 404), ("tiers.csv?policy=mine", 422)):
        assert page.request.get(f"{demo.url}{own}/tables/{path}").status == status


# What if


def _answers(number):
    """The answer to the question in which a number stands; a slow typist has asked others before."""
    return lambda response: "/what-if" in response.url and number in (response.request.post_data or "")


@pytest.mark.long
def test_the_answer_comes_as_one_types_and_can_be_broken_off(visitors, demo):
    page = visitors.open("windows", demo.lot("windows", "FRAME-0001") + "?policy=cbam-2026")
    total = full(page.locator("[data-figure=total]"))
    panel = page.locator("#what-if")
    panel.scroll_into_view_if_needed()
    factor, answer = panel.get_by_label("Emission factor"), panel.locator("[data-answer]")
    with page.expect_response(_answers('"0.2"')) as told:
        factor.press_sequentially("0.2", delay=20)
    asked = told.value.request.post_data_json["scenarios"]
    assert [one["changes"] for one in asked] == [[{"grid": {"factor": {"value": "0.2", "unit": "kg/kWh"}}}]]
    would = told.value.json()["scenarios"][0]
    assert told.value.url.endswith("/what-if?policy=cbam-2026")
    rows = answer.locator("tbody tr")
    expect(rows).to_have_count(3)
    assert [full(rows.nth(n)) for n in range(3)] == [total, would["total"], would["difference"]["total"]]
    assert would["total"] < total
    # Another source of what went in, on top of it.
    panel.get_by_label("Instead of").select_option(label="lot PROFILE-2025")
    with page.expect_response(_answers('"id":"SCREWS-2025"')) as told:
        panel.locator("[name=lot]").press_sequentially("SCREWS-2025")
    assert told.value.json()["scenarios"][0]["changes"][1]["effect"] == "changed"
    panel.get_by_label("Take").select_option("footprint")
    with page.expect_response(_answers('"2.5"')) as told:
        panel.get_by_label("kg CO₂e per kg", exact=True).fill("2.5")
    assert [list(change) for change in told.value.request.post_data_json["scenarios"][0]["changes"]] == [
        ["grid"],
        ["input"],
    ]
    again = told.value.json()["scenarios"][0]["total"]
    expect(rows.nth(1).locator("[title]")).to_have_attribute("title", re.compile(f"^{again} "))
    factor.fill("0,2")
    expect(answer).to_have_text("Write plain numbers with a point for decimals, such as 0.35.")
    expect(factor).to_have_attribute("aria-invalid", "true")
    assert_for_everybody(page)
    page.route("**/what-if?*", lambda _: None)
    with page.expect_event("requestfailed"):
        factor.fill("0.3")
        expect(panel.get_by_label("Working it out")).to_be_visible()
        expect(answer).to_have_attribute("aria-busy", "true")
        panel.get_by_role("button", name="Cancel").click()
    expect(answer).to_have_text("Cancelled.")
    expect(panel.get_by_label("Working it out")).to_be_hidden()
    page.unroute("**/what-if?*")
    visitors.expected_status = 422
    panel.get_by_label("Region").fill("nowhere")
    expect(answer).to_contain_text("Not answered: must be such as CN")


@pytest.mark.long
def test_what_evidence_stands_for_is_said_not_to_change(visitors, demo):
    page = visitors.open("billets", demo.lot("billets", "BILLET-2025"))
    page.locator("#what-if").get_by_label("Emission factor").fill("0.1")
    answer = page.locator("#what-if [data-answer]")
    expect(answer).to_contain_text("No change: a footprint or default stands for it")
    assert shown(answer.locator("[data-row=difference] .number").last) == "0"


# Portfolios


@pytest.fixture(scope="module")
def shop(demo):
    """Two years of two products, one of which nobody knows the emissions of in the second; and a third."""
    client = demo.join("shop", "Shop")
    facts = [product(name, "steel") for name in ("beam", "plate", "cast")]
    for name, year, tonnes, emitted in (("beam", 2024, 10, 20), ("beam", 2025, 12, 18), ("plate", 2025, 5, 15)):
        period = {"produced_from": f"{year}-01-01", "produced_to": f"{year + 1}-01-01"}
        made = f"{name}-{year}"
        facts.append(process(made, tonnes * 1000, made=name, emitted=emitted * 1000, **period))
        facts.append(lot(made, tonnes * 1000, made, name, produced_at=f"{year}-03-05"))
    facts += [lot(f"cast-{year}", 1000, "", "cast", produced_at=f"{year}-04-05") for year in (2025,)]
    facts += [
        process("cast-2024", 1000, made="cast", emitted=4000, produced_from="2024-01-01", produced_to="2025-01-01")
    ]
    facts += [lot("cast-2024", 1000, "cast-2024", "cast", produced_at="2024-04-05")]
    assert client.submit(json.dumps(statement(org("shop"), *facts)).encode(), "application/json")["verdict"]["accepted"]


def test_a_portfolio_is_shown_with_why_it_changed_and_whom_to_ask(visitors, demo, shop):
    page = visitors.open("shop", "/lots")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Portfolio").click()
    assert shown(page.locator("[data-figure=total]")) == "known part 33.000 t CO₂e"
    expect(page.get_by_role("status")).to_contain_text("1 lot has no figure or quantity")
    stacked = drawn(page, "stacked")
    told = json.loads(stacked.locator("script").text_content())
    (series,) = told["series"]
    # What is unknown is not drawn as a length, and neither is a month of which nothing is on record.
    assert series["values"] == [None, None, 33.0, *[None] * 9]
    steps = json.loads(drawn(page, "waterfall").locator("script").text_content())["steps"]
    assert [step["label"] for step in steps] == ["2024", "Volume", "Mix", "Intensity", "2025"]
    assert [steps[0]["value"], steps[-1]["value"]] == [20.0, 33.0]
    assert steps[3]["end"] == pytest.approx(33.0, rel=1e-12)
    casting = page.locator("#change tbody tr", has_text="cast")
    assert [shown(cell) for cell in casting.locator("td").all()] == ["4.000", *["unknown"] * 4]
    path = json.loads(drawn(page, "path").locator("script").text_content())
    assert path["actual"][:3] == [24.0, 33.0, None]
    expect(page.locator("#ask-first tbody tr").first).to_contain_text("unknown: cast-2025")
    name, content = taken(page, takes(page.locator("#change"), "CSV"))
    assert name.startswith("portfolio-2025-change-index-")
    rows = {row["product"]: row for row in csv.DictReader(io.StringIO(content))}
    assert rows["Product cast"]["after"] == "unknown"
    effects = [float(rows["all known in both"][n]) for n in ("volume", "mix", "intensity")]
    assert sum(effects) == pytest.approx(13000)
    file = json.loads(taken(page, takes(page.locator("#totals"), "JSON"))[1])
    assert [row["kgCO2e"] for row in file["rows"]] == [33000.0, None, 33000.0]
    with page.expect_response(_answers('"0.5"')) as told:
        page.locator("#what-if").get_by_label("Activity").fill("stack")
        page.locator("#what-if").get_by_label("times", exact=True).fill("0.5")
    assert told.value.json()["scenarios"][0]["total"] == pytest.approx(16500)
    expect(page.locator("#what-if [data-row=difference]")).to_contain_text("−16500")
    name, content = taken(page, takes(page.locator("#what-if"), "CSV"))
    told = list(csv.DictReader(io.StringIO(content)))
    assert [row["total"] for row in told] == ["33000", "16500", "-16500"]
    assert (told[0]["indirect"], told[0]["lower_bound"], told[2]["lower_bound"]) == ("unknown", "yes", "exact")
    assert_for_everybody(page)


def test_on_paper_no_chart_is_a_blank(visitors, demo, shop):
    """Charts are drawn when one scrolls to them: until then their tables are printed alone."""
    page = visitors.open("shop", "/portfolio?year=2025&beside=2024")
    path = page.locator("figure[data-chart=path]")
    expect(path).not_to_have_attribute("data-drawn", "")
    page.emulate_media(media="print")
    expect(path.locator(".plot")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(path).to_have_attribute("data-drawn", "", timeout=20_000)
    expect(path.locator(".plot")).to_be_visible()


WAIT_AND_CANCEL = """async () => {
  const form = document.querySelector("form[data-waits]"), busy = form.querySelector("[data-busy]");
  form.elements.year.value = "2025";
  form.requestSubmit();
  await new Promise((on) => setTimeout(on, 100));
  const waited = !busy.hidden && busy.querySelector("progress").checkVisibility();
  busy.querySelector("button").click();
  return { waited, rests: busy.hidden };
}"""


def test_a_portfolio_that_takes_its_time_can_be_broken_off(visitors, demo, shop):
    page = visitors.open("shop", "/portfolio?year=2024")
    page.route("**/portfolio?*", lambda _: None)
    # The driver itself would wait for the page that does not come.
    assert page.evaluate(WAIT_AND_CANCEL) == {"waited": True, "rests": True}
    page.unroute("**/portfolio?*")
    assert page.url.endswith("?year=2024")
    visitors.go(page, "/portfolio?scope=received")
    expect(page.get_by_role("heading", level=2)).to_have_text("No lots on record")
    for wrong in ("year=soon", "scope=all", "from=2025&until=2024", "reduction=120", "as_of=999999", "policy=mine"):
        assert page.request.get(f"{demo.url}/portfolio?{wrong}").status == 422, wrong
    assert page.request.get(f"{demo.url}/portfolio/tables/nothing.csv").status == 404
    # What others made is as if there were none of it.
    other = page.request.get(f"{demo.url}/portfolio/tables/totals.json?organization={org('windows')}&year=2025").json()
    assert [row["kgCO2e"] for row in other["rows"]] == [None]
