"""Sets of which it is looked up what is in them: for a chain of which a process keeps nothing."""

from collections.abc import Callable, Collection, Iterable, Iterator, Set
from typing import Any, Generic, Self, TypeVar

from graph.errors import GreenchainError

T = TypeVar("T")


class BeyondMemory(GreenchainError):
    """A question about the whole chain, or far into it, to a process that does not keep the chain."""


class Lazily(Set[T], Generic[T]):
    """A set that answers what is in it, and cannot be listed: nothing can be said of all of it by mistake.

    ``look`` tells which of some things are in it; each is asked about once.
    """

    def __init__(self, look: Callable[[Collection[T]], Collection[T]]) -> None:
        self._look = look
        self._known: dict[T, bool] = {}

    def __contains__(self, one: object) -> bool:
        return one in self.of([one])  # type: ignore[list-item]

    def __iter__(self) -> Iterator[T]:
        raise BeyondMemory(WHOLE)

    def __len__(self) -> int:
        raise BeyondMemory(WHOLE)

    def __bool__(self) -> bool:
        raise BeyondMemory(WHOLE)

    def __or__(self, other: Set[T]) -> Self:  # type: ignore[override]
        return type(self)(lambda some: {*self.of(some), *(one for one in some if one in other)})

    __ror__ = __or__
    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def _from_iterable(cls, _: Iterable[Any]) -> Set[Any]:
        """Whatever else is made of sets goes through all of one."""
        raise BeyondMemory(WHOLE)

    def of(self, some: Iterable[T]) -> set[T]:
        """Which of some things are in it, looked up together."""
        asked = set(some)
        # One by one: a difference of sets would go through all that is known, while others may add to it.
        if fresh := {one for one in asked if one not in self._known}:
            found = set(self._look(fresh))
            self._known.update({one: one in found for one in fresh})
        return {one for one in asked if self._known[one]}


def of_some(known: Set[T], some: Iterable[T]) -> set[T]:
    """Which of some things are in a set, looked up together where it has to be."""
    return known.of(some) if isinstance(known, Lazily) else {one for one in some if one in known}


WHOLE = (
    "this is about the whole chain, which has more rows than GREENCHAIN_MAX_CHAIN_ROWS lets a process keep; "
    "single lots and products can be asked about"
)
FAR = (
    "this reaches further into the chain than one question may while the chain has more rows than "
    "GREENCHAIN_MAX_CHAIN_ROWS lets a process keep, or to a facility with an inventory, which is held against the whole"
)
