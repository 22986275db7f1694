"""A log of five entries, and what it writes with one bit changed."""

from __future__ import annotations

from tests.kit.logs import PaperLog, paper_leaf

LOG = PaperLog().add(*(paper_leaf(str(n)) for n in range(5)))


def altered(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
