"""The one session for addresses that others choose: did:web documents and status lists, and witnesses of the ledger.

An address in a document is an attacker's to choose. So: https only; the name is resolved once, every answer must be a
public address, and the connection goes to what was answered then (no DNS rebinding), while TLS still verifies the name;
no redirects, proxies, cookies, credentials or decompression; caps on bytes and on the time of the whole fetch, however
slowly it drips. An operator can allow-list hosts that lead inside (``GREENCHAIN_ALLOWED_HOSTS``).
"""

import http.cookiejar
import re
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from connectors.addresses import Resolve, Target, pinned, system_resolve, target
from connectors.errors import Refused, Unresolvable

MAX_BYTES = 64 * 1024
SECONDS = 3.0
KEPT_SECONDS, KEPT_AT_MOST, KEPT_ENTRIES = 300.0, 3600.0, 256
_RESOLVING = threading.BoundedSemaphore(16)  # a resolver that hangs holds a thread; never more than these
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})\"?(?=$|[,\s])")
_NOT_KEPT = re.compile(r"(?:^|[,\s])no-(?:store|cache)(?=$|[,\s=])")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered: bytes as sent, and their media type without parameters, in lower case."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What an address answered: status, bytes as sent, media type as in ``Fetched``, and what it says of caching."""

    status: int
    content: bytes
    media_type: str
    caching: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked of an address; with a body it is a POST."""

    headers: dict[str, str]
    body: bytes | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def takes(self, status: int) -> bool:
        """Only 200 carries a document; who refuses what was sent says why in a 4xx (RFC 9110 15)."""
        return status == 200 or (self.body is not None and 400 <= status < 500)


class GuardedSession:
    """Fetches public https addresses, and keeps answers for a while. Shared by threads.

    ``allowed_hosts``: ``host`` (port 443) or ``host:port`` that may lead to inner addresses. ``ca_file``: certificates
    to trust in place of the public ones. ``resolve`` and ``clock`` (seconds, monotonic) are arguments for the tests.
    """

    def __init__(
        self,
        allowed_hosts: frozenset[str] = frozenset(),
        ca_file: str = "",
        *,
        resolve: Resolve = system_resolve,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        self._allowed = allowed_hosts
        self._verify: str | bool = ca_file or True
        self._resolve = resolve
        self._seconds = seconds
        self._kept = _Cache(clock)

    def fetch(self, url: str, accept: str) -> Fetched:
        """The answer of an address, from the cache while it holds.

        Raises ``Unresolvable`` for what may be otherwise later, ``Refused`` for what our rules do not take. A failure
        is never answered from the cache: what has expired is gone.
        """
        found = self._kept.get(url, accept)
        if found is None:
            answer = self._exchange(target(url), _Request({"Accept": accept}))
            found = Fetched(answer.content, answer.media_type)
            self._kept.put(url, accept, found, _keep_for(answer.caching))
        return found

    def send(self, url: str, content: bytes, media_type: str) -> Answered:
        """What an address answers, by 200 or 4xx, to bytes that are posted to it; never from the cache.

        Raises as ``fetch``.
        """
        return self._exchange(target(url), _Request({"Content-Type": media_type}, content))

    def _exchange(self, to: Target, asked: _Request) -> Answered:
        wire = _Wire(to, time.monotonic() + self._seconds)
        wire.addresses = _in_time(partial(pinned, to, self._resolve, self._allowed), wire)
        watchdog = threading.Timer(wire.left(), wire.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._ask(wire, asked)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unresolvable(_why(wire, error)) from error
        finally:
            watchdog.cancel()
            wire.close()

    def _ask(self, wire: "_Wire", asked: _Request) -> Answered:
        headers = {"Accept-Encoding": "identity", "User-Agent": "greenchain", "Connection": "close"}
        with requests.Session() as session:
            session.trust_env = False  # no proxies, no .netrc, no certificates named by the environment
            session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
            session.mount("https://", _PinnedAdapter(wire))
            with session.request(
                asked.method,
                wire.to.url,
                headers=headers | asked.headers,
                data=asked.body,
                timeout=wire.left(),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            ) as answer:
                _check_head(answer, wire.to, asked)
                content = _read(answer, wire)
                media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Answered(answer.status_code, content, media_type, answer.headers.get("Cache-Control", ""))


def _check_head(answer: requests.Response, to: Target, asked: _Request) -> None:
    """RFC 9110 15: a fault of the server may pass, everything else that carries no answer stays."""
    status, where = answer.status_code, f"{to.host} answers"
    if status >= 500 or status in (408, 425, 429):
        raise Unresolvable(f"{where} with status {status}")
    if 300 <= status < 400:
        raise Refused(f"{where} with a redirect ({status}); redirects are not followed")
    if not asked.takes(status):
        raise Refused(f"{where} with status {status}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(f"{where} with compressed content, which was not asked for")
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:12]) > MAX_BYTES:
        raise Refused(f"{where} with more than {MAX_BYTES} bytes")


def _read(answer: requests.Response, wire: "_Wire") -> bytes:
    """The whole body; a connection that ends before its announced length is an error, not a shorter document."""
    content = b""
    while block := answer.raw.read(MAX_BYTES + 1 - len(content), decode_content=False):
        content += block
        if len(content) > MAX_BYTES:
            raise Refused(f"{wire.to.host} answers with more than {MAX_BYTES} bytes")
    if wire.late:  # cut off by us, it may look like the end of an answer without a length
        raise Unresolvable(_why(wire, None))
    return content


def _keep_for(cache_control: str) -> float:
    """Seconds to keep an answer (RFC 9111 5.2.2.1), never more than an hour."""
    said = cache_control.lower()
    if _NOT_KEPT.search(said):
        return 0.0
    age = _MAX_AGE.search(said)
    return min(float(age[1]), KEPT_AT_MOST) if age else KEPT_SECONDS


def _why(wire: "_Wire", error: Exception | None) -> str:
    if wire.late:
        return f"{wire.to.host} takes too long to answer"
    if isinstance(error, requests.exceptions.SSLError):
        return f"{wire.to.host} shows no certificate for that name that is trusted here"
    return f"{wire.to.host} does not answer"


def _in_time(job: Callable[[], tuple[str, ...]], wire: "_Wire") -> tuple[str, ...]:
    """Run a job that knows no time limit (the system's resolver) and wait for it no longer than is left."""
    done: list[tuple[str, ...] | BaseException] = []

    def run() -> None:
        try:
            done.append(job())
        except Exception as error:  # noqa: BLE001  told to the thread that waits
            done.append(error)
        finally:
            _RESOLVING.release()

    if not _RESOLVING.acquire(timeout=wire.left()):
        raise Unresolvable("names take too long to resolve")
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(wire.left())
    if not done:
        raise Unresolvable(f"the name {wire.to.host} takes too long to resolve")
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


class _Wire:
    """One connection to addresses that are already decided on, which a watchdog can cut at any moment."""

    def __init__(self, to: Target, deadline: float) -> None:
        self.to = to
        self.addresses: tuple[str, ...] = ()
        self.late = False
        self._deadline = deadline
        self._leash: socket.socket | None = None
        self._lock = threading.Lock()

    def left(self) -> float:
        """Seconds left of the whole fetch; raises ``Unresolvable`` when there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            self.late = True
            raise Unresolvable(f"{self.to.host} takes too long to answer")
        return left

    def open(self) -> socket.socket:
        """Connect to the first address that answers. Raises OSError."""
        last: OSError = OSError("no address")
        for address in self.addresses:
            try:
                found = socket.create_connection((address, self.to.port), self.left())
            except OSError as error:
                last = error
                continue
            with self._lock:
                # A second handle of the same connection: TLS takes the first one away from us.
                self._leash = found.dup()
            if self.late:  # the watchdog came between, and found nothing to cut
                found.close()
                raise TimeoutError
            return found
        raise last

    def cut(self) -> None:
        """End the connection now, also in the middle of a read in another thread."""
        self.late = True
        with self._lock:
            if self._leash is not None:
                try:
                    self._leash.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # it has ended by itself

    def close(self) -> None:
        """Let go of the handle."""
        with self._lock:
            if self._leash is not None:
                self._leash.close()
                self._leash = None


class _PinnedConnection(HTTPSConnection):
    """TLS as always, for the name in the URL; only that the name is not resolved again."""

    wire: _Wire

    def _new_conn(self) -> socket.socket:
        try:
            return self.wire.open()
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error


class _PinnedPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedConnection

    def __init__(self, *args: Any, wire: _Wire, **options: Any) -> None:
        super().__init__(*args, **options)
        self._wire = wire

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        assert isinstance(connection, _PinnedConnection)
        connection.wire = self._wire
        return connection


class _PinnedAdapter(HTTPAdapter):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"https": partial(_PinnedPool, wire=self._wire)}


class _Cache:
    """Answers by address, the least recently used going first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], tuple[float, Fetched]] = OrderedDict()

    def get(self, url: str, accept: str) -> Fetched | None:
        with self._lock:
            entry = self._entries.get((url, accept))
            if entry is None:
                return None
            if entry[0] <= self._clock():
                del self._entries[(url, accept)]
                return None
            self._entries.move_to_end((url, accept))
            return entry[1]

    def put(self, url: str, accept: str, found: Fetched, seconds: float) -> None:
        if seconds <= 0:
            return
        with self._lock:
            self._entries[(url, accept)] = (self._clock() + seconds, found)
            while len(self._entries) > KEPT_ENTRIES:
                self._entries.popitem(last=False)
