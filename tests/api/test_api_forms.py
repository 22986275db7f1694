"""The signed forms over HTTP: media types, what is labelled wrongly, and batches."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import pytest

from service.trust.forms import guess
from service.trust.signing_forms import Issuing, sign_as
from tests.kit.doors import Client, House
from tests.kit.statements import product, statement, unique

pytestmark = pytest.mark.engine
FORMS = ("jws", "vc-jwt", "data-integrity", "sd-jwt")


@pytest.fixture(scope="module")
def supplier(house: House) -> Client:
    found = house.client(unique("forms-"))
    assert found.register_key().status_code == 201
    return found


def _signed(supplier: Client, house: House, form: str, **changes: Any) -> bytes:
    salts = count()
    issuing = Issuing(at=time.time(), audience=house.settings.url, salt=lambda: f"salt {next(salts)}", **changes)
    return sign_as(form, statement(supplier.uri, product(unique("p"))), supplier.key, issuing).document


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_its_media_type(house: House, supplier: Client, form: str) -> None:
    content = _signed(supplier, house, form)
    answer = supplier.submit(content, guess(content).value)
    assert answer.status_code == 201, answer.text
    kept = supplier.get(f"/api/v1/documents/{(answer.json or {})['id']}/content")
    assert (kept.data, kept.content_type) == (content, guess(content).value)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_labelled_wrongly_is_told_so_and_not_rejected_for_ever(
    house: House, supplier: Client, form: str
) -> None:
    content = _signed(supplier, house, form)
    others = {guess(_signed(supplier, house, f)).value for f in FORMS} | {"application/json"}
    for media_type in others - {guess(content).value}:
        answer = supplier.submit(content, media_type)
        assert answer.status_code == 415, answer.text
        assert guess(content).value in answer.text
    assert supplier.submit(content, guess(content).value).status_code == 201


def test_a_batch_holds_any_form(house: House, supplier: Client) -> None:
    lines = [_signed(supplier, house, form) for form in FORMS]
    answer = supplier.post("/api/v1/documents:batch", b"\n".join(lines), "application/x-ndjson")
    assert [r["status"] for r in (answer.json or {})["results"]] == [201] * len(FORMS)


def test_what_must_be_looked_up_and_cannot_be_is_503(house: House, supplier: Client) -> None:
    """The name does not resolve: that is no verdict, and the same bytes may come again."""
    content = _signed(supplier, house, "vc-jwt", method="did:web:nowhere.invalid#1")
    answer = supplier.submit(content, "application/vc+jwt")
    assert answer.status_code == 503, answer.text
    batch = supplier.post("/api/v1/documents:batch", content, "application/x-ndjson")
    assert [r["status"] for r in (batch.json or {})["results"]] == [503]


def test_an_address_inside_refuses_the_document(house: House, supplier: Client) -> None:
    content = _signed(supplier, house, "vc-jwt", method="did:web:localhost#1")
    answer = supplier.submit(content, "application/vc+jwt")
    assert answer.status_code == 422, answer.text
    assert "(key)" in answer.text
