"""A supplier with nothing but a browser: makes a key, signs a footprint, reads the verdict."""

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from connectors.greenchain import GreenchainClient
from graph.store.principals import PrincipalKind
from service.auth.accounts import Accounts, PrincipalRequest
from service.auth.roles import Role
from service.demo.statements import org
from service.trust.envelope import decode_base64url
from service.trust.keys import parse_jwk
from tests.browser.test_browser_documents import assert_for_everybody, assert_skip_link

pytestmark = pytest.mark.browser

NAME = "浙江绿色金属 & Söhne <GmbH>"


@pytest.fixture(scope="module")
def newcomers(demo):
    """Makes organizations with one person, who has never been here before."""

    def make(short, name=NAME, role=Role.SUPPLIER):
        person = PrincipalRequest(PrincipalKind.PERSON, f"{short}@demo", frozenset({role}))
        (issued,) = Accounts(demo.database).register_organization(None, org(short), name, [person])
        demo.more_links[short] = demo.url + issued.sign_in_path
        return short

    return make


def make_key(page):
    page.get_by_role("button", name="Make and register a key").click()
    expect(page.get_by_role("status")).to_contain_text("registered and ready")


def fill(page, **changes):
    told = {
        "subject": "LOT-7-铝", "start": "2025-01-01", "end": "2025-12-31", "direct": "200.5", "indirect": "240",
        "primary": "62.5",
    } | changes  # fmt: skip
    for name, text in told.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=boundary]").select_option("cradle-to-gate")


def review(page):
    page.get_by_role("button", name="Review before signing").click()
    expect(page.get_by_role("heading", name="You are about to sign")).to_be_focused()


def hand_in(page):
    if page.locator("#sure").is_visible():
        page.locator("#sure").check()
    page.get_by_role("button", name="Sign and hand in").click()
    page.wait_for_url("**/documents/*")


def payload(content):
    return json.loads(decode_base64url(content.split(b".")[1]))


def downloaded(page):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bytes").click()
    return Path(download.value.path()).read_bytes()


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


@pytest.fixture(scope="module")
def described(signing, demo):
    """The same organization, which has described a lot of half a tonne and one of two tonnes."""
    system = PrincipalRequest(PrincipalKind.SYSTEM, "describing", frozenset({Role.SUPPLIER}))
    issued = Accounts(demo.database).add_principal(None, org(signing), system)
    client, now = GreenchainClient(demo.url, issued.id, issued.client_secret), int(time.time())
    facts = [{"kind": "product", "id": "brackets", "name": "Brackets", "material": "steel", "declared_unit": "t"}]
    facts += [
        {"kind": "lot", "id": identity, "product": "brackets", "produced_at": "2025-06-01", "quantity": quantity}
        for identity, quantity in (
            ("BRACKETS-1", {"value": "500", "unit": "kg"}), ("BRACKETS-2", {"value": "2", "unit": "t"}),
        )
    ]  # fmt: skip
    told = {"iss": org(signing), "jti": "brackets", "iat": now, "exp": now + 600, "facts": facts}
    assert client.submit(json.dumps(told).encode(), "application/json")["verdict"]["accepted"]
    return signing


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


@pytest.fixture(scope="module")
def signing(all_visitors, newcomers):
    """An organization whose person has a key in the browser."""
    short = newcomers("signing")
    make_key(all_visitors.open(short, "/keys"))
    assert all_visitors.leave() == []
    return short


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
