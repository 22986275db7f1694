"""Trust anchors are read from a folder at start: roots, intermediates and lists, or one line says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from service.anchors import read_anchors
from service.config import ConfigError
from service.trust.anchors import NO_ANCHORS, TrustAnchors
from tests.vectors import chains


def test_nothing_named_trusts_nobody() -> None:
    assert read_anchors("") == NO_ANCHORS


def test_a_folder_of_certificates_and_lists(tmp_path: Path) -> None:
    root, middle, crl = chains.root(), chains.middle(), chains.crl(chains.AUTHORITY, 5)
    (tmp_path / "all.pem").write_bytes(root.public_bytes(Encoding.PEM) + middle.public_bytes(Encoding.PEM))
    (tmp_path / "a.crl").write_bytes(crl.public_bytes(Encoding.PEM))
    (tmp_path / "b.crl").write_bytes(crl.public_bytes(Encoding.DER))
    (tmp_path / "notes.txt").write_text("not read")
    der = [found.public_bytes(Encoding.DER) for found in (root, middle, crl)]
    assert read_anchors(str(tmp_path)) == TrustAnchors((der[0],), (der[1],), (der[2], der[2]))


@pytest.mark.parametrize("name", ["bad.pem", "bad.crl"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "root.pem").write_bytes(chains.root().public_bytes(Encoding.PEM))
    (tmp_path / name).write_bytes(b"junk")
    with pytest.raises(ConfigError, match=name):
        read_anchors(str(tmp_path))


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no"):
        read_anchors(str(tmp_path))
