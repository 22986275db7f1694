"""A reader of a transparency log over HTTP (C2SP tlog-tiles): bytes only, nothing of them is believed here."""

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3

from connectors.errors import ServiceRefused, ServiceUnreachable

TIMEOUT = (3.05, 30.0)  # seconds to connect, and between bytes of an answer
MAX_TEXT = 128 * 1024
MAX_TILE = 256 * (2 + 65_535)
PREFIX = "/ledger"


@dataclass(slots=True)
class LedgerReader:
    """Reads the log of a service, as anybody may. ``url``: the service's address, or that of its log."""

    url: str
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ServiceUnreachable(f"{self.url}: is not an http(s) address")
        self.url = self.url.rstrip("/").removesuffix(PREFIX) + PREFIX
        self._session.trust_env = False

    def checkpoint(self) -> bytes:
        """The signed head. Raises ``ServiceUnreachable``, ``ServiceRefused``."""
        return self._get("/checkpoint", MAX_TEXT)

    def tile(self, path: str) -> bytes:
        """A tile or entry bundle by its path below ``/tile/``. Raises as ``checkpoint``."""
        return self._get(f"/tile/{path}", MAX_TILE)

    def proof(self, document: str) -> bytes:
        """The proof of a document by the SHA-256 of its bytes. Raises as ``checkpoint``."""
        return self._get(f"/proof?document={document}", MAX_TEXT)

    def log_key(self) -> str:
        """The key that the service says is its log's. Raises as ``checkpoint``."""
        return _member(self._get("/keys", MAX_TEXT), "log")

    def _get(self, path: str, most: int) -> bytes:
        try:
            response = self._session.get(self.url + path, timeout=TIMEOUT, allow_redirects=False, stream=True)
            content: bytes = response.raw.read(most + 1, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise ServiceUnreachable(f"{self.url} does not answer: is the service running there?") from error
        if len(content) > most:
            raise ServiceUnreachable(f"{self.url} answers with more than {most} bytes")
        if response.status_code == 404 and path in ("/checkpoint", "/keys"):
            raise ServiceUnreachable(
                f"{self.url}: there is no ledger; expected is the address of a service, such as https://greenchain.example,"
                f" or that of its ledger, with {PREFIX} at the end"
            )
        if response.status_code != 200:
            raise ServiceRefused(response.status_code, {"title": f"{self.url}{path[:80]}: {_title(content)}"})
        return content


def _title(content: bytes) -> str:
    return _member(content, "title") or "refused"


def _member(content: bytes, name: str) -> str:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
