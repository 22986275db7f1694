"""What nodes are grouped by in breakdowns: organization, place, material, boundary, and how burdens are divided."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import IntArray, narrow
from graph.rollup.links import Draft, Outputs, allocation_keys
from graph.rollup.names import Texts
from graph.rollup.nodes import NodeKind


@dataclass(frozen=True)
class Attributes:
    """What nodes are grouped by: codes of shape (nodes,) and their labels; label "" is "not stated".

    ``allocation``: of a process that makes several products the code of its key (``graph.rollup.links.KEYS``), absent
    for all others.
    """

    organization: IntArray
    organizations: tuple[str, ...]
    facility: IntArray
    facilities: tuple[str, ...]
    country: IntArray
    countries: tuple[str, ...]
    material: IntArray
    materials: tuple[str, ...]
    boundary: IntArray
    boundaries: tuple[str, ...]
    allocation: IntArray


def attributes_of(draft: Draft, outputs: Outputs, order: IntArray) -> Attributes:
    """The attributes of the nodes of a draft in another order."""
    nodes, places = draft.nodes, draft.facts.places
    organization, organizations = Texts(draft.facts.pool, nodes.issuer).factorized()
    facility, facilities = places.keys.take(nodes.at).factorized()
    country, countries = nodes.country.factorized()
    material, materials = _materials(draft, outputs).factorized()
    boundary, boundaries = nodes.boundary.factorized()
    return Attributes(
        narrow(organization[order]), organizations, narrow(facility[order]), facilities,
        narrow(country[order]), countries, narrow(material[order]), materials, narrow(boundary[order]), boundaries,
        narrow(allocation_keys(outputs, len(nodes))[order]),
    )  # fmt: skip


def _materials(draft: Draft, outputs: Outputs) -> Texts:
    """What a node is of: its product's material, or else key; a process is of what bears most of its burden."""
    nodes, products = draft.nodes, draft.facts.products
    product = nodes.product.copy()
    main = np.lexsort((outputs.product, -outputs.share, outputs.process))[::-1]
    product[outputs.process[main]] = outputs.product[main]
    keys, material = np.append(products.codes.codes, 0), products.material.codes
    label = np.where(material > 0, material, keys)
    return Texts(draft.facts.pool, np.where(nodes.kind == NodeKind.MATERIAL, nodes.key.codes, label[product]))
