"""The footprint of a lot with a long chain above it, over HTTP: warm from kept connections, and cold after a start."""

import time
from collections.abc import Iterator

from bench import wire
from bench.chains import Chain, generate, pyramid, statements
from bench.house import House, Member, administrator, folder, house, join
from bench.rows import Options, Row, percentile, say
from graph.model.refs import Kind, uid

AIM_MS = {"p50": 60.0, "p95": 150.0}
PER_DOCUMENT = 20
BATCH = 100
CONNECTIONS = 4  # two workers take what they are quick enough for: several connections meet both
ATTESTED = 0.05


def run(options: Options) -> Iterator[Row]:
    """Load, ask, start the web server again, ask. ``size``: lots above the one asked for."""
    above = options.pick(10_000, 60)
    asked = 20 if options.quick else 100
    chain = generate(pyramid(above, organizations=8, attested=ATTESTED))
    with folder() as data, house(data) as at:
        owner, loaded = load(at, chain)
        yield loaded
        yield from _warm(at, chain, _token(at, owner), asked)
        at.restart_web()
        yield _cold(at, chain, _token(at, owner), above)


def load(at: House, chain: Chain) -> tuple[Member, Row]:
    """Every organization hands its statements in, in batches; the maker of the last lot is who asks."""
    say(f"loading {len(chain):,} lots in {len(chain.spec.tiers)} tiers")
    admin, members = administrator(at.url, at.database), dict[str, Member]()
    waiting: dict[str, list[bytes]] = {}
    for maker, statement in statements(chain, PER_DOCUMENT):
        if maker not in members:
            members[maker] = join(admin, maker)
        waiting.setdefault(maker, []).append(members[maker].signed(statement))
    started = time.perf_counter()
    for maker, documents in waiting.items():
        for first in range(0, len(documents), BATCH):
            answer = members[maker].client.submit_batch(documents[first : first + BATCH])
            assert not answer["rejected"], answer
    rate = len(chain) / (time.perf_counter() - started)
    owner = members[chain.organization(len(chain) - 1)]
    what = f"lots loaded, {PER_DOCUMENT} a document, {BATCH} documents a batch"
    return owner, Row(what, len(chain), rate, None, "lots/s")


def _token(at: House, owner: Member) -> str:
    return wire.bearer(at.url, owner.client.client_id, owner.client.client_secret)


def _question(chain: Chain, token: str) -> bytes:
    address = uid(Kind.LOT, chain.key(len(chain) - 1))
    return wire.request("GET", f"/api/v1/lots/{address}/footprint", token)


def _warm(at: House, chain: Chain, token: str, asked: int) -> Iterator[Row]:
    question, health = _question(chain, token), wire.request("GET", "/healthz")
    wires = [wire.Wire(at.url) for _ in range(CONNECTIONS)]
    say("asking until both workers know the chain")
    _timed(wires, question, max(8, asked // 4))
    ours, beside = _timed(wires, question, asked), _timed(wires, health, asked)
    above = len(chain) - 1
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        found, floor = percentile(ours, share) * 1e3, percentile(beside, share) * 1e3
        what = f"{name} of a footprint, warm, beside /healthz"
        yield Row(what, above, found, floor, "ms", f"<= {AIM_MS[name]:g}", found <= AIM_MS[name], at.peak())


def _timed(wires: list[wire.Wire], question: bytes, times: int) -> list[float]:
    found = []
    for n in range(times):
        started = time.perf_counter()
        answer = wires[n % len(wires)].send(question)
        found.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}: {answer.body[:500]!r}")
    return found


def _cold(at: House, chain: Chain, token: str, above: int) -> Row:
    """The first question after a start: the worker reads the whole chain from the graph and solves it."""
    say("the first question after a start")
    [first] = _timed([wire.Wire(at.url)], _question(chain, token), 1)
    return Row("a footprint, first answer after a start", above, first * 1e3, None, "ms", peak_mb=at.peak())
