"""Contradictions between organizations about a lot: findings for both, never a refusal (accounting.md, Roll-up).

What one organization uses beyond its own statements is refused when it is handed in (``service.trust.balances``); here
the statements of several are held against each other. No finding names who bought from whom.
"""

import numpy as np

from graph.rollup.arrays import FloatArray, IntArray, by_value, distinct, total
from graph.rollup.links import Draft
from graph.rollup.rows import Rows

# Weighing tolerance, as a fraction (reference/custody.md, ledger rule 6).
TOLERANCE = 0.005


def check_custody(draft: Draft) -> None:
    """More of a lot used or passed on than there is, more used than was passed on, transfers stated differently."""
    owner, size = draft.facts.pool.issuers()[draft.nodes.key.codes].astype(np.int64), len(draft.facts.pool)
    used, user, amount = _used(draft, owner)
    transfers = draft.facts.rows["transfers"]
    if not len(transfers) and not len(used):
        return
    _compare(draft, owner, size, (used, user, amount), _moved(draft, transfers))
    _check_disputes(draft, transfers)


_Flows = tuple[IntArray, IntArray, FloatArray]


def _used(draft: Draft, owner: IntArray) -> _Flows:
    """Lots used in processes and split into other lots: lot, organization that used it, quantity in the lot's unit."""
    nodes = draft.nodes
    inputs, sources = draft.facts.rows["inputs"], draft.facts.rows["lot_sources"]
    lot = np.concatenate([nodes.input_node, sources.codes("source", nodes.lots)])
    user = np.concatenate([inputs.codes("process", nodes.processes), sources.codes("lot", nodes.lots)])
    amount = np.concatenate([inputs.floats("quantity"), sources.floats("quantity")])
    dimension = np.concatenate([inputs.ints("dimension"), sources.ints("dimension")])
    keep = (lot >= 0) & (lot < len(nodes.lots)) & (user >= 0)
    keep[keep] &= nodes.dimension[lot[keep]] == dimension[keep]
    return lot[keep], owner[user[keep]], amount[keep]


def _moved(draft: Draft, transfers: Rows) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """What senders say they passed on: lot, sender, receiver (as codes of the pool), quantity in the lot's unit."""
    lot = transfers.codes("lot", draft.nodes.lots)
    sender, receiver = transfers.coded("sender"), transfers.coded("receiver")
    keep = (transfers.coded("asserted_by") == sender) & (lot >= 0)
    keep[keep] &= draft.nodes.dimension[lot[keep]] == transfers.ints("dimension")[keep]
    return lot[keep], sender[keep], receiver[keep], transfers.floats("quantity")[keep]


def _compare(
    draft: Draft,
    owner: IntArray,
    organizations: int,
    used: _Flows,
    moved: tuple[IntArray, IntArray, IntArray, FloatArray],
) -> None:
    nodes, size = draft.nodes, len(draft.nodes.lots)
    pair = used[0] * organizations + used[1]
    seen, at = np.unique(pair, return_inverse=True)
    consumed = np.bincount(at, used[2], len(seen))
    lot, user = seen // max(organizations, 1), seen % max(organizations, 1)
    received = _received(seen, organizations, moved)
    beyond = (received > 0) & (user != owner[lot]) & (consumed > received * (1 + TOLERANCE))
    for node in np.unique(lot[beyond]).tolist():
        words = f"{nodes.key[node]}: more of it was used than was passed on to who used it"
        draft.note(node, "consumption-beyond-transfer", words)
    by_maker = moved[1] == owner[moved[0]]
    gone = total(moved[0][by_maker], moved[3][by_maker], size)
    taken = np.where(user == owner[lot], consumed, np.maximum(consumed - received, 0.0))
    order = by_value(lot, taken)
    gone += total(lot[order], taken[order], size)
    whole = nodes.quantity[:size]
    for node in np.flatnonzero((whole > 0) & (gone > whole * (1 + TOLERANCE))).tolist():
        words = f"{nodes.key[node]}: used and passed on beyond its quantity, by the statements of all together"
        draft.note(node, "lot-overcommitted", words)


def _received(
    pairs: IntArray, organizations: int, moved: tuple[IntArray, IntArray, IntArray, FloatArray]
) -> FloatArray:
    """What was passed on to each (lot, organization) of the sorted pairs."""
    if not len(pairs):
        return np.zeros(0)
    target = moved[0] * organizations + moved[2]
    place = np.minimum(np.searchsorted(pairs, target), len(pairs) - 1)
    hit = pairs[place] == target
    return total(place[hit], moved[3][hit], len(pairs))


def _check_disputes(draft: Draft, transfers: Rows) -> None:
    """A transfer that sender and receiver state with different quantities of a lot."""
    columns = [transfers.coded("key"), transfers.coded("lot")]
    _, transfer = distinct(columns, len(transfers))
    firsts, _ = distinct([transfer, transfers.floats("quantity")], len(transfers))
    disputed = np.bincount(transfer[firsts]) > 1
    lots = transfers.codes("lot", draft.nodes.lots)[disputed[transfer]]
    for node in np.unique(lots).tolist():
        words = f"{draft.nodes.key[node]}: sender and receiver state different quantities of a transfer of it"
        draft.note(node, "transfer-disputed", words)
