"""Writes the vectors beside it: one fault a file, and the check that must refuse it in manifest.json.

    python -m tests.vectors.generate

Deterministic: fixed keys, Ed25519 (RFC 8032) and ECDSA with RFC 6979 nonces. A test writes them again and compares.
"""

import json
from pathlib import Path

from tests.vectors import chains, contents, credentials, envelopes, matrix, registrations, selective, world
from tests.vectors.kit import AT, AUDIENCE, ENDINGS, KEYS, LIMITS, NONCE_SECRET, ORGANIZATION, Vector

HERE = Path(__file__).parent


def all_vectors() -> list[Vector]:
    found = [*envelopes.vectors(), *contents.vectors(), *registrations.vectors()]
    found += [*credentials.vectors(), *chains.vectors(), *selective.vectors(), *matrix.vectors()]
    assert len({v.name for v in found}) == len(found)
    return found


def manifest(vectors: list[Vector]) -> bytes:
    """What a reader needs to run the vectors."""
    listed = {v.file: {"check": v.check, "why": v.why, "format": v.format} for v in vectors}
    described = {
        "at": AT,
        "sender": ORGANIZATION,
        "audience": AUDIENCE,
        "nonce_secret": NONCE_SECRET.decode(),
        "limits": LIMITS,
        "keys": [{"organization": organization, "jwk": signer.jwk} for signer, organization in KEYS],
        **world.manifest(),
        "anchors": chains.anchors(),
        "vectors": dict(sorted(listed.items())),
    }
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def files() -> dict[str, bytes]:
    """Everything that belongs beside this file."""
    vectors = all_vectors()
    return {**{v.file: v.content for v in vectors}, "manifest.json": manifest(vectors)}


def write() -> None:
    """Write all, and remove vectors that are no more."""
    wanted = files()
    for old in HERE.iterdir():
        if old.suffix[1:] in ENDINGS.values() and old.name not in wanted:
            old.unlink()
    for name, content in wanted.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    write()
