"""The marshmallow fields that statements are made of: ids, decimals, quantities, times, references."""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma

from graph.errors import UnknownUnit
from graph.model.refs import Ref
from graph.units import CANONICAL, Amount, amount, per_amount

MAX_ID = 200
# A figure is a float64: no quotient or product of a few such numbers is beyond it. What Decimal keeps is what we take.
_LARGEST, _SMALLEST = Decimal(10) ** 18, Decimal(10) ** -30
_MOST_DIGITS = 28
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# RFC 3339 5.6, seconds and their fractions left out or not; Python reads more forms than others do.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)

# What an id may hold at once, seen without looking at each character: visible ASCII but the bar.
_PLAIN_ID = re.compile(r"[!-{}~]+")


class Lean(ma.Schema):
    """A schema loaded by one plain loop, three times as fast as marshmallow's own; errors are the same.

    Without what statements do not use: hooks, partial loading, other names for fields, unknown fields let through.
    """

    def load(self, data: Any, **_: Any) -> dict[str, Any]:
        """The loaded fields. Raises ``marshmallow.ValidationError`` with every field at fault."""
        if not isinstance(data, dict):
            raise ma.ValidationError({"_schema": ["Invalid input type."]})
        loaded: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field in self.load_fields.items():
            if name in data:
                try:
                    loaded[name] = _deserialized(field, data[name], name, data)
                except ma.ValidationError as error:
                    errors[name] = error.messages
            elif field.required:
                errors[name] = [field.error_messages["required"]]
            elif field.load_default is not ma.missing:
                default = field.load_default
                loaded[name] = default() if callable(default) else default
        errors |= {name: [self.error_messages["unknown"]] for name in data if name not in self.load_fields}
        if errors:
            raise ma.ValidationError(errors)
        return loaded


def _deserialized(field: ma.fields.Field[Any], value: Any, name: str, data: dict[str, Any]) -> Any:
    """As ``field.deserialize``, which builds a validator a value even where there is none to run."""
    if value is None:
        return field.deserialize(value, name, data)
    found = field._deserialize(value, name, data)
    if field.validators:
        field._validate(found)
    return found


class Id(ma.fields.String):
    """An id: 1 to 200 characters, NFC, no white space, control character or bar (the graph's keys rely on it)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(text) <= MAX_ID:
            raise ma.ValidationError(f"must have 1 to {MAX_ID} characters")
        if _PLAIN_ID.fullmatch(text):
            return str(text)
        if not unicodedata.is_normalized("NFC", text):
            raise ma.ValidationError("must be in Unicode normal form NFC")
        if any(c == "|" or c.isspace() or unicodedata.category(c).startswith("C") for c in text):
            raise ma.ValidationError("must not contain white space, control characters or '|'")
        return str(text)


class Uri(Id):
    """An identifier that is a URI, as organizations have: a scheme, a colon and something behind it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        scheme, colon, rest = text.partition(":")
        if not (colon and rest and scheme.isascii() and scheme.isalpha()):
            raise ma.ValidationError("must be a URI such as urn:lei:... or https://id.gs1.org/417/...")
        return text


class Text(ma.fields.String):
    """Free text of up to 500 characters without control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) <= 500 and text.isascii() and text.isprintable():
            return str(text)
        if len(text) > 500 or any(unicodedata.category(c).startswith("C") for c in text):
            raise ma.ValidationError("must have at most 500 characters and no control characters")
        return str(text)


class Number(ma.fields.Field[Decimal]):
    """A decimal, as a string or a JSON number: 0, or between 10^-30 and 10^18 in size, with at most 28 digits."""

    def __init__(self, *, low: str | None = None, high: str | None = None, above: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._low, self._high = (Decimal(x) if x is not None else None for x in (low, high))
        self._above = Decimal(above) if above is not None else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal | float) or len(str(value)) > 60:
            raise ma.ValidationError("must be a decimal number")
        if not _DECIMAL.fullmatch(text := str(value)):
            raise ma.ValidationError("must be a decimal number")
        number = Decimal(text)
        self._check(number)
        return number.normalize() if number else Decimal(0)

    def _check(self, number: Decimal) -> None:
        sized = not number or _SMALLEST <= abs(number) < _LARGEST
        if not sized or len(number.as_tuple().digits) > _MOST_DIGITS:
            raise ma.ValidationError("must be 0 or between 10^-30 and 10^18 in size, with at most 28 digits")
        if self._above is not None and number <= self._above:
            raise ma.ValidationError(f"must be greater than {self._above}")
        if self._low is not None and number < self._low:
            raise ma.ValidationError(f"must be at least {self._low}")
        if self._high is not None and number > self._high:
            raise ma.ValidationError(f"must be at most {self._high}")


class Time(ma.fields.Field[float]):
    """A moment: RFC 3339 with an offset, or a date, which is its midnight UTC. Comes out as seconds since the epoch."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, str) or not 10 <= len(value) <= 40:
            raise ma.ValidationError("must be a date (2026-01-31) or a time with an offset (2026-01-31T12:00:00Z)")
        if not _MOMENT.fullmatch(value):
            raise ma.ValidationError("is not a date or time of RFC 3339")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise ma.ValidationError("is not a date or time of RFC 3339") from error
        if len(value) == 10:
            moment = moment.replace(tzinfo=UTC)
        if moment.tzinfo is None:
            raise ma.ValidationError("must state its offset, such as Z")
        if not 1900 <= moment.year <= 2200:
            raise ma.ValidationError("must lie between the years 1900 and 2200")
        return moment.timestamp()


class Quantity(ma.fields.Field[Amount]):
    """``{"value": "120000", "unit": "t"}`` with a value above 0, in the canonical unit of its dimension afterwards."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Amount:
        stated = _load_measured(value)
        self._check(stated["value"])
        try:
            converted = amount(stated["value"], stated["unit"])
        except UnknownUnit as error:
            raise ma.ValidationError({"unit": [f"is not a unit known here: {stated['unit'][:40]}"]}) from error
        return Amount(converted.value.normalize(), converted.dimension)

    def _check(self, value: Decimal) -> None:
        if value <= 0:
            raise ma.ValidationError({"value": ["must be greater than 0"]})


class Amount0(Quantity):
    """A quantity that may be 0: stated to be nothing."""

    def _check(self, value: Decimal) -> None:
        if value < 0:
            raise ma.ValidationError({"value": ["must be at least 0"]})


class NetAmount(Quantity):
    """A quantity bought less sold: of either sign."""

    def _check(self, value: Decimal) -> None:
        """Any number will do."""


class Quotient(ma.fields.Field[tuple[Decimal, str, str]]):
    """``{"value": "25", "unit": "GJ/t"}``: value in canonical units, and those units over and under the stroke."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Decimal, str, str]:
        return load_quotient(_load_measured(value))


def load_quotient(stated: dict[str, Any]) -> tuple[Decimal, str, str]:
    """A stated quotient in canonical units. Raises ``marshmallow.ValidationError`` on ``unit`` or ``value``."""
    if stated["value"] < 0:
        raise ma.ValidationError({"value": ["must be at least 0"]})
    try:
        number, top, bottom = per_amount(stated["value"], stated["unit"])
    except UnknownUnit as error:
        raise ma.ValidationError(
            {"unit": [f"must be a quotient of known units such as kg/GJ: {stated['unit'][:40]}"]}
        ) from error
    return number.normalize(), CANONICAL[top], CANONICAL[bottom]


_NUMBER = Number()


def _load_measured(value: Any) -> dict[str, Any]:
    """A value and its unit, by hand: it is in every quantity, and a nested schema costs ten times as much."""
    if not isinstance(value, dict):
        raise ma.ValidationError("must be an object with value and unit")
    faults: dict[str, list[str]] = {n: ["Unknown field."] for n in value if n not in ("value", "unit")}
    faults |= {n: ["Missing data for required field."] for n in ("value", "unit") if n not in value}
    if "unit" in value and not isinstance(value["unit"], str):
        faults["unit"] = ["Not a valid string."]
    if faults:
        raise ma.ValidationError(dict(faults))
    try:
        return {"value": _NUMBER.deserialize(value["value"]), "unit": value["unit"]}
    except ma.ValidationError as error:
        raise ma.ValidationError({"value": error.messages}) from error


class _RefSchema(Lean):
    """A name with its issuer."""

    issuer = Uri(required=True)
    id = Id(required=True)


_REF = _RefSchema()
_ID = Id()


class Reference(ma.fields.Field[Ref]):
    """``{"issuer": organization URI, "id": its id}``, or the bare id for a thing of the statement's own issuer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Ref:
        if isinstance(value, str):
            return Ref("", _ID.deserialize(value))
        if not isinstance(value, dict):
            raise ma.ValidationError("must be an id or an object with issuer and id")
        loaded = _REF.load(value)
        return Ref(loaded["issuer"], loaded["id"])
