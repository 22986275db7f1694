"""One lot with ten thousand above it, from a graph of which nothing is known yet: ours, level by level, path by path.

The chain is one that shares its suppliers: every lot goes into several others, so that the paths above a lot multiply
tier by tier, while the lots do not.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bench.chains import Chain, Spec, generate
from bench.house import folder, house
from bench.http import load
from bench.rows import Options, Row, best, both, say
from graph.errors import EngineError
from graph.model.refs import Kind
from graph.rollup.figure import footprint
from graph.rollup.nodes import NodeKind
from graph.store.database import Database, Tx, columns
from graph.store.reach import read_cut
from service.chain import Chain as Served
from service.chain import World

AIM_FASTER = 3.0
CAP_SECONDS = 30.0
FAN_IN = (3, 4)
SHARED_TIERS = 9
# Sums in another order agree to this.
_AGREE = 1e-9
# From lots to the processes that made them.
_MADE = "(l{n}:Lot{key})<-[:STATES]-(:LotFact)-[:DRAWN_FROM]->(:Output)<-[o{n}:PRODUCED]-(p{n}:ProcessFact)"
_LEVEL = (
    f"UNWIND $keys AS k MATCH {_MADE.format(n=0, key=' {key: k}')}-[c:CONSUMED]->(m:Lot) "
    "RETURN collect(k) AS lot, collect(m.key) AS source, collect(c.quantity / o0.quantity) AS share"
)
_OWN = (
    f"UNWIND $keys AS k MATCH {_MADE.format(n=0, key=' {key: k}')}<-[:OF]-(a:Activity) "
    "RETURN collect(k) AS lot, collect(a.quantity * coalesce(a.factor, 1.0) / o0.quantity) AS own"
)


def run(options: Options) -> Iterator[Row]:
    """Load the chain into a graph, and ask three ways. ``size``: lots above the one asked for, about."""
    above = options.pick(10_000, 150)
    chain = generate(shared(above))
    with folder() as data, house(data) as at:
        _, loaded = load(at, chain)
        yield loaded
        yield from _rows(at.database, chain, CAP_SECONDS / 30 if options.quick else CAP_SECONDS)


def shared(above: int) -> Spec:
    """Nine tiers of one width, then ever fewer lots, down to one that stands on all of them."""
    narrowing = [1]
    while FAN_IN[0] * narrowing[-1] * SHARED_TIERS < above:
        narrowing.append(FAN_IN[0] * narrowing[-1])
    width = max(narrowing[-1], (above + 1 - sum(narrowing)) // SHARED_TIERS)
    return Spec((width,) * SHARED_TIERS + tuple(reversed(narrowing)), FAN_IN, organizations=32)


def _rows(database: Database, chain: Chain, cap: float) -> Iterator[Row]:
    say("asking")
    above, lot = len(chain) - 1, chain.key(len(chain) - 1)
    total = _ours(database, lot)
    assert _alike(_level_by_level(database, lot), total)
    ours, levels = both(lambda: _ours(database, lot), lambda: _level_by_level(database, lot), 3)
    what = "one lot, cold from the graph, beside what is above it read level by level"
    yield Row(what, above, ours * 1e3, levels * 1e3, "ms", f"ratio <= 1/{AIM_FASTER:g}", ours * AIM_FASTER <= levels)
    cut = best(lambda: read_cut(database, [(Kind.LOT, lot)], 4 * above), 2)
    yield Row("what can matter to it read from the graph, beside that", above, cut * 1e3, levels * 1e3, "ms")
    yield from _keeping_nothing(database, chain)
    yield from _path_by_path(database, lot, above, ours, cap)


def _keeping_nothing(database: Database, chain: Chain) -> Iterator[Row]:
    """A lot of each tier by a process whose memory the chain exceeds, beside one that reads the whole chain for it."""
    for number in [*np.unique(chain.tier, return_index=True)[1].tolist()[1::3], len(chain) - 1]:
        lot = chain.key(number)
        kept = _keeping(database, lot)
        assert footprint(kept.snapshot, kept.rolled, lot).total == _ours(database, lot)
        nothing = best(lambda key=lot: _keeping(database, key), 2)
        ours = best(lambda key=lot: _ours(database, key), 2)
        above = int((kept.snapshot.kind == NodeKind.LOT).sum()) - 1
        yield Row(
            "one lot by a process that keeps nothing, beside one that reads all", above, nothing * 1e3, ours * 1e3, "ms"
        )


def _keeping(database: Database, lot: str) -> World:
    return Served(database, "default", most_rows=1).around([(Kind.LOT, lot)])


def _ours(database: Database, lot: str) -> float:
    """What a process that has just started does for the first question."""
    world = Served(database, "default").around([(Kind.LOT, lot)])
    found = footprint(world.snapshot, world.rolled, lot).total
    assert found is not None
    return found


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _AGREE * abs(other)


def _level_by_level(database: Database, lot: str) -> float:
    """The plain way: a query a tier for its inputs, one for its own emissions, and the sums from the far end on.

    It knows one process with one output a lot, of which the chain is made, and nothing of evidence, units and findings.
    """
    tiers, own = database.read(_levels, lot)
    value = dict(own)
    for lots, sources, shares in reversed(tiers):
        for user, source, share in zip(lots, sources, shares, strict=True):
            value[user] += share * value[source]
    return value[lot]


_Tier = tuple[list[str], list[str], list[float]]


def _levels(tx: Tx, lot: str) -> tuple[list[_Tier], dict[str, float]]:
    """Per tier the lots, what they are made of, and how much a kg of theirs takes; and own emissions by lot.

    Each lot is in the tier that it is first met in, which is the only one that it is in.
    """
    tiers, own, frontier = list[_Tier](), dict[str, float](), [lot]
    while frontier:
        for key, emitted in zip(*columns(tx, _OWN, keys=frontier).values(), strict=True):
            own[key] = own.get(key, 0.0) + emitted
        found = columns(tx, _LEVEL, keys=frontier)
        tiers.append((found["lot"], found["source"], found["share"]))
        frontier = sorted(set(found["source"]) - own.keys())
    return tiers, own


@dataclass(slots=True)
class _Answer:
    """What a query that may never end has said so far."""

    paths: int = -1
    total: float = 0.0


def _path_by_path(database: Database, lot: str, above: int, ours: float, cap: float) -> Iterator[Row]:
    """What all paths of one length add to the figure, step by step: the longest that is answered, and the one that is
    not."""
    depth, spent, known, told = 0, 0.0, 0.0, "none"
    while True:
        depth, answer, started = depth + 1, _Answer(), time.perf_counter()
        asked = threading.Thread(target=_asked, args=(database, lot, depth, answer), daemon=True)
        asked.start()
        asked.join(cap)
        seconds = time.perf_counter() - started
        if answer.paths < 0:
            yield Row(f"{_PATHS}: the {told}", above, ours * 1e3, spent * 1e3, "ms")
            words = f"{_PATHS}: no answer in {cap:g} s to those of {depth} steps"
            yield Row(words, above, ours * 1e3, (spent + seconds) * 1e3, "ms")
            return
        if not answer.paths:
            assert _alike(known, _ours(database, lot))
            yield Row(f"{_PATHS}: all there are", above, ours * 1e3, spent * 1e3, "ms")
            return
        spent, known, told = spent + seconds, known + answer.total, f"{answer.paths:,} of {depth} steps and all shorter"


_PATHS = "the same, beside its paths in Cypher, quantities multiplied along them"


def _asked(database: Database, lot: str, depth: int, answer: _Answer) -> None:
    with suppress(EngineError):  # the engine is stopped while it is still at it
        answer.total, answer.paths = database.read(_paths, lot, depth)


def _paths(tx: Tx, lot: str, depth: int) -> tuple[float, int]:
    """kgCO2e a kg that the processes at the end of all paths of so many steps add, and how many paths there are."""
    steps = [_MADE.format(n=n, key=" {key: $lot}" if n == 0 else "") for n in range(depth)]
    path = steps[0] + "".join(f"-[c{n}:CONSUMED]->{step}" for n, step in enumerate(steps[1:], 1))
    weight = " * ".join(["1.0 / o0.quantity", *(f"c{n}.quantity / o{n}.quantity" for n in range(1, depth))])
    cypher = (
        f"MATCH {path} WITH p{depth - 1} AS p, sum({weight}) AS w, count(*) AS paths "
        "MATCH (a:Activity)-[:OF]->(p) WITH w, paths, sum(a.quantity * coalesce(a.factor, 1.0)) AS own "
        "RETURN sum(w * own) AS total, sum(paths) AS paths"
    )
    found = tx.run(cypher, lot=lot)[0]
    return float(found["total"] or 0.0), int(found["paths"] or 0)
