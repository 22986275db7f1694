"""The form of a footprint: what it asks before anything is signed, and what is signed then."""

import pytest
from playwright.sync_api import expect

from tests.browser.for_everybody import assert_for_everybody
from tests.browser.signing import downloaded, fill, hand_in, payload, review

pytestmark = pytest.mark.browser


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("direct", "1,234", "plain number with a point"),
        ("direct", "12e3", "plain number with a point"),
        ("direct", "", "give a number"),
        ("indirect", "", "give a number"),
        ("indirect", "-1", "at least 0"),
        ("amount", "0", "more than 0"),
        ("subject", "LOT 7", "no spaces"),
        ("end", "2024-12-31", "ends before it starts"),
        ("primary", "101", "at most 100"),
    ],
)
def test_what_is_doubtful_is_asked_about_before_it_is_signed(visitors, signing, name, text, told):
    page = visitors.open(signing, "/sign")
    fill(page, **{name: text})
    page.get_by_role("button", name="Review before signing").click()
    assert told in page.locator(f"[name={name}]").evaluate("e => e.validationMessage")
    expect(page.locator("#review")).to_be_hidden()
    page.locator(f"[name={name}]").fill(
        {"subject": "L", "end": "2025-12-31", "primary": "", "amount": "2"}.get(name, "1")
    )
    review(page)


@pytest.mark.long
def test_a_slip_is_shown_in_the_review_and_signed_only_once_confirmed(visitors, described):
    page = visitors.open(described, "/sign")
    fill(page, subject="NO-SUCH-LOT", direct="-5")
    review(page)
    told = page.locator("#doubts li").all_inner_texts()
    assert told[0] == "No lot of yours has the id NO-SUCH-LOT; yours are: BRACKETS-1, BRACKETS-2."
    assert told[1].startswith("Direct is below 0 (-5).")
    page.get_by_role("button", name="Sign and hand in").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirm first")
    expect(page.locator("#sure")).to_be_focused()
    assert_for_everybody(page)
    page.locator("#sure").check()
    page.get_by_role("button", name="Change something").click()
    fill(page, subject="BRACKETS-1")
    review(page)
    expect(page.locator("#doubtful")).to_be_hidden()
    hand_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")


@pytest.mark.long
def test_a_mere_total_is_stated_as_one_and_never_as_a_zero(visitors, signing):
    page = visitors.open(signing, "/sign")
    page.get_by_label("A product in a period").check()
    page.get_by_label("Only the total is known").check()
    expect(page.locator("[name=direct]")).to_be_hidden()
    for name, text in {"subject": "billet", "start": "2025-03-01", "end": "2025-03-31", "undivided": "900"}.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=boundary]").select_option("gate-to-gate")
    page.locator("[name=unit]").select_option("kg")
    review(page)
    hand_in(page)
    (fact,) = payload(downloaded(page))["facts"]
    assert fact["undivided"] == "900"
    assert fact["product"] == "billet"
    assert not {"direct", "indirect", "lot", "primary_data_share"} & set(fact)


@pytest.mark.long
def test_going_back_signs_what_was_changed(visitors, signing):
    page = visitors.open(signing, "/sign")
    fill(page, subject="CHANGED-1")
    review(page)
    page.get_by_role("button", name="Change something").click()
    expect(page.locator("[name=subject]")).to_be_focused()
    page.locator("[name=direct]").fill("7")
    review(page)
    hand_in(page)
    assert payload(downloaded(page))["facts"][0]["direct"] == "7"


@pytest.mark.long
def test_a_correction_replaces_what_was_signed_before(visitors, signing):
    page = visitors.open(signing, "/sign")
    fill(page, subject="CORRECTED-1")
    review(page)
    hand_in(page)
    first = page.url.rsplit("/", 1)[1]
    visitors.go(page, "/sign")
    fill(page, subject="CORRECTED-1", direct="150")
    page.get_by_text("Correcting an earlier declaration").click()
    page.locator("[name=supersedes]").fill(first)
    review(page)
    hand_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    expect(page.locator(".findings")).to_have_count(0)


@pytest.mark.long
def test_a_session_that_has_ended_is_told_and_loses_nothing(visitors, signing):
    page = visitors.open(signing, "/sign")
    fill(page, subject="LATE-1")
    review(page)
    page.locator("#sure").check()
    kept = page.context.cookies()
    page.context.clear_cookies()
    visitors.expected_status = 401
    page.get_by_role("button", name="Sign and hand in").click()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    page.context.add_cookies(kept)
    visitors.expected_status = 200
    page.get_by_role("button", name="Sign and hand in").click()
    page.wait_for_url("**/documents/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
