"""From a fact's loaded fields to the domain's dataclass, and the faults that only several fields together show."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import marshmallow as ma

from graph.errors import UnknownUnit
from graph.model import facts as model
from graph.model import standing
from graph.model.indicators import STATED, Group
from graph.model.inventories import Inventory
from graph.model.refs import Kind, Ref
from graph.units import Dimension, conversion
from schemas.activities import build_activity
from schemas.indicators import build_indicators, build_quality

Data = dict[str, Any]


def own(ref: Ref | None, issuer: str) -> Ref | None:
    """A reference with its issuer: a bare id names a thing of the statement's issuer."""
    if ref is None or ref.issuer:
        return ref
    return Ref(issuer, ref.id)


def _ref(data: Data, name: str, issuer: str) -> Ref:
    found = own(data.get(name), issuer)
    if found is None:
        raise ma.ValidationError({name: ["Missing data for required field."]})
    return found


def _attachments(data: Data) -> tuple[model.Attachment, ...]:
    return tuple(model.Attachment(**a) for a in data["attachments"])


def _period(data: Data, start: str, end: str) -> tuple[float, float]:
    if data[end] <= data[start]:
        raise ma.ValidationError({end: [f"must be after {start} (the end is excluded)"]})
    return data[start], data[end]


def _organization(data: Data, issuer: str) -> model.Organization:
    return model.Organization(Ref(issuer), data["name"], data["country"], tuple(data["identifiers"]))


def _facility(data: Data, issuer: str) -> model.Facility:
    names = ("name", "country", "grid_region", "gln", "unlocode", "latitude", "longitude")
    return model.Facility(Ref(issuer, data["id"]), **{n: data[n] for n in names})


def _product(data: Data, issuer: str) -> model.Product:
    try:
        dimension, _ = conversion(data["declared_unit"])
    except UnknownUnit as error:
        raise ma.ValidationError({"declared_unit": ["is not a unit known here"]}) from error
    return model.Product(
        Ref(issuer, data["id"]),
        data["name"],
        data["material"].lower(),
        dimension,
        _kg_per_unit(data, dimension),
        tuple(data["identifiers"]),
        tuple(model.Classification(c["system"], c["code"]) for c in data["classifications"]),
    )


def _kg_per_unit(data: Data, dimension: Dimension) -> Decimal | None:
    if dimension is Dimension.MASS:
        return Decimal(1)
    if "mass_per_unit" not in data:
        return None
    value, top, bottom = data["mass_per_unit"]
    if top != "kg" or conversion(bottom)[0] is not dimension or value <= 0:
        raise ma.ValidationError({"mass_per_unit": ["must be a mass per declared unit, above 0, such as 8.6 kg/piece"]})
    return Decimal(value)


# What goes with each way to name an input; nothing stated is ignored.
_OF_TARGET: dict[str, set[str]] = {"lot": set(), "product": {"period_start", "period_end"}, "material": {"country"}}
_OF_TARGETS = set().union(*_OF_TARGET.values())


def _target(data: Data, issuer: str) -> model.LotTarget | model.ProductTarget | model.MaterialTarget:
    named = [n for n in ("lot", "product", "material") if n in data]
    if len(named) != 1:
        raise ma.ValidationError("must name exactly one of lot, product, material")
    for name in _OF_TARGETS - _OF_TARGET[named[0]]:
        if name in data:
            raise ma.ValidationError({name: [f"does not belong to an input that names a {named[0]}"]})
    if named == ["lot"]:
        return model.LotTarget(_ref(data, "lot", issuer))
    if named == ["product"]:
        for name in ("period_start", "period_end"):
            if name not in data:
                raise ma.ValidationError({name: ["a product is named in a period"]})
        return model.ProductTarget(_ref(data, "product", issuer), *_period(data, "period_start", "period_end"))
    if "country" not in data:
        raise ma.ValidationError({"country": ["a material is named with its country"]})
    return model.MaterialTarget(data["material"].lower(), data["country"])


def _input(data: Data, issuer: str) -> model.Input:
    incorporated = data.get("incorporated")
    if incorporated is not None and incorporated.dimension is not Dimension.MASS:
        raise ma.ValidationError({"incorporated": {"unit": ["must be a unit of mass"]}})
    quantity = data["quantity"]
    if incorporated is not None and quantity.dimension is Dimension.MASS and incorporated.value > quantity.value:
        raise ma.ValidationError({"incorporated": ["must not exceed the quantity consumed"]})
    kg = None if incorporated is None else incorporated.value
    return model.Input(_target(data, issuer), quantity, data["role"], kg, data["origin"])


def _output(data: Data, issuer: str) -> model.Output:
    allocation = data.get("allocation") or {"key": model.AllocationKey.MASS}
    value = allocation.get("value")
    if allocation["key"] is not model.AllocationKey.MASS and value is None:
        raise ma.ValidationError({"allocation": {"value": [f"is required for the key {allocation['key']}"]}})
    return model.Output(data["id"], _ref(data, "product", issuer), data["quantity"], allocation["key"], value)


def _each(data: Data, name: str, issuer: str, build: Callable[[Data, str], Any]) -> tuple[Any, ...]:
    built = []
    for number, item in enumerate(data[name]):
        try:
            built.append(build(item, issuer))
        except ma.ValidationError as error:
            raise ma.ValidationError({name: {number: error.messages}}) from error
    return tuple(built)


def _unique(items: tuple[Any, ...], list_name: str, field: str) -> None:
    seen: set[str] = set()
    for number, item in enumerate(items):
        name = getattr(item, field)
        if name in seen:
            raise ma.ValidationError({list_name: {number: {field: ["is used twice in this process"]}}})
        seen.add(name)


def _process(data: Data, issuer: str) -> model.Process:
    start, end = _period(data, "produced_from", "produced_to")
    outputs = _each(data, "outputs", issuer, _output)
    activities = _each(data, "activities", issuer, build_activity)
    _unique(outputs, "outputs", "id")
    _unique(activities, "activities", "name")
    if data["inputs_complete"] and data["inputs_undisclosed"]:
        raise ma.ValidationError({"inputs_complete": ["cannot be where inputs are kept undisclosed"]})
    if len({o.allocation for o in outputs}) > 1:
        raise ma.ValidationError({"outputs": ["must all share one allocation key"]})
    return model.Process(
        Ref(issuer, data["id"]),
        data["process_kind"],
        own(data["facility"], issuer),
        start,
        end,
        data["boundary"],
        data["inputs_complete"],
        data["owner"],
        _each(data, "inputs", issuer, _input),
        outputs,
        activities,
        _attachments(data),
        data["inputs_undisclosed"],
        tuple(sorted({Group(g) for g in data["accounts"]})),
    )


def _lot_source(data: Data, issuer: str) -> model.LotSource:
    return model.LotSource(_ref(data, "lot", issuer), data["quantity"])


def _output_source(data: Data, issuer: str) -> model.OutputSource:
    return model.OutputSource(_ref(data, "process", issuer), data["output"], data["quantity"])


def _lot(data: Data, issuer: str) -> model.Lot:
    return model.Lot(
        Ref(issuer, data["id"]),
        _ref(data, "product", issuer),
        data["quantity"],
        data["produced_at"],
        _each(data, "drawn_from", issuer, _output_source),
        _each(data, "part_of", issuer, _lot_source),
        _attachments(data),
    )


def _leg(data: Data, _issuer: str) -> model.Leg:
    return model.Leg(data["mode"], data["distance_km"], data.get("intensity"), data["source"])


def _transfer(data: Data, issuer: str) -> model.Transfer:
    return model.Transfer(
        Ref(data["sender"], data["id"]),
        data["transfer_kind"],
        data["sender"],
        data["receiver"],
        data["title"],
        data["custody"],
        data["at"],
        own(data["from_facility"], issuer),
        own(data["to_facility"], issuer),
        _each(data, "moved", issuer, _lot_source),
        _each(data, "legs", issuer, _leg),
    )


def _subject(data: Data, issuer: str) -> model.LotSubject | model.ProductSubject:
    if ("lot" in data) == ("product" in data):
        raise ma.ValidationError("must be about exactly one of lot, product")
    if "lot" in data:
        for name in ("facility", "country"):
            if name in data:
                raise ma.ValidationError({name: ["goes with a product, not with a lot"]})
        return model.LotSubject(_ref(data, "lot", issuer))
    if "facility" in data and "country" in data:
        raise ma.ValidationError({"country": ["a product is declared at a facility or from a country, not both"]})
    return model.ProductSubject(
        _ref(data, "product", issuer), own(data.get("facility"), issuer), data.get("country", "")
    )


def _declared(data: Data, issuer: str) -> Data:
    start, end = _period(data, "period_start", "period_end")
    if data["valid_from"] is not None and data["valid_to"] is not None:
        _period(data, "valid_from", "valid_to")
    return {
        "ref": Ref(issuer, data["id"]),
        "subject": _subject(data, issuer),
        "start": start,
        "end": end,
        "valid_from": data["valid_from"],
        "valid_to": data["valid_to"],
        "attachments": _attachments(data),
    }


def _footprint(data: Data, issuer: str) -> model.Footprint:
    per = data["per"]
    parts: Data = {
        n: (data[n] / per.value).normalize() if n in data else None for n in ("direct", "indirect", "undivided")
    }
    indicators = build_indicators(data, per.value)
    if all(v is None for v in parts.values()) and not any(name in STATED for name, _ in indicators):
        raise ma.ValidationError("must state direct and indirect, or undivided, or energy, water or waste")
    return model.Footprint(
        **_declared(data, issuer),
        **parts,
        dimension=per.dimension,
        boundary=data["boundary"],
        gwp=data["gwp"],
        primary_data_share=data.get("primary_data_share"),
        covers_transport=data["covers_transport"],
        pcr=data["pcr"],
        exempted_share=data.get("exempted_share"),
        indicators=indicators,
        quality=build_quality(data.get("quality")),
    )


_SHARES = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin")


def _content(data: Data, issuer: str) -> model.Content:
    shares: Data = {n: data.get(n) for n in _SHARES}
    if all(v is None for v in shares.values()):
        raise ma.ValidationError("must state at least one share")
    return model.Content(**_declared(data, issuer), **shares, basis=data["basis"], custody=data["custody"])


def _grant(data: Data, issuer: str) -> model.Grant:
    return model.Grant(Ref(issuer, data["id"]), data["grantee"], own(data["lot"], issuer), data["evidence"])


def _key_revocation(data: Data, issuer: str) -> standing.KeyRevocation:
    compromised, since = data["reason"] == standing.COMPROMISE, data.get("since")
    if compromised != (since is not None):
        told = "is required: since when" if compromised else f"goes with the reason {standing.COMPROMISE}"
        raise ma.ValidationError({"since": [told]})
    return standing.KeyRevocation(Ref(issuer, data["id"]), data["thumbprint"], data["reason"], since)


def _withdrawal(data: Data, issuer: str) -> model.Withdrawal:
    return model.Withdrawal(Ref(issuer, data["id"]), data["document"])


def _delegation(data: Data, issuer: str) -> standing.Delegation:
    named = [n for n in ("product", "facility", "lot") if n in data]
    if len(named) > 1:
        raise ma.ValidationError({named[1]: ["a delegation is about one product, facility or lot, or about all"]})
    return standing.Delegation(
        Ref(issuer, data["id"]),
        data["delegate"],
        data["key"],
        tuple(sorted({Kind(k) for k in data["kinds"]})),
        named[0] if named else "",
        own(data[named[0]], issuer) if named else None,
        *_period(data, "valid_from", "valid_to"),
    )


def _accreditation(data: Data, issuer: str) -> standing.Accreditation:
    scope = tuple(sorted(set(data["scope"])))
    ends = _period(data, "valid_from", "valid_to")
    return standing.Accreditation(Ref(issuer, data["id"]), data["institution"], data["number"], scope, *ends)


def _assurance(data: Data, issuer: str) -> standing.Assurance:
    return standing.Assurance(
        Ref(issuer, data["id"]),
        _ref(data, "footprint", issuer),
        data["document"],
        data["level"],
        data["standard"],
        data["valid_to"],
    )


def _certificate(data: Data, issuer: str) -> standing.Certificate:
    facility = own(data["facility"], issuer)
    if facility is not None and facility.issuer != data["holder"]:
        raise ma.ValidationError({"facility": ["must be a facility of the holder, named with its issuer"]})
    start, end = _period(data, "valid_from", "valid_to")
    names = (data["scheme"], data["number"], data["holder"])
    return standing.Certificate(Ref(issuer, data["id"]), *names, facility, start, end, data["status"])


def _inventory(data: Data, issuer: str) -> Inventory:
    indirect = data.get("indirect")
    if (indirect is None) != (data["indirect_method"] == ""):
        told = "goes with indirect" if indirect is None else "is required: location-based or market-based"
        raise ma.ValidationError({"indirect_method": [told]})
    start, end = _period(data, "period_start", "period_end")
    return Inventory(
        Ref(issuer, data["id"]),
        _ref(data, "facility", issuer),
        start,
        end,
        _mass(data, "direct"),
        None if indirect is None else _mass(data, "indirect"),
        data["indirect_method"],
        data["gwp"],
        data["boundary"],
    )


def _mass(data: Data, name: str) -> Decimal:
    if data[name].dimension is not Dimension.MASS:
        raise ma.ValidationError({name: {"unit": ["must be a unit of mass"]}})
    found: Decimal = data[name].value
    return found


BUILDERS: dict[Kind, Callable[[Data, str], model.Fact]] = {
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
}
