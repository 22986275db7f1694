"""From the address of a thing in URLs back to its key, in a few bytes a thing."""

import numpy as np
import numpy.typing as npt

from graph.model.columns import Pool
from graph.model.refs import Kind, uid

_DIGITS = 16  # of the 32 of an address: as many as make 64 bits
_LOOSE = 4096  # so many new ones are kept apart before they are sorted in


class Addresses:
    """Addresses of the things of one kind: the first half of each, sorted, and where its key stands in a pool."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._known = np.zeros(0, np.bool_)
        self._halves = np.zeros(0, np.uint64)
        self._codes = np.zeros(0, np.int64)
        self._loose: dict[int, list[int]] = {}

    def add(self, pool: Pool, codes: npt.NDArray[np.int64]) -> None:
        """Add the keys of some codes; those that are there already cost next to nothing."""
        if len(pool) > len(self._known):
            self._known = np.append(self._known, np.zeros(len(pool) - len(self._known) + len(pool) // 8, np.bool_))
        fresh = np.unique(codes[~self._known[codes]])
        fresh = fresh[fresh != 0]
        self._known[fresh] = True
        for code, key in zip(fresh.tolist(), pool.texts(fresh), strict=True):
            self._loose.setdefault(int(uid(self._kind, key)[:_DIGITS], 16), []).append(code)
        if len(self._loose) > _LOOSE:
            self._sort_in()

    def _sort_in(self) -> None:
        pairs = sorted((half, code) for half, codes in self._loose.items() for code in codes)
        halves = np.array([half for half, _ in pairs], np.uint64)
        places = np.searchsorted(self._halves, halves)
        self._halves = np.insert(self._halves, places, halves)
        self._codes = np.insert(self._codes, places, [code for _, code in pairs])
        self._loose = {}

    def find(self, pool: Pool, address: str) -> str | None:
        """The key behind an address, None where nothing has it."""
        try:
            number = int(address[:_DIGITS], 16)
            half = np.uint64(number)
        except (ValueError, OverflowError):
            return None
        low, high = np.searchsorted(self._halves, half, "left"), np.searchsorted(self._halves, half, "right")
        keys = pool.texts(np.append(self._codes[low:high], self._loose.get(number, [])).astype(np.int64))
        return next((key for key in keys if uid(self._kind, key) == address), None)
