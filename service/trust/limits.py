"""How much of anything is taken. One value, so that settings can lower it and tests can reach it."""

from dataclasses import dataclass
from typing import Final

_FREE_ITEMS: Final = 1000
_ITEM_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on a received document. Times in seconds. A header holds a certificate chain at most.

    ``canonical_items``, ``canonical_bytes``: of JSON that is signed in its canonical form, which has to be written
    before anybody's signature is known to be on it.
    """

    document_bytes: int = 12_000_000
    header_bytes: int = 32_768
    payload_bytes: int = 8_000_000
    json_depth: int = 64
    json_items: int = 1_000_000
    canonical_items: int = 10_000
    canonical_bytes: int = 500_000
    clock_leeway: int = 60
    id_length: int = 200

    def items(self, size: int) -> int:
        """How many members and elements JSON of so many bytes may hold.

        The densest list of a sound statement has nine bytes an item. What is denser is nothing but work for the reader.
        """
        return min(self.json_items, _FREE_ITEMS + size // _ITEM_BYTES)
