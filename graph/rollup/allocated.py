"""What the processes and lots of facilities account for, as far as it can be held against an inventory.

A process accounts for what its activities add up to; a process that states none, for what its lots carry by their
footprints: they hold what came from upstream too, so that is the most that can be of the process itself.
"""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, by_value, total
from graph.rollup.emissions import FLOOR, SCOPES, TRANSPORT, Activities
from graph.rollup.indicators import EXTRA
from graph.rollup.links import Draft, Outputs, find_outputs
from graph.rollup.offers import UNDIVIDED, Offers
from graph.rollup.policy import Basis
from graph.rollup.rows import Rows

# Weighing tolerance, as a fraction (reference/custody.md, ledger rule 6).
_TOLERANCE = 0.005
# These only move material about: without activities they emit nothing, as in every figure.
_MOVING = ("split", "blend", "store")
_ENERGY = ("electricity", "heat")
_CONTRACTUAL = ("ppa", "certificate")
_EITHER = ("own", "direct-line")
_REMOVING = [EXTRA.index(name) for name in ("removals", "land_management")]


@dataclass(frozen=True)
class Stated:
    """What processes state of themselves, kgCO2e over the whole process, arrays of shape (nodes,).

    ``whole``: direct, and indirect of the energy bought; energy sold is not taken off, as it was made there, and
    inbound transport is none of the facility's. ``direct``: without what energy was bought, ``undivided`` the part
    of it of which nobody says that it is direct. ``told``: there are activities; ``open``: one of them has no value.
    ``contractual``, ``grid``: electricity is bought by a contract that conveys attributes, or is not said to be.
    """

    whole: FloatArray
    direct: FloatArray
    undivided: FloatArray
    told: BoolArray
    open: BoolArray
    contractual: BoolArray
    grid: BoolArray
    start: FloatArray
    end: FloatArray


def stated(draft: Draft, activities: Activities, unresolved: Activities) -> Stated:
    """What every process states of itself."""
    size, rows = len(draft.nodes), draft.facts.rows["activities"]
    process, electric = rows.codes("process", draft.nodes.processes), rows.are("type", "electricity")
    kind = rows.mapped("supply_kind", {**dict.fromkeys(_CONTRACTUAL, 1), **dict.fromkeys(_EITHER, 2)}, 0)
    bought = electric & ~(rows.floats("multiplier") < 0)
    own, energy = _own(activities), _of_type(activities, _ENERGY)
    value = np.where(energy, np.maximum(activities.value, 0.0), activities.value)
    direct = own & ~energy & (activities.scope != SCOPES["indirect"])
    undivided = direct & (activities.scope == SCOPES["undivided"])
    missing = _marked(unresolved.process[_own(unresolved)], size)
    start, end = _periods(draft)

    def summed(part: BoolArray) -> FloatArray:
        return total(activities.process, np.where(part, value, 0.0), size)

    return Stated(
        whole=summed(own),
        direct=summed(direct),
        undivided=summed(undivided),
        told=_marked(activities.process[own], size) | missing,
        open=missing,
        contractual=_marked(process[bought & (kind == 1)], size),
        grid=_marked(process[bought & (kind == 0)], size),
        start=start,
        end=end,
    )


def _of_type(activities: Activities, types: tuple[str, ...]) -> BoolArray:
    wanted = np.array([lever.partition("|")[0] in types for lever in activities.levers], np.bool_)
    found: BoolArray = np.append(wanted, False)[activities.lever]
    return found


def _own(activities: Activities) -> BoolArray:
    """Which activities are emissions of the site: not transport from elsewhere, nor the floor at zero."""
    return ~_of_type(activities, (TRANSPORT, FLOOR))


def _marked(nodes: IntArray, size: int) -> BoolArray:
    found = np.zeros(size, np.bool_)
    found[nodes] = True
    return found


def _periods(draft: Draft) -> tuple[FloatArray, FloatArray]:
    """The period of each process, nan where none is stated: it overlaps nothing."""
    rows, size = draft.facts.rows["processes"], len(draft.nodes)
    at, start, end = rows.codes("key", draft.nodes.processes), np.full(size, np.nan), np.full(size, np.nan)
    start[at], end[at] = rows.floats("start"), rows.floats("end")
    return start, end


def moving(draft: Draft) -> BoolArray:
    """Which processes only move material about, shape (nodes,)."""
    rows = draft.facts.rows["processes"]
    which = rows.mapped("kind", dict.fromkeys(_MOVING, 1)) == 1
    return _marked(rows.codes("key", draft.nodes.processes)[which], len(draft.nodes))


def most_a_unit(draft: Draft, offers: Offers, gwp: str) -> FloatArray:
    """The most that a unit of each node can carry by the footprints stated for it, kgCO2e; nan where none is usable.

    The largest of those that leave no scope out and count with the set ``gwp``. What was removed is added again: it
    was taken off emissions. Shape (nodes,).
    """
    value = offers.values[:, : UNDIVIDED + 1].sum(axis=1)
    value = value - np.minimum(0.0, np.nan_to_num(offers.extra[:, _REMOVING])).sum(axis=1)
    alike = np.array([name in ("", gwp) for name in offers.gwp], np.bool_)
    usable = (offers.basis != Basis.DEFAULT) & ~offers.partial & alike & (value >= 0)
    found = np.full(len(draft.nodes), np.nan)
    np.fmax.at(found, offers.node[usable], value[usable])
    return found


def most_by_lots(draft: Draft, outputs: Outputs, a_unit: FloatArray) -> FloatArray:
    """The most that each process can have emitted by what its lots carry, kgCO2e, shape (nodes,).

    nan where a lot carries an unknown amount, or where more came out of it than was drawn into lots.
    """
    rows, nodes, products = draft.facts.rows["lot_sources"], draft.nodes, draft.facts.products
    rows = rows.where(rows.are("kind", "output"))
    output, lot = find_outputs(draft, outputs, rows), rows.codes("lot", nodes.lots)
    of, drawn = (nodes.product[lot], rows.ints("dimension")), rows.floats("quantity")
    carried = drawn * products.ratio(of, (nodes.product[lot], nodes.dimension[lot])) * a_unit[lot]
    named, count = output != ABSENT, len(outputs.process)
    taken = drawn[named] * products.ratio(
        (of[0][named], of[1][named]), (outputs.product[output[named]], outputs.dimension[output[named]])
    )
    order = by_value(output[named], taken)
    left = ~(total(output[named][order], taken[order], count) >= outputs.quantity * (1 - _TOLERANCE))
    process = rows.codes("source", nodes.processes)
    order = by_value(process, carried)
    found = total(process[order], carried[order], len(nodes))
    found[outputs.process[left]] = np.nan
    found[~_marked(outputs.process, len(nodes))] = np.nan
    return found


@dataclass(frozen=True)
class Loose:
    """Lots of which nobody says where or how they were made, shape (lots,): they may be any facility's.

    ``amount``: in the lot's unit; nan for one that is known by its issuer's footprint alone, which then says when.
    """

    lot: IntArray
    start: FloatArray
    end: FloatArray
    amount: FloatArray


def loose(draft: Draft) -> Loose:
    """The lots without an account: not drawn from a described process, and no part of a lot."""
    nodes, rows = draft.nodes, draft.facts.rows["lot_sources"]
    process, size = rows.codes("source", nodes.processes), len(nodes.lots)
    made = ~rows.are("kind", "output") | np.append(nodes.described, False)[process]
    accounted = _marked(rows.codes("lot", nodes.lots)[made], size)
    known = np.flatnonzero(nodes.described[:size] & ~accounted)
    when = nodes.when[known]
    lot, start, end = _named(draft, draft.facts.rows["footprints"], nodes.described[:size] | accounted)
    return Loose(
        np.concatenate([known, lot]),
        np.concatenate([when, start]),
        np.concatenate([np.nextafter(when, np.inf), end]),
        np.concatenate([nodes.quantity[known], np.full(len(lot), np.nan)]),
    )


def _named(draft: Draft, rows: Rows, known: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Lots that their own issuer states a footprint for and does not describe, with the period of that."""
    nodes, issuers = draft.nodes, draft.facts.pool.issuers()
    lot = np.where(rows.are("subject_kind", "lot"), rows.codes("subject", nodes.lots), ABSENT)
    own = issuers[rows.coded("key")] == issuers[rows.coded("subject")]
    keep = np.flatnonzero((lot != ABSENT) & own & ~np.append(known, True)[lot])
    return lot[keep], rows.floats("start")[keep], rows.floats("end")[keep]
