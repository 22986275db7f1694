"""The snapshot: what it takes to make and to keep."""

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench.chains import Spec, generate, layered, tables
from bench.rows import Options, Row, best, forget_peak, peak_mb, say
from graph.model.tables import ChainTables
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from service.memory import give_back

AIM_MB = 2000.0
AIM_DOUBLED = 2.2


def run(options: Options) -> Iterator[Row]:
    """Sizes one after the other, then what doubling lots, depth and fan-in each costs."""
    for size in [options.size] if options.size else [500] if options.quick else [20_000, 100_000, 1_000_000]:
        for indicators in (False, True):
            yield from _of_size(size, indicators)
    yield from _doubled(500 if options.quick else 50_000)


def _made(spec: Spec) -> ChainTables:
    say(f"a chain of {sum(spec.tiers):,} lots in {len(spec.tiers)} tiers")
    found = ChainTables()
    found.extend(tables(generate(spec)))
    gc.collect()
    return found


def _of_size(size: int, indicators: bool) -> Iterator[Row]:
    before = _resident_mb()
    made = _made(layered(size, attested=0.1, indicators=indicators))
    forget_peak()
    started = time.perf_counter()
    snapshot = build(made, made.head, load_policy())
    rolled = roll_up(snapshot)
    full = time.perf_counter() - started
    peak = peak_mb()
    gc.collect()
    give_back()
    held = _resident_mb() - before
    stated = snapshot.indicators.layout.size
    yield Row(
        f"snapshot built from the tables and solved, {stated} columns of indicators",
        size,
        full * 1e3,
        None,
        "ms",
        peak_mb=peak,
    )
    aim = ("<= 2 GB", held <= AIM_MB) if size >= 1_000_000 else ("", None)
    edges = len(snapshot.indices)
    yield Row(f"tables, snapshot and values held, {edges:,} edges", size, held, None, "MB", *aim)
    yield Row("the same for each lot", size, held * 2**20 / size, None, "bytes")
    del rolled


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


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
