"""A chain at one point in time as a linear system: what the engine turns into figures, without knowing any Cypher."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from graph.model.indicators import Group
from graph.model.tables import ChainTables
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, inverse, narrow, once
from graph.rollup.assurance import assured
from graph.rollup.attributes import Attributes, attributes_of
from graph.rollup.checks import mark_undisclosed
from graph.rollup.departures import departures
from graph.rollup.edges import Edges, by_row, merged
from graph.rollup.emissions import Activities, own_emissions
from graph.rollup.facts import Facts, gather
from graph.rollup.findings import Finding
from graph.rollup.indicators import RATED, Choices, Gaps, IndicatorSystem, Layout, Own, own_indicators
from graph.rollup.inventories import Compared, compare
from graph.rollup.levels import CYCLIC, Order, order_of
from graph.rollup.links import Draft, Outputs, link_inputs, link_products, link_sources, read_outputs
from graph.rollup.matrices import Matrix
from graph.rollup.names import Names, Texts
from graph.rollup.nodes import NodeKind, number
from graph.rollup.offers import GAP, ContentOffers, Offers, contents, declared, defaults
from graph.rollup.own import burden_free, leaves_of, own_emission_rows, own_mass_rows, without_share
from graph.rollup.plausible import check_facts
from graph.rollup.policy import Basis, Policy
from graph.rollup.published import with_published


@dataclass(frozen=True)
class ChainSnapshot:
    """The chain in force at ledger index ``as_of`` under a policy.

    Nodes are numbered by topological level: ``level_starts[k] : level_starts[k + 1]`` are the nodes of level k, all of
    one legal loop where ``looped[k]``; nodes from ``ready`` on are in a cycle or above one. Row n of the system is
    ``indptr[n] : indptr[n + 1]``: value(n) = own(n) + sum of coefficient x value(``indices``), with ``emissions`` as
    coefficients for the emission columns (per canonical unit of the node; a process holds its total) and ``mass`` for
    content and mass coverage. ``own`` has shape (nodes, 10), ``own_mass`` (nodes, 9); columns as named in
    ``graph.rollup.offers``. ``decided`` are the nodes with offers, and ``attested``, ``declared``, ``default`` the best
    offer of each kind for them (or absent). ``unresolved`` are activities that nothing gives a value to.
    """

    policy: Policy
    as_of: int
    lots: Names
    kind: IntArray
    key: Texts
    dimension: IntArray
    product: IntArray
    document: IntArray
    when: FloatArray
    quantity: FloatArray
    attributes: Attributes
    level_starts: IntArray
    looped: BoolArray
    indptr: IntArray
    indices: IntArray
    emissions: FloatArray
    mass: FloatArray
    own: Matrix
    own_mass: Matrix
    offers: Offers
    decided: IntArray
    attested: IntArray
    declared: IntArray
    default: IntArray
    content_offers: ContentOffers
    indicators: IndicatorSystem
    activities: Activities
    activity_starts: IntArray
    unresolved: Activities
    notes: Mapping[int, tuple[Finding, ...]]
    outputs: Outputs
    facts: Facts
    inventories: tuple[Compared, ...] = ()

    @property
    def ready(self) -> int:
        """How many nodes have a level; the nodes after them have no figure."""
        return int(self.level_starts[-1])


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def build(tables: ChainTables, at: int, policy: Policy) -> ChainSnapshot:
    """The snapshot of a chain at ledger index ``at``: every figure of it is then a matter of arithmetic.

    The order of rows does not matter: equal facts, equal bits. What no number holds is unknown, with a finding. The
    published factors are those in force then, whatever the policy brings along.
    """
    facts = gather(tables, at)
    policy = with_published(policy, facts.rows["factors"])
    facts = assured(replace(facts, departed=departures(tables, at, facts.rows)), policy)
    nodes = number(facts, policy)
    size = len(nodes)
    draft = Draft(facts, nodes, np.zeros(size, np.bool_), np.zeros(size, np.bool_))
    outputs = read_outputs(draft)
    link_sources(draft, outputs)
    consumed = link_inputs(draft)
    mark_undisclosed(draft)
    link_products(draft, outputs)
    linked = draft.gap.copy()
    activities, unresolved = own_emissions(draft, policy, consumed)
    row, column, emissions, mass = merged(draft)
    leaves, free = leaves_of(draft, row, activities), burden_free(nodes, policy)
    stated, others = declared(draft, policy)
    offered = _joined(stated, defaults(draft, policy, leaves[nodes.kind[leaves] != NodeKind.PROCESS]))
    bare = np.concatenate([free, without_share(draft, row, emissions)])
    own, own_mass = own_emission_rows(draft, activities, leaves, bare), own_mass_rows(draft, row, mass, free)
    gaps = Gaps(own[:, GAP] > 0, linked | np.isin(np.arange(size), leaves))
    rated = not bool(np.isnan(stated.extra[:, RATED]).all())
    named = {*others, *([Group.QUALITY] if rated else [])}
    indicators = own_indicators(draft, activities, named, gaps=gaps, free=free, bare=bare)
    gaps.quantities[free] = False
    content = contents(draft, policy)
    check_facts(draft, outputs, activities, offers=offered, content=content, gap=own[:, GAP] > 0)
    inventories = compare(draft, policy, outputs, (activities, unresolved), offered)
    levels = order_of(row, column, nodes.kind == NodeKind.PRODUCT)
    order, place = _order(levels.level)
    edges = by_row(place, row, column, emissions, mass)
    del row, column, emissions, mass, consumed
    made = _assembled(
        draft,
        policy,
        at,
        outputs=outputs,
        activities=activities,
        unresolved=unresolved,
        offers=offered,
        content=content,
        indicators=_indicators(indicators, others, (order, place), gaps.quantities),
        edges=edges,
        own=own.take(order).narrowed(),
        own_mass=own_mass.take(order).narrowed(),
        levels=levels,
        order=order,
        place=place,
    )
    return replace(made, inventories=inventories)


def _joined(declarations: Offers, published: Offers) -> Offers:
    """Declarations and defaults in one table, by node; within a node in the order of ruling 1, defaults last."""
    node = np.concatenate([declarations.node, published.node])
    order = np.argsort(node, kind="stable")
    count = len(declarations.node)
    boundary, gwp = declarations.boundary + published.boundary, declarations.gwp + published.gwp
    assurance = declarations.assurance + published.assurance
    where = inverse(order).tolist()
    return Offers(
        node=node[order],
        basis=np.concatenate([declarations.basis, published.basis])[order],
        values=np.concatenate([declarations.values, published.values])[order],
        row=np.concatenate([declarations.row, published.row])[order],
        document=np.concatenate([declarations.document, published.document])[order],
        boundary=tuple(boundary[i] for i in order.tolist()),
        gwp=tuple(gwp[i] for i in order.tolist()),
        share_stated=np.concatenate([declarations.share_stated, published.share_stated])[order],
        partial=np.concatenate([declarations.partial, published.partial])[order],
        assurance=tuple(assurance[i] for i in order.tolist()),
        extra=np.concatenate([declarations.extra, published.extra])[order],
        factor={where[i + count]: factor for i, factor in published.factor.items()},
    )


def _order(levels: IntArray) -> tuple[IntArray, IntArray]:
    """Nodes by level, those without one last; and the new number of every node."""
    order = np.argsort(np.where(levels == CYCLIC, np.iinfo(np.int64).max, levels), kind="stable")
    return order, inverse(order)


def _best(offers: Offers, decided: IntArray, basis: Basis) -> IntArray:
    """The first offer of a basis for each decided node, or absent."""
    of_basis = np.flatnonzero(offers.basis == basis)
    nodes, starts = np.unique(offers.node[of_basis], return_index=True)
    found = np.full(len(decided), ABSENT, np.int64)
    found[np.searchsorted(decided, nodes)] = of_basis[starts]
    return found


def _alike(indptr: IntArray, indices: IntArray) -> tuple[IntArray, IntArray]:
    """Both in 32 bits, or neither: sparse products take them of one width."""
    width = np.int32 if max(len(indptr), len(indices)) <= np.iinfo(np.int32).max else np.int64
    return indptr.astype(width), indices.astype(width)


def _assembled(
    draft: Draft,
    policy: Policy,
    at: int,
    *,
    outputs: Outputs,
    activities: Activities,
    unresolved: Activities,
    offers: Offers,
    content: ContentOffers,
    indicators: IndicatorSystem,
    edges: Edges,
    own: Matrix,
    own_mass: Matrix,
    levels: Order,
    order: IntArray,
    place: IntArray,
) -> ChainSnapshot:
    """Everything in the numbering by level."""
    nodes = draft.nodes
    offers = _renumbered(offers, place)
    decided = np.unique(offers.node)
    process = place[activities.process]
    by_process = np.argsort(process, kind="stable")
    ready = levels.level[order][levels.level[order] != CYCLIC]
    indptr, indices = _alike(edges[0], edges[1])
    return ChainSnapshot(
        policy=policy,
        as_of=at,
        lots=nodes.lots.renumbered(place).kept(),
        kind=narrow(nodes.kind[order]),
        key=Texts(nodes.key.pool, narrow(nodes.key.codes[order])),
        dimension=narrow(nodes.dimension[order]),
        product=narrow(nodes.product[order]),
        document=narrow(nodes.document[order]),
        when=once(nodes.when[order]),
        quantity=once(nodes.quantity[order]),
        attributes=attributes_of(draft, outputs, order),
        level_starts=np.searchsorted(ready, np.arange(len(levels.looped) + 1, dtype=np.int64)),
        looped=levels.looped,
        indptr=indptr,
        indices=indices,
        emissions=edges[2],
        mass=edges[3],
        own=own,
        own_mass=own_mass,
        offers=offers,
        decided=decided,
        attested=_best(offers, decided, Basis.ATTESTED),
        declared=_best(offers, decided, Basis.DECLARED),
        default=_best(offers, decided, Basis.DEFAULT),
        content_offers=_contents(content, place),
        indicators=indicators,
        activities=activities.ordered(process, by_process).narrowed(),
        activity_starts=narrow(_starts(process, len(nodes))),
        unresolved=unresolved.ordered(place[unresolved.process], np.arange(len(unresolved.process))),
        notes=_notes(draft, place),
        outputs=outputs.kept(place),
        facts=draft.facts.kept(("footprints", "processes")),
    )


def _starts(codes: IntArray, size: int) -> IntArray:
    """Where each of so many codes begins once they are sorted, shape (size + 1,)."""
    found = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=size), out=found[1:])
    return found


def _renumbered(offers: Offers, place: IntArray) -> Offers:
    node = place[offers.node]
    order = np.argsort(node, kind="stable")
    where = inverse(order).tolist()
    return Offers(
        node=node[order],
        basis=offers.basis[order],
        values=offers.values[order],
        row=offers.row[order],
        document=offers.document[order],
        boundary=tuple(offers.boundary[i] for i in order.tolist()),
        gwp=tuple(offers.gwp[i] for i in order.tolist()),
        share_stated=offers.share_stated[order],
        partial=offers.partial[order],
        assurance=tuple(offers.assurance[i] for i in order.tolist()),
        extra=offers.extra[order],
        factor={where[i]: factor for i, factor in offers.factor.items()},
    )


def _indicators(
    own: tuple[Layout, Own], others: Mapping[Group, Choices], numbering: tuple[IntArray, IntArray], unsure: BoolArray
) -> IndicatorSystem:
    (layout, values), (order, place) = own, numbering
    renumbered = {group: found.renumbered(place) for group, found in others.items()}
    return IndicatorSystem(layout, values.renumbered(place, order), renumbered, unsure[order])


def _contents(content: ContentOffers, place: IntArray) -> ContentOffers:
    node = place[content.node]
    order = np.argsort(node)
    return ContentOffers(node[order], content.values[order], content.document[order], content.signed[order])


def _notes(draft: Draft, place: IntArray) -> dict[int, tuple[Finding, ...]]:
    found: dict[int, set[Finding]] = {}
    for node, finding in draft.notes:
        found.setdefault(int(place[node]), set()).add(finding)
    return {node: tuple(sorted(found[node])) for node in sorted(found)}
