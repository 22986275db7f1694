"""The Merkle tree of RFC 6962 2.1 over SHA-256: appending, proofs, and their verification. Pure.

A tree keeps the hash of every complete subtree: appending costs one leaf and on average one node, a proof at most
two hashes a level. It takes 64 bytes a leaf.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from service.ledger.errors import ProofRefused

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 2.1: MTH({})
# No tree is larger: proofs have at most so many hashes (tlog-witness allows 63).
MAX_LEVELS = 63


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf (RFC 6962 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows. Level n holds the hashes of the complete subtrees of 2**n leaves, one after another."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes. Raises ``ProofRefused`` for what is no hash."""
        for leaf in leaves:
            if len(leaf) != HASH_BYTES:
                raise ProofRefused(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf)}")
            self._levels[0] += leaf
            self._complete()

    def _complete(self) -> None:
        """Add the nodes that the last leaf has completed."""
        count, level = self.size, 0
        while count % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            pair = self._levels[level][-2 * HASH_BYTES :]
            self._levels[level + 1] += sha256(b"\x01" + pair).digest()
            count, level = count // 2, level + 1

    def hashes(self, level: int, first: int, count: int) -> bytes:
        """Neighbouring hashes of complete subtrees of 2**level leaves. Raises ``ProofRefused`` beyond the tree."""
        held = self._levels[level] if 0 <= level < len(self._levels) else b""
        if min(first, count) < 0 or (first + count) * HASH_BYTES > len(held):
            raise ProofRefused("the tree has not grown that far")
        return bytes(held[first * HASH_BYTES : (first + count) * HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """The tree's hash when it had ``size`` leaves (now where None): MTH of RFC 6962 2.1."""
        size = self._known(self.size if size is None else size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf in the tree of ``size`` leaves, from its sibling up (RFC 6962 2.1.1)."""
        if not 0 <= index < self._known(size):
            raise ProofRefused(f"there is no leaf {index} in a tree of {size}")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``new`` leaves continues that of ``old`` (RFC 6962 2.1.2)."""
        if not 0 <= old <= self._known(new):
            raise ProofRefused(f"a tree of {new} leaves does not continue one of {old}")
        if old in (0, new):
            return []
        proof, low, high, whole = [], 0, new, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._range(middle, high))
                high = middle
            else:
                proof.append(self._range(low, middle))
                low, whole = middle, False
        if not whole:
            proof.append(self._range(low, high))
        return proof[::-1]

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ProofRefused(f"the tree has {self.size} leaves, not {size}")
        return size

    def _range(self, low: int, high: int) -> bytes:
        """MTH of leaves low..high-1; ``low`` is a multiple of the largest power of two below their number."""
        parts = []
        while True:
            count = high - low
            part = count if count & (count - 1) == 0 else _split(count)
            at = (low // part) * HASH_BYTES
            parts.append(bytes(self._levels[part.bit_length() - 1][at : at + HASH_BYTES]))
            low += part
            if low == high:
                break
        found = parts.pop()
        while parts:
            found = node_hash(parts.pop(), found)
        return found


class Frontier:
    """The right edge of a tree: all that appending takes, and the root; at most one hash a level.

    ``edge``: the hashes of the complete subtrees that the leaves fall into, from the largest to the smallest.
    """

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size = size
        self.edge = list(edge)
        check_hashes(self.edge)
        if size < 0 or len(self.edge) != size.bit_count():
            raise ProofRefused(f"a tree of {size} leaves has no edge of {len(self.edge)} hashes")

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        completed, node = self.size, leaf
        while completed % 2:
            node, completed = node_hash(self.edge.pop(), node), completed // 2
        self.edge.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The tree's hash: MTH of RFC 6962 2.1."""
        if not self.edge:
            return EMPTY_ROOT
        found = self.edge[-1]
        for left in self.edge[-2::-1]:
            found = node_hash(left, found)
        return found


def _split(count: int) -> int:
    """The largest power of two below ``count`` (> 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def check_hashes(hashes: Sequence[bytes]) -> None:
    """Raises ``ProofRefused`` unless each is a hash and there are no more than a proof can need."""
    if len(hashes) > MAX_LEVELS:
        raise ProofRefused(f"a proof has at most {MAX_LEVELS} hashes, not {len(hashes)}")
    if any(len(h) != HASH_BYTES for h in hashes):
        raise ProofRefused(f"each hash of a proof has {HASH_BYTES} bytes")


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162 2.1.3.2). Raises ``ProofRefused``."""
    if not 0 <= index < size:
        raise ProofRefused(f"there is no leaf {index} in a tree of {size}")
    check_hashes([leaf, *path])
    number, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofRefused("the proof has too many hashes")
        if number % 2 or number == last:
            found = node_hash(sibling, found)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            found = node_hash(found, sibling)
        number, last = number // 2, last // 2
    if last:
        raise ProofRefused("the proof has too few hashes")
    return found


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at an index of the tree with this root. Raises ``ProofRefused``."""
    if root_from_inclusion(leaf, index, size, path) != root:
        raise ProofRefused("the proof does not lead to the root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``new`` leaves continues that of ``old`` (RFC 9162 2.1.4.2). Raises ``ProofRefused``."""
    check_hashes(proof)
    if any(len(root) != HASH_BYTES for root in (old_root, new_root)) or not 0 <= old <= new:
        raise ProofRefused(f"a tree of {new} leaves cannot continue one of {old}")
    if old in (0, new):
        if proof:
            raise ProofRefused("the proof should be empty")
        if (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofRefused("two different roots of one size")
        return
    _verify_growth(old, old_root, new, new_root, proof)


def _verify_growth(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofRefused("the proof is empty")
    number, last = old - 1, new - 1
    while number % 2:
        number, last = number // 2, last // 2
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofRefused("the proof has too many hashes")
        if number % 2 or number == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            after = node_hash(after, sibling)
        number, last = number // 2, last // 2
    if last or before != old_root or after != new_root:
        raise ProofRefused("the proof does not connect the two roots")
