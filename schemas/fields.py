"""The marshmallow fields that statements are made of: ids, decimals, quantities, times, references."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

import marshmallow as ma

from graph.errors import UnknownUnit
from graph.model.refs import Ref
from graph.units import CANONICAL, Amount, conversion, per_amount
from schemas.lean import MOST_FAULTS, Lean, Reads

MAX_ID = 200
# A figure is a float64: no quotient or product of a few such numbers is beyond it. What Decimal keeps is what we take.
_LARGEST, _SMALLEST = Decimal(10) ** 18, Decimal(10) ** -30
_MOST_DIGITS = 28
_ZERO = Decimal(0)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# RFC 3339 5.6, seconds and their fractions left out or not; Python reads more forms than others do.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)

# What is plainly sound, seen without looking at each character: visible ASCII but the bar; a scheme before it; a number
# whose size and digits need no counting.
_PLAIN_ID = re.compile(rf"[!-{{}}~]{{1,{MAX_ID}}}")
_PLAIN_URI = re.compile(r"[A-Za-z]+:[!-{}~]+")
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,12})?")


def one_of_or_none(values: Iterable[str]) -> ma.validate.OneOf:
    """One of some words, or "" for none; what is told where it is neither names the words alone."""
    words = tuple(values)
    return ma.validate.OneOf(("", *words), error=f"Must be one of: {', '.join(words)}.")


class Id(Reads[str], ma.fields.String):
    """An id: 1 to 200 characters, NFC, no white space, control character or bar (the graph's keys rely on it)."""

    def read(self, value: Any) -> str:
        """The id as it stands."""
        if type(value) is str and _PLAIN_ID.fullmatch(value):
            return value
        text = _text(value)
        if not 1 <= len(text) <= MAX_ID:
            raise ma.ValidationError(f"must have 1 to {MAX_ID} characters")
        if not unicodedata.is_normalized("NFC", text):
            raise ma.ValidationError("must be in Unicode normal form NFC")
        if any(c == "|" or c.isspace() or unicodedata.category(c).startswith("C") for c in text):
            raise ma.ValidationError("must not contain white space, control characters or '|'")
        return text


class Uri(Id):
    """An identifier that is a URI, as organizations have: a scheme, a colon and something behind it."""

    def read(self, value: Any) -> str:
        """The URI as it stands."""
        if type(value) is str and len(value) <= MAX_ID and _PLAIN_URI.fullmatch(value):
            return value
        text = super().read(value)
        scheme, colon, rest = text.partition(":")
        if not (colon and rest and scheme.isascii() and scheme.isalpha()):
            raise ma.ValidationError("must be a URI such as urn:lei:... or https://id.gs1.org/417/...")
        return text


class Text(Reads[str], ma.fields.String):
    """Free text of up to 500 characters without control characters."""

    def read(self, value: Any) -> str:
        """The text as it stands."""
        if type(value) is str and len(value) <= 500 and value.isascii() and value.isprintable():
            return value
        text = _text(value)
        if len(text) > 500 or any(unicodedata.category(c).startswith("C") for c in text):
            raise ma.ValidationError("must have at most 500 characters and no control characters")
        return text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ma.ValidationError("Not a valid string.")
    return value


class Number(Reads[Decimal]):
    """A decimal, as a string or a JSON number: 0, or between 10^-30 and 10^18 in size, with at most 28 digits."""

    def __init__(self, *, low: str | None = None, high: str | None = None, above: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._low, self._high = (Decimal(x) if x is not None else None for x in (low, high))
        self._above = Decimal(above) if above is not None else None

    def read(self, value: Any) -> Decimal:
        """The number without trailing zeros."""
        plain = type(value) is str and _PLAIN_NUMBER.fullmatch(value)
        number = Decimal(value) if plain else _decimal(value)
        self._check(number)
        return number.normalize() if number else _ZERO

    def _check(self, number: Decimal) -> None:
        if self._above is not None and number <= self._above:
            raise ma.ValidationError(f"must be greater than {self._above}")
        if self._low is not None and number < self._low:
            raise ma.ValidationError(f"must be at least {self._low}")
        if self._high is not None and number > self._high:
            raise ma.ValidationError(f"must be at most {self._high}")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | float) or len(str(value)) > 60:
        raise ma.ValidationError("must be a decimal number")
    if not _DECIMAL.fullmatch(text := str(value)):
        raise ma.ValidationError("must be a decimal number")
    number = Decimal(text)
    sized = not number or _SMALLEST <= abs(number) < _LARGEST
    if not sized or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ma.ValidationError("must be 0 or between 10^-30 and 10^18 in size, with at most 28 digits")
    return number


class Time(Reads[float]):
    """A moment: RFC 3339 with an offset, or a date, which is its midnight UTC. Comes out as seconds since the epoch."""

    def read(self, value: Any) -> float:
        """Seconds since the epoch."""
        if not isinstance(value, str) or not 10 <= len(value) <= 40:
            raise ma.ValidationError("must be a date (2026-01-31) or a time with an offset (2026-01-31T12:00:00Z)")
        return _seconds(value)


# The days and ends of months that statements are about come again and again.
@lru_cache(maxsize=4096)
def _seconds(value: str) -> float:
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


class Quantity(Reads[Amount]):
    """``{"value": "120000", "unit": "t"}`` with a value above 0, in the canonical unit of its dimension afterwards."""

    def read(self, value: Any) -> Amount:
        """The quantity in the canonical unit of its dimension."""
        stated = _load_measured(value)
        number, unit = stated["value"], stated["unit"]
        self._check(number)
        try:
            dimension, factor = conversion(unit)
        except UnknownUnit as error:
            raise ma.ValidationError({"unit": [f"is not a unit known here: {unit[:40]}"]}) from error
        return Amount((number * factor).normalize(), dimension)

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


class Quotient(Reads[tuple[Decimal, str, str]]):
    """``{"value": "25", "unit": "GJ/t"}``: value in canonical units, and those units over and under the stroke."""

    def read(self, value: Any) -> tuple[Decimal, str, str]:
        """The value, and the canonical units above and below the stroke."""
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
_MEASURED = {"value", "unit"}


def _load_measured(value: Any) -> dict[str, Any]:
    """A value and its unit, by hand: it is in every quantity, and a nested schema costs ten times as much."""
    if not isinstance(value, dict):
        raise ma.ValidationError("must be an object with value and unit")
    if value.keys() != _MEASURED or not isinstance(value["unit"], str):
        raise ma.ValidationError(_faults(value))
    try:
        number = _NUMBER.deserialize(None) if value["value"] is None else _NUMBER.read(value["value"])
    except ma.ValidationError as error:
        raise ma.ValidationError({"value": error.messages}) from error
    return {"value": number, "unit": value["unit"]}


def _faults(value: dict[str, Any]) -> dict[str, Any]:
    unknown = islice((n for n in value if n not in _MEASURED), MOST_FAULTS)
    faults = {n: ["Unknown field."] for n in unknown}
    faults |= {n: ["Missing data for required field."] for n in ("value", "unit") if n not in value}
    if "unit" in value and not isinstance(value["unit"], str):
        faults["unit"] = ["Not a valid string."]
    return faults


class _RefSchema(Lean):
    """A name with its issuer."""

    issuer = Uri(required=True)
    id = Id(required=True)


_REF = _RefSchema()
_ID = Id()


class Reference(Reads[Ref]):
    """``{"issuer": organization URI, "id": its id}``, or the bare id for a thing of the statement's own issuer."""

    def read(self, value: Any) -> Ref:
        """The name; without an issuer where only an id is stated."""
        if isinstance(value, str):
            return Ref("", _ID.read(value))
        if not isinstance(value, dict):
            raise ma.ValidationError("must be an id or an object with issuer and id")
        loaded = _REF.load(value)
        return Ref(loaded["issuer"], loaded["id"])
