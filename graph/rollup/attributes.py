"""What nodes are grouped by in breakdowns: organization, place, material, boundary, and how burdens are divided."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, IntArray, narrow
from graph.rollup.links import Draft, Outputs
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
        narrow(_allocation(len(nodes), outputs)[order]),
    )  # fmt: skip


def _allocation(size: int, outputs: Outputs) -> IntArray:
    """The key by which each process divides over several products; absent where it does not, or not in a usable way."""
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, ABSENT)
    np.minimum.at(least, outputs.process, outputs.product)
    np.maximum.at(most, outputs.process, outputs.product)
    several = (least < most)[outputs.process] & ~np.isnan(outputs.share)
    found = np.full(size, ABSENT, np.int64)
    found[outputs.process[several]] = outputs.key[several]
    return found


def _materials(draft: Draft, outputs: Outputs) -> Texts:
    """What a node is of: its product's material, or else key; for a process that of its first output."""
    nodes, products = draft.nodes, draft.facts.products
    product = nodes.product.copy()
    main = np.lexsort((outputs.product, outputs.process))[::-1]
    product[outputs.process[main]] = outputs.product[main]
    keys, material = np.append(products.codes.codes, 0), products.material.codes
    label = np.where(material > 0, material, keys)
    return Texts(draft.facts.pool, np.where(nodes.kind == NodeKind.MATERIAL, nodes.key.codes, label[product]))
