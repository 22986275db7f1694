"""People of the demo in a browser: signed in by their links, watched for faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

from graph.model.refs import Kind, Ref, uid
from graph.store.database import Database
from service.demo.load import DemoReport
from service.demo.statements import MEMBERS, org

THIN, MINUS = "\u202f", "\u2212"
# Told to the console, so that a violation is a fault like any other.
_WATCH = (
    "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)
_NARROW = {"width": 360, "height": 740}


@dataclass(frozen=True)
class Demo:
    """A running service with the demo in it."""

    url: str
    database: Database
    report: DemoReport

    @property
    def links(self) -> dict[str, str]:
        """Sign-in link by a member's short name."""
        by_name = {entry["name"]: entry["link"] for entry in self.report.sign_in}
        return {member.short: by_name[member.name] for member in MEMBERS}

    def lot(self, short: str, identity: str) -> str:
        """The path of a lot's page."""
        return f"/lots/{uid(Kind.LOT, Ref(org(short), identity).key)}"


@dataclass
class Visitors:
    """Opens pages as members of the demo; every page is watched."""

    browser: Browser
    demo: Demo
    faults: list[str] = field(default_factory=list)
    expected_status: int = 200
    _cookies: dict[str, Any] = field(default_factory=dict)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, short: str, path: str = "/lots", *, status: int = 200, narrow: bool = False, **options: Any) -> Page:
        """A page as a person of that member sees it."""
        if short not in self._cookies:
            self._sign_in(short)
        if narrow:
            options["viewport"] = _NARROW
        context = self._context(storage_state=self._cookies[short], **options)
        return self.go(context.new_page(), path, status)

    def stranger(self, **options: Any) -> Page:
        """An empty page of somebody who is not signed in."""
        return self._context(**options).new_page()

    def go(self, page: Page, path: str, status: int = 200) -> Page:
        """Go to a path of the service, and meet the status that is expected there."""
        self.expected_status = status
        answer = page.goto(self.demo.url + path)
        assert answer is not None
        assert answer.status == status, page.content()
        return page

    def leave(self) -> list[str]:
        """Close everything; what went wrong meanwhile."""
        for context in self._contexts:
            context.close()
        found, self.faults, self._contexts = self.faults, [], []
        return found

    def _sign_in(self, short: str) -> None:
        page = self.stranger()
        self.go(page, self.demo.links[short].removeprefix(self.demo.url))
        page.get_by_role("button", name="Sign in as").click()
        page.wait_for_url("**/account")
        self._cookies[short] = page.context.storage_state()

    def _context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(**options)
        context.add_init_script(_WATCH)
        context.on("page", self._watch)
        self._contexts.append(context)
        return context

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        expected = self.expected_status != 200 and f"status of {self.expected_status}" in message.text
        if message.type in ("error", "warning") and not expected:
            self.faults.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.demo.url + "/"):
            self.faults.append(f"asked {request.url}")


def full(cell: Locator) -> float:
    """The number in a cell with all its digits, which its tooltip shows."""
    title = cell.locator("[title]").first.get_attribute("title")
    assert title is not None
    return float(title.split(" ")[0])


def shown(cell: Locator) -> str:
    """What is written in a cell, its thin spaces and minus signs made plain."""
    return cell.inner_text().replace(THIN, " ").replace("\u00a0", " ").replace(MINUS, "-").strip()
