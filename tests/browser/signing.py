"""What a supplier does in the browser: make a key, fill the form in, review it, hand it in."""

import json
from pathlib import Path

from playwright.sync_api import expect

from service.trust.envelope import decode_base64url

NAME = "浙江绿色金属 & Söhne <GmbH>"


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
