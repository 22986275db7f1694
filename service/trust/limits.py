"""How much of anything is taken. One value, so that settings can lower it and tests can reach it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on a received document. Times in seconds. A header holds a certificate chain at most."""

    document_bytes: int = 12_000_000
    header_bytes: int = 32_768
    payload_bytes: int = 8_000_000
    json_depth: int = 64
    json_items: int = 1_000_000
    clock_leeway: int = 60
    id_length: int = 200
