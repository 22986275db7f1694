"""Sets that are asked and never listed (service/lazily.py)."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from service.lazily import BeyondMemory, Lazily, of_some


@pytest.fixture
def asked() -> list[set[int]]:
    """What was looked up, time by time."""
    return []


@pytest.fixture
def even(asked: list[set[int]]) -> Lazily[int]:
    def look(some: Collection[int]) -> set[int]:
        asked.append(set(some))
        return {one for one in some if one % 2 == 0}

    return Lazily(look)


def test_each_is_looked_up_once_and_several_together(even: Lazily[int], asked: list[set[int]]) -> None:
    assert even.of([1, 2, 3, 4]) == {2, 4}
    assert (2 in even, 3 in even, 6 in even) == (True, False, True)
    assert asked == [{1, 2, 3, 4}, {6}]


class Counted(str):
    """A text that counts how often any is looked for."""

    __slots__ = ()
    times = 0

    def __hash__(self) -> int:
        Counted.times += 1
        return super().__hash__()


def test_to_ask_for_one_does_not_go_through_all_that_is_known() -> None:
    """Else every node of a chain would be compared with all others, and one thread trip over what another looks up."""
    known = Lazily[str](set)
    known.of(many := [Counted(n) for n in range(500)])
    Counted.times = 0
    assert many[7] in known
    assert Counted.times < 10


def test_some_things_are_looked_up_together_in_any_set(even: Lazily[int], asked: list[set[int]]) -> None:
    assert of_some(even, [1, 2, 4]) == of_some({2, 4, 6}, [1, 2, 4]) == {2, 4}
    assert asked == [{1, 2, 4}]


def test_what_is_in_either_of_two(even: Lazily[int], asked: list[set[int]]) -> None:
    both = even | frozenset({1})
    assert both.of([1, 2, 3]) == (frozenset({1}) | even).of([1, 2, 3]) == {1, 2}
    assert (1 in both, 5 in both) == (True, False)
    assert 2 in even
    assert asked == [{1, 2, 3}, {5}], "the one and the other know the same"


@pytest.mark.parametrize(
    "whole",
    [
        list,
        len,
        bool,
        sorted,
        lambda s: s & {2},
        lambda s: s - {2},
        lambda s: s ^ {2},
        lambda s: s == {2},
        lambda s: s <= {2},
    ],
)
def test_nothing_is_said_of_all_of_it(even: Lazily[int], whole: Callable[[Lazily[int]], object]) -> None:
    with pytest.raises(BeyondMemory, match="GREENCHAIN_MAX_CHAIN_ROWS"):
        whole(even)
