"""Energy, water, waste and captured CO2 of a lot: each group with its own evidence, and shares of final energy."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graph.model.indicators import BY_THEMSELVES, CARRIERS, Group
from graph.rollup.arrays import ABSENT, BoolArray, IntArray
from graph.rollup.closure import NodeName, closure, name_of, notes_on
from graph.rollup.figure import node_of
from graph.rollup.findings import Finding, in_order
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP
from graph.rollup.particulars import read
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.units import Dimension

GROUPS = (*BY_THEMSELVES, Group.CAPTURE)
# Beside the energy of all carriers so much is nothing.
_NOTHING = 1e-9
# What bears on these figures among the findings of a chain.
_CODES = frozenset({"energy-unknown", "unit-mismatch", "allocation", "evidence-compromised", "capture-exceeds"})


@dataclass(frozen=True)
class Account:
    """One group of a lot: ``values`` per canonical unit by name, None where nothing is known.

    ``lower_bound``: something of it is unknown, in the nodes ``missing``. ``documents``: ledger indices.
    """

    basis: Basis
    values: Mapping[str, float | None]
    lower_bound: bool
    missing: tuple[NodeName, ...]
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Resources:
    """All groups of a lot, per canonical unit of ``dimension``.

    ``shares`` are of final energy, None where not all of it is known, or more of a carrier was sold than bought.
    """

    subject: str
    dimension: Dimension
    accounts: Mapping[Group, Account]
    shares: Mapping[str, float | None]
    findings: tuple[Finding, ...]
    policy: str
    as_of: int


def resources(snapshot: ChainSnapshot, rolled: Rolled, lot: str) -> Resources:
    """The energy, water, waste and capture accounts of a lot. Raises ``LotUnknown``, ``CycleFound``."""
    node = node_of(snapshot, lot)
    accounts = {group: _account(snapshot, rolled, node, group) for group in GROUPS}
    found = closure(snapshot, rolled, np.array([node], np.int64), lambda nodes: np.zeros(len(nodes), np.bool_))
    notes = {note for note in notes_on(snapshot, found.nodes) if note.code in _CODES}
    return Resources(
        subject=lot,
        dimension=Dimension(int(snapshot.dimension[node])),
        accounts=accounts,
        shares=energy_shares(accounts[Group.ENERGY]),
        findings=in_order(notes),
        policy=f"{snapshot.policy.name}/{snapshot.policy.version}",
        as_of=snapshot.as_of,
    )


def energy_shares(energy: Account) -> dict[str, float | None]:
    """Coal, gas and renewable share and electrification (electricity / final energy), where all carriers are known.

    Final energy is the sum of what was bought less what was sold. Where it is not above 0, or more of a carrier was
    sold than bought, there are no shares: some would lie beyond 100 %.
    """
    values = {name: energy.values[name] or 0.0 for name in CARRIERS}
    final = sum(values.values())
    # What was bought and sold again may leave the rounding of sums behind.
    sold = min(values.values()) < -_NOTHING * sum(abs(value) for value in values.values())
    if energy.lower_bound or sold or final <= 0:
        return dict.fromkeys(("coal", "gas", "electrification", "renewable"))
    values = {name: max(value, 0.0) for name, value in values.items()}
    power = values["electricity"] + values["renewable_electricity"]
    parts = {"coal": values["coal"], "gas": values["gas"], "electrification": power}
    return {name: part / final for name, part in (parts | {"renewable": values["renewable_electricity"]}).items()}


def _account(snapshot: ChainSnapshot, rolled: Rolled, node: int, group: Group) -> Account:
    values, gap = read(snapshot.indicators.layout, rolled.indicators[node], group)
    nodes, taken = rolled.taken.get(group, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
    over = nodes[taken != ABSENT]
    root = np.array([node], np.int64)
    found = closure(snapshot, rolled, root, lambda some: np.isin(some, over))
    at = np.searchsorted(nodes, found.nodes[found.override])
    stated = snapshot.indicators.choices[group].document[taken[at]] if len(at) else np.zeros(0, np.int64)
    inside = found.nodes[~found.override]
    documents = np.unique(np.concatenate([stated, snapshot.document[inside]]))
    partial = _partial(snapshot, rolled, group, found.nodes[found.override])
    missing = np.concatenate([inside[_has_gap(snapshot, group, inside)], partial])
    return Account(
        basis=_basis(snapshot, group, (nodes, taken), node, gap=gap, known=not all(v is None for v in values.values())),
        values=values,
        lower_bound=gap,
        missing=tuple(sorted({name_of(snapshot, n) for n in missing.tolist()})),
        documents=tuple(documents[documents != ABSENT].tolist()),
    )


def _basis(
    snapshot: ChainSnapshot, group: Group, chosen: tuple[IntArray, IntArray], node: int, *, gap: bool, known: bool
) -> Basis:
    nodes, taken = chosen
    at = int(np.searchsorted(nodes, node))
    if at < len(nodes) and nodes[at] == node and taken[at] != ABSENT:
        return Basis(int(snapshot.indicators.choices[group].basis[taken[at]]))
    if not known:
        return Basis.UNKNOWN
    return Basis.COMPUTED_GAPS if gap else Basis.COMPUTED


def _has_gap(snapshot: ChainSnapshot, group: Group, nodes: IntArray) -> BoolArray:
    """Which nodes have a gap of their own in a group.

    Where nobody in the whole chain states anything about it, the same as where somebody elsewhere does: what is missing
    of a lot is no matter of who else is in the chain.
    """
    layout, own = snapshot.indicators.layout, snapshot.indicators.own
    found: BoolArray
    if group in layout.groups:
        found = own.flagged(nodes, layout.gap[group] - layout.first_flag)
    elif group in BY_THEMSELVES:
        found = (snapshot.kind[nodes] == NodeKind.PROCESS) | snapshot.indicators.unsure[nodes]
    else:
        found = snapshot.own[nodes, GAP] > 0
    return found


def _partial(snapshot: ChainSnapshot, rolled: Rolled, group: Group, nodes: IntArray) -> IntArray:
    layout = snapshot.indicators.layout
    return nodes[rolled.indicators.flagged(nodes, layout.gap[group] - layout.first_flag)] if len(nodes) else nodes
