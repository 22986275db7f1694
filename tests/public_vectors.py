"""Runs published vectors against this project's code and says how many passed: `python -m tests.public_vectors PATH`.

PATH holds the folders named below, as far as they are there; nothing of them is part of the project, whose own tests
pass without them. Exit code 1 when a vector does not pass, 2 when there is none.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from schemas.strict_json import parse
from service.ledger.errors import ProofRefused
from service.ledger.merkle import verify_inclusion
from service.trust.canonical import canonical
from service.trust.envelope import encode_base64url
from service.trust.envelopes.data_integrity import signed_bytes
from service.trust.keys import parse_jwk
from service.trust.multikey import decode_base58, parse_multikey

# A vector's name and whether it passed.
Outcomes = Iterator[tuple[str, bool]]


def _json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def jcs(folder: Path) -> Outcomes:
    """RFC 8785: the canonical form of each input, to the byte.

    Read with plain ``json``: one input holds a number that a double does not keep, which our reader refuses on purpose.
    """
    for path in sorted((folder / "input").glob("*.json")):
        found = canonical(_json(path))
        yield path.name, found == (folder / "output" / path.name).read_bytes().rstrip(b"\n")


def data_integrity(folder: Path) -> Outcomes:
    """W3C vc-di-eddsa: what is signed under eddsa-jcs-2022, and the proof over it."""
    secured = parse((folder / "signedJCS.json").read_bytes())
    assert isinstance(secured, dict)
    proof = secured.pop("proof")
    message = signed_bytes(secured, proof)
    yield "what is signed", message.hex() == (folder / "combinedHashJCS.txt").read_text().strip()
    key = parse_multikey(_json(folder / "keyPair.json")["publicKeyMultibase"])
    yield "the proof", key.verifies(message, decode_base58(proof["proofValue"]) or b"")


def wycheproof(folder: Path) -> Outcomes:
    """C2SP Wycheproof: signatures that must verify, and those that must not."""
    for path in sorted(folder.glob("*_test.json")):
        for group in _json(path)["testGroups"]:
            key = parse_jwk(_jwk(load_der_public_key(bytes.fromhex(group["publicKeyDer"]))))
            for test in group["tests"]:
                good = key.verifies(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
                yield (
                    f"{path.name} {test['tcId']}",
                    test["result"] == "acceptable" or good is (test["result"] == "valid"),
                )


def _jwk(key: Any) -> dict[str, str]:
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key.public_bytes_raw()).decode()}
    numbers = key.public_numbers()
    if isinstance(key, RSAPublicKey):
        n, e = (v.to_bytes((v.bit_length() + 7) // 8, "big") for v in (numbers.n, numbers.e))
        return {"kty": "RSA", "n": encode_base64url(n).decode(), "e": encode_base64url(e).decode()}
    x, y = (encode_base64url(v.to_bytes(32, "big")).decode() for v in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def merkle(folder: Path) -> Outcomes:
    """transparency-dev: RFC 6962 inclusion proofs, good and bad."""
    for path in sorted(folder.rglob("*.json")):
        told = _json(path)
        leaf, root = (base64.b64decode(told[n] or "") for n in ("leafHash", "root"))
        proof = [base64.b64decode(one) for one in told["proof"] or []]
        try:
            verify_inclusion(leaf, told["leafIdx"], told["treeSize"], proof, root)
        except ProofRefused:
            yield str(path.relative_to(folder)), told["wantErr"]
        else:
            yield str(path.relative_to(folder)), not told["wantErr"]


@dataclass(frozen=True)
class Suite:
    """One folder of published vectors, and what runs them."""

    folder: str
    run: Callable[[Path], Outcomes]


SUITES = (
    Suite("jcs", jcs),
    Suite("vc-di-eddsa", data_integrity),
    Suite("wycheproof", wycheproof),
    Suite("merkle/inclusion", merkle),
)


def main(root: Path, say: Callable[[str], object] = print) -> int:
    """Run every suite that is there."""
    total = failures = 0
    for suite in SUITES:
        if not (root / suite.folder).is_dir():
            say(f"{suite.folder}: not there")
            continue
        outcomes = list(suite.run(root / suite.folder))
        failed = [name for name, passed in outcomes if not passed]
        say(f"{suite.folder}: {len(outcomes) - len(failed)} of {len(outcomes)} passed")
        for name in failed:
            say(f"  failed: {name}")
        total, failures = total + len(outcomes), failures + len(failed)
    return 2 if not total else int(failures > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
