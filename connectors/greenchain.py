"""A client of another Greenchain service (or this one), over its public API: what the CLI and the demo use."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from connectors.errors import ServiceRefused, ServiceUnreachable

TIMEOUT = (3.05, 120.0)  # seconds to connect, and between bytes of an answer
MAX_ANSWER = 64 * 1024 * 1024


@dataclass(slots=True)
class GreenchainClient:
    """Speaks for one system principal: fetches and renews its token, and turns problems into exceptions."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _token: str = field(default="", repr=False)
    _renew_at: float = 0.0

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ServiceUnreachable(f"{self.url}: is not an http(s) address")
        self.url = self.url.rstrip("/")
        # An intranet proxy has no business with tokens, and a .netrc none with our credentials.
        self._session.trust_env = False

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """JSON of a GET. Raises ``ServiceRefused`` with the problem's words, ``ServiceUnreachable``."""
        return self._call("GET", path, params=query)

    def post(self, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        """JSON of a POST with a JSON body. Raises as ``get``."""
        return self._call("POST", path, json=document if document is not None else {})

    def submit(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Hand in one document; the stored document with its verdict, also where that is a rejection (422)."""
        try:
            return self._call("POST", "/api/v1/documents", data=content, headers={"Content-Type": media_type})
        except ServiceRefused as error:
            if "document" in error.problem:
                rejected: dict[str, Any] = error.problem["document"]
                return rejected
            raise

    def submit_batch(self, contents: list[bytes]) -> dict[str, Any]:
        """Hand in many documents in one request (one a line, so none may hold a line break)."""
        body, headers = b"\n".join(contents), {"Content-Type": "application/x-ndjson"}
        return self._call("POST", "/api/v1/documents:batch", data=body, headers=headers)

    def content(self, document: str) -> bytes:
        """The bytes of a document as they came. Raises as ``get``."""
        return self._request("GET", f"/api/v1/documents/{document}/content", headers=self._authorized("*/*")).content

    def receipt(self, path: str, **query: str | int) -> bytes:
        """A receipt as the service wrote it. Raises as ``get``."""
        return self._request("GET", path, headers=self._authorized("application/json"), params=query).content

    def challenge(self) -> tuple[str, str]:
        """A nonce for a key registration, and the audience that it must name."""
        found = self.post("/api/v1/keys:challenge")
        return found["nonce"], found["audience"]

    def register_key(self, proof: bytes) -> dict[str, Any]:
        """Register a key by its proof of possession. Raises as ``get``."""
        return self._call("POST", "/api/v1/keys", data=proof, headers={"Content-Type": "application/jose"})

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        headers = self._authorized("application/json") | options.pop("headers", {})
        return self._answer(method, path, headers=headers, **options)

    def _authorized(self, accept: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._valid_token()}", "Accept": accept}

    def _valid_token(self) -> str:
        if not self._token or time.monotonic() >= self._renew_at:
            granted = self._answer(
                "POST",
                "/auth/token",
                auth=(self.client_id, self.client_secret),
                data={"grant_type": "client_credentials"},
            )
            self._token = granted["access_token"]
            self._renew_at = time.monotonic() + 0.8 * float(granted["expires_in"])
        return self._token

    def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return _json(self._request(method, path, **options))

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            response = self._session.request(
                method, self.url + path, timeout=TIMEOUT, allow_redirects=False, stream=True, **options
            )
            content = response.raw.read(MAX_ANSWER + 1, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise ServiceUnreachable(f"{self.url} does not answer: is the service running there?") from error
        if len(content) > MAX_ANSWER:
            raise ServiceUnreachable(f"{self.url} answers with more than {MAX_ANSWER} bytes")
        response._content = content
        if not response.ok:
            raise ServiceRefused(response.status_code, _json(response))
        return response


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = {}
    return body if isinstance(body, dict) else {}


def alive(url: str) -> bool:
    """Whether a Greenchain service answers at an address."""
    try:
        answer = requests.get(f"{url.rstrip('/')}/healthz", timeout=2.0, allow_redirects=False)
        return answer.ok and answer.json() == {"status": "alive"}
    except (requests.RequestException, ValueError):
        return False
