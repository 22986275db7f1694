"""Bad input, one fault a test: the answer is problem details that name field and reason, never a 500."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from graph.store.documents import ledger_head
from service.auth.roles import Role
from service.trust.signing import sign_statement
from tests.api.refusals import problem, rejected
from tests.kit.doors import Client, House, org
from tests.kit.statements import (
    Fact,
    as_bytes,
    consumed,
    content,
    footprint,
    grant,
    lot,
    of,
    process,
    product,
    q,
    statement,
    transfer,
    unique,
)

DAY = 86_400


def send(client: Client, *facts: Fact, **claims: Any) -> TestResponse:
    return client.submit(as_bytes(statement(client.uri, *facts, **claims)), "application/json")


def iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


# The body as bytes


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON"),
        (b"[1,2", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"iss": "a", "iss": "b"}', "twice"),
        (b'{"iss": NaN}', "NaN"),
        (b'{"iss": -Infinity}', "Infinity"),
        (b'{"iss": ' + b"1" * 5000 + b"}", "number longer"),
        (b'{"iss": 1e400}', "beyond"),
        (b"[" * 1000, "deep"),
        (b"[" * 100_000, "items"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deep"),
        (b'{"iss": "\\ud800"}', "surrogate"),
        (b"{} trailing", "not JSON"),
        (b"null\x00", "not JSON"),
    ],
)
def test_json_that_readers_disagree_about_is_refused(supplier: Client, content: bytes, reason: str) -> None:
    answer = supplier.submit(content, "application/json")
    rejected(answer, "json")
    assert reason in answer.json["detail"]


def test_an_empty_body_is_no_document(supplier: Client) -> None:
    rejected(supplier.submit(b"", "application/json"), "caps")


@pytest.mark.parametrize("media_type", ["application/jose", "application/json"])
def test_an_oversize_document_is_refused_before_it_is_read(house: House, supplier: Client, media_type: str) -> None:
    before = house.database.read(ledger_head)
    cap = house.settings.max_document_bytes
    body = problem(supplier.submit(b"x" * (cap + 1), media_type), 413)
    assert str(cap) in body["detail"]
    assert house.database.read(ledger_head) == before


def test_a_body_of_unannounced_length_is_capped_as_well(house: House, supplier: Client) -> None:
    class Endless:
        """As much as anybody asks for."""

        def read(self, size: int = -1) -> bytes:
            assert size >= 0, "somebody tried to read all of it"
            return b"x" * min(size, 1 << 20)

        def readline(self, size: int = -1) -> bytes:
            return self.read(size)

    environ = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = supplier.http.post(
        "/api/v1/documents", headers=supplier.headers, content_type="application/jose", environ_overrides=environ
    )
    assert answer.status_code in (413, 422)


@pytest.mark.parametrize(
    "path", ["/api/v1/documents", "/api/v1/documents:batch", "/api/v1/keys", "/api/v1/organizations"]
)
@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "*/*"])
def test_another_media_type_is_refused(house: House, path: str, media_type: str) -> None:
    everything = house.client("everything", *Role)
    if path.endswith("organizations"):
        everything = house.client("greenchain-operator", *Role)
        everything.uri = "unused"
    assert "application/" in problem(everything.post(path, b"{}", media_type), 415)["detail"]


def test_headers_and_queries_are_small(supplier: Client) -> None:
    """A 10 MB header of filters."""
    problem(supplier.http.get("/api/v1/lots?search=" + "x" * 5000, headers=supplier.headers), 414)
    problem(supplier.http.get("/api/v1/lots", headers=supplier.headers | {"X-Filter": "x" * 10_000_000}), 431)


# What a statement says


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (lambda: lot(unique("L"), colour="red"), "/facts/0/colour"),
        (lambda: lot(unique("L")) | {"quantity": q(1, "stone's throw")}, "/facts/0/quantity/unit"),
        (lambda: lot(unique("L")) | {"quantity": q(-5)}, "/facts/0/quantity/value"),
        (lambda: lot(unique("L")) | {"quantity": q(0)}, "/facts/0/quantity/value"),
        (lambda: lot(unique("L")) | {"quantity": q("1e-999999")}, "/facts/0/quantity/value"),
        (lambda: process(unique("h"), produced_to="2024-12-31"), "/facts/0/produced_to"),
        (lambda: footprint(unique("F")) | {"period_end": "2024-01-01"}, "/facts/0/period_end"),
        (lambda: footprint(unique("F")) | {"per": q("1e-999990"), "direct": "1e17"}, "/facts/0/per/value"),
        (lambda: {"kind": "rumour"}, "/facts/0/kind"),
    ],
)
def test_what_the_schema_does_not_take(supplier: Client, fact: Callable[[], Fact], pointer: str) -> None:
    assert pointer in rejected(send(supplier, fact()), "schema")


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (lambda: lot(unique("L"), made=of(org("other"), "p")), "/facts/0/product"),
        (lambda: lot(unique("L"), drawn_from=[{"process": of(org("other"), "h"), "output": "o", "quantity": q(1)}]),
         "/facts/0/drawn_from/0/process"),
        (lambda: process(unique("h"), facility=of(org("other"), "works")), "/facts/0/facility"),
        (lambda: footprint(unique("F"), about=of(org("other"), "L1")), "/facts/0/lot"),
        (lambda: transfer(org("other"), org("third"), of(org("other"), "L1"), 1), "/facts/0/sender"),
        (lambda: grant(org("other"), unique("G"), lot=of(org("third"), "L1")), "/facts/0/lot"),
    ],
)  # fmt: skip
def test_an_id_of_another_organization(supplier: Client, fact: Callable[[], Fact], pointer: str) -> None:
    assert pointer in rejected(send(supplier, fact()), "authority")


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (lambda: lot(unique("L"), 1, produced_at=iso(time.time() + DAY)), "/facts/0/produced_at"),
        (lambda: lot(unique("L"), 1, produced_at="1949-12-31"), "/facts/0/produced_at"),
        (lambda: process(unique("h"), produced_to=iso(time.time() + DAY)), "/facts/0/produced_to"),
        (lambda: transfer("urn:greenchain:org:placeholder", org("x"), "L1", 1, unique("t"), at=iso(time.time() + DAY)),
         "/facts/0/at"),
        (lambda: footprint(unique("F"), valid_from="2026-01-01", valid_to="2029-02-01"), "/facts/0/valid_to"),
        (lambda: content(unique("C"), virgin="0.8", pre_consumer="0.3"), "/facts/0"),
        (lambda: process(unique("h"), 600, emitted=0, inputs=[consumed("L1", 500)], process_kind="split"),
         "/facts/0/outputs"),
    ],
)  # fmt: skip
def test_what_cannot_be_true(supplier: Client, fact: Callable[[], Fact], pointer: str) -> None:
    stated = fact()
    if stated["kind"] == "transfer":
        stated["sender"] = supplier.uri
    assert pointer in rejected(send(supplier, stated), "plausibility")


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (lambda me: process(unique("h"), inputs=[consumed("L1", 1100)]), "/facts/0/inputs/0/quantity"),
        (lambda me: transfer(me, org("x"), "L1", 1100, unique("t")), "/facts/0/moved/0/quantity"),
        (lambda me: lot(unique("L"), 1100), "/facts/0/drawn_from/0/quantity"),
    ],
    ids=["consuming", "passing on", "drawing"],
)
def test_more_than_one_holds_by_ones_own_statements(
    supplier: Client, fact: Callable[[str], Fact], pointer: str
) -> None:
    assert pointer in rejected(send(supplier, fact(supplier.uri)), "balances")


@pytest.mark.parametrize(
    ("claims", "pointer"),
    [
        ({"iat": int(time.time()) + DAY, "exp": int(time.time()) + 2 * DAY}, "/iat"),
        ({"iat": 1, "exp": 2}, "/exp"),
        ({"jti": ""}, "/jti"),
        ({"jti": "e\u0301"}, "/jti"),
        ({"iat": "1"}, "/iat"),
    ],
)
def test_claims_that_are_not_sound(supplier: Client, claims: dict[str, Any], pointer: str) -> None:
    assert pointer in rejected(send(supplier, product(unique("p")), **claims), "claims")


# Who may


def test_without_a_token_nothing_is_read_or_taken(house: House) -> None:
    stranger = house.app.test_client()
    for method, path in (
        ("GET", "/api/v1/lots"),
        ("POST", "/api/v1/documents"),
        ("POST", "/api/v1/documents:batch"),
        ("GET", "/api/v1/documents/" + "0" * 64),
        ("POST", "/api/v1/keys"),
        ("POST", "/api/v1/keys:challenge"),
        ("GET", "/api/v1/lots/x/footprint"),
        ("GET", "/api/v1/products/x/footprint"),
        ("GET", "/api/v1/lots?cursor=nonsense"),
    ):
        answer = stranger.open(path, method=method, data=b"{", content_type="application/json")
        problem(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer", "\x00"])
def test_a_token_that_is_none_is_refused(house: House, token: str) -> None:
    answer = house.app.test_client().get(
        "/api/v1/lots", headers={"Authorization": f"Bearer {token}".replace("\x00", "%00")}
    )
    problem(answer, 401)


def test_a_role_that_does_not_hand_in_is_refused_before_its_body_is_read(house: House) -> None:
    reader, before = house.client("reader", Role.PROCUREMENT), house.database.read(ledger_head)
    problem(reader.submit(b"{", "application/json"), 403)
    problem(reader.post("/api/v1/keys:challenge"), 403)
    assert house.database.read(ledger_head) == before, "what it sent was stored as evidence"


def test_an_unsigned_statement_of_another_organization_is_not_stored(house: House, supplier: Client) -> None:
    before = house.database.read(ledger_head)
    answer = supplier.submit(as_bytes(statement(org("other"), product())), "application/json")
    assert problem(answer, 403)["type"] == "urn:greenchain:problem:not-your-statement"
    assert house.database.read(ledger_head) == before


def test_a_signed_statement_of_another_organization_under_ones_own_key_is_evidence(supplier: Client) -> None:
    answer = supplier.submit(sign_statement(statement(org("other"), product()), supplier.key))
    assert set(rejected(answer, "claims")) == {"/iss"}
    assert answer.json["document"]["issuer"] == supplier.uri


def test_a_key_registration_of_another_kind_is_refused(supplier: Client) -> None:
    signed = sign_statement(statement(supplier.uri, product()), supplier.key)
    rejected(supplier.post("/api/v1/keys", signed, "application/jose"), "header")
    problem(supplier.post("/api/v1/keys", b"x" * 20_000, "application/jose"), 413)


# Batches


def batch(client: Client, *lines: bytes) -> TestResponse:
    return client.post("/api/v1/documents:batch", b"\n".join(lines), "application/x-ndjson")


def test_each_line_of_a_batch_gets_its_own_verdict_in_its_place(supplier: Client) -> None:
    good = as_bytes(statement(supplier.uri, product(unique("p"))))
    signed = sign_statement(statement(supplier.uri, product(unique("p"))), supplier.key)
    bad = as_bytes(statement(supplier.uri, product(unique("p"), colour="red")))
    answer = batch(supplier, good, b"", b"garbage", b"   ", b"{", bad, signed, good, b"")
    assert answer.status_code == 200
    body = answer.json
    assert [r["status"] for r in body["results"]] == [201, 422, 422, 422, 201, 201]
    assert (body["accepted"], body["rejected"]) == (3, 3)
    assert body["results"][0]["id"] == body["results"][5]["id"]
    failed = [[c["name"] for c in r["verdict"]["checks"] if c["outcome"] == "failed"] for r in body["results"]]
    assert failed == [[], ["envelope"], ["json"], ["schema"], [], []]


def test_lines_may_end_as_on_windows(supplier: Client) -> None:
    signed = [sign_statement(statement(supplier.uri, product(unique("p"))), supplier.key) for _ in range(2)]
    answer = supplier.post("/api/v1/documents:batch", b"\r\n".join([*signed, b""]), "application/x-ndjson")
    assert [r["status"] for r in answer.json["results"]] == [201, 201]


def test_a_line_of_another_organization_harms_no_other_line(house: House, supplier: Client) -> None:
    """One that fails harms no other; and what may not be stored is not stored."""
    good = as_bytes(statement(supplier.uri, product(unique("p"))))
    foreign = as_bytes(statement(org("other"), product(unique("p"))))
    before = house.database.read(ledger_head)
    answer = batch(supplier, foreign, good)
    assert answer.status_code == 200
    assert [r["status"] for r in answer.json["results"]] == [403, 201]
    assert house.database.read(ledger_head) == before + 1


def test_a_batch_of_nothing_is_an_empty_answer(supplier: Client) -> None:
    assert batch(supplier, b"", b" ", b"").json == {"accepted": 0, "rejected": 0, "results": []}


def test_a_batch_of_too_many_is_refused_as_a_whole(house: House, supplier: Client) -> None:
    before = house.database.read(ledger_head)
    problem(batch(supplier, *[b"{}"] * (house.settings.max_batch_documents + 1)), 413)
    assert house.database.read(ledger_head) == before


def test_an_oversize_line_is_refused_and_its_neighbours_taken(house: House, supplier: Client) -> None:
    good = as_bytes(statement(supplier.uri, product(unique("p"))))
    answer = batch(supplier, b"x" * (house.settings.max_document_bytes + 1), good)
    assert [r["status"] for r in answer.json["results"]] == [422, 201]


def test_a_footprint_of_nonsense_reaches_no_figure(house: House, supplier: Client) -> None:
    """Everything above was refused: the figure of the lot is what it was."""
    view = supplier.get(supplier.lot("L1") + "/footprint").json
    assert view["total"] == pytest.approx(0.1, rel=1e-12)
    assert view["lower_bound"] is False
