"""Columns that grow: numbers in arrays as narrow as they fit, texts as codes of a pool that holds each text once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Array = npt.NDArray[Any]

ABSENT = -1
# Words of which there are few and rows many: their codes fit into a byte each, wherever they first appear.
WORDS = (
    "", "lot", "product", "material", "output", "fuel", "auxiliary", "packaging", "own-scrap", "pre-consumer",
    "post-consumer", "non-grain-bio", "grain-bio", "waste-bio", "virgin", "mass", "economic", "energy", "explicit",
    "direct", "indirect", "undivided", "CO2e", "CO2", "CH4", "N2O", "electricity", "combustion", "measured",
    "transport", "transform", "cradle-to-gate", "cbam-embedded", "AR5", "AR6", "kg",
)  # fmt: skip
_WIDTHS = (np.int8, np.int16, np.int32, np.int64)
_SPARE = 8  # a column that is full grows by an eighth


class CodeByText(dict[str, int]):
    """Code by text; a text that is asked for by index and not there is added."""

    def __init__(self, lock: RLock) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._lock = lock

    def __missing__(self, text: str) -> int:
        with self._lock:
            # Another thread may have added it since it was found missing.
            code = self.get(text)
            if code is None:
                code = len(self.texts)
                self.texts.append(text)
                self[text] = code
            return code


class Pool:
    """Texts by code; texts are only added. Code 0 is "". Any number of threads may add and read.

    What is derived from all texts is brought up to date when it is asked for, so that reading adds, too.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._codes = CodeByText(self._lock)
        self.intern(WORDS)
        self._sorted = np.zeros(0, np.int32)
        self._ranks = np.zeros(0, np.int32)
        self._issuers = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return len(self._codes.texts)

    def __getitem__(self, code: int) -> str:
        return self._codes.texts[code]

    def find(self, text: str) -> int:
        """The code of a text, ``ABSENT`` where it has none."""
        return self._codes.get(text, ABSENT)

    def code(self, text: str) -> int:
        """The code of a text, which is added where it is new."""
        return self._codes[text]

    def intern(self, texts: Sequence[str]) -> Codes:
        """The codes of texts, shape (texts,); what is new is added."""
        return np.fromiter(map(self._codes.__getitem__, texts), np.int32, len(texts))

    def texts(self, codes: Array) -> list[str]:
        """The texts of codes."""
        return list(map(self._codes.texts.__getitem__, codes.tolist()))

    def ranks(self) -> Array:
        """The place of each text among all of them sorted, shape (texts,). What is new is merged in."""
        with self._lock:
            known, size = len(self._sorted), len(self)
            if known < size:
                self._sorted = self._merged(known, size)
                self._ranks = np.empty(size, np.int32)
                self._ranks[self._sorted] = np.arange(size, dtype=np.int32)
            return self._ranks

    def _merged(self, known: int, size: int) -> Codes:
        texts = self._codes.texts
        fresh = sorted(range(known, size), key=texts.__getitem__)
        if len(fresh) > known // _SPARE:
            return np.array(sorted(chain(self._sorted.tolist(), fresh), key=texts.__getitem__), np.int32)
        places = [self._place(texts[code]) for code in fresh]
        return np.insert(self._sorted, places, fresh).astype(np.int32)

    def _place(self, text: str) -> int:
        """Where a text stands among the sorted ones (``bisect`` would ask for all of their texts)."""
        texts, low, high = self._codes.texts, 0, len(self._sorted)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if texts[self._sorted[middle]] < text else (low, middle)
        return low

    def issuers(self) -> Codes:
        """The code of the organization that each text names as its issuer, as keys do; shape (texts,) at least."""
        with self._lock:
            known, size = len(self._issuers), len(self)
            if known < size:
                parts = [text.partition("|")[0] for text in self._codes.texts[known:size]]
                self._issuers = np.concatenate([self._issuers, self.intern(parts)])
            return self._issuers

    def place(self, text: str) -> int:
        """How many texts stand before a text in the order of the alphabet."""
        with self._lock:
            self.ranks()
            return self._place(text)

    def order(self, codes: Array, others: Sequence[str]) -> Array:
        """Numbers, shape (codes + others,), that order the texts of some codes, and others, by the alphabet.

        What is ranked already tells for itself, and of a few others it is looked where they stand among that: nothing
        is ranked for this.
        """
        with self._lock:
            ranked = codes < len(self._ranks)
            texts = [*self.texts(codes[~ranked]), *others]
            if len(texts) > len(codes) // _SPARE:
                return _places([*self.texts(codes), *others])
            found = np.empty(len(codes) + len(others), np.int64)
            fresh = np.append(~ranked, np.ones(len(others), np.bool_))
            found[~fresh] = self._ranks[codes[ranked]].astype(np.int64) * (len(texts) + 1) + len(texts)
            before = np.array([self._place(text) for text in texts], np.int64)
            found[fresh] = before * (len(texts) + 1) + _places(texts)
            return found


def _places(texts: Sequence[str]) -> Array:
    """The place of each of some texts, all different, among them sorted."""
    found = np.empty(len(texts), np.int64)
    found[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts), dtype=np.int64)
    return found


class Column:
    """Numbers of one kind in the order in which they came. What is one value throughout takes the room of one."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._data: Array = np.empty(0, np.float64 if kind is float else _WIDTHS[0])
        self._size = 0
        self._constant = True
        self._waiting: list[Any] = []

    def __len__(self) -> int:
        return self._size + len(self._waiting)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values(self.array))

    def __getitem__(self, at: int) -> Any:
        return self.values(self.array[at : at + 1 or None])[0]

    def __setitem__(self, at: int | slice, value: Any) -> None:
        values = list(self)
        values[at] = value
        self._size, self._constant, self._data = 0, True, self._data[:0]
        self.extend(values)

    @property
    def array(self) -> Array:
        """The values as they are kept, shape (rows,), not to be written to; texts as codes."""
        self._settle()
        if self._constant:
            one: Array = np.ndarray(self._size, self._data.dtype, self._data[:1] if self._size else b"", strides=(0,))
            one.flags.writeable = False
            return one
        view = self._data[: self._size]
        view.flags.writeable = False
        return view

    @property
    def bytes(self) -> int:
        """The memory that the values take."""
        return self._data.nbytes

    def append(self, value: Any) -> None:
        """Add one value."""
        self._waiting.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        """Add values."""
        self._waiting.extend(values)
        self._settle()

    def values(self, kept: Array) -> list[Any]:
        """Values as one knows them, from how they are kept."""
        found: list[Any] = kept.tolist()
        return found

    def add(self, kept: Array) -> None:
        """Add values as they are kept."""
        self._settle()
        if not len(kept):
            return
        end = self._size + len(kept)
        first = self._data[:1] if self._size else kept[:1]
        if self._constant and _alike(kept, first):
            self._data = first.astype(_width(first, self._data.dtype))
        else:
            self._make_room(end, _width(kept, self._data.dtype))
            self._data[self._size : end] = kept
        # Last: who reads meanwhile finds what was there.
        self._size = end

    def add_some(self, other: "Column", positions: Array) -> None:
        """Add what another column of this kind holds at some positions."""
        self.add(other.at(positions))

    def at(self, positions: Array) -> Array:
        """The values at some positions, as they are kept."""
        self._settle()
        return np.repeat(self._data[:1], len(positions)) if self._constant else self._data[positions]

    def _make_room(self, end: int, width: np.dtype[Any]) -> None:
        if self._constant or end > len(self._data) or width != self._data.dtype:
            grown = np.empty(end + end // _SPARE, width)
            grown[: self._size] = self._data[:1] if self._constant else self._data[: self._size]
            self._data, self._constant = grown, False

    def _settle(self) -> None:
        if self._waiting:
            values, self._waiting = self._waiting, []
            self.add(self._encoded(values))

    def _encoded(self, values: list[Any]) -> Array:
        return np.array(values, np.float64 if self._kind is float else np.int64)


class TextColumn(Column):
    """Texts, kept as codes of a pool."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(int)
        self.pool = pool

    def append(self, value: Any) -> None:
        """Add one text; it has its code at once, so that the pool does not grow by being looked at."""
        self._waiting.append(self.pool.code(value))

    def extend(self, values: Iterable[Any]) -> None:
        """Add texts."""
        self.add(self.pool.intern(list(values)))

    def values(self, kept: Array) -> list[Any]:
        """The texts of codes."""
        return self.pool.texts(kept)


class UniqueColumn(Column):
    """Texts of which hardly two are the same, kept as their bytes one after the other: a pool would save nothing."""

    def __init__(self) -> None:
        super().__init__(int)
        self._ends = Column(int)

    def __len__(self) -> int:
        return len(self._ends) + len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, at: int) -> str:
        self._settle()
        ends = self._ends.array
        low, high = (int(ends[at - 1]) if at % len(ends) else 0), int(ends[at])
        return super().array[low:high].astype(np.uint8).tobytes().decode()

    def take(self, positions: Array) -> list[str]:
        """The texts at some positions, each 0 or more."""
        self._settle()
        ends, written = self._ends.array, super().array
        lows = np.where(positions > 0, ends[positions - 1], 0)
        spans = zip(lows.tolist(), ends[positions].tolist(), strict=True)
        return [written[low:high].astype(np.uint8).tobytes().decode() for low, high in spans]

    def add_from(self, other: "UniqueColumn") -> None:
        """Add what another column holds."""
        self.extend(other)

    def add_some(self, other: Column, positions: Array) -> None:
        """Add the texts of another column of this kind at some positions."""
        self._settle()
        assert isinstance(other, UniqueColumn)
        other._settle()
        ends = np.insert(other._ends.array, 0, 0)
        sizes = ends[positions + 1] - ends[positions]
        stops = np.cumsum(sizes)
        at = np.arange(stops[-1] if len(stops) else 0) + np.repeat(ends[positions] - (stops - sizes), sizes)
        self._ends.add(stops + self._size)
        self.add(other.at(at))

    def _settle(self) -> None:
        if self._waiting:
            written, self._waiting = [text.encode() for text in self._waiting], []
            sizes = np.fromiter(map(len, written), np.int64, len(written))
            self._ends.add(np.cumsum(sizes) + self._size)
            self.add(np.frombuffer(b"".join(written), np.uint8).view(np.int8))


def _alike(values: Array, first: Array) -> bool:
    """Whether all values are the same bit for bit (nan is nan)."""
    if values.dtype == np.float64:
        return bool((values.view(np.int64) == first.view(np.int64)).all())
    return bool((values == first).all())


def _width(values: Array, least: np.dtype[Any]) -> np.dtype[Any]:
    """The narrowest integer type from ``least`` on that holds all values; numbers with a point have one."""
    if least == np.float64 or not len(values):
        return least
    low, high = int(values.min()), int(values.max())
    fits = (w for w in _WIDTHS if np.iinfo(w).min <= low and high <= np.iinfo(w).max)
    return max(np.dtype(next(fits)), least, key=lambda width: width.itemsize)
