"""The canonical form of JSON (RFC 8785), for values that lose nothing in it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import rfc8785

from graph.errors import GreenchainError

_AS_IT_IS: Final = {str, int, bool, type(None)}


class NotCanonical(GreenchainError):
    """A value that JSON cannot hold, or not without loss."""


def canonical(value: Any) -> bytes:
    """RFC 8785. Raises ``NotCanonical``; a number that a double does not keep would otherwise be signed as another."""
    try:
        return bytes(rfc8785.dumps(_plain(value)))
    except (rfc8785.CanonicalizationError, TypeError, RecursionError, UnicodeError) as error:
        raise NotCanonical(f"cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    """Decimals as the doubles that RFC 8785 writes, where that loses nothing."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is dict or isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if kind is list or isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if kind is not Decimal:
        return value
    if Decimal(repr(float(value))) != value:
        raise NotCanonical(f"{value} has more digits than a JSON number keeps; write it as a string")
    return float(value)
