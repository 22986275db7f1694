"""Texts of a chain without a text in hand: codes of the tables' pool, numbered, compared and put into words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np

from graph.model.columns import Pool
from graph.rollup.arrays import ABSENT, BoolArray, IntArray, narrow, sorted_once


class Texts(Sequence[str]):
    """Texts by position: ``codes`` of a pool, shape (texts,)."""

    __slots__ = ("codes", "pool")

    def __init__(self, pool: Pool, codes: IntArray) -> None:
        self.pool, self.codes = pool, codes

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> "Texts": ...

    def __getitem__(self, at: int | slice) -> "str | Texts":
        if isinstance(at, slice):
            return Texts(self.pool, self.codes[at])
        return self.pool[int(self.codes[at])]

    def __iter__(self) -> Iterator[str]:
        return iter(self.pool.texts(self.codes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def take(self, positions: IntArray) -> "Texts":
        """The texts at some positions."""
        return Texts(self.pool, self.codes[positions])

    def are(self, text: str) -> BoolArray:
        """Which of them are this text."""
        found: BoolArray = self.codes == self.pool.find(text)
        return found

    def where(self, mask: BoolArray) -> "Texts":
        """The texts that a mask of shape (texts,) keeps."""
        return Texts(self.pool, self.codes[mask])

    def among(self, texts: Iterable[str]) -> BoolArray:
        """Which of them are one of some texts."""
        return np.isin(self.codes, [self.pool.find(text) for text in texts])

    def issued_by(self, organizations: Iterable[str]) -> BoolArray:
        """Which of them name one of some organizations as their issuer, as keys do."""
        return np.isin(self.pool.issuers()[self.codes], [self.pool.find(name) for name in organizations])

    def issuers(self) -> set[str]:
        """The organizations that some of them name as their issuers, as keys do."""
        found: IntArray = self.pool.issuers()[self.codes]
        return set(self.pool.texts(sorted_once(found)))

    def factorized(self) -> tuple[IntArray, tuple[str, ...]]:
        """Codes from 0 and labels; labels are sorted, so that codes do not depend on the order of rows."""
        place = np.zeros(len(self.pool), np.int64)
        place[self.codes] = 1
        used = np.flatnonzero(place)
        used = used[np.argsort(self.pool.ranks()[used])]
        place[used] = np.arange(len(used))
        return place[self.codes], tuple(self.pool.texts(used))


class Names(Mapping[str, int]):
    """Numbers by key: ``codes`` of the keys in a pool, and the number of each."""

    __slots__ = ("_place", "codes", "pool")

    def __init__(self, pool: Pool, codes: IntArray, numbers: IntArray) -> None:
        self.pool, self.codes = pool, codes
        self._place: IntArray = np.full(len(pool), ABSENT, np.int32)
        self._place[codes] = numbers

    @classmethod
    def ranked(cls, pool: Pool, named: BoolArray, offset: int = 0) -> "Names":
        """Number the texts that are marked, shape (pool,), but for "", in the order of the alphabet."""
        named[0] = False
        codes = np.flatnonzero(named)
        codes = codes[np.argsort(pool.ranks()[codes])]
        return cls(pool, codes, np.arange(offset, offset + len(codes), dtype=np.int64))

    @property
    def numbers(self) -> IntArray:
        """The number of each key, shape (keys,)."""
        return self.of(self.codes)

    def of(self, codes: IntArray) -> IntArray:
        """The number of each text of the pool, absent where it has none."""
        return self._place[codes].astype(np.int64)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.pool.texts(self.codes))

    def __getitem__(self, key: str) -> int:
        code = self.pool.find(key)
        # The pool may have grown since: what came later has no number here.
        if not 0 <= code < len(self._place) or self._place[code] == ABSENT:
            raise KeyError(key)
        return int(self._place[code])

    def renumbered(self, place: IntArray) -> "Names":
        """The same keys, in the same order, with other numbers."""
        return Names(self.pool, self.codes, place[self.numbers])

    def kept(self) -> "Names":
        """The same to be kept."""
        self.codes, self._place = narrow(self.codes), narrow(self._place)
        return self


def marked(pool: Pool, *columns: Any) -> BoolArray:
    """Which texts of a pool are among some codes, shape (pool,)."""
    found = np.zeros(len(pool), np.bool_)
    for codes in columns:
        found[codes] = True
    return found
