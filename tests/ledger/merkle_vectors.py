"""Runs published vectors of RFC 6962 inclusion proofs from a folder of JSON files, and says how many passed.

    python -m tests.ledger.merkle_vectors FOLDER

Each file: leafIdx, treeSize, root, leafHash, proof (base64), and wantErr, which tells whether it must be refused.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from service.ledger.errors import ProofRefused
from service.ledger.merkle import verify_inclusion


def run(folder: Path) -> tuple[int, list[str]]:
    """How many vectors below a folder passed, and which failed."""
    files = sorted(folder.rglob("*.json"))
    failed = [str(path.relative_to(folder)) for path in files if not _passes(json.loads(path.read_bytes()))]
    return len(files) - len(failed), failed


def _passes(vector: dict[str, Any]) -> bool:
    hashes = [_bytes(h) for h in vector["proof"] or []]
    leaf, root = _bytes(vector["leafHash"]), _bytes(vector["root"])
    try:
        verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], hashes, root)
    except ProofRefused:
        return bool(vector["wantErr"])
    return not vector["wantErr"]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


if __name__ == "__main__":
    passed, failures = run(Path(sys.argv[1]))
    print(f"merkle: {passed} passed, {len(failures)} failed", *failures, sep="\n")
    sys.exit(1 if failures or not passed else 0)
