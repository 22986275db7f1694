"""What holds for every page, whoever reads it and with what."""

import re

from playwright.sync_api import expect

_LABELS = """() => [...document.querySelectorAll('input:not([type=hidden]):not([hidden]), select, textarea')]
  .filter(e => !e.labels.length && !e.getAttribute('aria-label')).map(e => e.outerHTML)"""
_NAMELESS = """() => [...document.querySelectorAll('a, button')].filter(e => !e.textContent.trim()).length"""
_PICTURES = """() => [...document.querySelectorAll('svg')]
  .filter(e => !e.getAttribute('aria-label') && e.getAttribute('aria-hidden') !== 'true').length"""
_TWINS = """() => [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"""
_LEVELS = """() => [...document.querySelectorAll('main h1, main h2, main h3')].map(e => +e.tagName[1])"""

# Relative luminance and contrast as WCAG 2.2 defines them.
_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const lum = ([r, g, b]) => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (!e.checkVisibility()) continue;
    const a = lum(parse(getComputedStyle(e).color)), b = lum(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
_OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def assert_for_everybody(page):
    """Structure, contrast in both schemes, and no sideways scrolling at any width."""
    assert_readable_without_seeing(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(_CONTRAST) == [], scheme
    for width in (360, 720, 1920):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate(_OVER) == 0, width


def assert_readable_without_seeing(page):
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate(_LABELS) == []
    assert page.evaluate(_NAMELESS) == 0
    assert page.evaluate(_PICTURES) == 0
    assert page.evaluate(_TWINS) == []
    levels = page.evaluate(_LEVELS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    expect(page.get_by_role("main")).to_have_count(1)


def assert_skip_link(page):
    """The first stop of the keyboard leads past the navigation."""
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
