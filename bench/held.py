"""What objects hold in memory, told by adding up what they lead to: the same on every machine, and by part."""

import sys
from collections.abc import Iterator
from enum import Enum
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_SHARED = (type, Enum, ModuleType, FunctionType, MethodType)


def held(thing: Any, seen: set[int] | None = None) -> int:
    """Bytes of an object and all that it leads to, each counted once; nothing that is in ``seen``, which grows."""
    return sum(size for _, size in parts(thing, seen=seen))


def parts(thing: Any, name: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, int]]:
    """An object and all that it leads to, by the way there, with their bytes."""
    known = set() if seen is None else seen
    waiting: list[tuple[str, Any]] = [(name, thing)]
    while waiting:
        where, each = waiting.pop()
        if isinstance(each, np.ndarray):
            each = _owner(each)
        if id(each) in known or isinstance(each, _SHARED):
            continue
        known.add(id(each))
        yield where, each.nbytes if isinstance(each, np.ndarray) else sys.getsizeof(each)
        waiting.extend((f"{where}.{inner}", value) for inner, value in _inside(each))


def _owner(array: Any) -> Any:
    """The array that holds the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _inside(each: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(each, np.ndarray | str | bytes):
        return
    if isinstance(each, dict):
        yield from (("keys", key) for key in each)
        yield from ((str(key) if len(each) < 100 else "values", value) for key, value in each.items())
    elif isinstance(each, list | tuple | set | frozenset):
        yield from (("items", value) for value in each)
    names = [*getattr(each, "__dict__", ()), *(n for c in type(each).__mro__ for n in getattr(c, "__slots__", ()))]
    yield from ((name, getattr(each, name)) for name in names if hasattr(each, name))
