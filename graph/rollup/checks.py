"""Findings about processes and content claims that need the raw rows: mass balances and electrolysis."""

import numpy as np

from graph.rollup.arrays import FloatArray, total
from graph.rollup.links import Draft, Outputs
from graph.rollup.offers import ContentOffers
from graph.rollup.policy import MJ_PER_KWH
from graph.units import Dimension

# Weighing tolerance of a mass balance, as a fraction (reference/custody.md, ledger rule 6).
MASS_TOLERANCE = 0.005
# GB 21346-2022, liquid aluminium: 12,950-13,350 kWh/t AC, rounded up; remelting takes less than 1 kWh/kg.
ELECTROLYSIS_KWH_PER_KG = 14.0
ELECTROLYSIS_FROM = 10.0
RECYCLED_TOLERANCE = 0.1


def check_masses(draft: Draft, outputs: Outputs) -> None:
    """More mass out than in, where the declarer says that the inputs are complete."""
    nodes, products = draft.nodes, draft.facts.products
    rows, described = draft.facts.rows["inputs"], draft.facts.rows["processes"]
    process = rows.codes("process", nodes.processes)
    mass_in = rows.floats("quantity") * products.kg_per(nodes.product[nodes.input_node], rows.ints("dimension"))
    mass_out = outputs.quantity * products.kg_per(outputs.product, outputs.dimension)
    into, out = total(process, mass_in, len(nodes)), total(outputs.process, mass_out, len(nodes))
    complete = described.codes("key", nodes.processes)[described.ints("complete") == 1]
    for node in complete[out[complete] > into[complete] * (1 + MASS_TOLERANCE)].tolist():
        words = f"{nodes.key[node]}: {out[node]:.6g} kg out of {into[node]:.6g} kg of inputs said to be complete"
        draft.note(node, "mass-out-exceeds-in", words)


def mark_undisclosed(draft: Draft) -> None:
    """A process that keeps inputs undisclosed is not fully known, neither its emissions nor its content.

    Nothing that is hidden may look like nothing: its figure is the known part, and its content unknown.
    """
    rows = draft.facts.rows["processes"]
    for node in rows.codes("key", draft.nodes.processes)[rows.ints("complete") < 0].tolist():
        draft.gap[node] = draft.unweighed[node] = True
        draft.note(node, "inputs-undisclosed", f"{draft.nodes.key[node]}: inputs of it are kept undisclosed")


def check_recycled(draft: Draft, outputs: Outputs, contents: ContentOffers) -> None:
    """A recycled claim on aluminium whose own process is an electrolysis: the electricity tells how much is primary."""
    primary = _primary_share(draft, outputs)
    recycled = contents.values[:, 0] + contents.values[:, 1]
    rows = draft.facts.rows["lot_sources"]
    lot = rows.codes("lot", draft.nodes.lots)
    process = rows.codes("source", draft.nodes.processes)
    claimed = np.full(len(draft.nodes), 0.0)
    claimed[contents.node] = recycled
    share = np.where(process >= 0, primary[process], 0.0)
    beyond = (share > 0) & (claimed[lot] > 0) & (claimed[lot] > 1 - share + RECYCLED_TOLERANCE)
    for i in np.flatnonzero(beyond).tolist():
        node = int(lot[i])
        words = f"{draft.nodes.key[node]}: {claimed[node]:.0%} recycled, but electrolysis made {share[i]:.0%} of it"
        draft.note(node, "recycled-exceeds", words, int(process[i]))


def _primary_share(draft: Draft, outputs: Outputs) -> FloatArray:
    """Least share of primary metal in each process's aluminium, by its electricity; 0 without electrolysis."""
    nodes, products = draft.nodes, draft.facts.products
    rows = draft.facts.rows["activities"]
    process = rows.codes("process", nodes.processes)
    electric = rows.are("type", "electricity") & (rows.ints("dimension") == Dimension.ENERGY)
    used = np.where(electric, np.nan_to_num(rows.floats("quantity")), 0.0) / MJ_PER_KWH
    aluminium = products.material.are("aluminium")[outputs.product]
    mass = np.where(aluminium, outputs.quantity * products.kg_per(outputs.product, outputs.dimension), 0.0)
    made = total(outputs.process, mass, len(nodes))
    with np.errstate(invalid="ignore", divide="ignore"):
        intensity = np.where(made > 0, total(process, used, len(nodes)) / made, 0.0)
    return np.where(intensity > ELECTROLYSIS_FROM, np.minimum(1.0, intensity / ELECTROLYSIS_KWH_PER_KG), 0.0)
