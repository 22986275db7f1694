"""A foreign server, and sessions that may reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.guarded import GuardedSession
from tests.kit.outside import Authority, Site, serving

HOST = "issuer.example"
ACCEPT = "application/json"


def url(site: Site, path: str = "/doc") -> str:
    """Where a document of the foreign server is."""
    return f"https://{HOST}:{site.port}{path}"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The only authority that the sessions of these tests trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(authority: Authority) -> Iterator[Site]:
    """A server whose certificate is for issuer.example."""
    with serving(authority.certificate(HOST)) as found:
        yield found


Sessions = Callable[..., GuardedSession]


@pytest.fixture
def session(authority: Authority, site: Site) -> Sessions:
    """Makes sessions that take issuer.example for 127.0.0.1, allow-listed, unless told otherwise."""

    def make(*answers: str, allowed: tuple[str, ...] | None = None, ca: Path | None = None, **told: object):
        hosts = (f"{HOST}:{site.port}",) if allowed is None else allowed
        told.setdefault("resolve", lambda host, port: answers or ("127.0.0.1",))
        return GuardedSession(frozenset(hosts), str(ca or authority.file), **told)  # type: ignore[arg-type]

    return make
