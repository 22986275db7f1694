"""A pool of texts: each held once, told apart by codes."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.model.indicators import CAPTURE, FLOWS, GHG_PARTS

Codes = npt.NDArray[np.int32]
Array = npt.NDArray[Any]

ABSENT = -1
# Words of which there are few and rows many: their codes fit into a byte each, wherever they first appear.
WORDS = (
    "", "lot", "product", "material", "output", "fuel", "auxiliary", "packaging", "own-scrap", "pre-consumer",
    "post-consumer", "non-grain-bio", "grain-bio", "waste-bio", "virgin", "mass", "economic", "energy", "explicit",
    "direct", "indirect", "undivided", "CO2e", "CO2", "CH4", "N2O", "electricity", "combustion", "measured",
    "transport", "transform", "cradle-to-gate", "cbam-embedded", "AR5", "AR6", "kg", "stream", "carbon", "heat",
    "waste-gas", CAPTURE, *FLOWS, *GHG_PARTS,
)  # fmt: skip
_SPARE = 8
FEW = 16_384


class CodeByText(dict[str, int]):
    """Code by text; a text that is asked for by index and not there is added."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.lock = RLock()

    def __missing__(self, text: str) -> int:
        with self.lock:
            # Another thread may have added it since it was found missing.
            code = self.get(text)
            if code is None:
                code = len(self.texts)
                self.texts.append(text)
                self[text] = code
            return code


class _Fresh(dict[str, int]):
    """Code by text of what was added since the others were packed; what is asked for by index and not there is added.

    ``texts`` are those from code ``start`` on.
    """

    def __init__(self, start: int, known: Mapping[str, int], add: Callable[[str], int]) -> None:
        super().__init__(known)
        self.start, self.texts, self._add = start, list[str](), add

    def __missing__(self, text: str) -> int:
        return self._add(text)


class _Packed:
    """Texts by code as their bytes, one after the other: of "issuer|id" the id alone, for there are fewer issuers."""

    def __init__(self, written: bytes = b"", ends: Array | None = None, issuers: Codes | None = None) -> None:
        self._written = written
        self._ends = np.zeros(1, np.int64) if ends is None else ends
        self._issuers = np.zeros(0, np.int32) if issuers is None else issuers
        self._heads: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._issuers)

    def __getitem__(self, at: int) -> str:
        code = int(at)  # of an array of few bits it may be one that code + 1 does not fit into
        low, high = self._ends[code : code + 2].tolist()
        text, issuer = self._written[low:high].decode(errors="surrogatepass"), int(self._issuers[code])
        return text if issuer == code else f"{self._head(issuer)}|{text}"

    def _head(self, issuer: int) -> str:
        if (found := self._heads.get(issuer)) is None:
            found = self._heads[issuer] = self[issuer]
        return found

    def texts(self, codes: Array) -> list[str]:
        """The texts of codes."""
        wide = codes.astype(np.int64)
        spans = zip(codes.tolist(), self._ends[wide].tolist(), self._ends[wide + 1].tolist(), strict=True)
        issuers, written, head = self._issuers[wide].tolist(), self._written, self._head
        every = ((code, written[low:high].decode(errors="surrogatepass")) for code, low, high in spans)
        return [
            text if issuer == code else f"{head(issuer)}|{text}"
            for issuer, (code, text) in zip(issuers, every, strict=True)
        ]

    def and_more(self, texts: Sequence[str], issuers: Codes) -> "_Packed":
        """These and others, ``issuers`` those of all."""
        own = (issuers[len(self) :] == np.arange(len(self), len(issuers))).tolist()
        parts = (text if alone else text.partition("|")[2] for text, alone in zip(texts, own, strict=True))
        written = [part.encode(errors="surrogatepass") for part in parts]
        ends = np.cumsum(np.fromiter(map(len, written), np.int64, len(written))) + self._ends[-1]
        every = np.concatenate([self._ends, ends])
        width = np.uint32 if every[-1] <= np.iinfo(np.uint32).max else np.int64
        return _Packed(self._written + b"".join(written), every.astype(width), issuers)


class Pool:
    """Texts by code; texts are only added. Code 0 is "". Any number of threads may add and read.

    What is derived from all texts is brought up to date when it is asked for, so that reading adds, too.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        # In one place: who reads while another packs has both of before or both of after.
        self._texts: tuple[_Packed, _Fresh] = _Packed(), _Fresh(0, {}, self._added)
        self._sorted = np.zeros(0, np.int32)
        self._ranks = np.zeros(0, np.int32)
        self._issuers = np.zeros(0, np.int32)
        self.intern(WORDS)

    def __len__(self) -> int:
        fresh = self._texts[1]
        return fresh.start + len(fresh.texts)

    def __getitem__(self, code: int) -> str:
        packed, fresh = self._texts
        return packed[code] if code < fresh.start else fresh.texts[code - fresh.start]

    def find(self, text: str) -> int:
        """The code of a text, ``ABSENT`` where it has none."""
        packed, fresh = self._texts
        code = fresh.get(text)
        if code is None and len(packed):
            order = self._sorted  # of all that is packed, and perhaps more
            place = self._place(text, order)
            code = int(order[place]) if place < len(order) and self[int(order[place])] == text else None
        return ABSENT if code is None else code

    def code(self, text: str) -> int:
        """The code of a text, which is added where it is new."""
        return self._texts[1][text]

    def intern(self, texts: Sequence[str]) -> Codes:
        """The codes of texts, shape (texts,); what is new is added."""
        return np.fromiter(map(self._texts[1].__getitem__, texts), np.int32, len(texts))

    def _added(self, text: str) -> int:
        with self._lock:
            # Another thread may have added it since it was found missing, or all may have been packed.
            code = self.find(text)
            if code == ABSENT:
                fresh, code = self._texts[1], len(self)
                fresh.texts.append(text)
                fresh[text] = code
            return code

    def texts(self, codes: Array) -> list[str]:
        """The texts of codes."""
        packed, fresh = self._texts
        if not len(packed):
            return list(map(fresh.texts.__getitem__, codes.tolist()))
        old = codes < fresh.start
        if old.all():
            return packed.texts(codes)
        found = iter(packed.texts(codes[old]))
        start, texts = fresh.start, fresh.texts
        return [next(found) if code < start else texts[code - start] for code in codes.tolist()]

    def pack(self, least: int = FEW) -> None:
        """Keep the texts in less room, once at least so many and so large a share were added.

        What is packed takes longer to find, and little longer to read.
        """
        with self._lock:
            packed, fresh = self._texts
            if len(fresh.texts) < max(least, len(packed) // _SPARE):
                return
            while len(self._issuers) < len(self):  # may add issuers, which name themselves
                self.issuers()
            self.ranks()
            whole = packed.and_more(fresh.texts, self._issuers)
            words = {text: code for code, text in enumerate(dict.fromkeys(WORDS))}
            self._texts = whole, _Fresh(len(whole), words, self._added)

    def ranks(self) -> Array:
        """The place of each text among all of them sorted, shape (texts,). What is new is merged in."""
        with self._lock:
            known, size = len(self._sorted), len(self)
            if known < size:
                order = self._merged(known, size)
                self._ranks = np.empty(size, np.int32)
                self._ranks[order] = np.arange(size, dtype=np.int32)
                self._sorted = order
            return self._ranks

    def _merged(self, known: int, size: int) -> Codes:
        added = np.arange(known, size)
        fresh = dict(zip(added.tolist(), self.texts(added), strict=True))
        ranked = sorted(fresh, key=fresh.__getitem__)
        if not known:
            return np.array(ranked, np.int32)
        if len(ranked) > known // _SPARE:
            texts = self.texts(np.arange(size))
            return np.array(sorted(chain(self._sorted.tolist(), ranked), key=texts.__getitem__), np.int32)
        places = [self._place(fresh[code], self._sorted) for code in ranked]
        return np.insert(self._sorted, places, ranked).astype(np.int32)

    def _place(self, text: str, order: Codes) -> int:
        """Where a text stands among sorted ones (``bisect`` would ask for all of their texts)."""
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self[int(order[middle])] < text else (low, middle)
        return low

    def issuers(self) -> Codes:
        """The code of the organization that each text names as its issuer, as keys do; shape (texts,) at least."""
        with self._lock:
            known, size = len(self._issuers), len(self)
            if known < size:
                parts = [text.partition("|")[0] for text in self.texts(np.arange(known, size))]
                self._issuers = np.concatenate([self._issuers, self.intern(parts)])
            return self._issuers

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
            before = np.array([self._place(text, self._sorted) for text in texts], np.int64)
            found[fresh] = before * (len(texts) + 1) + _places(texts)
            return found


def _places(texts: Sequence[str]) -> Array:
    """The place of each of some texts, all different, among them sorted."""
    found = np.empty(len(texts), np.int64)
    found[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts), dtype=np.int64)
    return found
