"""A real service on a real engine with the demo in it, and a real Chromium to look at it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from graph.store.database import Database
from service.app import create_app
from service.cli.run import load_demo
from service.config import Settings
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
