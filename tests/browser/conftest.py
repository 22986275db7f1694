"""A real service on a real engine with the demo in it, and a real Chromium to look at it."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from graph.store.database import Database
from graph.store.principals import PrincipalKind
from service.app import create_app
from service.auth.accounts import Accounts, PrincipalRequest
from service.auth.roles import Role
from service.cli.run import load_demo
from service.config import Settings
from service.demo.statements import org
from tests.browser.signing import NAME, make_key
from tests.browser.visits import Demo, Visitors
from tests.kit.graphs import cleared

# Two suites may share two cores: what takes a second alone has taken more than five then.
expect.set_options(timeout=20_000)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser; without one the tests fail, so that nobody takes a skipped half for a green one."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(f"no browser: none of {', '.join(BROWSERS)} is installed (Debian: apt-get install chromium)")
    # Started and ended with the module: the driver keeps an event loop in this thread, which other tests may want.
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The service on loopback, with the demo loaded through its API: once a module."""
    database = cleared(session_database)
    environ = {"GREENCHAIN_DATA": str(tmp_path_factory.mktemp("browser")), "GREENCHAIN_PORT": str(_free_port())}
    settings = Settings.from_environment(environ)
    server = make_server(settings.host, settings.port, create_app(settings, database), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Demo(settings.url, database, load_demo(settings.url, database))
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture(scope="module")
def all_visitors(chromium: Browser, demo: Demo) -> Visitors:
    """People of the demo, signed in by their links, each once."""
    return Visitors(chromium, demo)


@pytest.fixture
def visitors(all_visitors: Visitors) -> Iterator[Visitors]:
    """People who open pages; afterwards no page may have had a fault or asked another host for anything."""
    yield all_visitors
    assert all_visitors.leave() == []


@pytest.fixture(scope="module")
def newcomers(demo):
    """Makes organizations with one person, who has never been here before."""

    def make(short, name=NAME, role=Role.SUPPLIER):
        person = PrincipalRequest(PrincipalKind.PERSON, f"{short}@demo", frozenset({role}))
        (issued,) = Accounts(demo.database).register_organization(None, org(short), name, [person])
        demo.more_links[short] = demo.url + issued.sign_in_path
        return short

    return make


@pytest.fixture(scope="module")
def signing(all_visitors, newcomers):
    """An organization whose person has a key in the browser."""
    short = newcomers("signing")
    make_key(all_visitors.open(short, "/keys"))
    assert all_visitors.leave() == []
    return short


@pytest.fixture(scope="module")
def described(signing, demo):
    """The same organization, which has described a lot of half a tonne and one of two tonnes."""
    now = int(time.time())
    facts = [{"kind": "product", "id": "brackets", "name": "Brackets", "material": "steel", "declared_unit": "t"}]
    facts += [
        {"kind": "lot", "id": identity, "product": "brackets", "produced_at": "2025-06-01", "quantity": quantity}
        for identity, quantity in (
            ("BRACKETS-1", {"value": "500", "unit": "kg"}), ("BRACKETS-2", {"value": "2", "unit": "t"}),
        )
    ]  # fmt: skip
    told = {"iss": org(signing), "jti": "brackets", "iat": now, "exp": now + 600, "facts": facts}
    assert demo.system(signing).submit(json.dumps(told).encode(), "application/json")["verdict"]["accepted"]
    return signing


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
