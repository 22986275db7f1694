"""Signed statements a second through the public API: single requests, batches, and one client alone beside them."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bench import wire
from bench.chains import direct_emission, electricity, footprint_fact, lot_fact, measured, opening, process_fact
from bench.house import House, Member, administrator, folder, house, join
from bench.rows import Options, Row, percentile, say

CLIENTS = 16
ORGANIZATIONS = 4
BATCH = 1000
BATCH_CLIENTS = 2
AIM_SINGLE, AIM_BATCH = 500, 1000
_LOTS = 3
_KILOGRAMS = 300.0


def statement(number: int) -> dict[str, Any]:
    """One process that takes lots of the three statements before it, three lots made of it, and one's footprint."""
    earlier = [number - back for back in range(1, _LOTS + 1) if number >= back]
    inputs = [{"lot": f"l{n}-{(number - n) % _LOTS}", "quantity": measured(_KILOGRAMS)} for n in earlier]
    process = process_fact(f"p{number}", _LOTS * _KILOGRAMS, inputs, [direct_emission(90.0), electricity(360.0)])
    lots = [lot_fact(f"l{number}-{n}", process["id"], _KILOGRAMS) for n in range(_LOTS)]
    return {"jti": f"s{number}", "facts": [process, *lots, footprint_fact(f"f{number}", f"l{number}-0", 0.4, 0.1)]}


class Desk:
    """Organizations with registered keys that write statements beforehand, never the same twice."""

    def __init__(self, url: str, members: list[Member]) -> None:
        self.members = members
        self.tokens = [wire.bearer(url, m.client.client_id, m.client.client_secret) for m in members]
        self._next = [0] * len(members)

    def signed(self, member: int, count: int) -> list[bytes]:
        """The next statements of an organization."""
        first = self._next[member]
        self._next[member] += count
        return [self.members[member].signed(statement(n)) for n in range(first, first + count)]

    def single(self, clients: int, each: int) -> list[list[bytes]]:
        """Requests with one document each, a lane a client."""
        return [self._lane(n % len(self.members), each) for n in range(clients)]

    def _lane(self, member: int, count: int) -> list[bytes]:
        token = self.tokens[member]
        documents = self.signed(member, count)
        return [wire.request("POST", "/api/v1/documents", token, "application/jose", d) for d in documents]

    def batches(self, clients: int, each: int, documents: int) -> list[list[bytes]]:
        """Requests with many documents each, a lane a client."""
        return [[self._batch(n % len(self.members), documents) for _ in range(each)] for n in range(clients)]

    def _batch(self, member: int, documents: int) -> bytes:
        body = b"\n".join(self.signed(member, documents))
        return wire.request("POST", "/api/v1/documents:batch", self.tokens[member], "application/x-ndjson", body)


def desk(at: House) -> Desk:
    """Organizations that have said who they are and what they make."""
    admin = administrator(at.url, at.database)
    members = [join(admin, f"urn:greenchain:org:bench-intake-{n}") for n in range(ORGANIZATIONS)]
    for member in members:
        taken = member.client.submit(
            member.signed({"jti": "opening", "facts": opening(member.uri)}), "application/jose"
        )
        assert taken["verdict"]["accepted"], taken
    return Desk(at.url, members)


def run(options: Options) -> Iterator[Row]:
    """All figures of the intake, on one service. ``size``: documents of each part."""
    size = options.pick(4000, 64)
    with folder() as data, house(data) as at:
        writers = desk(at)
        _warm_up(at, writers, size)
        yield from _single(at, writers, size)
        yield from _batches(at, writers, size)


def _warm_up(at: House, writers: Desk, size: int) -> None:
    """An engine that has just started is busy compiling itself, for some ten thousand documents."""
    say(f"warming up with {size * 5 // 2} documents")
    _measured(at, writers.batches(BATCH_CLIENTS, 1, size), size)
    _measured(at, writers.single(CLIENTS, max(1, size // 2 // CLIENTS)))


def _single(at: House, writers: Desk, size: int) -> Iterator[Row]:
    say("one client, one document a transaction")
    alone, _, _ = _measured(at, writers.single(1, max(1, size // 10)))
    say(f"{CLIENTS} clients, one document a request")
    rate, driven, cpu = _measured(at, writers.single(CLIENTS, max(1, size // CLIENTS)))
    peak, count = at.peak(), len(driven.statuses)
    what = f"single requests, {CLIENTS} clients, beside one client alone"
    yield Row(what, count, rate, alone, "documents/s", f">= {AIM_SINGLE}", rate >= AIM_SINGLE, peak)
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        yield Row(f"{name} of these", count, percentile(driven.latencies, share) * 1e3, None, "ms")
    used = "processor time of service and engine, beside the clients'"
    yield Row(used, count, cpu / count * 1e3, driven.cpu / count * 1e3, "ms/document")


def _batches(at: House, writers: Desk, size: int) -> Iterator[Row]:
    documents = min(BATCH, size)
    say(f"batches of {documents}, {BATCH_CLIENTS} clients, beside one client alone with single documents")
    alone, _, _ = _measured(at, writers.single(1, max(1, size // 10)))
    rate, driven, cpu = _measured(at, writers.batches(BATCH_CLIENTS, max(1, size // documents), documents), documents)
    count = len(driven.statuses) * documents
    what = f"batches of {documents}, {BATCH_CLIENTS} clients, beside one client alone, unbatched"
    yield Row(what, count, rate, alone, "documents/s", f">= {AIM_BATCH}", rate >= AIM_BATCH, at.peak())
    yield Row("p50 of a batch", count, percentile(driven.latencies, 0.5) * 1e3, None, "ms")
    used = "processor time of service and engine, beside the clients'"
    yield Row(used, count, cpu / count * 1e3, driven.cpu / count * 1e3, "ms/document")


def _measured(at: House, lanes: list[list[bytes]], documents: int = 1) -> tuple[float, wire.Driven, float]:
    """Documents a second, what the clients saw, and the service's processor seconds. Raises where one was refused."""
    before = at.cpu()
    driven = wire.drive(at.url, lanes, keep_bodies=True)
    cpu = at.cpu() - before
    odd = Counter(s for s in driven.statuses if s not in (200, 201))
    rejected = sum(json.loads(body)["rejected"] for body in driven.bodies) if documents > 1 else 0
    if odd or rejected:
        raise RuntimeError(f"{rejected} documents rejected; other answers: {dict(odd)}")
    return len(driven.statuses) * documents / driven.seconds, driven, cpu
