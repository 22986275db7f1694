"""Writes proofs with one fault each into ``vectors``, and what refuses each into its manifest.json.

    python -m tests.ledger.ledger_vectors

Deterministic: fixed keys, Ed25519 (RFC 8032). A test writes them again and compares.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from service.ledger.entry import parse_leaf
from service.ledger.errors import NoteRefused, ProofRefused
from service.ledger.merkle import leaf_hash
from service.ledger.note import Checkpoint, KeyType, Signer, encode, sign_checkpoint
from service.ledger.proof import LogProof, parse_proof, verify_proof
from tests.kit.logs import ORIGIN, PaperLog, paper_leaf

HERE = Path(__file__).parent / "vectors"
ENDING = ".tlog-proof"
LOG = PaperLog(b"vectors").add(*(paper_leaf(str(n)) for n in range(7)))
GOOD = LOG.proof(5)
PARSED = parse_proof(GOOD)


def outcome(content: bytes) -> str:
    """Which step refuses a proof (proof, note, leaf) and with which words; ``accepted`` where none does."""
    try:
        proven = verify_proof(content, LOG.key)
    except (ProofRefused, NoteRefused) as error:
        return f"{'proof' if isinstance(error, ProofRefused) else 'note'}: {error}"
    try:
        parse_leaf(proven.leaf)
    except ProofRefused as error:
        return f"leaf: {error}"
    return "accepted"


def _head(origin: str = ORIGIN, size: int = 7, root: bytes = b"", seed: bytes = b"vectors") -> bytes:
    signer = PaperLog(seed, origin).signer
    return sign_checkpoint(Checkpoint(origin, size, root or LOG.tree.root()), signer).encode()


def _flip(value: bytes, at: int = 0) -> bytes:
    changed = bytearray(value)
    changed[at] ^= 1
    return bytes(changed)


def _proofs() -> Iterator[tuple[str, LogProof]]:
    path = PARSED.path
    yield "index-other", replace(PARSED, index=4)
    yield "index-is-the-size", replace(PARSED, index=7)
    yield "path-short", replace(PARSED, path=path[:-1])
    yield "path-long", replace(PARSED, path=(*path, path[0]))
    yield "path-exchanged", replace(PARSED, path=(path[1], path[0], *path[2:]))
    yield "path-bit", replace(PARSED, path=(_flip(path[0]), *path[1:]))
    yield "path-hash-of-31-bytes", replace(PARSED, path=(path[0][:-1], *path[1:]))
    yield "path-hash-of-33-bytes", replace(PARSED, path=(path[0] + b"\0", *path[1:]))
    yield "path-of-64-hashes", replace(PARSED, path=path[:1] * 64)
    yield "entry-bit", replace(PARSED, leaf=_flip(PARSED.leaf, 20))
    yield "entry-of-another-index", replace(PARSED, leaf=LOG.entries[4])
    yield "entry-is-an-inner-node", replace(PARSED, leaf=leaf_hash(LOG.entries[4]) + leaf_hash(PARSED.leaf))
    yield "head-of-another-key", replace(PARSED, checkpoint=_head(seed=b"another"))
    yield "head-of-another-log", replace(PARSED, checkpoint=_head("other.example/ledger"))
    yield "head-of-another-root", replace(PARSED, checkpoint=_head(root=bytes(32)))
    yield "head-of-another-size", replace(PARSED, checkpoint=_head(size=6))
    yield "head-of-nothing", replace(PARSED, checkpoint=_head(size=0))
    yield "head-size-changed", replace(PARSED, checkpoint=PARSED.checkpoint.replace(b"\n7\n", b"\n8\n"))
    yield "head-signature-bit", replace(PARSED, checkpoint=_forged())
    yield "head-missing", replace(PARSED, checkpoint=b"")
    yield "head-unsigned", replace(PARSED, checkpoint=PARSED.checkpoint.partition(b"\n\n")[0] + b"\n\n")
    yield "head-with-carriage-returns", replace(PARSED, checkpoint=PARSED.checkpoint.replace(b"\n", b"\r\n"))
    yield "head-cosigned-only", replace(PARSED, checkpoint=_cosigned())


def _forged() -> bytes:
    """The last byte of the signature is another."""
    text, _, signature = PARSED.checkpoint.rpartition(b" ")
    return text + b" " + base64.b64encode(_flip(base64.b64decode(signature), -1)) + b"\n"


def _cosigned() -> bytes:
    """The log's key under the type of a cosigner: it says no more than that somebody has seen the head."""
    text = Checkpoint(ORIGIN, 7, LOG.tree.root()).text
    return f"{text}\n{Signer(ORIGIN, KeyType.COSIGNATURE, sha256(b'vectors').digest()).line(text, 1)}".encode()


def _texts() -> Iterator[tuple[str, bytes]]:
    first = encode(PARSED.path[0]).encode()
    yield "index-with-a-leading-zero", GOOD.replace(b"index 5", b"index 05")
    yield "index-negative", GOOD.replace(b"index 5", b"index -5")
    yield "index-in-other-digits", GOOD.replace(b"index 5", "index \u0665".encode())
    yield "index-missing", GOOD.replace(b"index 5\n", b"")
    yield "entry-missing", GOOD.replace(b"extra " + encode(PARSED.leaf).encode() + b"\n", b"")
    yield "header-of-another-version", GOOD.replace(b"@v1", b"@v2")
    yield "base64-unpadded", GOOD.replace(first, first.rstrip(b"="))
    yield "base64-url-alphabet", GOOD.replace(first, base64.urlsafe_b64encode(b"\xff" * 32))
    yield "base64-unused-bits", GOOD.replace(first, first[:-2] + bytes([first[-2] + 1]) + b"=")
    yield "no-blank-line", GOOD.replace(b"\n\n", b"\n", 1)


def _leaves() -> Iterator[tuple[str, bytes]]:
    good = LOG.entries[0]
    yield "entry-with-spaces", good.replace(b":", b": ", 1)
    yield "entry-with-a-member-twice", good.replace(b'"policy"', b'"kind":"statement","policy"')
    yield "entry-without-document", paper_leaf("0", document=...)
    yield "entry-without-verdict", paper_leaf("0", verdict=...)
    yield "entry-not-json", b"entry"


def files() -> dict[str, bytes]:
    """Everything that belongs into the folder."""
    logged = ((name, PaperLog(b"vectors").add(*LOG.entries[:3], leaf).proof(3)) for name, leaf in _leaves())
    vectors = {"valid": GOOD} | {n: p.write() for n, p in _proofs()} | dict(_texts()) | dict(logged)
    told = {"log_key": LOG.key.vkey, "vectors": {n: outcome(c) for n, c in sorted(vectors.items())}}
    manifest = (json.dumps(told, indent=1) + "\n").encode()
    return {f"{name}{ENDING}": content for name, content in vectors.items()} | {"manifest.json": manifest}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    for file, content in files().items():
        (HERE / file).write_bytes(content)
