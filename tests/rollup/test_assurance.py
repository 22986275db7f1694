"""Which assurance raises a footprint's level, and what takes it down again (graph/rollup/assurance.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph.rollup.figure import Figure, footprint
from graph.rollup.policy import load_policy
from graph.rollup.product import product_footprint
from tests.rollup.rollup_book import CBAM, Book

LOT, FOOTPRINT, MINE = "urn:a|l", "urn:a|F", "urn:a|p"
BODY, VERIFIER = "urn:body", "urn:verifier"
POLICY = load_policy("default", frozenset({BODY}))


def book(**given: Any) -> Book:
    """A lot with an attested footprint, sha1; times are ledger indexes."""
    found = Book()
    found.lot(LOT, product=MINE)
    found.footprint(LOT, 5.0, key=FOOTPRINT, **given)
    return found


def accredits(found: Book, *, signed: bool = True, **changes: Any) -> int:
    index = found.document(signed)
    given = {"issuer": BODY, "institution": VERIFIER, "scope": "ISO 14067\nISO 14064-3"}
    found.row("accreditations", **{**given, "valid_from": 0.0, "valid_to": 100.0, **changes})
    return index


def assures(found: Book, *, signed: bool = True, **changes: Any) -> int:
    index = found.document(signed)
    given = {"issuer": VERIFIER, "footprint": FOOTPRINT, "document": "sha1", "level": "limited"}
    found.row("assurances", **{**given, "standard": "ISO 14064-3", "valid_to": 100.0, **changes})
    return index


def told(found: Book, lot: str = LOT, **options: Any) -> Figure:
    return footprint(*found.rolled(**{"policy": POLICY, **options}), lot)


def faults(figure: Figure) -> set[str]:
    return {f.code for f in figure.findings if "assurance" in f.code or "accreditation" in f.code}


def test_an_assurance_by_an_accredited_verifier_raises_the_level() -> None:
    found = book()
    assert told(found).assurance == ""
    accredits(found)
    assures(found)
    assert (told(found).assurance, faults(told(found))) == ("limited", set())
    assures(found, level="reasonable")
    assert told(found).assurance == "reasonable", "the highest level counts"


def test_an_assurance_of_what_nobody_stated_and_a_lower_one_after_a_higher_change_nothing() -> None:
    found = book()
    accredits(found)
    assures(found, level="reasonable")
    assures(found, level="limited")
    assures(found, footprint="urn:a|elsewhere")
    assert (told(found).assurance, faults(told(found))) == ("reasonable", set())


def test_the_order_of_accreditation_assurance_and_footprint_does_not_matter() -> None:
    found = Book()
    assures(found, document="sha3")
    accredits(found)
    found.lot(LOT)
    found.footprint(LOT, 5.0, key=FOOTPRINT)
    assert told(found).assurance == "limited"


@pytest.mark.parametrize(
    ("accreditation", "assurance", "code"),
    [
        ({"issuer": "urn:nobody"}, {}, "assurance-unrecognised"),
        ({"institution": "urn:another"}, {}, "assurance-unrecognised"),
        ({"signed": False}, {}, "assurance-unrecognised"),
        ({"valid_to": 3.0}, {}, "accreditation-ended"),
        ({"valid_from": 4.0}, {}, "accreditation-ended"),
        ({"scope": "ISO 14067"}, {}, "assurance-out-of-scope"),
        ({"scope": "ISO 14064-3:2019"}, {}, "assurance-out-of-scope"),
        ({}, {"document": "sha0"}, "assurance-other-document"),
        ({}, {"valid_to": 3.0}, "assurance-ended"),
        ({}, {"signed": False}, "assurance-unsigned"),
        ({"institution": "urn:a"}, {"issuer": "urn:a"}, "assurance-not-independent"),
    ],
)
def test_otherwise_the_level_is_none_and_the_figure_says_why(
    accreditation: dict[str, Any], assurance: dict[str, Any], code: str
) -> None:
    found = book()
    accredits(found, **accreditation)
    assures(found, **assurance)
    figure = told(found)
    assert figure.assurance == ""
    assert faults(figure) == {code}
    assert figure.total == 5.0, "an assurance never changes a number"


def test_an_assurance_of_what_a_delegate_stated_about_the_assurers_own_lot_does_not_count() -> None:
    found = Book()
    found.lot(LOT)
    found.footprint(LOT, 5.0, key="urn:lab|F")
    accredits(found, institution="urn:a")
    assures(found, issuer="urn:a", footprint="urn:lab|F")
    assert faults(told(found)) == {"assurance-not-independent"}


def test_without_a_recognised_body_nothing_is_assured() -> None:
    found = book()
    accredits(found)
    assures(found)
    assert told(found, policy=load_policy()).assurance == ""


def test_it_falls_when_the_footprint_is_superseded() -> None:
    found = book()
    accredits(found)
    last = assures(found)
    new = found.footprint(LOT, 6.0, key=FOOTPRINT)
    found.tables.superseded[1 << 20] = new
    assert (told(found).assurance, faults(told(found))) == ("", {"assurance-other-document"})
    assert told(found, at=last).assurance == "limited", "as of before, it stands"


def test_it_falls_when_accreditation_or_assurance_is_withdrawn() -> None:
    for what in (2, 3):
        found = book()
        accredits(found)
        last = assures(found)
        found.tables.superseded[what << 20] = found.document()
        assert told(found).assurance == ""
        assert told(found, at=last).assurance == "limited"


def test_it_falls_when_the_accreditation_expires_and_returns_with_a_new_one() -> None:
    found = book()
    accredits(found, valid_to=4.0)
    assures(found)
    assert told(found).assurance == "limited"
    found.document()
    assert (told(found).assurance, faults(told(found))) == ("", {"accreditation-ended"})
    accredits(found)
    assert told(found).assurance == "limited"


def test_a_chain_is_assured_as_far_as_its_least_assured_attestation() -> None:
    found = book()
    accredits(found)
    assures(found)
    found.process("urn:b|T")
    found.consumes(LOT, 1.0)
    found.emits(1.0)
    found.makes(1.0)
    found.lot("urn:b|L", "urn:b|T")
    assert told(found, "urn:b|L").assurance == "limited"
    found.process("urn:c|T")
    found.consumes("urn:b|L", 1.0)
    found.consumes("urn:d|L", 1.0)
    found.makes(2.0)
    found.lot("urn:c|L", "urn:c|T")
    assert told(found, "urn:c|L").assurance == "limited", "what is not attested has no level"
    found.footprint("urn:d|L", 1.0, key="urn:d|F")
    assert told(found, "urn:c|L").assurance == ""


def test_a_figure_without_attested_evidence_has_no_level() -> None:
    found = Book()
    found.lot(LOT)
    found.footprint(LOT, 5.0, signed=False, key=FOOTPRINT)
    assert told(found).assurance is None


def test_a_products_own_footprint_has_its_level() -> None:
    found = Book()
    found.product(MINE)
    found.footprint(MINE, 5.0, subject_kind="product", key=FOOTPRINT)
    accredits(found)
    assures(found)
    figure = product_footprint(*found.rolled(policy=POLICY), MINE, 0.0, 1.0)
    assert (figure.assurance, figure.total) == ("limited", 5.0)
    assures(found, footprint="urn:a|G", document="sha4")
    found.footprint(MINE, 6.0, subject_kind="product", key="urn:a|G")
    figure = product_footprint(*found.rolled(policy=POLICY), MINE, 0.0, 1.0)
    assert (figure.assurance, faults(figure)) == ("", {"assurance-other-document"})


def test_a_policy_that_asks_for_assurance_takes_the_assured_footprint_first() -> None:
    found = book(boundary=CBAM)
    accredits(found)
    assures(found)
    found.footprint(LOT, 9.0, key="urn:a|G", boundary=CBAM)
    asking = replace(POLICY, minimum_assurance="limited", boundary=CBAM)
    assert told(found, policy=replace(asking, minimum_assurance="")).total == 9.0, "the latest"
    assert told(found, policy=asking).total == 5.0
    assert told(found, policy=replace(asking, minimum_assurance="reasonable")).total == 9.0


def test_time_unknown_is_no_time_at_which_anything_holds() -> None:
    found = book()
    accredits(found)
    assures(found)
    received = found.tables.rows["documents"]["received_at"]
    for at in range(len(received)):
        received[at] = float("nan")
    assert told(found).assurance == ""
