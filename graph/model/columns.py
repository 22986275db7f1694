"""Columns that grow: numbers in arrays as narrow as they fit, texts as codes of a pool that holds each text once."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from graph.model.pool import ABSENT, WORDS, Array, CodeByText, Codes, Pool
from graph.model.refs import FACTS_PER_DOCUMENT_BITS

__all__ = [
    "ABSENT", "WORDS", "Array", "CodeByText", "Codes", "Column", "FactColumn", "Pool", "TextColumn", "UniqueColumn",
]  # fmt: skip

_WIDTHS = (np.int8, np.int16, np.int32, np.int64)
_SPARE = 32  # a column that is full grows by a thirty-second: what is kept free is kept for nothing
_MOST = 1 << 15  # so many different numbers have codes of 16 bits
_FEW = 4096  # and less than this is few in any case
_NUMBER = (1 << FACTS_PER_DOCUMENT_BITS) - 1


class _Values:
    """Different numbers and their codes: positions in ``values``. Numbers are only added, told apart by their bits."""

    def __init__(self, values: Array, order: Array | None = None) -> None:
        self.values = values
        self._order = np.argsort(_bits(values)).astype(np.int64) if order is None else order

    def copy(self) -> "_Values":
        """The same, which may get other numbers."""
        return _Values(self.values, self._order)

    def codes(self, numbers: Array, rows: int) -> Array | None:
        """The codes of numbers, adding what is new; None where they are too many for so many ``rows``."""
        bits = _bits(numbers)
        found, known = self._find(bits)
        if not known.all():
            fresh = np.unique(bits[~known])
            if len(self.values) + len(fresh) > min(_MOST, max(_FEW, rows // 4)):
                return None
            places = np.searchsorted(_bits(self.values)[self._order], fresh)
            self._order = np.insert(self._order, places, np.arange(len(fresh)) + len(self.values))
            self.values = np.append(self.values, fresh.view(np.float64))
            found, _ = self._find(bits)
        return found

    def _find(self, bits: Array) -> tuple[Array, Array]:
        ordered = _bits(self.values)[self._order]
        at = np.minimum(np.searchsorted(ordered, bits), len(ordered) - 1)
        return self._order[at], ordered[at] == bits


def _bits(numbers: Array) -> Array:
    return np.ascontiguousarray(numbers).view(np.int64)


# How what is kept is to be read: one value for all rows, or codes of values, or (None) as it is.
_ONE = "one"
_Reading = str | _Values | None


def _nothing(kind: type) -> tuple[Array, _Reading]:
    return np.empty(0, np.float64 if kind is float else _WIDTHS[0]), _ONE


class Column:
    """Numbers of one kind in the order in which they came, in as little room as they fit.

    What is one value throughout takes the room of one; numbers with a point of which few are different, that of codes.
    """

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._size = 0
        self._waiting: list[Any] = []
        # In one place, so that who reads while another adds has both of before or both of after.
        self._kept = _nothing(kind)

    def __len__(self) -> int:
        return self._size + len(self._waiting)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values(self.array))

    def __getitem__(self, at: int) -> Any:
        return self.values(self.at(np.array([range(len(self))[at]])))[0]

    def __setitem__(self, at: int | slice, value: Any) -> None:
        values = list(self)
        values[at] = value
        self._clear()
        self.extend(values)

    def _clear(self) -> None:
        self._size, self._kept = 0, _nothing(self._kind)

    @property
    def array(self) -> Array:
        """The values as they are kept, shape (rows,), not to be written to; texts as codes.

        Where numbers are kept as codes they are put together anew each time: for some of them ask ``at``.
        """
        self._settle()
        size, (data, reading) = self._size, self._kept
        if reading == _ONE:
            one: Array = np.ndarray(size, data.dtype, data[:1] if size else b"", strides=(0,))
            one.flags.writeable = False
            return one
        if isinstance(reading, _Values):
            found: Array = reading.values[data[:size]]
            return found
        view = data[:size]
        view.flags.writeable = False
        return view

    @property
    def bytes(self) -> int:
        """The memory that the values take."""
        data, reading = self._kept
        return data.nbytes + (2 * reading.values.nbytes if isinstance(reading, _Values) else 0)

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
        end, (data, reading) = self._size + len(kept), self._kept
        first = data[:1] if self._size else kept[:1]
        if reading == _ONE and _alike(kept, first):
            self._kept = first.astype(_width(first, data.dtype)), _ONE
        else:
            self._put(kept, first, end)
        # Last: who reads meanwhile finds what was there.
        self._size = end

    def _put(self, kept: Array, first: Array, end: int) -> None:
        data, reading = self._kept
        if self._kind is float and reading == _ONE:
            # Codes from now on, of which what there was so far has the first.
            data, reading = np.zeros(self._size, np.int8), _Values(first.astype(np.float64))
        elif reading == _ONE:
            data, reading = np.repeat(data[:1], self._size), None
        codes = reading.codes(kept, end) if isinstance(reading, _Values) else kept
        if codes is None:
            assert isinstance(reading, _Values)
            data, reading, codes = reading.values[data[: self._size]], None, kept
        data = _roomy(data, self._size, end, _width(codes, data.dtype))
        data[self._size : end] = codes
        self._kept = data, reading

    def add_some(self, other: "Column", positions: Array) -> None:
        """Add what another column of this kind holds at some positions."""
        if not len(positions):
            return
        self._settle()
        other._settle()
        data, reading = other._kept
        if self._size or reading == _ONE:
            self.add(other.at(positions))
            return
        self._kept = data[positions], reading.copy() if isinstance(reading, _Values) else reading
        self._size = len(positions)

    def at(self, positions: Array) -> Array:
        """The values at some positions, as they are kept."""
        self._settle()
        data, reading = self._kept
        if reading == _ONE:
            return np.repeat(data[:1], len(positions))
        return reading.values[data[positions]] if isinstance(reading, _Values) else data[positions]

    def coded(self, positions: Array) -> tuple[Array, Array]:
        """Codes at some positions, and the values that they stand for, different ones by their bits."""
        self._settle()
        data, reading = self._kept
        if reading == _ONE:
            return np.zeros(len(positions), np.int8), data[:1]
        if isinstance(reading, _Values):
            return data[positions], reading.values
        bits, codes = np.unique(_bits(data[positions]), return_inverse=True)
        return codes.astype(np.int64), bits.view(data.dtype)

    def _settle(self) -> None:
        if self._waiting:
            values, self._waiting = self._waiting, []
            self.add(self._encoded(values))

    def _encoded(self, values: list[Any]) -> Array:
        return np.array(values, np.float64 if self._kind is float else np.int64)


class FactColumn(Column):
    """Ids of facts, as ledger index and place in the document: each fits into less than the two as one number."""

    def __init__(self) -> None:
        super().__init__(int)
        self._documents, self._numbers = Column(int), Column(int)

    @property
    def array(self) -> Array:
        """As of any column; put together anew each time."""
        self._settle()
        numbers = self._numbers.array
        return _joined(self._documents.array[: len(numbers)], numbers)

    @property
    def bytes(self) -> int:
        """The memory that the values take."""
        return self._documents.bytes + self._numbers.bytes

    def _clear(self) -> None:
        self._size, self._documents, self._numbers = 0, Column(int), Column(int)

    def add(self, kept: Array) -> None:
        """Add values as they are kept."""
        self._settle()
        wide = kept.astype(np.int64)
        self._documents.add(wide >> FACTS_PER_DOCUMENT_BITS)
        self._numbers.add(wide & _NUMBER)
        self._size = len(self._numbers)

    def add_some(self, other: Column, positions: Array) -> None:
        """Add what another column of this kind holds at some positions."""
        if len(positions):
            self.add(other.at(positions))

    def at(self, positions: Array) -> Array:
        """The values at some positions."""
        self._settle()
        return _joined(self._documents.at(positions), self._numbers.at(positions))


def _joined(documents: Array, numbers: Array) -> Array:
    found: Array = documents.astype(np.int64)
    found <<= FACTS_PER_DOCUMENT_BITS
    found |= numbers
    return found


def _roomy(data: Array, size: int, end: int, width: np.dtype[Any]) -> Array:
    """An array of a width that has room up to ``end``, with the first ``size`` values of another."""
    if end <= len(data) and width == data.dtype:
        return data
    grown = np.empty(end + end // _SPARE, width)
    grown[:size] = data[:size]
    return grown


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
    """Texts of which hardly two are the same, kept as their bytes one after the other: a pool would save nothing.

    What is written in hexadecimal digits, as digests are, takes half as many bytes.
    """

    def __init__(self) -> None:
        super().__init__(int)
        self._ends, self._hex = Column(int), Column(int)

    def __len__(self) -> int:
        return len(self._ends) + len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        return iter(self.take(np.arange(len(self))))

    def __getitem__(self, at: int) -> str:
        return self.take(np.array([range(len(self))[at]]))[0]

    def take(self, positions: Array) -> list[str]:
        """The texts at some positions, each 0 or more."""
        self._settle()
        written, highs = super().array, self._ends.at(positions).tolist()
        lows = np.where(positions > 0, self._ends.at(np.maximum(positions, 1) - 1), 0).tolist()
        spans = zip(lows, highs, self._hex.at(positions).tolist(), strict=True)
        return [_read(written[low:high].tobytes(), digits) for low, high, digits in spans]

    def add_some(self, other: Column, positions: Array) -> None:
        """Add the texts of another column of this kind at some positions."""
        self._settle()
        assert isinstance(other, UniqueColumn)
        other._settle()
        ends = np.insert(other._ends.array, 0, 0)
        sizes = ends[positions + 1] - ends[positions]
        stops = np.cumsum(sizes)
        at = np.arange(stops[-1] if len(stops) else 0) + np.repeat(ends[positions] - (stops - sizes), sizes)
        self._hex.add(other._hex.at(positions))
        self._ends.add(stops + self._size)
        self.add(other.at(at))

    def _settle(self) -> None:
        if self._waiting:
            texts, self._waiting = self._waiting, []
            digits = [_is_hex(text) for text in texts]
            written = [
                bytes.fromhex(text) if is_hex else text.encode() for text, is_hex in zip(texts, digits, strict=True)
            ]
            sizes = np.fromiter(map(len, written), np.int64, len(written))
            self._hex.add(np.array(digits, np.int64))
            self._ends.add(np.cumsum(sizes) + self._size)
            self.add(np.frombuffer(b"".join(written), np.uint8).view(np.int8))


_DIGITS = frozenset("0123456789abcdef")


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and _DIGITS.issuperset(text)


def _read(written: bytes, digits: bool) -> str:
    return written.hex() if digits else written.decode()


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
