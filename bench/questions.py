"""Questions on a solved chain: many what-if scenarios beside single runs, and the totals of a portfolio."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.chains import layered
from bench.rollup import ATTESTED, solvable
from bench.rows import Options, Row, best, forget_peak, peak_mb
from graph.rollup.asking import about_holding, those
from graph.rollup.kernel import roll_up
from graph.rollup.matrices import Matrix
from graph.rollup.nodes import NodeKind
from graph.rollup.portfolio import Holding, made_by, overlap, totals
from graph.rollup.scenarios import Asked, Change, Grid, Prepared, Scale, Switch, prepare
from graph.rollup.whatif import what_if

SCENARIOS, AIM_SCENARIOS, AIM_SECONDS = 100, 10.0, 2.0


def run(options: Options) -> Iterator[Row]:
    """Both on one chain; the single runs are a tenth of the scenarios, each a roll-up of changed arrays."""
    size = options.pick(1_000_000, 2_000)
    snapshot, _ = solvable(layered(size, attested=ATTESTED))
    prepared = prepare(snapshot, roll_up(snapshot))
    every = made_by(snapshot, those(snapshot, lambda _: True))
    yield from _scenarios(prepared, every, size)
    yield from _portfolio(prepared, every, size)


def _scenarios(prepared: Prepared, every: Holding, size: int) -> Iterator[Row]:
    openly = those(prepared.snapshot, lambda _: True)
    asked = about_holding(every, openly, 1)
    last = np.flatnonzero(prepared.snapshot.kind == NodeKind.PROCESS)[-SCENARIOS:]
    inputs = prepared.snapshot.indices[prepared.snapshot.indptr[last]]
    for what, scenarios in (
        ("another grid factor, all lots", [[Grid("", 0.001 * i)] for i in range(SCENARIOS)]),
        ("another factor of one activity, all lots", [[Scale(0.01 * i, activity="process")] for i in range(SCENARIOS)]),
        ("less of one input, all lots", [[Switch(inputs[i : i + 1], None, 0.5)] for i in range(SCENARIOS)]),
    ):
        yield _beside_single(prepared, asked, what, scenarios, size)


def _beside_single(prepared: Prepared, asked: Asked, what: str, scenarios: list[list[Change]], size: int) -> Row:
    forget_peak()
    ours = best(lambda: what_if(prepared, asked, scenarios), 2)
    peak = peak_mb()
    single = best(lambda: _single(prepared), 3) * SCENARIOS
    met = ours * AIM_SCENARIOS <= single
    words = f"{SCENARIOS} scenarios: {what}, beside as many roll-ups"
    return Row(words, size, ours * 1e3, single * 1e3, "ms", f"ratio <= {1 / AIM_SCENARIOS:g}", met, peak)


def _single(prepared: Prepared) -> None:
    """What one scenario costs without any of it: changed arrays, and everything rolled up."""
    snapshot = prepared.snapshot
    roll_up(replace(snapshot, own=Matrix.of(snapshot.own.whole())))


def _portfolio(prepared: Prepared, every: Holding, size: int) -> Iterator[Row]:
    snapshot, rolled = prepared.snapshot, prepared.rolled
    forget_peak()
    seconds = best(lambda: totals(snapshot, rolled, every, ("supplier", "month")), 5)
    met = seconds <= AIM_SECONDS
    what = "totals of a portfolio by supplier and month, warm"
    yield Row(what, size, seconds * 1e3, None, "ms", f"<= {AIM_SECONDS * 1e3:g}", met, peak_mb())
    seconds = best(lambda: overlap(prepared, every), 3)
    yield Row("what of it is counted twice", size, seconds * 1e3, None, "ms", peak_mb=peak_mb())
