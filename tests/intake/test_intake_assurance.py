"""From signed statements to a figure's level of assurance, through the graph."""

from __future__ import annotations

from typing import Any

from graph.model.refs import Ref
from graph.rollup import figure
from graph.rollup.figure import Figure
from service.chain import Chain
from tests.kit.doors import Hall, Party
from tests.kit.statements import Fact, footprint, lot, of, unique, withdrawal


def accreditation(institution: Party, **more: Any) -> Fact:
    named = {"kind": "accreditation", "id": unique("a"), "institution": institution.uri, "number": "V-1"}
    return {**named, "scope": ["ISO 14064-3"], "valid_from": "2020-01-01", "valid_to": "2100-01-01", **more}


def assurance(owner: Party, document: str, **more: Any) -> Fact:
    named = {"kind": "assurance", "id": unique("s"), "footprint": of(owner.uri, "F1"), "document": document}
    return {**named, "level": "reasonable", "standard": "ISO 14064-3", "valid_to": "2100-01-01", **more}


def certificate(holder: Party, **more: Any) -> Fact:
    named = {"kind": "certificate", "id": "Z", "scheme": "green factory", "number": "C-1", "holder": holder.uri}
    return {**named, "valid_from": "2020-01-01", "valid_to": "2100-01-01", **more}


def told(hall: Hall, owner: Party, body: Party, as_of: int | None = None) -> Figure:
    world = Chain(hall.database, "default", frozenset({body.uri})).world(as_of)
    return figure.footprint(world.snapshot, world.rolled, Ref(owner.uri, "L1").key)


def test_an_assurance_raises_the_level_and_falls_with_what_it_rests_on(hall: Hall) -> None:
    owner, verifier, body = hall.party(), hall.party(), hall.party()
    stated = owner.accepted(lot(source=""), footprint())
    given = body.accepted(accreditation(verifier))
    assured = verifier.accepted(assurance(owner, stated.id))
    assert told(hall, owner, body).assurance == "reasonable"
    assert told(hall, owner, verifier).assurance == "", "nobody recognises himself"

    body.accepted(withdrawal(given.id))
    fallen = told(hall, owner, body)
    assert (fallen.assurance, {f.code for f in fallen.findings} & {"assurance-unrecognised"}) == (
        "",
        {"assurance-unrecognised"},
    )
    assert told(hall, owner, body, assured.index).assurance == "reasonable"

    body.accepted(accreditation(verifier))
    assert told(hall, owner, body).assurance == "reasonable"
    owner.accepted(footprint(per_kg=2, supersedes=stated.id))
    corrected = told(hall, owner, body)
    assert (corrected.total, corrected.assurance) == (2, "")


def test_nobody_vouches_for_himself(hall: Hall) -> None:
    one = hall.party()
    stated = one.accepted(lot(source=""), footprint())
    assert set(one.refused("authority", assurance(one, stated.id))) == {"/facts/0/footprint"}
    assert set(one.refused("authority", accreditation(one))) == {"/facts/0/institution"}
    assert set(one.refused("authority", certificate(one))) == {"/facts/0/holder"}


def test_an_expired_accreditation_assures_nothing(hall: Hall) -> None:
    owner, verifier, body = hall.party(), hall.party(), hall.party()
    stated = owner.accepted(lot(source=""), footprint())
    body.accepted(accreditation(verifier, valid_to="2021-01-01"))
    verifier.accepted(assurance(owner, stated.id))
    assert told(hall, owner, body).assurance == ""
    assert "accreditation-ended" in {f.code for f in told(hall, owner, body).findings}


def test_a_certificates_status_changes_by_superseding_it(hall: Hall) -> None:
    holder, certifier = hall.party(), hall.party()
    first = certifier.accepted(certificate(holder))
    conflicting = certifier.accepted(certificate(holder, status="suspended"))
    assert [f.code for f in conflicting.verdict.findings] == ["conflict"]
    assert not certifier.accepted(certificate(holder, status="suspended", supersedes=first.id)).verdict.findings


def test_a_certificate_is_for_a_facility_of_its_holder(hall: Hall) -> None:
    holder, certifier = hall.party(), hall.party()
    certifier.accepted(certificate(holder, facility=of(holder.uri, "works")))
    assert set(certifier.refused("schema", certificate(holder, facility="works"))) == {"/facts/0/facility"}
