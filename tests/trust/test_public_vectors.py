"""The runner of published vectors, on a folder of its own making: it counts, and it fails on what does not pass."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests import public_vectors
from tests.vectors import kit


def _folder(root: Path, *, good: bool) -> Path:
    for name, text in (("input", '{"b": 1.0, "a": "\\u00e4"}'), ("output", '{"a":"ä","b":1}' if good else "{}")):
        (root / "jcs" / name).mkdir(parents=True)
        (root / "jcs" / name / "one.json").write_text(text, encoding="utf-8")
    tests = [
        {"tcId": 1, "msg": "00", "sig": kit.ED.sign(b"\0").hex(), "result": "valid"},
        {"tcId": 2, "msg": "01", "sig": kit.ED.sign(b"\0").hex(), "result": "invalid" if good else "valid"},
    ]
    der = kit.ED.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    groups = [{"publicKeyDer": der.hex(), "tests": tests}]
    (root / "wycheproof").mkdir()
    (root / "wycheproof" / "x_test.json").write_text(json.dumps({"testGroups": groups}))
    return root


def test_what_passes_is_counted(tmp_path: Path) -> None:
    said: list[str] = []
    assert public_vectors.main(_folder(tmp_path, good=True), said.append) == 0
    assert said == [
        "jcs: 1 of 1 passed",
        "vc-di-eddsa: not there",
        "wycheproof: 2 of 2 passed",
        "merkle/inclusion: not there",
    ]


def test_what_fails_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    assert public_vectors.main(_folder(tmp_path, good=False), said.append) == 1
    assert [line for line in said if "failed" in line] == ["  failed: one.json", "  failed: x_test.json 2"]


def test_an_empty_folder_proves_nothing(tmp_path: Path) -> None:
    assert public_vectors.main(tmp_path, lambda _: None) == 2
