"""Findings about the evidence a figure rests on; the findings about facts themselves come with the snapshot."""

import numpy as np

from graph.rollup.arrays import FloatArray, IntArray, total
from graph.rollup.closure import Closure, edges_of, taken_offers
from graph.rollup.findings import Finding
from graph.rollup.indicators import GSD
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import DEFAULTED, GAP, KNOWN, UNDIVIDED
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot

MIXED = "mixed"


def boundaries(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> tuple[str, ...]:
    """The boundaries behind a figure: of its processes, of the footprints and defaults taken; not the unstated."""
    nodes = found.nodes[~found.override & (snapshot.kind[found.nodes] == NodeKind.PROCESS)]
    labels = snapshot.attributes.boundaries
    names = {labels[code] for code in np.unique(snapshot.attributes.boundary[nodes]).tolist()}
    taken = taken_offers(snapshot, rolled, found.nodes[found.override])
    names.update(snapshot.offers.boundary[i] for i in taken.tolist())
    return tuple(sorted(names - {""}))


def findings(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> set[Finding]:
    """All findings on a closure: those its nodes came with, and those on the evidence taken."""
    result: set[Finding] = set()
    for node in found.nodes.tolist():
        result.update(snapshot.notes.get(node, ()))
    names = boundaries(snapshot, rolled, found)
    if len(names) > 1:
        result.add(Finding("boundary-mixed", f"the figure mixes {', '.join(names)}", names))
    over = found.nodes[found.override]
    taken = taken_offers(snapshot, rolled, over)
    for node, offer in zip(over.tolist(), taken.tolist(), strict=True):
        result.update(_on_offer(snapshot, node, offer))
    result.update(_differences(snapshot, rolled, over[rolled.basis[over] == Basis.ATTESTED]))
    return result


def _on_offer(snapshot: ChainSnapshot, node: int, offer: int) -> list[Finding]:
    key, offers = snapshot.key[node], snapshot.offers
    basis, gwp = int(offers.basis[offer]), offers.gwp[offer]
    documents = () if basis == Basis.DEFAULT else (int(offers.document[offer]),)
    result = []
    if gwp and gwp != snapshot.policy.gwp:
        result.append(
            Finding("gwp-mismatch", f"{key}: footprint under {gwp}, policy {snapshot.policy.gwp}", (key,), documents)
        )
    if basis == Basis.ATTESTED and not offers.share_stated[offer]:
        # Ruling 4: a signed footprint is not therefore primary; none stated counts as 0.
        result.append(Finding("pds-missing", f"{key}: its footprint states no primary data share", (key,), documents))
    if offers.partial[offer]:
        result.append(
            Finding("partial", f"{key}: not every scope is stated; the others are unknown", (key,), documents)
        )
    return result


def _differences(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> list[Finding]:
    """Attested against computed: further apart than the policy or the widths allow, or below what is known upstream."""
    at = np.searchsorted(snapshot.decided, nodes)
    attested = rolled.chosen[nodes, : UNDIVIDED + 1].sum(axis=1)
    computed = rolled.computed[at, : UNDIVIDED + 1].sum(axis=1)
    whole = (rolled.computed[at, GAP] == 0) & (rolled.computed[at, DEFAULTED] == 0) & (rolled.computed[at, KNOWN] > 0)
    apart = whole & (np.abs(attested - computed) > _allowed(snapshot, rolled, at) * np.abs(computed))
    upstream = _upstream(snapshot, rolled, nodes)
    below = attested < upstream - 1e-9 * np.abs(upstream)
    result = []
    for i in np.flatnonzero(apart).tolist():
        words = f"attested {attested[i]:.6g} kgCO2e a unit, computed {computed[i]:.6g}"
        result.append(_difference(snapshot, rolled, int(nodes[i]), code="attested-differs", words=words))
    for i in np.flatnonzero(below).tolist():
        words = f"attested {attested[i]:.6g} kgCO2e a unit, its known inputs alone {upstream[i]:.6g}"
        result.append(_difference(snapshot, rolled, int(nodes[i]), code="below-upstream", words=words))
    return result


def _allowed(snapshot: ChainSnapshot, rolled: Rolled, at: IntArray) -> FloatArray:
    """max(the policy's difference, the width that the attested footprint states of itself), as fractions."""
    gsd = snapshot.offers.extra[rolled.offer[at], GSD]
    allowed: FloatArray = np.fmax(snapshot.policy.difference, gsd**2 - 1)
    return allowed


def _difference(snapshot: ChainSnapshot, rolled: Rolled, node: int, *, code: str, words: str) -> Finding:
    key = snapshot.key[node]
    offer = int(taken_offers(snapshot, rolled, np.array([node], np.int64))[0])
    return Finding(code, f"{key}: {words}", (key,), (int(snapshot.offers.document[offer]),))


def _upstream(snapshot: ChainSnapshot, rolled: Rolled, nodes: IntArray) -> FloatArray:
    """What the inputs of each node's processes carry, and the lots it is part of, without own emissions."""
    edges, owner = edges_of(snapshot, nodes)
    below = snapshot.indices[edges]
    value = rolled.chosen[below, : UNDIVIDED + 1].sum(axis=1)
    own = np.where(snapshot.kind[below] == NodeKind.PROCESS, snapshot.own[below, : UNDIVIDED + 1].sum(axis=1), 0.0)
    return total(np.searchsorted(nodes, owner), snapshot.emissions[edges] * (value - own), len(nodes))
