"""Clients that cost little: requests written beforehand, sent over kept connections by a few processes of threads."""

import base64
import json
import multiprocessing
import socket
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PROCESSES = 2
TIMEOUT = 120.0
_GATHER_SECONDS = 1.5  # from the first process started to the first request sent


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes


class Wire:
    """One connection that is kept, and opened again where it was closed before a request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> Answer:
        """Send a whole request and read its answer. Raises OSError: whether it arrived is then unknown."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, TIMEOUT)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._read(self._socket)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self, connection: socket.socket) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            received += _more(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        status_line, *lines = head.lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines)
        parts, length = [body], int(headers[b"content-length"]) - len(body)
        while length > 0:
            parts.append(_more(connection))
            length -= len(parts[-1])
        if headers.get(b"connection") == b"close":
            self.close()
        return Answer(int(status_line.split()[1]), b"".join(parts))


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(1 << 18)
    if not received:
        raise ConnectionResetError("the connection was closed before the answer")
    return received


def request(method: str, path: str, token: str = "", media_type: str = "", body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: {token}"] if token else []
    lines += [f"Content-Type: {media_type}"] if media_type else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def bearer(url: str, client_id: str, secret: str) -> str:
    """The Authorization header of a client's fresh token."""
    basic = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = b"grant_type=client_credentials"
    asked = request("POST", "/auth/token", basic, "application/x-www-form-urlencoded", form)
    answer = Wire(url).send(asked)
    if answer.status != 200:
        raise RuntimeError(f"no token: {answer.body!r}")
    return "Bearer " + str(json.loads(answer.body)["access_token"])


@dataclass(slots=True)
class Driven:
    """What clients saw: seconds of every request, statuses, from the first request to the last answer, own CPU."""

    latencies: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    started: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return self.ended - self.started


def drive(url: str, lanes: list[list[bytes]], *, keep_bodies: bool = False) -> Driven:
    """Send each lane's requests one after the other, all lanes at once."""
    parts = [lanes[n::PROCESSES] for n in range(PROCESSES) if lanes[n::PROCESSES]]
    begin = time.time() + _GATHER_SECONDS
    with ProcessPoolExecutor(len(parts), multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(_drive_part, url, part, begin, keep_bodies) for part in parts]
        found = [each.result() for each in waiting]
    return Driven(
        latencies=[x for d in found for x in d.latencies],
        statuses=[x for d in found for x in d.statuses],
        bodies=[x for d in found for x in d.bodies],
        started=min(d.started for d in found),
        ended=max(d.ended for d in found),
        cpu=sum(d.cpu for d in found),
    )


def _drive_part(url: str, lanes: list[list[bytes]], begin: float, keep_bodies: bool) -> Driven:
    seen = [Driven() for _ in lanes]
    pairs = zip(lanes, seen, strict=True)
    threads = [threading.Thread(target=_drive_lane, args=(url, lane, into, keep_bodies)) for lane, into in pairs]
    time.sleep(max(0.0, begin - time.time()))
    started, cpu = time.time(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Driven(
        [x for d in seen for x in d.latencies],
        [x for d in seen for x in d.statuses],
        [x for d in seen for x in d.bodies],
        started,
        time.time(),
        time.process_time() - cpu,
    )


def _drive_lane(url: str, lane: list[bytes], into: Driven, keep_bodies: bool) -> None:
    wire = Wire(url)
    for each in lane:
        started = time.perf_counter()
        answer = wire.send(each)
        into.latencies.append(time.perf_counter() - started)
        into.statuses.append(answer.status)
        if keep_bodies:
            into.bodies.append(answer.body)
    wire.close()
