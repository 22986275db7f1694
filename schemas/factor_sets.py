"""The published schema "factor set": factors of one source, year and unit in one versioned file.

``load_factor_set`` turns parsed JSON into the domain's ``FactorSet``; every fault is named by its RFC 6901 pointer.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from graph.model.documents import FieldError
from graph.model.factors import Factor, FactorKind, FactorSet
from graph.model.indicators import Scope
from graph.model.refs import Ref
from schemas.errors import FactorSetInvalid, StrictJsonError
from schemas.facts import BOUNDARIES
from schemas.fields import Id, Number, Text, one_of_or_none
from schemas.lean import Lean
from schemas.statement import pointers
from schemas.strict_json import parse

MAX_BYTES: Final = 1 << 20
MAX_ROWS: Final = 5_000
_MAX_ITEMS: Final = 100_000
_MAX_NAMES: Final = 50
_MJ_PER_KWH: Final = 3.6

# Unit as sources state it -> what the value is divided by to be kgCO2e per MJ, or per kg. CO2 alone counts as CO2e.
UNITS: Final[Mapping[FactorKind, Mapping[str, float]]] = {
    FactorKind.GRID: {
        "kgCO2/kWh": _MJ_PER_KWH, "kgCO2e/kWh": _MJ_PER_KWH, "tCO2/MWh": _MJ_PER_KWH, "tCO2e/MWh": _MJ_PER_KWH,
        "kgCO2/MJ": 1.0, "kgCO2e/MJ": 1.0,
    },
    FactorKind.MATERIAL: {"tCO2/t": 1.0, "tCO2e/t": 1.0, "kgCO2/kg": 1.0, "kgCO2e/kg": 1.0},
}  # fmt: skip
_SCOPES: Final = {
    FactorKind.GRID: (Scope.INDIRECT,),
    FactorKind.MATERIAL: (Scope.DIRECT, Scope.UNDIVIDED),
}
# What rows of a kind say, and may not say.
_NAMED: Final = {FactorKind.GRID: ("region",), FactorKind.MATERIAL: ("materials", "hs", "country")}


def _text(**options: Any) -> Text:
    return Text(required=True, validate=Length(min=1), **options)


class FactorSchema(Lean):
    """One value: of a grid ``region``; or of a material, by names and HS codes, from a ``country``."""

    region = ma.fields.String(
        load_default="",
        validate=Regexp(r"[A-Z]{2}(-[A-Z0-9]{1,20})?\Z", error="must be a country or region such as CN or CN-EAST"),
    )
    materials = ma.fields.List(Id(), load_default=list, validate=Length(max=_MAX_NAMES))
    hs = ma.fields.List(
        ma.fields.String(validate=Regexp(r"[0-9]{4,10}\Z", error="must be 4 to 10 digits")),
        load_default=list,
        validate=Length(max=_MAX_NAMES),
    )
    country = ma.fields.String(
        load_default="",
        validate=Regexp(r"([A-Z]{2}|other)\Z", error='must be a two-letter country code (ISO 3166-1), or "other"'),
        metadata={"description": "two-letter code, or other: every country that the set does not list"},
    )
    value = Number(
        required=True,
        above="0",
        high="1000000",
        allow_none=True,
        metadata={"description": "in the unit of the set; null: the source lists the country without a value"},
    )
    source = Text(load_default="", metadata={"description": "where it is more than the source of the set"})


class FactorSetSchema(Lean):
    """A set of published factors: what it is, where it is from, and its rows."""

    name = ma.fields.String(
        required=True,
        validate=Regexp(r"[a-z0-9][a-z0-9.-]{0,99}\Z", error="must be lower case with hyphens: mee-nbs-grid-2023"),
    )
    version = ma.fields.String(
        required=True,
        validate=Regexp(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,3}\Z", error="must be numbers such as 2 or 2.1"),
    )
    title = _text()
    source = _text(metadata={"description": "who published it, and where"})
    kind = ma.fields.String(required=True, validate=OneOf([k.value for k in FactorKind]))
    scope = ma.fields.String(
        load_default="",
        metadata={"description": "of materials: direct emissions alone, or all, undivided; a grid's is indirect"},
    )
    year = ma.fields.Integer(required=True, strict=True, validate=Range(1990, 2200))
    unit = ma.fields.String(required=True)
    boundary = ma.fields.String(required=True, validate=one_of_or_none(BOUNDARIES))
    note = Text(load_default="")
    rows = ma.fields.List(ma.fields.Nested(FactorSchema), required=True, validate=Length(1, MAX_ROWS))


_SCHEMA = FactorSetSchema()


def read_factor_set(content: bytes, issuer: str) -> FactorSet:
    """The set in a file. Raises ``FactorSetInvalid`` naming each field at fault and the reason."""
    if len(content) > MAX_BYTES:
        raise FactorSetInvalid((FieldError("", f"must have at most {MAX_BYTES} bytes"),))
    try:
        return load_factor_set(parse(content, max_depth=4, max_items=_MAX_ITEMS), issuer)
    except StrictJsonError as error:
        raise FactorSetInvalid((FieldError("", str(error)),)) from error


def load_factor_set(document: object, issuer: str) -> FactorSet:
    """The set in parsed JSON, stated by ``issuer``. Raises ``FactorSetInvalid``."""
    if not isinstance(document, dict):
        raise FactorSetInvalid((FieldError("", "must be a JSON object"),))
    try:
        data = _SCHEMA.load(document)
        kind, scope = _kind(data)
    except ma.ValidationError as error:
        raise FactorSetInvalid(tuple(pointers(error.messages))) from error
    faults = dict(_faults(kind, data["rows"]))
    if faults:
        raise FactorSetInvalid(tuple(pointers({"rows": faults})))
    divisor = UNITS[kind][data["unit"]]
    plain = {name: data[name] for name in ("version", "title", "source", "boundary", "year", "unit", "note")}
    rows = tuple(_factor(row, data["source"], divisor) for row in data["rows"])
    return FactorSet(ref=Ref(issuer, data["name"]), of=kind, scope=scope, rows=rows, **plain)


def _kind(data: dict[str, Any]) -> tuple[FactorKind, Scope]:
    """The kind with what depends on it: the scope, which a grid need not state, and the unit."""
    kind = FactorKind(data["kind"])
    scopes = [scope.value for scope in _SCOPES[kind]]
    stated = data["scope"] or (scopes[0] if len(scopes) == 1 else "")
    if stated not in scopes:
        raise ma.ValidationError({"scope": [f"must be one of {', '.join(scopes)} for kind {kind}"]})
    if data["unit"] not in UNITS[kind]:
        raise ma.ValidationError({"unit": [f"must be one of {', '.join(UNITS[kind])} for kind {kind}"]})
    return kind, Scope(stated)


def _faults(kind: FactorKind, rows: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Rows that do not say what those of the kind say, and those that say again what a row before them says."""
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows):
        fault = _fault(kind, row) or _twice(kind, row, seen)
        if fault:
            yield number, {fault[0]: [fault[1]]}


def _fault(kind: FactorKind, row: dict[str, Any]) -> tuple[str, str] | None:
    for other, names in _NAMED.items():
        for name in names if other is not kind else ():
            if row[name]:
                return name, f"is not of kind {kind}"
    if kind is FactorKind.GRID:
        if not row["region"]:
            return "region", "must be stated"
        return ("value", "must be stated: a region without a value has no row") if row["value"] is None else None
    if not row["materials"] and not row["hs"]:
        return "materials", "must name a material, or hs a code"
    return None if row["country"] else ("country", "must be stated")


def _twice(kind: FactorKind, row: dict[str, Any], seen: set[tuple[str, str]]) -> tuple[str, str] | None:
    named = [("region", row["region"])] if kind is FactorKind.GRID else []
    named += [(field, name) for field in ("materials", "hs") for name in row[field]]
    for field, name in named:
        if (name, row["country"]) in seen:
            return field, f"{name[:50]} {row['country']}".strip() + " is named twice"
        seen.add((name, row["country"]))
    return None


def _factor(row: dict[str, Any], source: str, divisor: float) -> Factor:
    stated: Decimal | None = row["value"]
    return Factor(
        value=None if stated is None else float(stated) / divisor,
        source=row["source"] or source,
        region=row["region"],
        materials=tuple(row["materials"]),
        hs=tuple(row["hs"]),
        country=row["country"],
    )


@lru_cache(maxsize=1)
def shipped() -> tuple[bytes, ...]:
    """The files of the sets that come with the program, by name."""
    folder = files("schemas") / "published_factors"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(file.read_bytes() for file in found)


class FactorSetView(ma.Schema):
    """A version of a set as the ledger holds it."""

    name = ma.fields.String(required=True)
    version = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    source = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    year = ma.fields.Integer(required=True)
    unit = ma.fields.String(required=True, metadata={"description": "As the source states it"})
    boundary = ma.fields.String(required=True)
    note = ma.fields.String(required=True)
    document = ma.fields.String(required=True, metadata={"description": "Id of the record; everybody may read it"})
    ledger_index = ma.fields.Integer(required=True, metadata={"description": "In force from this entry on"})


class FactorView(ma.Schema):
    """One value; what a row of its kind does not have is absent."""

    region = ma.fields.String()
    materials = ma.fields.List(ma.fields.String())
    hs = ma.fields.List(ma.fields.String())
    country = ma.fields.String()
    value = ma.fields.Float(
        required=True, allow_none=True, metadata={"description": "kgCO2e per MJ, or per kg; null: none is stated"}
    )
    source = ma.fields.String(required=True)


class FactorSetsView(ma.Schema):
    """The sets in force."""

    as_of = ma.fields.Integer(required=True)
    factor_sets = ma.fields.List(ma.fields.Nested(FactorSetView), required=True)


class WholeFactorSetView(FactorSetView):
    """A set with its rows."""

    per = ma.fields.String(required=True, metadata={"description": "What the values of the rows are in"})
    rows = ma.fields.List(ma.fields.Nested(FactorView), required=True)


def view_factor_set(found: FactorSet, document: str, index: int) -> dict[str, Any]:
    """A set without its rows as the API writes it."""
    plain = {n: getattr(found, n) for n in ("version", "title", "source", "year", "unit", "boundary", "note")}
    told = {"name": found.ref.id, "kind": found.of.value, "scope": found.scope.value}
    return told | plain | {"document": document, "ledger_index": index}


def view_rows(found: FactorSet) -> dict[str, Any]:
    """The rows of a set as the API writes them."""
    per = "kgCO2e/MJ" if found.of is FactorKind.GRID else "kgCO2e/kg"
    return {"per": per, "rows": [_view_row(row) for row in found.rows]}


def _view_row(row: Factor) -> dict[str, Any]:
    told = {"region": row.region, "materials": list(row.materials), "hs": list(row.hs), "country": row.country}
    return {name: said for name, said in told.items() if said} | {"value": row.value, "source": row.source}
