"""A supplier with nothing but a browser: makes a key, signs a footprint, reads the verdict; and the key's life."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.trust.envelope import decode_base64url
from service.trust.keys import parse_jwk
from tests.browser.for_everybody import assert_for_everybody, assert_skip_link
from tests.browser.signing import NAME, downloaded, fill, hand_in, make_key, payload, review

pytestmark = pytest.mark.browser


def test_from_nothing_to_an_accepted_signed_declaration(visitors, newcomers):
    page = visitors.open(newcomers("green-metal"), "/sign")
    expect(page.get_by_role("heading", name="No key in this browser yet")).to_be_visible()
    page.get_by_role("link", name="Make a key").click()
    make_key(page)
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("In force")
    expect(row).to_contain_text("In this browser")
    page.get_by_role("link", name="Sign a declaration").click()
    fill(page)
    review(page)
    expect(page.locator("#doubts")).to_contain_text("LOT-7-铝; you have described none yet.")
    words = page.locator("#words")
    for text in (
        NAME,
        "LOT-7-铝",
        "200.5 kg CO₂e per 1 t",
        "240 kg CO₂e per 1 t",
        "62.5 %",
        "2025-01-01 to 2025-12-31",
    ):
        expect(words).to_contain_text(text)
    exact = page.locator("#exact").text_content()
    hand_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    assert page.locator(".three dd:not(.says)").all_inner_texts() == [
        "valid", "authorised", "in force",
    ]  # fmt: skip
    content = downloaded(page)
    assert decode_base64url(content.split(b".")[1]).decode() == exact, "what was shown is what was signed"
    (fact,) = payload(content)["facts"]
    assert fact == {
        "kind": "footprint",
        "id": "footprint-LOT-7-铝-2025-01-01",
        "lot": "LOT-7-铝",
        "period_start": "2025-01-01",
        "period_end": "2026-01-01",
        "per": {"value": "1", "unit": "t"},
        "direct": "200.5",
        "indirect": "240",
        "boundary": "cradle-to-gate",
        "gwp": "AR6",
        "primary_data_share": "0.625",
    }


def test_the_private_half_cannot_be_read_by_anybody(visitors, newcomers):
    """The key is an object of the browser: no script gets its bytes, and no request carried them."""
    bodies = []
    page = visitors.open(newcomers("closed-box"), "/keys")
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    make_key(page)
    told = page.evaluate(_READ)
    assert told["extractable"] is False
    assert told["exported"] == "InvalidAccessError"
    (registration,) = [body for body in bodies if body.count(".") == 2]
    assert set(payload(registration.encode())["jwk"]) <= {"kty", "crv", "x", "y"}


_READ = """async () => {
  const db = await new Promise(r => { const q = indexedDB.open('greenchain', 1); q.onsuccess = () => r(q.result); });
  const [key] = await new Promise(r => {
    const q = db.transaction('keys').objectStore('keys').getAll(); q.onsuccess = () => r(q.result); });
  const exported = await crypto.subtle.exportKey('jwk', key.privateKey).then(() => 'exported', e => e.name);
  return { extractable: key.privateKey.extractable, exported };
}"""


@pytest.mark.long
def test_a_browser_without_ed25519_signs_with_p256(visitors, newcomers):
    page = visitors.open(newcomers("older-browser"), "/account")
    page.context.add_init_script(_NO_ED25519)
    visitors.go(page, "/keys")
    make_key(page)
    expect(page.locator("tbody tr")).to_contain_text("P-256")
    page.get_by_role("link", name="Sign a declaration").click()
    fill(page)
    review(page)
    hand_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")


# The one thing that older browsers lack.
_NO_ED25519 = """
  const make = crypto.subtle.generateKey.bind(crypto.subtle);
  crypto.subtle.generateKey = (how, ...rest) => how.name === 'Ed25519'
    ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')) : make(how, ...rest);
"""


@pytest.mark.long
def test_a_backup_is_made_only_when_asked_for_and_signs_elsewhere(visitors, newcomers, tmp_path):
    page = visitors.open(newcomers("careful"), "/keys")
    page.get_by_label("Also save a backup file now").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make and register a key").click()
    saved = json.loads(Path(download.value.path()).read_text())
    expect(page.get_by_role("status")).to_contain_text("registered and ready")
    public = {name: saved[name] for name in ("kty", "crv", "x", "y") if name in saved}
    assert parse_jwk(public).thumbprint == saved["kid"]
    assert page.locator("tbody tr").get_attribute("data-thumbprint") == saved["kid"]
    assert "d" in saved
    assert page.evaluate(_READ)["exported"] == "InvalidAccessError"


@pytest.mark.long
def test_a_key_deleted_here_stays_registered_and_signs_no_more(visitors, newcomers):
    short = newcomers("tidy")
    page = visitors.open(short, "/keys")
    make_key(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete the private half").click()
    expect(page.locator("tbody tr")).to_contain_text("not in this browser")
    expect(page.locator("tbody tr")).to_contain_text("In force")
    visitors.go(page, "/sign")
    expect(page.get_by_role("heading", name="No key in this browser yet")).to_be_visible()


@pytest.mark.long
def test_a_key_takes_the_place_of_another(visitors, newcomers):
    page = visitors.open(newcomers("rotating"), "/keys")
    make_key(page)
    old = page.locator("tbody tr").get_attribute("data-thumbprint")
    page.get_by_label("Takes the place of").select_option(old)
    make_key(page)
    states = page.locator("tbody .badge:not([data-held] .badge)").all_inner_texts()
    assert states == ["In force", "Replaced"]
    expect(page.locator(f"[data-thumbprint='{old}']")).to_contain_text("signs until")


@pytest.mark.long
def test_a_stolen_key_is_revoked_and_takes_what_it_signed_with_it(visitors, newcomers):
    page = visitors.open(newcomers("robbed"), "/keys")
    page.on("dialog", lambda dialog: dialog.accept())
    make_key(page)
    stolen = page.locator("tbody tr").get_attribute("data-thumbprint")
    visitors.go(page, "/sign")
    fill(page, subject="STOLEN-1")
    review(page)
    hand_in(page)
    signed = page.url.rsplit("/", 1)[1]
    visitors.go(page, "/keys")
    make_key(page)
    page.get_by_text("Revoke a key").click()
    form = page.locator("#revoke")
    form.locator("[name=key]").select_option(stolen)
    form.locator("[name=reason]").select_option("keyCompromise")
    form.locator("[name=since]").fill("2026-01-01")
    page.get_by_role("button", name="Sign the revocation").click()
    page.wait_for_url("**/documents/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    expect(page.locator(".findings").get_by_role("link", name=signed[:12])).to_be_visible()
    assert payload(downloaded(page))["facts"][0]["reason"] == "keyCompromise"
    visitors.go(page, "/keys")
    expect(page.locator(f"[data-thumbprint='{stolen}']")).to_contain_text("Revoked")
    expect(page.locator("#revoke [name=key] option")).to_have_count(2)
    visitors.go(page, "/sign")
    assert page.locator("#signing").get_attribute("data-keys") != ""
    assert stolen not in (page.locator("#signing").get_attribute("data-keys") or "")


@pytest.mark.long
def test_the_last_key_revokes_itself(visitors, newcomers):
    page = visitors.open(newcomers("leaving"), "/keys")
    page.on("dialog", lambda dialog: dialog.accept())
    make_key(page)
    page.get_by_text("Revoke a key").click()
    page.locator("#revoke [name=key]").select_option(index=1)
    page.locator("#revoke [name=reason]").select_option("cessationOfOperation")
    page.get_by_role("button", name="Sign the revocation").click()
    page.wait_for_url("**/documents/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    visitors.go(page, "/sign")
    expect(page.get_by_role("heading", name="No key in this browser yet")).to_be_visible()


def test_a_refused_declaration_opens_its_verdict_and_says_what_to_do(visitors, newcomers):
    page = visitors.open(newcomers("hasty"), "/keys")
    make_key(page)
    visitors.go(page, "/sign")
    fill(page)
    page.get_by_text("Correcting an earlier declaration").click()
    page.locator("[name=supersedes]").fill("0" * 64)
    review(page)
    visitors.expected_status = 422
    hand_in(page)
    reason = page.locator(".note.bad")
    expect(reason).to_contain_text("Rejected at check")
    expect(reason).to_contain_text("What to do:")
    expect(page.locator(".three")).to_contain_text("Exactly these bytes were signed")
    badges = page.locator(".checks .badge").all_inner_texts()
    assert badges.count("failed") == 1
    numbers = [int(text) for text in page.locator(".checks .ordinal").all_text_contents()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_unit_is_that_of_the_lot_until_a_number_stands_there(visitors, described):
    page = visitors.open(described, "/sign")
    unit = page.locator("[name=unit]")
    for identity, expected in (("BRACKETS-1", "kg"), ("BRACKETS-2", "t")):
        page.locator("[name=subject]").fill(identity)
        page.locator("[name=subject]").press("Tab")
        expect(unit).to_have_value(expected)
    page.locator("[name=direct]").fill("7")
    page.locator("[name=subject]").fill("BRACKETS-1")
    with page.expect_response("**/sign/lot?**"):
        page.locator("[name=subject]").press("Tab")
    page.wait_for_timeout(50)
    expect(unit).to_have_value("t")


def focus(place):
    """As the Tab key would: what the script has not shown yet takes no focus."""
    expect(place).to_be_visible()
    place.focus()
    expect(place).to_be_focused()


def test_the_keyboard_alone_is_enough(visitors, newcomers):
    page = visitors.open(newcomers("keyboard"), "/keys")
    focus(page.get_by_label("Also save a backup"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("registered and ready")
    visitors.go(page, "/sign")
    focus(page.get_by_label("One lot"))
    page.keyboard.press("Tab")
    page.keyboard.type("KEYS-1")
    for name, text in {"start": "2025-01-01", "end": "2025-01-31", "direct": "1", "indirect": "2"}.items():
        page.locator(f"[name={name}]").fill(text)
    focus(page.locator("[name=boundary]"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    focus(page.get_by_role("button", name="Review before signing"))
    page.keyboard.press("Enter")
    expect(page.locator("#sure")).to_be_visible()
    focus(page.locator("#sure"))
    page.keyboard.press("Space")
    focus(page.get_by_role("button", name="Sign and hand in"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")


@pytest.mark.long
def test_without_scripts_the_pages_say_what_to_do_instead(chromium, demo, newcomers):
    short = newcomers("no-script")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.links[short])
    page.get_by_role("button", name="Sign in as").click()
    for path, command in (("/keys", "greenchain keys new"), ("/sign", "greenchain sign")):
        page.goto(demo.url + path)
        told = page.locator("#no-script")
        expect(told).to_be_visible()
        expect(told).to_contain_text(command)
        expect(page.get_by_role("button", name=re.compile("Make|Review|Sign and"))).to_have_count(0)
    context.close()


def test_who_may_not_sign_is_offered_nothing(visitors, demo):
    page = visitors.open("auditor", "/keys")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Sign")).to_have_count(0)
    expect(page.get_by_role("button", name="Make and register a key")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Your roles do not include registering keys")
    visitors.go(page, "/sign", status=403)


@pytest.mark.long
def test_keys_of_another_organization_are_not_offered_in_the_same_browser(visitors, newcomers, demo):
    """Two people may share a browser: each signs with the keys of the own organization only."""
    page = visitors.open(newcomers("shared-one"), "/keys")
    make_key(page)
    page.get_by_role("button", name="Sign out").click()
    other = newcomers("shared-two")
    visitors.go(page, demo.links[other].removeprefix(demo.url))
    page.get_by_role("button", name="Sign in as").click()
    page.wait_for_url("**/account")
    visitors.go(page, "/sign")
    expect(page.get_by_role("heading", name="No key in this browser yet")).to_be_visible()


@pytest.mark.parametrize("place", ["/keys", "/sign"])
def test_the_pages_are_for_everybody(visitors, signing, place):
    page = visitors.open(signing, place)
    expect(page.locator("#make-key, #footprint")).to_be_visible()
    assert_skip_link(page)
    if place == "/keys":
        page.get_by_text("Revoke a key").click()
    assert_for_everybody(page)


def test_the_review_is_for_everybody(visitors, signing):
    page = visitors.open(signing, "/sign")
    fill(page, subject="W" * 200)
    review(page)
    page.get_by_text("The exact bytes").click()
    assert_for_everybody(page)
