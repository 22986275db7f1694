"""The questions about lots and products, answered as far as the viewer may see."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from graph.model.refs import Kind, Ref, uid
from graph.rollup import contributions as adjoint
from graph.rollup import drawing, figure, product
from graph.rollup.closure import NodeName
from graph.rollup.contributions import Contributions, Disclosure, Emissions
from graph.rollup.errors import CycleFound
from graph.rollup.explanation import explanation
from graph.rollup.figure import Figure
from graph.rollup.findings import Finding
from graph.rollup.reach import Root
from graph.rollup.resources import resources
from graph.store.database import Database
from graph.units import CANONICAL, Dimension
from schemas.documents import moment
from schemas.figures import BREAKDOWNS, strip
from service.auth.roles import Viewer
from service.chain import Chain, NotFound, World
from service.explanations import explained
from service.indicator_views import accounts, particulars
from service.lots import lots_from
from service.visibility import UNDISCLOSED, Published, Sight, factors_withheld, visible

View = dict[str, Any]

SCOPES = ("direct", "indirect", "undivided", "total")

# A node without a place in the drawing of a chain stands in a group by its tier.
_DRAWN = 400


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, and as of what: a ledger index (the head where None) and a policy's name (the usual one where "").

    ``gwp``: a set of warming potentials in place of the policy's.
    """

    viewer: Viewer
    as_of: int | None = None
    policy: str = ""
    gwp: str = ""


class Figures:
    """Footprints, content, contributions and chains of lots and products."""

    def __init__(self, database: Database, chain: Chain, min_contributors: int) -> None:
        self._database = database
        self._chain = chain
        self._min_contributors = min_contributors

    def lot_asked(self, ask: Ask, address: str, *beside: Root, whole: bool = False) -> tuple[World, str]:
        """The chain as far as it speaks of a lot that the viewer may see, and of what is ``beside`` it; and the key of
        the lot. Raises ``NotFound``, ``AsOfUnknown``."""
        world, _, key = self._lot(ask, address, *beside, whole=whole)
        return world, key

    def product_asked(self, ask: Ask, address: str, *, whole: bool = False) -> tuple[World, str]:
        """The chain and the key of a product whose figures the viewer may see. Raises as ``lot_asked``."""
        self._chain.at(ask.as_of)
        sees, key = self._chain.sight(ask.viewer), self._chain.key(Kind.PRODUCT, address)
        if not sees.facts_of(Ref.from_key(key).issuer):
            raise NotFound("there is no such product")
        world = self._world(ask, (Kind.PRODUCT, key), whole=whole)
        if key not in world.snapshot.facts.products.codes:
            raise NotFound("there is no such product")
        return world, key

    def _world(self, ask: Ask, *roots: Root, whole: bool) -> World:
        asked = ask.as_of, ask.policy, ask.gwp
        return self._chain.world(*asked) if whole else self._chain.around(roots, *asked)

    def footprint(self, ask: Ask, address: str) -> View:
        """The footprint of a lot. Raises ``NotFound``, ``AsOfUnknown``, ``CycleFound``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = figure.footprint(world.snapshot, world.rolled, key)
        return self._figure(found, sees, Kind.LOT)

    def product_footprint(self, ask: Ask, address: str, start: float, end: float) -> View:
        """The footprint of a product over [start, end), seconds since the epoch. Raises as ``footprint``."""
        (world, key), sees = self.product_asked(ask, address), self._chain.sight(ask.viewer)
        with _cycles(sees):
            found = product.product_footprint(world.snapshot, world.rolled, key, start, end)
        return self._figure(found, sees, Kind.PRODUCT) | {"period": {"start": moment(start), "end": moment(end)}}

    def content(self, ask: Ask, address: str) -> View:
        """The physical content of a lot. Raises as ``footprint``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = figure.content(world.snapshot, world.rolled, key)
        view = {n: v for n, v in asdict(found).items() if n not in ("subject", "findings", "documents", "unknown")}
        return (
            view
            | found.told
            | {
                "unknown_share": found.unknown,
                "subject": _name(Kind.LOT, key),
                "basis": "mass",
                "findings": self._findings(found.findings, sees),
                "documents": self._documents(found.documents, sees),
            }
        )

    def indicators(self, ask: Ask, address: str) -> View:
        """Energy, water, waste and captured CO2 of a lot. Raises as ``footprint``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = resources(world.snapshot, world.rolled, key)
        told = accounts(found, lambda names: _names(names, sees), lambda indexes: self._documents(indexes, sees))
        return told | {"subject": _name(Kind.LOT, key), "findings": self._findings(found.findings, sees)}

    def explanation(self, ask: Ask, address: str) -> View:
        """What a lot's number is the sum of, down to the signed documents. Raises as ``footprint``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = explanation(world.snapshot, world.rolled, key, _DRAWN)
        ids = self._ids(sorted({i for node in found.nodes for i in node.documents}), sees)
        told = explained(found, lambda name: visible(name, sees), _node_name, ids)
        return told | {
            "subject": _name(Kind.LOT, key),
            "policy": f"{world.snapshot.policy.name}/{world.snapshot.policy.version}",
            "as_of": world.snapshot.as_of,
        }

    def contributions(self, ask: Ask, address: str) -> View:
        """The contributions to a lot's figure, by every breakdown. Raises as ``footprint``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = adjoint.contributions(world.snapshot, world.rolled, key, self._disclosure(sees, world))
            whole = figure.footprint(world.snapshot, world.rolled, key)
        names = {"organization": world.organization_names, "facility": world.facility_names}
        return {
            "subject": _name(Kind.LOT, key),
            "unit": _unit(whole.dimension),
            "basis": whole.basis.label,
            "boundary": whole.boundary,
            "gwp": whole.gwp,
            "lower_bound": whole.lower_bound,
            "total": _contribution("total", found.total, found.total, whole.lower_bound),
            "by": {by: _breakdown(found, by, names.get(by, {}), whole.lower_bound) for by in BREAKDOWNS},
            "documents": self._documents(found.documents, sees, found.published),
            "as_of": world.snapshot.as_of,
        }

    def chain(self, ask: Ask, address: str) -> View:
        """The chain above a lot as nodes and edges, undisclosed nodes of one tier as one. Raises as ``footprint``."""
        world, sees, key = self._lot(ask, address)
        with _cycles(sees):
            found = drawing.chain(world.snapshot, world.rolled, key, _DRAWN)
        return _drawn(found, sees, world) | {"subject": _name(Kind.LOT, key), "as_of": world.snapshot.as_of}

    def lot(self, ask: Ask, address: str) -> View:
        """A lot as described. Raises ``NotFound``."""
        world, sees, key = self._lot(ask, address)
        return _lot_view(world, key, sees) | {"as_of": world.snapshot.as_of}

    def lots(self, ask: Ask, search: str, after: str, limit: int) -> list[tuple[str, View]]:
        """Visible lots by key, above ``after``, whose id, product or material holds ``search``; at most ``limit``."""
        world, sees = self._chain.world(ask.as_of, ask.policy, ask.gwp), self._chain.sight(ask.viewer)
        folded = search.casefold()
        views = ((key, _lot_view(world, key, sees)) for key in lots_from(world, sees, after, folded))
        return list(islice(((key, view) for key, view in views if _matches(view, folded)), limit))

    def _lot(self, ask: Ask, address: str, *beside: Root, whole: bool = False) -> tuple[World, Sight, str]:
        self._chain.at(ask.as_of)
        sees, key = self._chain.sight(ask.viewer), self._chain.key(Kind.LOT, address)
        if not sees.lot(key):
            raise NotFound("there is no such lot")
        world = self._world(ask, (Kind.LOT, key), *beside, whole=whole)
        if key not in world.snapshot.lots:
            raise NotFound("there is no such lot")
        return world, sees.about(key), key

    def _disclosure(self, sees: Sight, world: World) -> Disclosure:
        organizations = world.snapshot.attributes.organizations
        return Disclosure(
            named=sees.names_of(organizations),
            open=frozenset(o for o in organizations if sees.facts_of(o)),
            lots=sees.lots_beside(world.snapshot.lots),
            minimum=self._min_contributors,
            label=UNDISCLOSED,
        )

    def _figure(self, found: Figure, sees: Sight, kind: Kind) -> View:
        emissions = _scopes(found, found.lower_bound)
        shares = ("coverage_mass", "coverage_emissions", "default_share", "default_mass_share", "unknown_share")
        documents = self._ids([s.document for s in found.shadows if s.document is not None], sees)
        return emissions | {
            "subject": _name(kind, found.subject),
            "unit": _unit(found.dimension),
            "basis": found.basis.label,
            "lower_bound": found.lower_bound,
            **({} if found.assurance is None else {"assurance": found.assurance or "none"}),
            "boundary": found.boundary,
            "allocation": list(found.allocation),
            "gwp": found.gwp,
            "missing": _names(found.missing, sees),
            "defaulted": _names(found.defaulted, sees),
            **{n: getattr(found, n) for n in (*shares, "primary_data_share")},
            "coverage_emissions_of": "known" if found.coverage_of_known else "all",
            "shadows": [_shadow(s, documents) for s in found.shadows],
            "findings": self._findings(found.findings, sees),
            "documents": self._documents(found.documents, sees, found.published),
            **particulars(found),
            "policy": found.policy,
            "as_of": found.as_of,
        }

    def _findings(self, found: tuple[Finding, ...], sees: Sight) -> list[View]:
        """Findings with the ids of those documents behind them that the viewer may see."""
        ids = self._ids(sorted({index for f in found for index in f.documents}), sees)
        return [_finding(f, sees) | {"documents": [ids[i] for i in f.documents if i in ids]} for f in found]

    def _ids(self, indexes: list[int], sees: Sight) -> dict[int, str]:
        """The ids of those documents that the viewer may see, by ledger index."""
        return dict(self._listed(indexes, sees))

    def _documents(self, indexes: tuple[int, ...], sees: Sight, published: Published = ()) -> View:
        kept = factors_withheld(sees, published)
        ids = [id_ for index, id_ in self._listed(indexes, sees) if index not in kept]
        return {"ids": ids, "undisclosed": len(indexes) - len(ids)}

    def _listed(self, indexes: Collection[int], sees: Sight) -> list[tuple[int, str]]:
        """Ledger index and id of those documents that the viewer may see, in ledger order."""
        seen = sees.documents(self._chain.documents(indexes), self._chain.disclosed(sees, indexes))
        return list(zip(seen.ints("index").tolist(), seen.text("id"), strict=True))


@contextmanager
def _cycles(sees: Sight) -> Iterator[None]:
    """A cycle refuses the figure (ruling 8) and names its lots, as far as the viewer may know of them."""
    try:
        yield
    except CycleFound as found:
        shown = tuple(key for key in found.lots if _may_read(key, sees))
        hidden = (UNDISCLOSED,) if len(shown) < len(found.lots) else ()
        raise type(found)(found.key, (*shown, *hidden)) from None


def _unit(dimension: Dimension) -> str:
    return f"kgCO2e/{CANONICAL[dimension]}"


def _name(kind: Kind, key: str) -> View:
    ref = Ref.from_key(key)
    return {"kind": kind.value, "uid": uid(kind, key), "issuer": ref.issuer, "id": ref.id}


def _node_name(name: NodeName) -> View:
    if name.kind in ("lot", "product"):
        return _name(Kind(name.kind), name.key)
    ref = Ref.from_key(name.key)
    return strip(
        {"kind": name.kind, "id": ref.id or ref.issuer, "issuer": ref.issuer if ref.id else "", "country": name.country}
    )


def _names(names: tuple[NodeName, ...], sees: Sight) -> View:
    shown = [_node_name(n) for n in names if visible(n, sees)]
    return {"named": shown, "undisclosed": len(names) - len(shown)}


def _finding(found: Finding, sees: Sight) -> View:
    """A finding about what the viewer may not see keeps its code and loses its words."""
    inside = (sees.facts_of(Ref.from_key(key).issuer) for key in found.processes)
    if all(inside) and all(_may_read(key, sees) for key in found.subjects):
        return {"code": found.code, "message": found.message, "subjects": list(found.subjects)}
    return {"code": found.code, "message": "about something upstream that is not disclosed to you", "subjects": []}


def _may_read(key: str, sees: Sight) -> bool:
    """A subject that names nobody, such as a boundary, is nobody's secret."""
    return ":" not in key or sees.lot(key) or any(NodeName(kind, key) in sees.named for kind in ("lot", "product"))


def _shadow(found: figure.Shadow, documents: dict[int, str]) -> View:
    view: View = {n: getattr(found, n) for n in SCOPES}
    view |= {"basis": found.basis.label, "lower_bound": found.lower_bound}
    known = documents.get(found.document) if found.document is not None else None
    return view if known is None else view | {"document": known}


def _told(value: float | None, gaps: bool) -> float | None:
    """Where something is unknown, nothing known is not zero."""
    return None if gaps and value == 0.0 else value


def _scopes(found: Figure | Emissions, gaps: bool) -> View:
    return figure.told({n: getattr(found, n) for n in SCOPES}, gaps)


def _contribution(name: str, part: Emissions, whole: Emissions, gaps: bool) -> View:
    scopes = _scopes(part, gaps)
    share = part.total / whole.total if whole.total and scopes["total"] is not None else None
    return {"name": name, **scopes, "share": share}


def _breakdown(found: Contributions, by: str, names: dict[str, str], gaps: bool) -> list[View]:
    parts: dict[Any, Emissions] = getattr(found, f"by_{by}")
    rows = [
        _contribution(_label(by, key, names, found.tiers_merged), part, found.total, gaps)
        for key, part in parts.items()
    ]
    return rows if by == "tier" else sorted(rows, key=lambda r: (-abs(r["total"] or 0.0), r["name"]))


def _label(by: str, key: Any, names: dict[str, str], merged: bool) -> str:
    if by == "tier" and merged and key == 2:
        return "2 and above"
    if by in ("lot", "process") and "|" in str(key):
        return Ref.from_key(str(key)).id
    return names.get(key) or str(key) or "not stated"


def _lot_view(world: World, key: str, sees: Sight) -> View:
    ref, node = Ref.from_key(key), world.snapshot.lots[key]
    made = world.product_of(key)
    view: View = {"uid": uid(Kind.LOT, key), "issuer": ref.issuer, "id": ref.id, "described": made is not None}
    if made is None:
        return view
    # What was packed anew may be another's product: whose, its seller need not tell.
    maker = Ref.from_key(made).issuer
    told = {"product": _name(Kind.PRODUCT, made), "product_name": world.product_names.get(made, "")}
    return strip(
        view
        | (told if maker == ref.issuer or sees.name_of(maker) else {})
        | {
            "material": world.product_materials.get(made, ""),
            "quantity": float(world.snapshot.quantity[node]),
            "unit": CANONICAL[Dimension(int(world.snapshot.dimension[node]))],
            "produced_at": moment(float(world.snapshot.when[node])),
        }
    )


def _matches(view: View, search: str) -> bool:
    texts = (view["id"], view.get("product_name", ""), view.get("material", ""), view["issuer"])
    return any(search in text.casefold() for text in texts)


def _drawn(found: drawing.Chain, sees: Sight, world: World) -> View:
    nodes: list[View] = []
    place: dict[int, int] = {}
    groups: dict[int, int] = {}
    for number, node in enumerate(found.nodes):
        if visible(node.name, sees):
            place[number] = len(nodes)
            nodes.append(_drawn_node(node, len(nodes), world))
        else:
            if node.tier not in groups:
                groups[node.tier] = len(nodes)
                nodes.append({"number": len(nodes), "tier": node.tier, "lots": 0})
            place[number] = groups[node.tier]
            nodes[groups[node.tier]]["lots"] += 1
    return {"nodes": nodes, "edges": _drawn_edges(found, place, set(groups.values())), "truncated": found.truncated}


def _drawn_node(node: drawing.ChainNode, number: int, world: World) -> View:
    view = strip(
        {
            "number": number,
            "organization": world.organization_names.get(node.organization, node.organization),
            "country": node.country,
            "material": node.material,
            "tier": node.tier,
            "basis": node.basis.label,
        }
    )
    total = _told(node.total, node.lower_bound)
    return view | {"name": _node_name(node.name), "total": total, "unit": _unit(node.dimension)}


def _drawn_edges(found: drawing.Chain, place: dict[int, int], groups: set[int]) -> list[View]:
    edges: dict[tuple[int, int], View] = {}
    for edge in found.edges:
        ends = place[edge.source], place[edge.target]
        if ends[0] == ends[1]:
            continue
        view = edges.setdefault(ends, {"source": ends[0], "target": ends[1]})
        if not groups & set(ends):
            view["amount"] = view.get("amount", 0.0) + edge.amount
    return list(edges.values())
