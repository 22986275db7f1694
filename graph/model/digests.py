"""What a fact says, as one digest: by it the store knows a repetition from a contradiction."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from hashlib import sha256
from operator import attrgetter
from typing import Any


def digest(fact: object) -> str:
    """SHA-256 in hex. Two facts with one digest say the same: numbers are normalised and in canonical units by now.

    What was left out (a field at its default) plays no part, so that a kind of fact may come to say more and what was
    said before keeps its digest.
    """
    return sha256(_said(fact).encode()).hexdigest()


def _said(value: object) -> str:
    """A value as text: what is stated in it, with the names of types and fields."""
    kind = type(value)
    if kind not in _TELLERS:
        _TELLERS[kind] = _teller(kind)
    return _TELLERS[kind](value)


def _teller(kind: type) -> Callable[[Any], str]:
    """What puts values of one type into words."""
    if kind is tuple:
        return lambda value: f"({','.join([_said(part) for part in value])})"
    if not is_dataclass(kind):
        return repr
    named = [(f"{f.name}=", f.default) for f in fields(kind)]
    # One value more, so that it is a tuple where there is one field.
    values = attrgetter(*(f.name for f in fields(kind)), "__class__")
    return lambda value: f"{type(value).__name__}({_stated(named, values(value))})"


# Each type is looked at once.
_TELLERS: dict[type, Callable[[Any], str]] = {}


def _stated(named: list[tuple[str, object]], values: tuple[object, ...]) -> str:
    every = zip(named, values, strict=False)
    return ",".join([name + _said(part) for (name, usual), part in every if part is not usual and part != usual])
