"""Change anything in a receipt, and its reader is told where."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.receipts import load_receipt
from service.ledger.note import KeyType, Signer
from service.receipts.verifying import verify_receipt
from tests.receipts.conftest import Street, changed, wrong


def test_another_logs_key_opens_nothing(street: Street) -> None:
    content = street.receipt(street.mill, "STEEL")
    other = Signer(street.logs[0].name, KeyType.ED25519, bytes(32)).verifier
    found = verify_receipt(content, [other])
    assert [line.what for line in found.tree.wrong()][-1] == "checkpoint"


@pytest.fixture(scope="module")
def receipt(street: Street) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(street.receipt(street.maker, "FRAME"))
    return found


def flipped(text: str) -> str:
    """Base64 of the same bytes with one bit changed."""
    content = bytearray(base64.b64decode(text))
    content[len(content) // 2] ^= 1
    return base64.b64encode(bytes(content)).decode()


@pytest.mark.parametrize(
    ("path", "to", "where"),
    [
        (("numbers", "total"), 1.0, "total"),
        (("numbers", "direct"), None, "direct"),
        (("numbers",), lambda all_: {name: all_[name] for name in all_ if name != "direct"}, "figure"),
        (("lower_bound",), True, "lower_bound"),
        (("unit",), "kgCO2e/m3", "unit"),
        (("basis",), "attested", "basis"),
        (("exhibits", 0, "content"), flipped, "document"),
        (("exhibits", 1, "content"), flipped, "document"),
        (("exhibits", 1, "leaf"), flipped, "log"),
        (("exhibits", 1, "issuer"), "urn:greenchain:org:other", "issuer"),
        (("exhibits", 1, "issuer_salt"), "00" * 32, "issuer"),
        (("exhibits", 1, "index"), lambda i: i + 1, "log"),
        (("exhibits", 1, "path", 0), flipped, "log"),
        (("exhibits", 1, "in_force"), [0, 77], "facts"),
        (("exhibits", 1, "format"), "application/json", "checks"),
        (("salt",), "00" * 32, "commitment"),
        (("commitment", "content"), flipped, "bytes"),
        (("as_of",), lambda i: i - 1, "commitment"),
        (("policy_version",), "default/0", "commitment"),
        (("aggregates", 0, "hidden"), lambda h: not h, "commitment"),
        (("checkpoint",), lambda text: text.replace("\n", "x\n", 1), "checkpoint"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_one_change_is_found_and_named(
    street: Street, receipt: dict[str, Any], path: tuple[Any, ...], to: Any, where: str
) -> None:
    named = wrong(street, changed(receipt, *path, to=to))
    if where == "document":
        assert named & {"bytes", "log"}
    else:
        assert where in named


def test_a_document_less_is_found(street: Street, receipt: dict[str, Any]) -> None:
    for number in range(len(receipt["exhibits"])):
        assert wrong(street, changed(receipt, "exhibits", to=lambda all_, n=number: [*all_[:n], *all_[n + 1 :]]))


def test_a_document_twice_is_found(street: Street, receipt: dict[str, Any]) -> None:
    assert "documents" in wrong(street, changed(receipt, "exhibits", to=lambda all_: [*all_, all_[-1]]))


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_flipped_bit_is_found_or_means_the_same(
    street: Street, receipt: dict[str, Any], place: int, bit: int
) -> None:
    content = bytearray(json.dumps(receipt, sort_keys=True).encode())
    content[place % len(content)] ^= 1 << bit
    found = verify_receipt(bytes(content), street.logs)
    assert not found.holds or found.receipt == load_receipt(json.dumps(receipt).encode())
    assert found.holds or all(line.what and line.detail for line in found.tree.wrong() if not line.parts)
    assert found.holds or any(line.detail for line in found.tree.wrong()), "it says where"


@pytest.mark.parametrize("path", [("exhibits", 1, "issuer_salt"), ("salt",)], ids=str)
def test_a_salt_has_one_spelling(street: Street, receipt: dict[str, Any], path: tuple[Any, ...]) -> None:
    found = verify_receipt(json.dumps(changed(receipt, *path, to=str.upper)).encode(), street.logs)
    assert [line.detail for line in found.tree.wrong() if "lower-case hexadecimal" in line.detail]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "JSON"),
        (b"[]", "receipt"),
        (b"{}", "required"),
        (b'{"version": "greenchain-receipt/2"}', "version"),
        (b"\xff", "UTF-8"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested"),
    ],
)
def test_what_is_no_receipt_is_told_so(street: Street, content: bytes, reason: str) -> None:
    found = verify_receipt(content, street.logs)
    assert not found.holds
    assert reason in found.tree.detail
