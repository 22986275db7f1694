"""An attested footprint against what is computed in its place: too far apart, or below what is known upstream.

"Flag where they differ by more than max(10 %, combined uncertainty)" (accounting reference, Data quality). Two widths
combine as independent ones do: ``ln GSD = sqrt(ln GSD_attested^2 + ln GSD_computed^2)``, and two values are no further
apart than that where their ratio lies within ``1 / GSD^2 .. GSD^2``. Values that are not above 0 have no such width.
"""

from math import exp, hypot, isnan, log

import numpy as np

from graph.rollup.arrays import BoolArray, FloatArray, IntArray, total
from graph.rollup.closure import closure, edges_of, overrides, own_activities, taken_offers
from graph.rollup.emissions import TRANSPORT
from graph.rollup.findings import Finding
from graph.rollup.indicators import GSD
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import DEFAULTED, GAP, KNOWN, UNDIVIDED
from graph.rollup.snapshot import ChainSnapshot
from graph.rollup.uncertainty import spread


def differences(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> list[Finding]:
    """The findings on nodes that an attested footprint was taken for."""
    at = np.searchsorted(snapshot.decided, nodes)
    attested = rolled.chosen[nodes, : UNDIVIDED + 1].sum(axis=1)
    computed = rolled.computed[at, : UNDIVIDED + 1].sum(axis=1)
    whole = (rolled.computed[at, GAP] == 0) & (rolled.computed[at, DEFAULTED] == 0) & (rolled.computed[at, KNOWN] > 0)
    apart = whole & (np.abs(attested - computed) > snapshot.policy.difference * np.abs(computed))
    upstream = _upstream(snapshot, rolled, nodes)
    below = attested < upstream - 1e-9 * np.abs(upstream)
    offer, widthless = taken_offers(snapshot, rolled, nodes), _widthless(snapshot, nodes)
    widths = snapshot.offers.extra[offer, GSD].tolist()
    result = []
    for i in np.flatnonzero(apart).tolist():
        node, pair = int(nodes[i]), (float(attested[i]), float(computed[i]))
        allowed = _log_allowed(snapshot, rolled, node, pair, stated=widths[i], walk=not widthless[i])
        if not _within(*pair, allowed):
            words = f"attested {pair[0]:.6g} kgCO2e a unit, computed {pair[1]:.6g}{_width(allowed)}"
            result.append(_difference(snapshot, node, int(offer[i]), code="attested-differs", words=words))
    for i in np.flatnonzero(below).tolist():
        words = f"attested {attested[i]:.6g} kgCO2e a unit, its known inputs alone {upstream[i]:.6g}"
        result.append(_difference(snapshot, int(nodes[i]), int(offer[i]), code="below-upstream", words=words))
    return result


def uncovered(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> list[Finding]:
    """Footprints taken that do not say to cover inbound transport, where legs of it are known: they are left out.

    Ruling 5 leaves them out where the footprint covers them; nothing is added to a footprint, so it is said.
    """
    rows, listed = snapshot.facts.rows["footprints"], snapshot.activities
    offer = taken_offers(snapshot, rolled, nodes)
    silent = rows.ints("covers_transport")[snapshot.offers.row[offer]] != 1
    edges, owner = edges_of(snapshot, nodes[silent])
    made = snapshot.kind[snapshot.indices[edges]] == NodeKind.PROCESS
    process, owner, share = snapshot.indices[edges][made], owner[made], snapshot.emissions[edges][made]
    counts = snapshot.activity_starts[process + 1] - snapshot.activity_starts[process]
    legs = np.array([lever.partition("|")[0] == TRANSPORT for lever in listed.levers], np.bool_)
    activity = own_activities(snapshot, process)
    carried = np.where(np.append(legs, False)[listed.lever[activity]], listed.value[activity], 0.0)
    left = total(np.searchsorted(nodes, np.repeat(owner, counts)), np.repeat(share, counts) * carried, len(nodes))
    words = "its footprint does not say to cover inbound transport, of which {:.6g} kgCO2e a unit are known"
    return [
        _difference(snapshot, int(nodes[i]), int(offer[i]), code="transport-left-out", words=words.format(left[i]))
        for i in np.flatnonzero(left > 0).tolist()
    ]


def _within(attested: float, computed: float, allowed: float) -> bool:
    return attested > 0 and computed > 0 and abs(log(attested) - log(computed)) <= allowed


def _width(allowed: float) -> str:
    """In words, as far as a number holds it."""
    return f"; their uncertainty allows a factor of {exp(allowed):.4g}" if 0 < allowed < 700 else ""


def _widthless(snapshot: ChainSnapshot, nodes: IntArray) -> BoolArray:
    """Which nodes come of processes that emit something of which no width is stated: then the whole has none."""
    edges, owner = edges_of(snapshot, nodes)
    process = snapshot.indices[edges]
    mine = (snapshot.kind[process] == NodeKind.PROCESS) & (snapshot.emissions[edges] > 0)
    process, owner, listed = process[mine], owner[mine], snapshot.activities
    starts = snapshot.activity_starts
    activity = own_activities(snapshot, process)
    untold = np.isnan(listed.quality[activity, -1]) & (listed.value[activity] != 0) & ~listed.floor[activity]
    found: BoolArray = np.isin(nodes, np.repeat(owner, starts[process + 1] - starts[process])[untold])
    return found


def _log_allowed(
    snapshot: ChainSnapshot, rolled: Rolled, node: int, pair: tuple[float, float], *, stated: float, walk: bool
) -> float:
    """ln of the ratio that the widths of both together allow; a width that nobody states (nan) allows nothing.

    The computed one takes a walk over what it rests on: it is looked at only where the attested one is too narrow.
    """
    own = 0.0 if isnan(stated) else float(np.log(stated))
    return (
        2 * own
        if not walk or _within(*pair, 2 * own)
        else 2 * hypot(own, _log_computed(snapshot, rolled, node, pair[1]))
    )


def _log_computed(snapshot: ChainSnapshot, rolled: Rolled, node: int, computed: float) -> float:
    """ln GSD of what is computed for a node with a footprint; 0 where a part of it states no width.

    And 0 in a loop that the footprint cuts: what is computed there rests on the footprint itself.
    """
    root = np.array([node], np.int64)
    found = closure(snapshot, rolled, root, lambda nodes: overrides(rolled, nodes) & (nodes != node))
    if found.roots[0] in found.column:
        return 0.0
    gsd = spread(snapshot, rolled, found, np.ones(1), total=computed, gap=False).gsd
    return 0.0 if gsd is None else log(gsd)


def _difference(snapshot: ChainSnapshot, node: int, offer: int, *, code: str, words: str) -> Finding:
    key = snapshot.key[node]
    return Finding(code, f"{key}: {words}", (key,), (int(snapshot.offers.document[offer]),))


def _upstream(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> FloatArray:
    """What the inputs of each node's processes carry, and the lots it is part of, without own emissions."""
    edges, owner = edges_of(snapshot, nodes)
    below = snapshot.indices[edges]
    value = rolled.chosen[below, : UNDIVIDED + 1].sum(axis=1)
    own = np.where(snapshot.kind[below] == NodeKind.PROCESS, snapshot.own[below, : UNDIVIDED + 1].sum(axis=1), 0.0)
    return total(np.searchsorted(nodes, owner), snapshot.emissions[edges] * (value - own), len(nodes))
