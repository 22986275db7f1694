"""Findings about declared and computed values that chemistry, chance or the calendar speak against.

Floors: reference/screening.md, "Plausibility floors"; identical values and evidence out of period: "Red flags".
"""

from collections.abc import Mapping

import numpy as np

from graph.model.columns import Column
from graph.model.indicators import GHG_PARTS
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, distinct, total, values_by_code
from graph.rollup.checks import check_masses, check_recycled
from graph.rollup.custody import check_custody
from graph.rollup.departures import note_departures
from graph.rollup.emissions import SCOPES, Activities
from graph.rollup.links import Draft, Outputs
from graph.rollup.offers import DIRECT, INDIRECT, UNDIVIDED, ContentOffers, Offers
from graph.rollup.policy import Basis, floors
from graph.rollup.rows import Rows

_REMOVALS = GHG_PARTS.index("removals")


def check_facts(
    draft: Draft, outputs: Outputs, activities: Activities, *, offers: Offers, content: ContentOffers, gap: BoolArray
) -> None:
    """All findings about facts that need the raw rows. ``gap``: nodes whose own emissions are not fully known."""
    check_masses(draft, outputs)
    check_recycled(draft, outputs, content)
    check_custody(draft)
    check_declared_floors(draft, offers, content)
    check_computed_floors(draft, outputs, activities, gap)
    check_identical(draft, offers)
    note_departures(draft)


def check_declared_floors(draft: Draft, offers: Offers, content: ContentOffers) -> None:
    """Declared direct emissions below what the reaction gives off; a mere total below it is too little as well."""
    limits, nodes = floors(), draft.nodes
    recycled = np.zeros(len(nodes))
    recycled[content.node] = content.values[:, 0] + content.values[:, 1]
    per_kg = draft.facts.products.kg_per(nodes.product[offers.node], nodes.dimension[offers.node])
    whole = offers.values[:, UNDIVIDED] != 0
    stated = np.where(whole, offers.values[:, : UNDIVIDED + 1].sum(axis=1), offers.values[:, DIRECT]) / per_kg
    # Of a footprint that states indirect emissions alone the direct ones are unknown, not 0.
    untold = offers.partial & (offers.values[:, INDIRECT] != 0)
    plain = (offers.basis != Basis.DEFAULT) & ~untold & (recycled[offers.node] == 0) & ~(offers.extra[:, _REMOVALS] < 0)
    product = nodes.product[offers.node]
    for i in np.flatnonzero(plain & _limited(draft, product)).tolist():
        limit = limits[draft.facts.products.material[int(product[i])]]
        _note_floor(draft, int(offers.node[i]), float(stated[i]), limit, "declared", int(offers.document[i]))


def check_computed_floors(draft: Draft, outputs: Outputs, activities: Activities, gap: BoolArray) -> None:
    """The same for what a process states of itself that makes nothing else, captures nothing and hides nothing."""
    limits, nodes = floors(), draft.nodes
    direct = total(
        activities.process, np.where(activities.scope == SCOPES["direct"], activities.value, 0.0), len(nodes)
    )
    removed = total(activities.process, (activities.part == _REMOVALS).astype(np.float64), len(nodes))
    made = outputs.quantity * draft.facts.products.kg_per(outputs.product, outputs.dimension)
    alone = np.bincount(outputs.process, minlength=len(nodes)) == 1
    stated = np.zeros(len(nodes), np.bool_)
    stated[activities.process] = True
    told = alone & stated & ~gap & (removed == 0)
    for i in np.flatnonzero(told[outputs.process] & _limited(draft, outputs.product)).tolist():
        limit, process = limits[draft.facts.products.material[int(outputs.product[i])]], int(outputs.process[i])
        _note_floor(draft, process, float(direct[process] / made[i]), limit, "computed")


def _limited(draft: Draft, product: IntArray) -> BoolArray:
    """Which products are of a material that has a floor."""
    material = draft.facts.products.material
    limited = np.isin(material.codes, [material.pool.find(name) for name in floors()])
    found: BoolArray = limited[product]
    return found


def _note_floor(draft: Draft, node: int, value: float, limit: tuple[float, float], how: str, *documents: int) -> None:
    impossible, suspicious = limit
    if value < suspicious:
        code = "below-stoichiometry" if value < impossible else "near-stoichiometry"
        least = impossible if value < impossible else suspicious
        words = f"{draft.nodes.key[node]}: {value:.4g} kg of direct CO2 per kg {how}, below {least:g}"
        draft.note(node, code, words, documents=documents)


def check_identical(draft: Draft, offers: Offers) -> None:
    """Signed footprints of one material, stated to the last digit the same, by two suppliers: one has copied the other.

    What is compared is what they state, each with its unit, whether or not anything was made of either yet.
    Values of three digits are often the same by chance: they tell nothing.
    """
    nodes = draft.nodes
    copied = np.append(_copied(draft), False)
    alike = copied[offers.row]
    for node, stated in values_by_code(offers.node[alike], offers.document[alike]):
        words = f"{nodes.key[node]}: another supplier declares the same values"
        draft.note(node, "identical-values", words, documents=stated)


def _copied(draft: Draft) -> BoolArray:
    """Which footprints in force, signed, are stated by another about a thing of the same material, in one unit."""
    rows, facts = draft.facts.rows["footprints"], draft.facts
    material = facts.products.material.codes[_product_of(draft, rows)]
    values = stated_scopes(rows.columns, rows.positions)
    which = np.flatnonzero(facts.signed(rows.documents) & (material > 0))
    columns = (*values.T, material, rows.ints("dimension"))
    firsts, group = distinct([column[which] for column in columns], len(which))
    owner = facts.pool.issuers()[rows.coded("subject")][which].astype(np.int64)
    least, most = np.full(len(firsts), len(facts.pool)), np.full(len(firsts), ABSENT)
    np.minimum.at(least, group, owner)
    np.maximum.at(most, group, owner)
    shared = which[(least != most)[group]]
    found = np.zeros(len(rows), np.bool_)
    found[shared[precise(values[shared])]] = True
    return found


def _product_of(draft: Draft, rows: Rows) -> IntArray:
    """The product that each footprint is about: itself, or that of the lot."""
    lot, product = rows.codes("subject", draft.nodes.lots), rows.codes("subject", draft.facts.products.codes)
    return np.where(rows.are("subject_kind", "lot"), np.append(draft.nodes.product, ABSENT)[lot], product)


def stated_scopes(columns: Mapping[str, Column], positions: IntArray) -> FloatArray:
    """What some footprints state, direct, indirect and undivided, 0 where they do not: shape (footprints, 3)."""
    values = np.stack([columns[name].at(positions).astype(np.float64) for name in SCOPES], axis=1)
    return np.where(np.isnan(values), 0.0, values)


def precise(values: FloatArray) -> BoolArray:
    """Rows of which a value has more than three digits."""
    told = [float(f"{value:.3g}") for value in values.ravel().tolist()]
    found: BoolArray = (values != np.array(told).reshape(values.shape)).any(axis=1)
    return found
