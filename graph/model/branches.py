"""Pools that begin with the texts of another, and learn texts of their own."""

from collections.abc import Iterable, Sequence

import numpy as np

from graph.model.pool import ABSENT, FEW, WORDS, Array, CodeByText, Codes, Pool


class Branch(Pool):
    """The texts of a pool as they are now, and those that are added to this: neither grows by the other.

    Made while nobody adds to the pool; afterwards anybody may.
    """

    def __init__(self, base: Pool) -> None:
        self._codes = CodeByText()
        self._lock = self._codes.lock
        self._base = base
        base.issuers()  # may add issuers, which name themselves
        self._shared = base.issuers()[: len(base)]
        self._issuers = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return len(self._shared) + len(self._codes.texts)

    def __getitem__(self, code: int) -> str:
        shared = len(self._shared)
        return self._base[code] if code < shared else self._codes.texts[code - shared]

    def find(self, text: str) -> int:
        """The code of a text, ``ABSENT`` where it has none."""
        code = self._base.find(text)
        if 0 <= code < len(self._shared):
            return code
        own = self._codes.get(text, ABSENT)
        return own if own == ABSENT else own + len(self._shared)

    def code(self, text: str) -> int:
        """The code of a text, which is added here where it is new."""
        found = self.find(text)
        return found if found != ABSENT else self._codes[text] + len(self._shared)

    def intern(self, texts: Sequence[str]) -> Codes:
        """The codes of texts, shape (texts,); what is new is added here."""
        return np.fromiter(map(self.code, texts), np.int32, len(texts))

    def texts(self, codes: Array) -> list[str]:
        """The texts of codes."""
        if not len(codes) or int(codes.max()) < len(self._shared):
            return self._base.texts(codes)
        return list(map(self.__getitem__, codes.tolist()))

    def pack(self, least: int = FEW) -> None:
        """Nothing is packed: of its own there are few."""

    def ranks(self) -> Array:
        """Numbers, shape (texts,), that order the texts by the alphabet."""
        with self._lock:
            self._base.ranks()
            return self._base.order(np.arange(len(self._shared)), self._codes.texts)

    def issuers(self) -> Codes:
        """As of a pool."""
        with self._lock:
            known = len(self._issuers)
            parts = [text.partition("|")[0] for text in self._codes.texts[known:]]
            self._issuers = np.concatenate([self._issuers, self.intern(parts)])
            return np.concatenate([self._shared, self._issuers])


class Excerpt(Branch):
    """Some texts of a pool, in the order that they have there, and those that are added to this.

    ``taken``: the codes there of the texts, ascending; among them are the words that every pool begins with, and whom
    each text names as its issuer, of which ``issuers`` are the codes here. Afterwards anybody may add to the pool.
    """

    def __init__(self, base: Pool, taken: Codes, issuers: Codes) -> None:
        self._codes = CodeByText()
        self._lock = self._codes.lock
        self._base = base
        self._taken, self._shared = taken, issuers
        self._issuers = np.zeros(0, np.int32)
        self._ranks = np.zeros(0, np.int64)

    def __getitem__(self, code: int) -> str:
        shared = len(self._taken)
        return self._base[int(self._taken[code])] if code < shared else self._codes.texts[code - shared]

    def find(self, text: str) -> int:
        """The code of a text, ``ABSENT`` where it has none."""
        code = self._base.find(text)
        at = int(np.searchsorted(self._taken, code))
        if at < len(self._taken) and self._taken[at] == code:
            return at
        own = self._codes.get(text, ABSENT)
        return own if own == ABSENT else own + len(self._taken)

    def texts(self, codes: Array) -> list[str]:
        """The texts of codes."""
        here = codes < len(self._taken)
        return self._base.texts(self._taken[codes]) if here.all() else super().texts(codes)

    def ranks(self) -> Array:
        """Numbers, shape (texts,), that order the texts by the alphabet."""
        with self._lock:
            if len(self._ranks) < len(self):
                self._ranks = self._base.order(self._taken, self._codes.texts)
            return self._ranks


def excerpt(base: Pool, columns: Iterable[Array]) -> tuple[Excerpt, Codes]:
    """The texts of some codes as a pool, and by code, shape (texts of the base,), the one there of those taken.

    Made while nobody adds to the base.
    """
    base.issuers()  # may add issuers, which name themselves
    issuers, named = base.issuers(), np.zeros(len(base), np.bool_)
    named[: len(WORDS)] = True
    for codes in columns:
        named[codes] = True
    named[issuers[np.flatnonzero(named)]] = True
    taken, place = np.flatnonzero(named).astype(np.int32), np.empty(len(named), np.int32)
    place[taken] = np.arange(len(taken), dtype=np.int32)
    return Excerpt(base, taken, place[issuers[taken]]), place
