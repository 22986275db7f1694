"""The footprint of a lot with a long chain above it, over HTTP: warm from kept connections, and cold after a start."""

import time
from collections.abc import Iterator

from bench import wire
from bench.chains import Chain, generate, pyramid, statements
from bench.house import House, Member, administrator, folder, house, join
from bench.rows import Options, Row, percentile, say
from graph.model.refs import Kind, uid
from graph.model.tables import ChainTables
from graph.rollup.figure import footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from graph.store.database import Database, Tx
from graph.store.reach import read_cut
from graph.store.tables import read_newer

AIM_MS = {"p50": 60.0, "p95": 150.0}
PATH_SECONDS = 20.0
# From a lot to the lots that its process took in.
_STEP = "<-[:STATES]-(f{n}:LotFact)-[:DRAWN_FROM]->(:Output)<-[:PRODUCED]-(p{n}:ProcessFact)-[:CONSUMED]->(l{n}:Lot)"
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
        owner, loaded = _load(at, chain)
        yield loaded
        yield from _warm(at, chain, _token(at, owner), asked)
        at.restart_web()
        yield _cold(at, chain, _token(at, owner), above)
        yield from _reads(at.database, chain.key(len(chain) - 1), above)


def _load(at: House, chain: Chain) -> tuple[Member, Row]:
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


def _reads(database: Database, lot: str, above: int) -> Iterator[Row]:
    """The figure of one lot from a graph that nothing is known of: what lies above it, or all, or path by path."""
    started = time.perf_counter()
    found = read_cut(database, [(Kind.LOT, lot)], 2 * above + 10)
    assert found is not None
    total, levels = _total(found.tables, lot), time.perf_counter() - started
    started = time.perf_counter()
    assert _total(read_newer(database), lot) == total
    whole = time.perf_counter() - started
    what = "one lot, cold from the graph level by level, beside reading the whole chain"
    yield Row(what, above, levels * 1e3, whole * 1e3, "ms")
    depth, paths, seconds = 0, 1, 0.0
    while paths and seconds < PATH_SECONDS / 4:
        depth, started = depth + 1, time.perf_counter()
        paths = database.read(_paths, lot, depth)
        seconds = time.perf_counter() - started
        what = f"the same, beside counting the {paths:,} paths of {depth} steps in Cypher"
        yield Row(what, above, levels * 1e3, seconds * 1e3, "ms")


def _total(tables: ChainTables, lot: str) -> float | None:
    snapshot = build(tables, tables.head, load_policy())
    return footprint(snapshot, roll_up(snapshot), lot).total


def _paths(tx: Tx, lot: str, depth: int) -> int:
    steps = "".join(_STEP.format(n=n) for n in range(depth))
    return int(tx.run(f"MATCH (l:Lot {{key: $lot}}){steps} RETURN count(*) AS paths", lot=lot)[0]["paths"])
