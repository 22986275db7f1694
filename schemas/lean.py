"""Schemas that are read by plain functions, put together once a schema; what they take and say is marshmallow's.

A document's time goes into its fields, so each has a short way for values that are plainly sound. Every other value
goes marshmallow's own way, which decides and words the fault.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Final, TypeVar

import marshmallow as ma
from marshmallow import validate

# Beyond so many faults the rest of a list or object is not looked at: nobody reads them, and each costs its sender
# three bytes and us a thousand times as much.
MOST_FAULTS: Final = 51

_ABSENT: Final = object()
_REQUIRED: Final = object()

Loaded = TypeVar("Loaded")
Read = Callable[[Any], Any]
_Row = tuple[str, ma.fields.Field[Any], Read, Any]


class Reads(ma.fields.Field[Loaded]):
    """A field whose value alone decides: ``read`` returns what is loaded or raises ``marshmallow.ValidationError``."""

    def read(self, value: Any) -> Loaded:
        """The loaded value of one that is there and is not null."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Loaded:
        return self.read(value)


class Lean(ma.Schema):
    """A schema loaded by one plain loop.

    Without what statements do not use: hooks, partial loading, other names for fields, unknown fields let through.
    """

    @cached_property
    def _rows(self) -> tuple[_Row, ...]:
        return tuple((name, field, reader(field), _default(field)) for name, field in self.load_fields.items())

    def load(self, data: Any, **_: Any) -> dict[str, Any]:
        """The loaded fields. Raises ``marshmallow.ValidationError`` with every field at fault."""
        if not isinstance(data, dict):
            raise ma.ValidationError({"_schema": ["Invalid input type."]})
        loaded: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        known = 0
        for name, field, read, default in self._rows:
            value = data.get(name, _ABSENT)
            if value is not _ABSENT:
                known += 1
                try:
                    loaded[name] = field.deserialize(None) if value is None else read(value)
                except ma.ValidationError as error:
                    errors[name] = error.messages
            elif default is _REQUIRED:
                errors[name] = [field.error_messages["required"]]
            elif default is not _ABSENT:
                loaded[name] = default() if callable(default) else default
        if known != len(data):
            errors |= self._unknown(data)
        if errors:
            raise ma.ValidationError(errors)
        return loaded

    def _unknown(self, data: dict[str, Any]) -> dict[str, Any]:
        """The first of the names that no field has."""
        names = (name for name in data if name not in self.load_fields)
        return {name: [self.error_messages["unknown"]] for name in islice(names, MOST_FAULTS)}


def _default(field: ma.fields.Field[Any]) -> Any:
    if field.required:
        return _REQUIRED
    return _ABSENT if field.load_default is ma.missing else field.load_default


def reader(field: ma.fields.Field[Any]) -> Read:
    """How a value that is not null is read into a field: the short way of its type, if it has one."""
    if isinstance(field, Reads):
        return _checked(field, field.read)
    if isinstance(field, ma.fields.List):
        return _checked(field, _list(field))
    if isinstance(field, ma.fields.Nested) and isinstance(field.schema, Lean) and not field.validators:
        return field.schema.load
    soundly = _SHORT.get(type(field), _never)(field)

    def read(value: Any) -> Any:
        found = soundly(value)
        return field.deserialize(value) if found is None else found

    return read


def _checked(field: ma.fields.Field[Any], read: Read) -> Read:
    """``read`` and the field's validators, of which marshmallow's own way asks only where one fails."""
    if not field.validators:
        return read
    fits = _fits(field)

    def checked(value: Any) -> Any:
        found = read(value)
        if not fits(found):
            field._validate(found)
        return found

    return checked


def _list(field: ma.fields.List[Any]) -> Read:
    inner, read = field.inner, reader(field.inner)

    def read_list(value: Any) -> Any:
        if type(value) is not list:
            return field._deserialize(value, None, None)
        found, errors, faults = [], {}, 0
        for place, item in enumerate(value):
            try:
                found.append(inner.deserialize(None) if item is None else read(item))
            except ma.ValidationError as error:
                errors[place] = error.messages
                faults += _count(error.messages)
                if faults >= MOST_FAULTS:
                    break
        if errors:
            raise ma.ValidationError(errors)
        return found

    return read_list


def _count(messages: Any) -> int:
    """How many faults there are in marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        return sum(map(_count, messages.values()))
    return sum(map(_count, messages)) if isinstance(messages, list) else 1


# What each type takes as it stands: the loaded value, or None for whatever is not plainly sound.


def _never(_: Any) -> Read:
    return lambda value: None


def _string(field: ma.fields.String) -> Read:
    fits = _fits(field)
    return lambda value: value if type(value) is str and fits(value) else None


def _boolean(field: ma.fields.Boolean) -> Read:
    return lambda value: value if (value is True or value is False) and not field.validators else None


def _integer(field: ma.fields.Integer) -> Read:
    fits = _fits(field)
    return lambda value: value if type(value) is int and fits(value) else None


def _enum(field: ma.fields.Enum[Any]) -> Read:
    members = {m.value: m for m in field.enum} if field.by_value is True and not field.validators else {}
    return lambda value: members.get(value) if type(value) is str else None


_SHORT: Final[Mapping[type[Any], Callable[[Any], Read]]] = {
    ma.fields.String: _string,
    ma.fields.Boolean: _boolean,
    ma.fields.Integer: _integer,
    ma.fields.Enum: _enum,
}


def _fits(field: ma.fields.Field[Any]) -> Callable[[Any], Any]:
    """Whether a value plainly passes a field's validators; a kind of validator that is not known here passes none."""
    tests = [_test(validator) for validator in field.validators]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _test(validator: Any) -> Callable[[Any], Any]:
    if isinstance(validator, validate.Regexp):
        return validator.regex.match
    if isinstance(validator, validate.OneOf):
        return _among(validator.choices)
    if isinstance(validator, validate.Equal):
        return _among([validator.comparable])
    if isinstance(validator, validate.Length) and validator.equal is None:
        least, most = validator.min or 0, validator.max
        return lambda value: least <= len(value) and (most is None or len(value) <= most)
    return lambda value: False


def _among(choices: Iterable[Any]) -> Callable[[Any], Any]:
    return frozenset(choices).__contains__
