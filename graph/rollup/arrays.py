"""Array types and the few operations that numpy lacks: joins by code, ranges, text into codes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
# Of 64 bits unless said otherwise.
IntArray = npt.NDArray[np.signedinteger[Any]]
BoolArray = npt.NDArray[np.bool_]

ABSENT = -1
_WIDTHS = (np.int8, np.int16, np.int32)


def narrow(values: IntArray) -> IntArray:
    """The same numbers in as few bits as they fit into: for what is kept and looked up, not for what is reckoned with.

    What is one number throughout takes the room of one.
    """
    if not len(values):
        return values.astype(np.int8)
    low, high = int(values.min()), int(values.max())
    fits = (w for w in _WIDTHS if np.iinfo(w).min <= low and high <= np.iinfo(w).max)
    kept: IntArray = values.astype(next(fits, np.int64), copy=False)
    return np.broadcast_to(kept[:1].copy(), kept.shape) if low == high else kept


def once(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same values, to be kept: in the room of one where all are the same bit for bit."""
    bits = values.view(np.int64) if values.dtype == np.float64 else values
    if not len(values) or (bits != bits[0]).any():
        return values
    return np.broadcast_to(values[:1].copy(), values.shape)


def numbered(columns: Sequence[tuple[IntArray, int]]) -> tuple[IntArray, IntArray]:
    """Different rows of columns of codes, each below a number: the position of a row of each, and for each row which.

    What they are numbered by is no order that matters: use ``distinct`` where it does.
    """
    combined, width = columns[0][0].astype(np.int64), columns[0][1]
    for codes, size in columns[1:]:
        combined, width = _dense(combined, width) if width * size >= _WIDE else (combined, width)
        combined, width = combined * size + codes, width * size
    found, count = _dense(combined, width)
    return first(found, count), found


_WIDE = 1 << 62
_DENSE = 1 << 22


def _dense(codes: IntArray, width: int) -> tuple[IntArray, int]:
    """The codes there are, numbered from 0, and how many these are."""
    if width > _DENSE:
        used, found = np.unique(codes, return_inverse=True)
        return found.astype(np.int64), len(used)
    place = np.zeros(width, np.int64)
    place[codes] = 1
    count = int(place.sum())
    np.cumsum(place, out=place)
    return place[codes] - 1, count


def expand(starts: IntArray, counts: IntArray) -> IntArray:
    """The integers of many ranges, one range after the other."""
    total = int(counts.sum())
    ends = np.cumsum(counts)
    offsets = np.repeat(starts - (ends - counts), counts)
    found: IntArray = np.arange(total, dtype=np.int64) + offsets
    return found


def join(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs (i, j) with left[i] == right[j]; absent codes match nothing. Ordered by i, then j."""
    order = np.argsort(right, kind="stable")
    ranked = right[order]
    starts = np.searchsorted(ranked, left, "left")
    counts = np.where(left == ABSENT, 0, np.searchsorted(ranked, left, "right") - starts)
    return np.repeat(np.arange(len(left), dtype=np.int64), counts), order[expand(starts, counts)]


def lookup(texts: Iterable[str], codes: Mapping[str, int], count: int) -> IntArray:
    """The code of each text, ``ABSENT`` where it has none."""
    return np.fromiter(map(codes.get, texts, repeat(ABSENT)), np.int64, count)


def factorize(texts: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Codes and labels; labels are sorted, so that codes do not depend on the order of rows."""
    labels = tuple(sorted(set(texts)))
    return lookup(texts, {label: i for i, label in enumerate(labels)}, len(texts)), labels


def distinct(columns: Sequence[npt.NDArray[Any]], size: int) -> tuple[IntArray, IntArray]:
    """Distinct rows of some columns of ``size`` rows, sorted by the first, then the next: a row of each, and of each
    row which it is."""
    order = np.lexsort(tuple(columns[::-1]))
    fresh = np.zeros(size, np.bool_)
    fresh[:1] = True
    for column in columns:
        fresh[1:] |= column[order][1:] != column[order][:-1]
    which = np.empty(size, np.int64)
    which[order] = np.cumsum(fresh) - 1
    return order[fresh], which


def by_code(codes: IntArray) -> IntArray:
    """The order of codes, none of them negative, stable: by 16 bits at a time, for which numpy counts."""
    order, bits = np.argsort(codes.astype(np.uint16), kind="stable"), 16
    while int(codes.max(initial=0)) >> bits:
        order, bits = order[np.argsort((codes[order] >> bits).astype(np.uint16), kind="stable")], bits + 16
    return order


def by_value(codes: IntArray, values: FloatArray) -> IntArray:
    """The order of rows by code, none of them negative, then by value: in which sums do not depend on that of rows.

    As ``np.lexsort`` gives it but for rows that are the same in both, several times as fast.
    """
    order = np.argsort(values)
    return order[by_code(codes[order])]


def sorted_once(*values: IntArray) -> IntArray:
    """All values of some arrays, ascending, each once: by sorting, which is faster here than ``np.unique``."""
    found = np.sort(np.concatenate(values))
    fresh = np.ones(len(found), np.bool_)
    np.not_equal(found[1:], found[:-1], out=fresh[1:])
    return found[fresh]


def without(values: IntArray, others: IntArray) -> IntArray:
    """The values, ascending and each once, that are not among others."""
    found, others = sorted_once(values), np.sort(others)
    if not len(others):
        return found
    left: IntArray = found[others[np.minimum(np.searchsorted(others, found), len(others) - 1)] != found]
    return left


def total(codes: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum of values by code, shape (size,); nan spreads to its own code only.

    A sum beyond the range of numbers is nan too: what is divided by it would look like nothing.
    """
    found: FloatArray = np.bincount(codes, values, size).astype(np.float64)
    found[np.isinf(found)] = np.nan
    return found


def representable(values: FloatArray) -> BoolArray:
    """Which values are zero or hold all their digits: neither nan, nor infinite, nor so small that digits are lost."""
    size = np.abs(values)
    found: BoolArray = (size == 0) | ((size >= np.finfo(np.float64).tiny) & (size < np.inf))
    return found


def first(codes: IntArray, size: int) -> IntArray:
    """Position of the first row of each code, ``ABSENT`` where there is none, shape (size,)."""
    found = np.full(size, ABSENT, np.int64)
    found[codes[::-1]] = np.arange(len(codes) - 1, -1, -1, dtype=np.int64)
    return found


def values_by_code(codes: IntArray, values: IntArray) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each code with its values, each once; codes and values ascending."""
    order = np.lexsort((values, codes))
    codes, values = codes[order], values[order]
    starts = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1))
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(codes)], strict=False):
        yield int(codes[start]), tuple(dict.fromkeys(values[start:stop].tolist()))


def inverse(order: IntArray) -> IntArray:
    """Where each goes that an order takes."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int64)
    return place
