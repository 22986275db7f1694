"""The statement schema as JSON Schema (2020-12), for the API's description and for whoever writes statements."""

from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields as ma

from schemas.fields import Id, Number, Quantity, Quotient, Reference, Time, Uri
from schemas.kinds import FACT_SCHEMAS
from schemas.statement import FactField

_DECIMAL = {"type": ["string", "number"], "description": "A decimal, best as a string"}
_MEASURED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["value", "unit"],
    "properties": {"value": _DECIMAL, "unit": {"type": "string"}},
}
_ID = {"type": "string", "minLength": 1, "maxLength": 200}
_REFERENCE = {
    "oneOf": [
        _ID,
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["issuer", "id"],
            "properties": {"issuer": _ID, "id": _ID},
        },
    ]
}

# What our own fields look like to others; the first class that fits counts.
_SHAPES: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (Quantity, _MEASURED),
    (Quotient, _MEASURED),
    (Number, _DECIMAL),
    (Time, {"type": "string", "description": "RFC 3339 with an offset, or a date"}),
    (Reference, _REFERENCE),
    (Uri, _ID | {"format": "uri"}),
    (Id, _ID),
)


def fact_name(kind: str) -> str:
    """The name of a kind of fact among the API's components."""
    return "".join(part.capitalize() for part in kind.split("-")) + "Fact"


def describe_field(_converter: OpenAPIConverter, field: ma.Field[Any], **_: Any) -> dict[str, Any]:
    """What a field of a statement looks like; an attribute function of apispec."""
    if isinstance(field, FactField):
        references = {kind: f"#/components/schemas/{fact_name(kind)}" for kind in sorted(FACT_SCHEMAS)}
        return {
            "oneOf": [{"$ref": reference} for reference in references.values()],
            "discriminator": {"propertyName": "kind", "mapping": references},
        }
    return next((dict(shape) for kind, shape in _SHAPES if isinstance(field, kind)), {})
