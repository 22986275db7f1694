"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it, and nothing that readers disagree about.

``json`` alone takes the last of two equal names, NaN, a lone surrogate and any depth until the stack ends; two readers
of the same signed bytes could then see two documents. Caps are checked on the bytes, before anything is built.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate
from typing import Any

from schemas.errors import StrictJsonError

# Longer than any quantity, shorter than what makes int() slow; the exponent stays well inside a float64, so that no
# product of two such numbers overflows.
MAX_NUMBER_LENGTH = 100
MAX_EXPONENT = 100

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_BRACKETS = b"[]{}"
_NOT_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_NOT_ITEMS = bytes(set(range(256)) - set(b"[{,"))


def parse(data: bytes, *, max_depth: int = 64, max_items: int = 1_000_000) -> object:
    """The value of strict JSON bytes; integers as int, other numbers as Decimal.

    Refused with ``StrictJsonError``: what is not UTF-8, or starts with a byte order mark (RFC 8259 8.1), equal names in
    one object and lone surrogates (RFC 7493 2.1, 2.3), NaN and Infinity (RFC 8259 6), numbers beyond the caps, deeper
    nesting, more items, bytes after the value.
    """
    text = _text(data)
    _check_size(data, max_depth, max_items)
    value = _decode(text)
    if _SURROGATE_ESCAPE.search(data):
        _check_surrogates(value)
    return value


def _text(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise StrictJsonError(0, "starts with a byte order mark")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJsonError(error.start, "is not UTF-8") from error


def _check_size(data: bytes, max_depth: int, max_items: int) -> None:
    """Depth and number of items, cheaply: the counts over all bytes are upper bounds, and mostly they suffice."""
    openings = data.count(b"[") + data.count(b"{")
    if openings <= max_depth and openings + data.count(b",") < max_items:
        return
    bare = _outside_strings(data)
    if len(bare.translate(None, _NOT_ITEMS)) >= max_items:
        raise StrictJsonError(-1, f"holds more than {max_items} items")
    brackets = bare.translate(None, _NOT_BRACKETS)
    if max(accumulate(1 if b in b"[{" else -1 for b in brackets), default=0) > max_depth:
        raise StrictJsonError(-1, f"is nested deeper than {max_depth} levels")


def _outside_strings(data: bytes) -> bytes:
    """What is not in a string (RFC 8259 7): every other part between quotes, once the escaped ones are gone.

    A backslash outside a string misleads this, and nothing behind it is read: it ends the reading as no JSON.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])


def _decode(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise StrictJsonError(error.pos, f"is not JSON: {error.msg}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise StrictJsonError(-1, f"names a member twice in one object: {twice[:50]!r}")
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise StrictJsonError(-1, f"holds a number longer than {MAX_NUMBER_LENGTH} characters")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise StrictJsonError(-1, f"holds a number longer than {MAX_NUMBER_LENGTH} characters")
    value = Decimal(digits)
    if not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise StrictJsonError(-1, f"holds a number beyond 1e±{MAX_EXPONENT}")
    return value


def _constant(name: str) -> object:
    raise StrictJsonError(-1, f"holds {name}, which is no JSON number")


def _check_surrogates(value: object) -> None:
    """RFC 7493 2.1: an escaped surrogate without its other half is no character. Depth is capped by now."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise StrictJsonError(-1, "holds a lone surrogate") from error


_HOOK: Callable[[list[tuple[str, Any]]], Any] = _object
_DECODER = json.JSONDecoder(
    object_pairs_hook=_HOOK, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, strict=True
)
