"""A fact as rows of the graph: one versioned node, its anchor, its edges, and its activities.

Anchors (Lot, Process, ...) are what is named, once each; the versioned node (LotFact, ...) is what one document says
about it, with the edges that this saying implies. So whether an edge is in force is a property of the fact it starts
from.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from graph.model import facts as model
from graph.model import standing
from graph.model.factors import Factor, FactorSet
from graph.model.facts import Stated
from graph.model.flows import flows, output_key
from graph.model.indicators import QUALITIES, Quality
from graph.model.inventories import Inventory
from graph.model.refs import NEVER, Kind, fact_id
from graph.units import Amount

Props = dict[str, Any]

LABELS: dict[Kind, str] = {
    Kind.ORGANIZATION: "OrganizationFact",
    Kind.FACILITY: "FacilityFact",
    Kind.PRODUCT: "ProductFact",
    Kind.PROCESS: "ProcessFact",
    Kind.LOT: "LotFact",
    Kind.TRANSFER: "TransferFact",
    Kind.FOOTPRINT: "FootprintFact",
    Kind.CONTENT: "ContentFact",
    Kind.GRANT: "GrantFact",
    Kind.KEY_REVOCATION: "RevocationFact",
    Kind.WITHDRAWAL: "WithdrawalFact",
    Kind.DELEGATION: "DelegationFact",
    Kind.ACCREDITATION: "AccreditationFact",
    Kind.ASSURANCE: "AssuranceFact",
    Kind.CERTIFICATE: "CertificateFact",
    Kind.INVENTORY: "InventoryFact",
    Kind.FACTOR_SET: "FactorSetFact",
}

# The anchor that a fact of a kind describes; the other kinds describe nothing that could be named beforehand.
ANCHORS: dict[Kind, str] = {
    Kind.ORGANIZATION: "Organization",
    Kind.FACILITY: "Facility",
    Kind.PRODUCT: "Product",
    Kind.PROCESS: "Process",
    Kind.LOT: "Lot",
}
# What is asked for by its address in URLs (``graph.model.refs.uid``).
ADDRESSED: dict[str, Kind] = {"Lot": Kind.LOT, "Product": Kind.PRODUCT}
# The edges that are rows of the chain's tables (``graph.model.tables``).
LISTED = ("CONSUMED", "PRODUCED", "DRAWN_FROM", "PART_OF", "MOVED")


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge from the fact to an anchor, with its properties."""

    type: str
    label: str
    key: str
    props: Props = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactRows:
    """All that is written for one fact. ``activities``: nodes of its own; of a factor set, its factors."""

    fid: int
    kind: Kind
    props: Props
    edges: tuple[Edge, ...]
    activities: tuple[Props, ...] = ()

    @property
    def size(self) -> int:
        """About how many rows of the chain's tables they are: the fact, and each thing that it lists."""
        return 1 + sum(edge.type in LISTED for edge in self.edges) + len(self.activities)


def rows(stated: Stated, issuer: str, index: int, in_force: bool) -> FactRows:
    """The rows of a fact asserted by the document at a ledger index. One that conflicts is never in force."""
    fact = stated.fact
    fid = fact_id(index, stated.position)
    props, edges, activities = _ROWS[fact.kind](fact)
    booked = [[f.account, f.credit, f.debit] for f in flows(fact, issuer)]
    common: Props = {
        "fid": fid,
        "key": fact.ref.key,
        "issuer": issuer,
        "digest": stated.digest,
        "superseded": NEVER if in_force else index,
        "flows": json.dumps(booked) if booked else "",
    }
    states = (Edge("STATES", ANCHORS[fact.kind], fact.ref.key),) if fact.kind in ANCHORS else ()
    every = (*states, *edges, *_attached(fact))
    return FactRows(fid, fact.kind, _known(common | props), every, tuple(map(_known, activities)))


def _attached(fact: model.Fact) -> Iterator[Edge]:
    """Files stay with their owner; the graph holds on to them by their digests."""
    for attachment in getattr(fact, "attachments", ()):
        props = {"name": attachment.name, "media_type": attachment.media_type}
        yield Edge("ATTACHED", "Attachment", attachment.sha256, props)


_Parts = tuple[Props, tuple[Edge, ...], tuple[Props, ...]]


def _known(props: Props) -> Props:
    """Without what is not known: an absent property, not a null (the engines differ on nulls)."""
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in props.items() if v is not None}


def _amount(amount: Amount) -> Props:
    return {"quantity": float(amount.value), "dimension": int(amount.dimension)}


def _organization(fact: model.Organization) -> _Parts:
    return {"name": fact.name, "country": fact.country, "identifiers": list(fact.identifiers)}, (), ()


def _facility(fact: model.Facility) -> _Parts:
    props = {n: getattr(fact, n) for n in ("name", "country", "gln", "unlocode", "latitude", "longitude")}
    return props | {"region": fact.grid_region}, (Edge("OPERATED_BY", "Organization", fact.ref.issuer),), ()


def _product(fact: model.Product) -> _Parts:
    hs = next((c.code for c in fact.classifications if c.system == "HS-CN"), "")
    props = {
        "name": fact.name,
        "material": fact.material,
        "dimension": int(fact.dimension),
        "kg_per_unit": fact.kg_per_unit,
        "identifiers": list(fact.identifiers),
        "classifications": [f"{c.system}:{c.code}" for c in fact.classifications],
        "hs": hs,
    }
    return props, (), ()


def _process(fact: model.Process) -> _Parts:
    props = {
        "process_kind": fact.process_kind.value,
        "start": fact.start,
        "end": fact.end,
        "boundary": fact.boundary,
        "complete": -1 if fact.undisclosed else int(fact.complete),
        "accounts": " ".join(fact.accounts) or None,
        "owner": fact.owner,
        "facility": fact.facility.key if fact.facility else "",
    }
    at = (Edge("AT", "Facility", fact.facility.key),) if fact.facility else ()
    # An output is found by its product through these: once a product, however many outputs there are of it.
    makes = (Edge("MAKES", "Product", key) for key in sorted({o.product.key for o in fact.outputs}))
    edges = (*at, *map(_consumed, fact.inputs), *(_produced(fact, o) for o in fact.outputs), *makes)
    return props, edges, tuple(_activity(fact, a) for a in fact.activities)


def _consumed(consumed: model.Input) -> Edge:
    target = consumed.target
    props = _amount(consumed.amount) | {"role": consumed.role.value, "origin": consumed.origin}
    if consumed.incorporated is not None:
        props["incorporated"] = float(consumed.incorporated)
    if isinstance(target, model.LotTarget):
        return Edge("CONSUMED", "Lot", target.lot.key, props | {"kind": "lot"})
    if isinstance(target, model.ProductTarget):
        period = {"kind": "product", "start": target.start, "end": target.end}
        return Edge("CONSUMED", "Product", target.product.key, props | period)
    named = {"kind": "material", "country": target.country, "material": target.material}
    return Edge("CONSUMED", "Material", f"{target.material}|{target.country}", props | named)


def _produced(fact: model.Process, output: model.Output) -> Edge:
    props = _amount(output.amount) | {
        "output": output.id,
        "product": output.product.key,
        "allocation": output.allocation.value,
    }
    if output.allocation_value is not None:
        props["allocation_value"] = float(output.allocation_value)
    return Edge("PRODUCED", "Output", output_key(fact.ref, output.id), props)


def _activity(fact: model.Process, activity: model.Activity) -> Props:
    plain = ("name", "type", "carrier", "region", "gas", "multiplier", "factor", "factor_source", "supply_kind")
    props = {n: getattr(activity, n) for n in (*plain, "instrument", "energy")} | _amount(activity.amount)
    props |= {n: getattr(activity, n) or None for n in ("category", "fate")} | _quality(activity.quality)
    return props | {"scope": activity.scope.value, "primary": int(activity.primary), "process": fact.ref.key}


def _quality(quality: Quality | None) -> Props:
    return {} if quality is None else {n: getattr(quality, n) for n in (*QUALITIES, "gsd")}


def _lot(fact: model.Lot) -> _Parts:
    props = _amount(fact.amount) | {"product": fact.product.key, "produced_at": fact.produced_at}
    drawn = (
        Edge(
            "DRAWN_FROM",
            "Output",
            output_key(s.process, s.output),
            _amount(s.amount) | {"process": s.process.key, "output": s.output},
        )
        for s in fact.drawn_from
    )
    parts = (Edge("PART_OF", "Lot", s.lot.key, _amount(s.amount)) for s in fact.part_of)
    return props, (Edge("OF_PRODUCT", "Product", fact.product.key), *drawn, *parts), ()


def _transport(fact: model.Transfer) -> float | None:
    """kgCO2e per kg moved over all legs (ISO 14083); None when a leg names no intensity."""
    if any(leg.intensity is None for leg in fact.legs):
        return None
    total = sum(((leg.intensity or Decimal(0)) * leg.distance_km / 1000 for leg in fact.legs), Decimal(0))
    return float(total)


def _transfer(fact: model.Transfer) -> _Parts:
    props = {
        "transfer_kind": fact.transfer_kind,
        "sender": fact.sender,
        "receiver": fact.receiver,
        "title": int(fact.title),
        "custody": int(fact.custody),
        "at": fact.at,
        "transport": _transport(fact),
        "from_facility": fact.from_facility.key if fact.from_facility else "",
        "to_facility": fact.to_facility.key if fact.to_facility else "",
        "legs": json.dumps([[leg.mode, str(leg.distance_km), str(leg.intensity), leg.source] for leg in fact.legs]),
    }
    ends = (Edge("FROM", "Organization", fact.sender), Edge("TO", "Organization", fact.receiver))
    moved = (Edge("MOVED", "Lot", m.lot.key, _amount(m.amount)) for m in fact.moved)
    return props, (*ends, *moved), ()


def _declaration(fact: model.Footprint | model.Content, names: tuple[str, ...]) -> _Parts:
    props = {n: getattr(fact, n) for n in ("start", "end", "valid_from", "valid_to", *names)}
    subject = fact.subject
    if isinstance(subject, model.LotSubject):
        about = {"subject_kind": "lot", "subject": subject.lot.key, "facility": "", "country": ""}
        return props | about, (Edge("ABOUT", "Lot", subject.lot.key),), ()
    about = {
        "subject_kind": "product",
        "subject": subject.product.key,
        "facility": subject.facility.key if subject.facility else "",
        "country": subject.country,
    }
    return props | about, (Edge("ABOUT", "Product", subject.product.key),), ()


def _footprint(fact: model.Footprint) -> _Parts:
    names = ("direct", "indirect", "undivided", "boundary", "gwp", "primary_data_share", "pcr", "exempted_share")
    props, edges, none = _declaration(fact, names)
    props |= dict(fact.indicators) | _quality(fact.quality)
    return props | {"dimension": int(fact.dimension), "covers_transport": int(fact.covers_transport)}, edges, none


def _content(fact: model.Content) -> _Parts:
    names = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin", "basis", "custody")
    return _declaration(fact, names)


def _grant(fact: model.Grant) -> _Parts:
    lot = (Edge("OF_LOT", "Lot", fact.lot.key),) if fact.lot else ()
    props = {"grantee": fact.grantee, "lot": fact.lot.key if fact.lot else "", "evidence": int(fact.evidence)}
    return props, (Edge("TO", "Organization", fact.grantee), *lot), ()


def _key_revocation(fact: standing.KeyRevocation) -> _Parts:
    return {"thumbprint": fact.thumbprint, "reason": fact.reason, "since": fact.since}, (), ()


def _withdrawal(fact: model.Withdrawal) -> _Parts:
    return {"document": fact.document}, (), ()


def pair_of(delegator: str, delegate: str) -> str:
    """The name under which the delegations of one organization to another are found."""
    return f"{delegator} {delegate}"


def _delegation(fact: standing.Delegation) -> _Parts:
    props = {
        "delegate": fact.delegate,
        "pair": pair_of(fact.ref.issuer, fact.delegate),
        "delegate_key": fact.key,
        "kinds": [k.value for k in fact.kinds],
        "about_kind": fact.about_kind,
        "about": fact.about.key if fact.about else "",
        "valid_from": fact.start,
        "valid_to": fact.end,
    }
    return props, (Edge("TO", "Organization", fact.delegate),), ()


def _accreditation(fact: standing.Accreditation) -> _Parts:
    props = {"institution": fact.institution, "number": fact.number, "scope": "\n".join(fact.scope)}
    return props | {"valid_from": fact.start, "valid_to": fact.end}, (), ()


def _assurance(fact: standing.Assurance) -> _Parts:
    props = {"footprint": fact.footprint.key, "document": fact.document, "level": fact.level}
    return props | {"standard": fact.standard, "valid_to": fact.end}, (), ()


def _certificate(fact: standing.Certificate) -> _Parts:
    props = {n: getattr(fact, n) for n in ("scheme", "number", "holder", "status")}
    facility = {"facility": fact.facility.key if fact.facility else ""}
    return props | facility | {"valid_from": fact.start, "valid_to": fact.end}, (), ()


def _inventory(fact: Inventory) -> _Parts:
    props = {n: getattr(fact, n) for n in ("start", "end", "direct", "indirect", "method", "gwp", "boundary")}
    return props | {"facility": fact.facility.key}, (Edge("AT", "Facility", fact.facility.key),), ()


def _factor_set(fact: FactorSet) -> _Parts:
    named = {"factor_set": fact.ref.id, "version": fact.version}
    told = named | {"kind": fact.of.value, "scope": fact.scope.value, "boundary": fact.boundary, "year": fact.year}
    factors = (told | _factor(row) for row in fact.rows)
    return named, (), tuple(factors)


def _factor(row: Factor) -> Props:
    lists = {"materials": "\n".join(row.materials), "hs": "\n".join(row.hs)}
    return lists | {n: getattr(row, n) for n in ("region", "country", "value", "source")}


_ROWS: dict[Kind, Any] = {
    Kind.ORGANIZATION: _organization,
    Kind.FACILITY: _facility,
    Kind.PRODUCT: _product,
    Kind.PROCESS: _process,
    Kind.LOT: _lot,
    Kind.TRANSFER: _transfer,
    Kind.FOOTPRINT: _footprint,
    Kind.CONTENT: _content,
    Kind.GRANT: _grant,
    Kind.KEY_REVOCATION: _key_revocation,
    Kind.WITHDRAWAL: _withdrawal,
    Kind.DELEGATION: _delegation,
    Kind.ACCREDITATION: _accreditation,
    Kind.ASSURANCE: _assurance,
    Kind.CERTIFICATE: _certificate,
    Kind.INVENTORY: _inventory,
    Kind.FACTOR_SET: _factor_set,
}
