"""How a certificate stands at a moment (graph/rollup/certificates.py)."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from graph.rollup.certificates import STATES, certificates, last_received
from tests.rollup.rollup_book import Book

BODY, CERTIFIER, HOLDER = "urn:body", "urn:certifier", "urn:holder"
RECOGNISED = frozenset({BODY})


def book(
    *, by_signed: bool = True, signed: bool = True, accredited: dict[str, Any] | None = None, **changes: Any
) -> Book:
    """A certificate of 10 to 20, by a certifier accredited for 0 to 100."""
    found = Book()
    found.document(by_signed)
    given = {"issuer": BODY, "institution": CERTIFIER, "scope": "ISO 14001\ngreen factory"}
    found.row("accreditations", **{**given, "valid_from": 0.0, "valid_to": 100.0, **(accredited or {})})
    found.document(signed)
    told = {"issuer": CERTIFIER, "scheme": "green factory", "number": "C-1", "holder": HOLDER, "status": "in-force"}
    found.row("certificates", **{**told, "valid_from": 10.0, "valid_to": 20.0, **changes})
    return found


def state(found: Book, moment: float = 15.0, at: int | None = None) -> str:
    [one] = certificates(found.tables, found.tables.head if at is None else at, RECOGNISED, moment)
    return one.state


@pytest.mark.parametrize(
    ("given", "moment", "expected"),
    [
        ({}, 10.0, "valid"),
        ({}, 9.9, "not-begun"),
        ({}, 20.0, "expired"),
        ({"status": "suspended"}, 15.0, "suspended"),
        ({"status": "withdrawn"}, 25.0, "withdrawn"),
        ({"signed": False}, 15.0, "unsigned"),
        ({"scheme": "ISO 50001"}, 15.0, "issuer-not-accredited"),
        ({"issuer": "urn:rival", "status": "withdrawn"}, 15.0, "issuer-not-accredited"),
        ({"by_signed": False}, 15.0, "issuer-not-accredited"),
        ({"accredited": {"issuer": "urn:nobody"}}, 15.0, "issuer-not-accredited"),
        ({"accredited": {"valid_to": 14.0}}, 15.0, "issuer-not-accredited"),
        ({"accredited": {"valid_to": 14.0}}, 25.0, "expired"),
        ({"accredited": {"valid_from": 15.1}}, 15.0, "issuer-not-accredited"),
    ],
)
def test_what_speaks_against_it_is_told(given: dict[str, Any], moment: float, expected: str) -> None:
    assert state(book(**given), moment) == expected
    assert expected in STATES


def test_only_what_was_in_force_at_the_index_counts() -> None:
    found = book()
    [one] = certificates(found.tables, found.tables.head, RECOGNISED, 15.0)
    assert certificates(found.tables, one.document - 1, RECOGNISED, 15.0) == ()
    found.document()
    found.tables.superseded[one.fid] = found.tables.head
    assert certificates(found.tables, found.tables.head, RECOGNISED, 15.0) == ()
    assert state(found, at=one.document) == "valid"


def test_without_documents_there_is_no_last_one() -> None:
    assert last_received(Book().tables, 5) == -inf
