"""From the address of a thing in URLs back to its key, in a few bytes a thing."""

import numpy as np
import numpy.typing as npt

from graph.model.columns import Pool
from graph.model.refs import Kind, uid

_DIGITS = 16  # of the 32 of an address: as many as make 64 bits


class Addresses:
    """Addresses of the things of one kind: the first half of each, sorted, and where its key stands in a pool."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._known = np.zeros(0, np.bool_)
        self._halves = np.zeros(0, np.uint64)
        self._codes = np.zeros(0, np.int64)

    def add(self, pool: Pool, codes: npt.NDArray[np.int64]) -> None:
        """Add the keys of some codes; those that are there already cost next to nothing."""
        self._known = np.concatenate([self._known, np.zeros(len(pool) - len(self._known), np.bool_)])
        fresh = codes[~self._known[codes]]
        self._known[fresh] = True
        halves = [int(uid(self._kind, key)[:_DIGITS], 16) for key in pool.texts(fresh)]
        order = np.argsort(np.array(halves, np.uint64))
        sorted_ = np.array(halves, np.uint64)[order]
        places = np.searchsorted(self._halves, sorted_)
        self._halves = np.insert(self._halves, places, sorted_)
        self._codes = np.insert(self._codes, places, fresh[order])

    def find(self, pool: Pool, address: str) -> str | None:
        """The key behind an address, None where nothing has it."""
        try:
            half = np.uint64(int(address[:_DIGITS], 16))
        except (ValueError, OverflowError):
            return None
        low, high = np.searchsorted(self._halves, half, "left"), np.searchsorted(self._halves, half, "right")
        keys = pool.texts(self._codes[low:high])
        return next((key for key in keys if uid(self._kind, key) == address), None)
