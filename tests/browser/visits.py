"""People of the demo in a browser: signed in by their links, watched for faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

from connectors.greenchain import GreenchainClient
from graph.model.refs import Kind, Ref, uid
from graph.store.database import Database
from graph.store.principals import PrincipalKind
from service.auth.accounts import Accounts, PrincipalRequest
from service.auth.roles import Role
from service.demo.load import DemoReport
from service.demo.statements import MEMBERS, org

THIN, MINUS = "\u202f", "\u2212"
# Told to the console, so that a violation is a fault like any other.
_WATCH = (
    "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


@dataclass(frozen=True)
class Demo:
    """A running service with the demo in it."""

    url: str
    database: Database
    report: DemoReport
    more_links: dict[str, str] = field(default_factory=dict)

    @property
    def links(self) -> dict[str, str]:
        """Sign-in link by a member's short name, and those of who came later."""
        by_name = {entry["name"]: entry["link"] for entry in self.report.sign_in}
        return {member.short: by_name[member.name] for member in MEMBERS} | self.more_links

    def system(self, short: str) -> GreenchainClient:
        """One more system of a member, which hands documents in."""
        request = PrincipalRequest(PrincipalKind.SYSTEM, f"{short} system", frozenset({Role.SUPPLIER}))
        issued = Accounts(self.database).add_principal(None, org(short), request)
        return GreenchainClient(self.url, issued.id, issued.client_secret)

    def join(self, short: str, name: str) -> GreenchainClient:
        """A new organization with one person, who may sign in from now on; and its system."""
        person = PrincipalRequest(PrincipalKind.PERSON, f"{short}@demo", frozenset({Role.SUPPLIER}))
        (issued,) = Accounts(self.database).register_organization(None, org(short), name, [person])
        self.more_links[short] = self.url + issued.sign_in_path
        return self.system(short)

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
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def open(self, short: str, path: str = "/lots", *, status: int = 200) -> Page:
        """A page as a person of that member sees it."""
        if short not in self._contexts:
            self._contexts[short] = self._sign_in(short)
        return self.go(self._contexts[short].new_page(), path, status)

    def stranger(self) -> Page:
        """An empty page of somebody who is not signed in."""
        context = self.browser.new_context()
        context.add_init_script(_WATCH)
        context.on("page", self._watch)
        return context.new_page()

    def go(self, page: Page, path: str, status: int = 200) -> Page:
        """Go to a path of the service, and meet the status that is expected there."""
        self.expected_status = status
        answer = page.goto(self.demo.url + path)
        assert answer is not None
        assert answer.status == status, page.content()
        return page

    def leave(self) -> list[str]:
        """Close the pages; what went wrong meanwhile."""
        for context in self.browser.contexts:
            for page in context.pages:
                page.close()
        found, self.faults = self.faults, []
        return found

    def _sign_in(self, short: str) -> BrowserContext:
        page = self.stranger()
        self.go(page, self.demo.links[short].removeprefix(self.demo.url))
        page.get_by_role("button", name="Sign in as").click()
        page.wait_for_url("**/account")
        return page.context

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
