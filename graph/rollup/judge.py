"""Findings about the evidence a figure rests on; the findings about facts themselves come with the snapshot."""

import numpy as np

from graph.rollup.allocation import mismatches
from graph.rollup.arrays import ABSENT
from graph.rollup.closure import Closure, notes_on, taken_offers
from graph.rollup.differences import differences, uncovered
from graph.rollup.findings import Finding
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import UNDIVIDED
from graph.rollup.policy import CBAM, Basis
from graph.rollup.snapshot import ChainSnapshot

MIXED = "mixed"
SCOPES = UNDIVIDED + 1
# So many of each boundary.
_NAMED = 10


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
    result.update(notes_on(snapshot, found.nodes))
    result.update(_mixed(snapshot, rolled, found))
    result.update(mismatches(snapshot, found))
    result.update(_below_zero(snapshot, rolled, found))
    over = found.nodes[found.override]
    taken = taken_offers(snapshot, rolled, over)
    for node, offer in zip(over.tolist(), taken.tolist(), strict=True):
        result.update(_on_offer(snapshot, node, offer))
    result.update(differences(snapshot, rolled, over[rolled.basis[over] == Basis.ATTESTED]))
    result.update(uncovered(snapshot, rolled, over[rolled.basis[over] != Basis.DEFAULT]))
    return result


def _mixed(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> list[Finding]:
    """That several boundaries stand behind a figure; and of each some things of it, which not everybody may see."""
    names = boundaries(snapshot, rolled, found)
    asked = snapshot.policy.boundary
    if not names[1:]:
        # Under the CBAM the boundary is part of the rule; elsewhere the policy's stands in where none is stated.
        words = f"the figure is {''.join(names)}, the policy asks for {asked}"
        return [Finding("boundary-differs", words, names)] if names not in ((), (asked,)) and asked == CBAM else []
    nodes, taken = found.nodes, taken_offers(snapshot, rolled, found.nodes[found.override])
    process = snapshot.kind[nodes] == NodeKind.PROCESS
    labels = np.array(snapshot.attributes.boundaries)[snapshot.attributes.boundary[nodes]]
    labels = np.where(process, labels, "").astype(object)
    labels[found.override] = [snapshot.offers.boundary[i] for i in taken.tolist()]
    document = snapshot.document[nodes].copy()
    document[found.override] = snapshot.offers.document[taken]
    result = [Finding("boundary-mixed", f"the figure mixes {', '.join(names)}", names)]
    for name in names:
        some = np.flatnonzero(labels == name)[:_NAMED]
        keys = tuple(snapshot.key[node] for node in nodes[some].tolist())
        documents = tuple(np.unique(document[some][document[some] != ABSENT]).tolist())
        inside = tuple(key for key, inner in zip(keys, process[some].tolist(), strict=True) if inner)
        result.append(Finding("boundary-mixed", f"{name}: {', '.join(keys)}", keys, documents, inside))
    return result


def _below_zero(snapshot: ChainSnapshot, rolled: Rolled, found: Closure) -> list[Finding]:
    """Processes and footprints that take off more than they add: legal for removals and for energy that is sold, and
    what somebody would state who hides a burden behind a credit (accounting reference, Roll-up)."""
    nodes, document = found.nodes, snapshot.document[found.nodes].copy()
    document[found.override] = snapshot.offers.document[taken_offers(snapshot, rolled, nodes[found.override])]
    process = snapshot.kind[nodes] == NodeKind.PROCESS
    below = (rolled.chosen[nodes, :SCOPES].sum(axis=1) < 0) & (found.override | process)
    result = []
    for i in np.flatnonzero(below).tolist():
        key = snapshot.key[int(nodes[i])]
        documents = () if document[i] == ABSENT else (int(document[i]),)
        inside = (key,) if process[i] else ()
        result.append(Finding("below-zero", f"{key}: more is taken off than was emitted", (key,), documents, inside))
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
