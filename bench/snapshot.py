"""The snapshot: what it takes to make and to keep, and to answer after one more document."""

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.chains import Chain, Spec, fill, generate, layered, tables
from bench.held import held
from bench.rows import Options, Row, best, forget_peak, peak_mb, say
from graph.model.addresses import Addresses
from graph.model.refs import Kind, fact_id, uid
from graph.model.tables import ChainTables
from graph.rollup.figure import footprint
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.lookup import Indexed
from graph.rollup.naming import Named
from graph.rollup.policy import load_policy
from graph.rollup.reach import cut
from graph.rollup.scenarios import prepare
from graph.rollup.snapshot import ChainSnapshot, build
from graph.units import Dimension
from service.chain import MOST_NODES
from service.visibility import Watch

AIM_MB = 2000.0
AIM_LOT = 1950.0
AIM_NEW, AIM_FASTER = 0.15, 50.0
AIM_DOUBLED = 2.2


def run(options: Options) -> Iterator[Row]:
    """Sizes one after the other, memory for each lot and edge, then what doubling lots, depth and fan-in each costs."""
    for size in [options.size] if options.size else [500] if options.quick else [20_000, 100_000, 1_000_000]:
        for indicators in (False, True):
            yield from _of_size(size, indicators)
    yield from _stated(500 if options.quick else 50_000)
    yield from _doubled(500 if options.quick else 50_000)


def _made(spec: Spec) -> ChainTables:
    say(f"a chain of {sum(spec.tiers):,} lots in {len(spec.tiers)} tiers")
    found = ChainTables()
    found.extend(tables(generate(spec)))
    gc.collect()
    return found


def _of_size(size: int, indicators: bool) -> Iterator[Row]:
    made = _made(layered(size, attested=0.1, indicators=indicators))
    made.pool.pack()
    forget_peak()
    started = time.perf_counter()
    snapshot = build(made, made.head, load_policy())
    rolled = roll_up(snapshot)
    full = time.perf_counter() - started
    peak = peak_mb()
    stated = snapshot.indicators.layout.size
    what = f"snapshot built from the tables and solved, {stated} columns of indicators"
    yield Row(what, size, full * 1e3, None, "ms", peak_mb=peak)
    parts = list(_parts(made, (snapshot, rolled)))
    whole, edges = sum(each for _, each in parts) / 1e6, len(snapshot.indices)
    aim = ("<= 2 GB", whole <= AIM_MB) if size >= 1_000_000 else ("", None)
    yield Row(f"held, {stated} columns of indicators, {edges:,} edges: all", size, whole, None, "MB", *aim)
    for part, each in parts:
        yield Row(f"held for each lot, {stated} columns of indicators: {part}", size, each / size, None, "bytes")
    del rolled, snapshot
    if not indicators:
        yield from _one_more(made, generate(layered(size, attested=0.1)), full)


def _parts(made: ChainTables, solved: tuple[ChainSnapshot, Rolled]) -> Iterator[tuple[str, int]]:
    """Bytes of all that a process holds that has answered questions of each kind, what one shares with another once."""
    lookup, named, seen, lots = Indexed(made), Named(), set[int](), solved[0].lots
    cut(lookup, [(Kind.LOT, lots.pool[int(lots.codes[len(lots) // 2])])], made.head, MOST_NODES)
    named.find(made, Kind.LOT, "0" * 32)
    yield "tables", held(made, seen)
    yield "snapshot", held(solved[0], seen)
    yield "values", held(solved[1], seen)
    yield "who needs what", held(prepare(*solved), seen)
    yield "indexes and addresses", held((lookup, named), seen)


def _stated(size: int) -> Iterator[Row]:
    """Bytes for each lot and for each edge, by two chains of so many lots with all indicators."""
    found = []
    for fan_in in ((4, 5), (8, 10)):
        made = _made(layered(size, attested=0.1, indicators=True, fan_in=fan_in))
        made.pool.pack()
        snapshot = build(made, made.head, load_policy())
        found.append((len(snapshot.indices), sum(each for _, each in _parts(made, (snapshot, roll_up(snapshot))))))
    (few, one), (many, other) = found
    edge = (other - one) / max(1, many - few)
    what = "held, all indicators and all that questions need:"
    yield Row(f"{what} for each edge", size, edge, None, "bytes")
    yield Row(f"{what} for each lot beside its edges", size, (one - edge * few) / size, None, "bytes")
    met = one / size <= AIM_LOT if size >= 10_000 else None
    yield Row(f"{what} for each lot with its {few / size:.1f} edges", size, one / size, None, "bytes", "<= 1950", met)


def _one_more(made: ChainTables, chain: Chain, full: float) -> Iterator[Row]:
    """A document that states one more lot, made of lots of some tier: until its figure is there, beside a full build.

    What is known by heart before: the indexes over the tables, and what the viewer may see.
    """
    maker = chain.organization(len(chain) - 1)
    kept = Kept(Indexed(made), Watch(made, maker), Addresses(Kind.LOT))
    kept.addresses.add(made.pool, made.rows["lots"]["key"].array.astype(np.int64))
    for tier in (1, 3, 5):
        first = int(np.searchsorted(chain.tier, tier))
        found = [_answered(kept, _document(made, chain, maker, first + 7 * n)) for n in range(4)]
        seconds, nodes = sorted(found[1:])[1]  # the first one makes the indexes
        what = f"one new document to a visible new figure, {nodes:,} lots and processes above, beside a full build"
        met = seconds <= AIM_NEW and full >= AIM_FASTER * seconds if len(chain) >= 1_000_000 else None
        aim = f"<= {AIM_NEW * 1e3:g} ms and >= {AIM_FASTER:g}x"
        yield Row(what, len(chain), seconds * 1e3, full * 1e3, "ms", aim, met)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a process keeps between questions."""

    lookup: Indexed
    watch: Watch
    addresses: Addresses


def _answered(kept: Kept, newer: ChainTables) -> tuple[float, int]:
    """Seconds until a document's lot has a figure, and how many lots and processes that rests on."""
    tables, key = kept.lookup.tables, newer.rows["lots"]["key"][0]
    started = time.perf_counter()
    start = len(tables.rows["lots"]["key"])
    tables.extend(newer)
    kept.addresses.add(tables.pool, tables.rows["lots"]["key"].array[start:].astype(np.int64))
    assert kept.watch.current(tables)
    assert kept.watch.sight.lot(kept.addresses.find(tables.pool, uid(Kind.LOT, key)) or "")
    small = cut(kept.lookup, [(Kind.LOT, key)], tables.head, MOST_NODES)
    assert small is not None
    snapshot = build(small.tables, tables.head, load_policy())
    assert footprint(snapshot, roll_up(snapshot), key).total
    return time.perf_counter() - started, small.nodes


def _document(made: ChainTables, chain: Chain, maker: str, source: int) -> ChainTables:
    """One more lot, made of four that stand next to each other."""
    index = made.head + 1
    newer, lot, process = ChainTables(head=index), f"{maker}|M{index}", f"{maker}|N{index}"
    fid = fact_id(index, 0)
    fill(newer, "documents", 1, index=index, id=f"new-{index}", issuer=maker, signed=1)
    fill(newer, "processes", 1, fid=fid, key=process, kind="transform", boundary="cradle-to-gate")
    amount = {"quantity": 10.0, "dimension": int(Dimension.MASS)}
    fill(newer, "lots", 1, fid=fid + 1, key=lot, product=f"{maker}|goods", **amount)
    fill(newer, "lot_sources", 1, fid=fid + 1, lot=lot, kind="output", source=process, output="good", **amount)
    fill(newer, "outputs", 1, fid=fid, process=process, output="good", allocation="mass", **amount)
    taken = [chain.key(source + n) for n in range(4)]
    fill(newer, "inputs", 4, fid=fid, kind="lot", role="material", process=process, target=taken, **amount)
    return newer


def _doubled(size: int) -> Iterator[Row]:
    """Build and roll-up of a chain, beside those of one with twice the lots, the tiers, or the inputs a lot."""
    one = _seconds(layered(size, 10))
    for what, spec in (
        ("lots", layered(2 * size, 10)),
        ("tiers", layered(size, 20)),
        ("inputs a lot", layered(size, 10, fan_in=(8, 10))),
    ):
        twice = _seconds(spec)
        met = twice <= AIM_DOUBLED * one if size > 10_000 else None
        yield Row(f"twice the {what}, built and solved", size, twice * 1e3, one * 1e3, "ms", f"<= {AIM_DOUBLED:g}", met)


def _seconds(spec: Spec) -> float:
    made = _made(spec)
    return best(lambda: roll_up(build(made, made.head, load_policy())), 3)
