"""A delegate states about another's lot and sees nothing of it: the delegation opens a mouth, not an eye."""

from __future__ import annotations

import pytest

from tests.kit.doors import House
from tests.kit.statements import Fact, footprint, lot, of, process, product


def delegation(delegate: str, **more: object) -> Fact:
    named = {"kind": "delegation", "id": "d", "delegate": delegate, "kinds": ["footprint"]}
    return {**named, "valid_from": "2026-01-01", "valid_to": "2100-01-01", **more}


def test_a_delegate_sees_its_own_document_and_nothing_else(house: House) -> None:
    owner, delegate = house.client("", signs=True), house.client("", signs=True)
    owner.signs(product(), process(), lot())
    given = owner.signs(delegation(delegate.uri))
    stated = delegate.signs(footprint(about=of(owner.uri, "L1"), per_kg=3))

    path = owner.lot("L1")
    for part in ("", "/footprint", "/content", "/chain", "/contributions"):
        assert delegate.get(path + part).status_code == 404, part
    assert delegate.get("/api/v1/lots").json == {"data": []}
    year = {"period": "2025-01-01/2026-01-01"}
    assert owner.get(owner.product("steel") + "/footprint", **year).status_code == 200
    assert delegate.get(owner.product("steel") + "/footprint", **year).status_code == 404
    assert delegate.get(f"/api/v1/documents/{given['id']}").status_code == 404
    assert delegate.get(f"/api/v1/documents/{stated['id']}").status_code == 200


def test_the_owner_sees_what_was_stated_in_its_name_and_by_whom(house: House) -> None:
    owner, delegate = house.client("", signs=True), house.client("", signs=True)
    owner.signs(product(), process(), lot())
    owner.signs(delegation(delegate.uri))
    stated = delegate.signs(footprint(about=of(owner.uri, "L1"), per_kg=3))

    found = owner.get(owner.lot("L1") + "/footprint").json
    assert found is not None
    assert (found["total"], found["basis"]) == (pytest.approx(3), "attested")
    assert stated["id"] in found["documents"]["ids"]
    document = owner.get(f"/api/v1/documents/{stated['id']}").json
    assert document is not None
    assert document["issuer"] == delegate.uri
    assert owner.get(f"/api/v1/documents/{stated['id']}/content").status_code == 404, "the bytes are the delegate's"


def test_a_strangers_refused_statement_learns_nothing(house: House) -> None:
    """Whether the lot exists, of which product it is or who may speak for it: the answer is the same."""
    owner, stranger = house.client("", signs=True), house.client("", signs=True)
    owner.signs(product(), process(), lot())
    owner.signs(delegation(owner.uri + "-other"))
    told = []
    for name in ("L1", "no-such-lot"):
        with pytest.raises(AssertionError) as refused:
            stranger.signs(footprint(about=of(owner.uri, name), identity=f"f-{name}"))
        told.append(str(refused.value).count("do not cover this"))
    assert told[0] == told[1] > 0
