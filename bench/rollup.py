"""The roll-up beside one pass over the same arrays, and beside Brightway on the same system."""

import time
from collections.abc import Iterator

import numpy as np
from scipy.sparse import _sparsetools

from bench import brightway
from bench.chains import Spec, generate, layered, tables
from bench.rows import Options, Row, best, both, forget_peak, peak_mb, say
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.nodes import NodeKind
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import ChainSnapshot, build

AIM_PASSES = 3.0
AIM_DIFFERENCE = 1e-9
AIM_ONE_LOT = 1e-3
ATTESTED = 0.1


def run(options: Options) -> Iterator[Row]:
    """Brightway on the smallest of the sizes, then kernel and snapshot for each, with all indicators and without."""
    sizes = [options.size] if options.size else [500] if options.quick else [20_000, 100_000, 1_000_000]
    yield from _beside_brightway(min(sizes[0], 20_000))
    for size in sizes:
        for indicators in (False, True):
            yield from _beside_one_pass(size, 3 if size > 100_000 else 20, indicators)


def solvable(spec: Spec) -> tuple[ChainSnapshot, float]:
    """A chain made ready to be rolled up, and the seconds that took."""
    say(f"building a chain of {sum(spec.tiers):,} lots in {len(spec.tiers)} tiers")
    made = tables(generate(spec))
    forget_peak()
    started = time.perf_counter()
    snapshot = build(made, made.head, load_policy())
    return snapshot, time.perf_counter() - started


def _beside_one_pass(size: int, repeats: int, indicators: bool) -> Iterator[Row]:
    snapshot, built = solvable(layered(size, attested=ATTESTED, indicators=indicators))
    columns = snapshot.own.shape[1] + snapshot.own_mass.shape[1] + snapshot.indicators.layout.size
    building = peak_mb()
    forget_peak()
    roll_up(snapshot)
    rolling = peak_mb()
    ours, beside = both(lambda: roll_up(snapshot), lambda: _one_pass(snapshot), repeats)
    what = f"roll-up, {columns} columns, beside one pass of sparse products over the same arrays"
    met = ours <= AIM_PASSES * beside
    yield Row(what, size, ours * 1e3, beside * 1e3, "ms", f"ratio <= {AIM_PASSES:g}", met, rolling)
    yield Row("snapshot from columns, beside the roll-up of it", size, built * 1e3, ours * 1e3, "ms", peak_mb=building)


def _one_pass(snapshot: ChainSnapshot) -> None:
    """All products of the whole system with as many columns as the roll-up carries, into fresh arrays."""
    count, emissions = len(snapshot.kind), snapshot.emissions
    indicators = snapshot.indicators.own.matrix(count, snapshot.indicators.layout.first_flag)
    for data, own in (
        (emissions, snapshot.own.whole()),
        (snapshot.mass, snapshot.own_mass.whole()),
        (emissions, indicators),
    ):
        found = own.copy()
        _sparsetools.csr_matvecs(
            count, count, own.shape[1], snapshot.indptr, snapshot.indices, data, own.reshape(-1), found.reshape(-1)
        )


def _beside_brightway(size: int) -> Iterator[Row]:
    if not brightway.installed():
        say("bw2calc is not installed (requirements-bench.lock): nothing beside")
        return
    # Nothing attested: a matrix inversion knows no evidence that replaces what was computed.
    snapshot, _ = solvable(layered(size))
    rolled = roll_up(snapshot)
    ours = best(lambda: roll_up(snapshot), 10)
    lot = int(np.flatnonzero(snapshot.kind == NodeKind.LOT)[-1])
    forget_peak()
    for solved in brightway.solve(snapshot, lot):
        yield from _beside_solved(rolled, lot, ours, solved, size)


def _beside_solved(rolled: Rolled, lot: int, ours: float, solved: brightway.Solved, size: int) -> Iterator[Row]:
    peak, by = peak_mb(), f"bw2calc with {solved.solver}"
    what = f"every lot by the roll-up, beside one lot by {by} (lci + lcia)"
    yield Row(what, size, ours * 1e3, solved.seconds * 1e3, "ms", "ratio <= 1", ours <= solved.seconds, peak)
    # All lots are solved together, so one takes its share of that; Brightway solves the whole system for each.
    one, aim = ours / size, AIM_ONE_LOT * solved.seconds
    yield Row(f"one lot of these, beside one lot by {by}", size, one * 1e3, solved.seconds * 1e3, "ms",
              f"ratio <= {AIM_ONE_LOT:g}", one <= aim)  # fmt: skip
    prepared = solved.prepared * 1e3
    yield Row(f"{by}: matrices from a data package, for comparison", size, prepared, None, "ms", peak_mb=peak)
    yield _difference(rolled, lot, solved, size)


def _difference(rolled: Rolled, lot: int, solved: brightway.Solved, size: int) -> Row:
    total = float(rolled.chosen[lot, :3].sum())
    difference = abs(total - solved.score) / abs(solved.score)
    what = f"the same lot by both, {solved.solver}"
    met = difference <= AIM_DIFFERENCE
    return Row(what, size, difference, None, "relative difference", f"<= {AIM_DIFFERENCE:g}", met)
