"""Tiles and entry bundles (C2SP tlog-tiles): their paths, and what is in them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.ledger.errors import EntryUnknown, ProofRefused
from service.ledger.merkle import HASH_BYTES, Tree

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
MAX_ENTRY = 65_535
_PATH = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level (None: an entry bundle), its number on that level, and how many of its 256 it has."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def full(self) -> bool:
        """Whether it will never change."""
        return self.width == WIDTH

    @property
    def first(self) -> int:
        """The first of its hashes (or entries), counted on its level."""
        return self.number * WIDTH

    @property
    def path(self) -> str:
        """The path below ``/tile/``."""
        digits = f"{self.number:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level is None else self.level
        return f"{level}/{number}" + ("" if self.full else f".p/{self.width}")


def parse_path(path: str) -> Tile:
    """The tile that a path below ``/tile/`` names. Raises ``EntryUnknown``: there is one spelling for each tile."""
    found = _PATH.fullmatch(path)
    if not found:
        raise EntryUnknown("there is no such tile")
    level = None if found[1] == "entries" else int(found[1])
    tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH))
    if tile.path != path or (level or 0) > MAX_LEVEL:
        raise EntryUnknown("there is no such tile")
    return tile


def in_tree(tile: Tile, size: int) -> bool:
    """Whether a tree of ``size`` leaves has all that the tile holds."""
    return tile.first + tile.width <= size >> (HEIGHT * (tile.level or 0))


def hashes(tree: Tree, tile: Tile) -> bytes:
    """The tile's hashes one after another. Raises ``ProofRefused`` where the tree has not grown that far."""
    return tree.hashes(HEIGHT * (tile.level or 0), tile.first, tile.width)


def split_hashes(content: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises ``ProofRefused`` where there are not just ``width`` of them."""
    if len(content) != width * HASH_BYTES:
        raise ProofRefused(f"a tile of {width} hashes has {width * HASH_BYTES} bytes, not {len(content)}")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length as big-endian uint16. Raises ``ProofRefused`` for one that is too long."""
    found = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ProofRefused(f"an entry has at most {MAX_ENTRY} bytes")
        found += len(entry).to_bytes(2, "big") + entry
    return bytes(found)


def split_bundle(content: bytes, width: int) -> list[bytes]:
    """The entries of a bundle. Raises ``ProofRefused`` where there are not just ``width`` of them."""
    found: list[bytes] = []
    at = 0
    while at < len(content) and len(found) < width:
        length = int.from_bytes(content[at : at + 2], "big")
        entry = content[at + 2 : at + 2 + length]
        if len(entry) != length or at + 2 > len(content):
            raise ProofRefused("the bundle ends within an entry")
        found.append(entry)
        at += 2 + length
    if len(found) != width or at != len(content):
        raise ProofRefused(f"the bundle does not hold just {width} entries")
    return found


def covering(first: int, size: int) -> Iterable[Tile]:
    """The entry bundles that hold the entries from ``first`` up to a tree's size, in order."""
    for number in range(first // WIDTH, -(-size // WIDTH)):
        yield Tile(None, number, min(WIDTH, size - number * WIDTH))
