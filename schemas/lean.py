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

Loaded = TypeVar("Loaded")
Read = Callable[[Any], Any]


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
    def _readers(self) -> dict[str, Read]:
        return {name: reader(field) for name, field in self.load_fields.items()}

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(name for name, field in self.load_fields.items() if field.required)

    @cached_property
    def _defaults(self) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
        """What is loaded where nothing is stated: values, and what makes one anew each time."""
        stated = {n: f.load_default for n, f in self.load_fields.items() if f.load_default is not ma.missing}
        made = [(name, default) for name, default in stated.items() if callable(default)]
        return {name: default for name, default in stated.items() if not callable(default)}, made

    def load(self, data: Any, **_: Any) -> dict[str, Any]:
        """The loaded fields. Raises ``marshmallow.ValidationError`` with every field at fault."""
        if not isinstance(data, dict):
            raise ma.ValidationError({"_schema": ["Invalid input type."]})
        readers, (defaults, made) = self._readers, self._defaults
        loaded, errors, strange = {**defaults}, {}, False
        for name, make in made:
            loaded[name] = make()
        for name, value in data.items():
            read = readers.get(name)
            if read is None:
                strange = True
                continue
            try:
                loaded[name] = self.load_fields[name].deserialize(None) if value is None else read(value)
            except ma.ValidationError as error:
                errors[name] = error.messages
        if strange or errors or not data.keys() >= self._required:
            raise ma.ValidationError(self._told(data, errors))
        return loaded

    def _told(self, data: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
        """The faults in the order of the fields, then the first of the names that no field has."""
        told = {}
        for name, field in self.load_fields.items():
            if name in errors:
                told[name] = errors[name]
            elif field.required and name not in data:
                told[name] = [field.error_messages["required"]]
        unknown = (name for name in data if name not in self.load_fields)
        return told | {name: [self.error_messages["unknown"]] for name in islice(unknown, MOST_FAULTS)}


def reader(field: ma.fields.Field[Any]) -> Read:
    """How a value that is not null is read into a field: the short way of its type, if it has one."""
    if isinstance(field, Reads):
        return _checked(field, field.read)
    if isinstance(field, ma.fields.List):
        return _checked(field, _list(field))
    if isinstance(field, ma.fields.Nested) and isinstance(field.schema, Lean) and not field.validators:
        return field.schema.load
    short = _SHORT.get(type(field))
    return short(field) if short else field.deserialize


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


# The short way of each type.


def _string(field: ma.fields.String) -> Read:
    fits = _fits(field)

    def read(value: Any) -> Any:
        return value if type(value) is str and fits(value) else field.deserialize(value)

    return read


def _boolean(field: ma.fields.Boolean) -> Read:
    plain = not field.validators

    def read(value: Any) -> Any:
        return value if plain and (value is True or value is False) else field.deserialize(value)

    return read


def _integer(field: ma.fields.Integer) -> Read:
    fits = _fits(field)

    def read(value: Any) -> Any:
        return value if type(value) is int and fits(value) else field.deserialize(value)

    return read


def _enum(field: ma.fields.Enum[Any]) -> Read:
    members = {m.value: m for m in field.enum} if field.by_value is True and not field.validators else {}

    def read(value: Any) -> Any:
        return members[value] if type(value) is str and value in members else field.deserialize(value)

    return read


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
