"""Who sees what (design: Access; service/visibility.py): one up, one down, and more by explicit grant only."""

from __future__ import annotations

import time
from typing import Any

import pytest

from service.trust.signing import sign_statement
from tests.api.trade import MATERIAL, READS, Trade, seen, upstream_words, words_in
from tests.kit.doors import Client
from tests.kit.statements import (
    consumed,
    grant,
    lot,
    of,
    process,
    product,
    statement,
    transfer,
    unique,
)

# Viewer by viewer: which lots and products may be read


@pytest.mark.parametrize(
    ("viewer", "issuer", "lot_id", "status"),
    [
        ("mine", "mine", "ZORE-1", 200),
        ("mill", "mill", "COIL-1", 200),
        ("maker", "maker", "PART-1", 200),
        ("mill", "mine", "ZORE-1", 200),  # one up: the sender says that it passed it to the mill
        ("maker", "mill", "COIL-1", 200),
        ("maker", "mill", "COIL-KEPT", 404),  # the supplier's, and never passed on
        ("maker", "mine", "ZORE-1", 404),  # the supplier's supplier's
        ("mine", "mill", "COIL-1", 404),  # one down says what it received, not what it made of it
        ("mill", "maker", "PART-1", 404),
        ("rival", "mill", "COIL-KEPT", 404),  # claimed to be received and consumed: the mill never said so
        ("rival", "mill", "COIL-1", 404),
        ("stranger", "mine", "ZORE-1", 404),
        ("stranger", "mill", "COIL-1", 404),
        ("stranger", "maker", "PART-1", 404),
    ],
)
def test_a_lot_is_seen_by_its_issuer_and_by_whom_its_sender_passed_it_to(
    trade: Trade, viewer: str, issuer: str, lot_id: str, status: int
) -> None:
    client: Client = getattr(trade, viewer)
    path = client.lot(lot_id, getattr(trade, issuer).uri)
    assert {read: seen(client, path + read) for read in READS} == dict.fromkeys(READS, status)


@pytest.mark.parametrize(
    ("viewer", "issuer", "identity", "status"),
    [("mill", "mill", "coil", 200), ("maker", "mill", "coil", 404), ("mill", "mine", "zore", 404)],
)
def test_a_products_footprint_is_its_issuers_own(
    trade: Trade, viewer: str, issuer: str, identity: str, status: int
) -> None:
    client: Client = getattr(trade, viewer)
    path = client.product(identity, getattr(trade, issuer).uri) + "/footprint"
    assert client.get(path, period="2025-01-01/2026-01-01").status_code == status


def test_the_list_of_lots_holds_what_may_be_seen_and_nothing_else(trade: Trade) -> None:
    def listed(client: Client) -> set[str]:
        return {view["id"] for view in client.get("/api/v1/lots").json["data"]}

    assert listed(trade.mine) == {"ZORE-1"}
    assert listed(trade.mill) == {"ZORE-1", "COIL-1", "COIL-KEPT", "REPACKED-1"}
    assert listed(trade.maker) == {"COIL-1", "REPACKED-1", "PART-1"}
    assert listed(trade.rival) == {"FAKE-1"}
    assert listed(trade.stranger) == set()


@pytest.mark.parametrize("read", READS)
def test_what_may_not_be_seen_answers_like_what_does_not_exist(trade: Trade, read: str) -> None:
    def told(path: str, **query: str) -> tuple[int, dict[str, Any]]:
        answer = trade.maker.get(path + read, **query)
        return answer.status_code, {name: v for name, v in answer.json.items() if name != "request_id"}

    hidden = trade.maker.lot("ZORE-1", trade.mine.uri)
    absent = trade.maker.lot("NOWHERE", trade.mine.uri)
    assert told(hidden) == told(absent)
    for query in ({"as_of": "0"}, {"as_of": "999999"}, {"policy": "nonsense"}, {"as_of": "never"}):
        assert told(hidden, **query) == told(absent, **query)


def test_a_hidden_document_answers_like_one_that_does_not_exist(trade: Trade) -> None:
    def told(identity: str, read: str) -> tuple[int, dict[str, Any]]:
        answer = trade.stranger.get(f"/api/v1/documents/{identity}{read}")
        return answer.status_code, {name: v for name, v in answer.json.items() if name != "request_id"}

    for read in ("", "/content"):
        assert told(trade.documents["mine"], read) == told("0" * 64, read)
        assert told(trade.documents["mine"], read)[0] == 404


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("asked", ["PART-1", "COIL-1"])
def test_no_answer_about_a_lot_names_the_suppliers_supplier(trade: Trade, asked: str, read: str) -> None:
    issuer = trade.maker.uri if asked == "PART-1" else trade.mill.uri
    answer = trade.maker.get(trade.maker.lot(asked, issuer) + read)
    assert answer.status_code == 200
    assert words_in(answer.text, upstream_words(trade)) == []


@pytest.mark.parametrize("read", READS)
def test_a_lot_packed_anew_does_not_name_who_made_what_is_in_it(trade: Trade, read: str) -> None:
    """The mill's own lot of the mine's product: passing it on tells what it is, never who made it."""
    answer = trade.maker.get(trade.maker.lot("REPACKED-1", trade.mill.uri) + read)
    assert answer.status_code == 200
    words = tuple(word for word in upstream_words(trade) if word != MATERIAL)
    assert words_in(answer.text.replace("zirconium-ore", ""), words) == []


@pytest.mark.parametrize("path", ["/api/v1/lots", "/api/v1/documents", "/api/v1/keys"])
def test_no_list_names_the_suppliers_supplier(trade: Trade, path: str) -> None:
    text = trade.maker.get(path).text.replace("zirconium-ore", "")  # the material of what was packed anew
    assert words_in(text, upstream_words(trade)) == []


def test_verdicts_disclosed_to_a_buyer_do_not_name_the_suppliers_supplier(trade: Trade) -> None:
    """The document behind the coil holds the mill's dispute with the mine, too: its findings are the mill's own."""
    path = f"/api/v1/documents/{trade.documents['mill']}"
    own = trade.mill.get(path).json
    assert [f["code"] for f in own["verdict"]["findings"]] == ["transfer-disputed"]
    assert trade.mine.uri in str(own["verdict"]["findings"])
    answer = trade.maker.get(path)
    assert answer.status_code == 200
    assert words_in(answer.text, upstream_words(trade)) == []


def test_aggregates_of_what_lies_above_are_told_without_names(trade: Trade) -> None:
    view = trade.maker.get(trade.maker.lot("PART-1") + "/contributions").json
    organizations = {row["name"]: row["total"] for row in view["by"]["organization"]}
    assert set(organizations) == {"Maker", "Mill", "upstream, not disclosed"}
    assert organizations["upstream, not disclosed"] > 0
    assert view["documents"]["undisclosed"] == 1
    by_country = {row["name"] for row in view["by"]["country"]}
    assert "AU" not in by_country, "one organization alone would be told by its country"


def test_naming_an_organization_as_a_source_does_not_make_it_show_up_in_a_suppliers_chain(trade: Trade) -> None:
    """Else a buyer could find out who stands behind its supplier by guessing names."""
    curious = trade.house.client("curious")
    trade.mill.signs(
        lot("COIL-2", 50, "roll", "coil"), transfer(trade.mill.uri, curious.uri, "COIL-2", 50, unique("mt-"))
    )
    guess = consumed(of(trade.mine.uri, "ZORE-1"), 1)
    curious.states(product("p", "bracket"), process("guess", 1, made="p", inputs=[guess]))
    for read in READS:
        answer = curious.get(curious.lot("COIL-2", trade.mill.uri) + read)
        assert answer.status_code == 200
        assert words_in(answer.text, (trade.mine.uri, "Zmine Deep Pit", "zirconium", "AU")) == [], read


# Documents


@pytest.mark.parametrize(
    ("viewer", "document", "verdict", "content_status"),
    [
        ("mine", "mine", 200, 200),
        ("mill", "mine", 200, 404),  # behind the lot that was passed to it: verdict, never the bytes
        ("maker", "mine", 404, 404),
        ("stranger", "mine", 404, 404),
        ("rival", "mill", 404, 404),
        ("mine", "mill", 404, 404),
        ("maker", "mill", 200, 404),
    ],
)
def test_bytes_are_for_their_issuer_and_verdicts_for_whom_they_concern(
    trade: Trade, viewer: str, document: str, verdict: int, content_status: int
) -> None:
    client: Client = getattr(trade, viewer)
    path = f"/api/v1/documents/{trade.documents[document]}"
    assert (seen(client, path), seen(client, path + "/content")) == (verdict, content_status)


def test_who_hands_a_signed_document_in_for_another_reads_it_too(trade: Trade) -> None:
    agent = trade.house.client("agent")
    signed = sign_statement(statement(trade.mine.uri, product(unique("p"))), trade.mine.key)
    answer = agent.submit(signed)
    assert answer.status_code == 201
    assert answer.json["issuer"] == trade.mine.uri
    for client in (agent, trade.mine):
        assert client.get(f"/api/v1/documents/{answer.json['id']}/content").data == signed
    assert seen(trade.stranger, f"/api/v1/documents/{answer.json['id']}/content") == 404


def test_a_rejected_document_is_evidence_for_its_sender_only(trade: Trade) -> None:
    sent = trade.mine.submit(b"not.a.jws")
    assert sent.status_code == 422
    path = f"/api/v1/documents/{sent.json['document']['id']}"
    assert seen(trade.mine, path) == 200
    assert trade.mine.get(path + "/content").data == b"not.a.jws"
    assert seen(trade.mill, path) == 404


def test_findings_about_what_may_not_be_seen_lose_their_words_and_keep_their_code(trade: Trade) -> None:
    """The mine's footprint states no primary data share: a buyer two tiers on learns that, and not about what."""
    view = trade.maker.get(trade.maker.lot("PART-1") + "/footprint").json
    for finding in view["findings"]:
        assert words_in(finding["message"] + str(finding["subjects"]), upstream_words(trade)) == []
    codes = {f["code"] for f in trade.mine.get(trade.mine.lot("ZORE-1") + "/footprint").json["findings"]}
    assert codes <= {f["code"] for f in view["findings"]}


def test_a_missing_lot_is_named_to_who_named_it_and_counted_for_all_others(trade: Trade) -> None:
    ghost = of(trade.mine.uri, "ZGHOST")
    trade.mill.signs(
        process("blind", 10, made="coil", inputs=[consumed(ghost, 10)]),
        lot("COIL-BLIND", 10, "blind", "coil"),
        transfer(trade.mill.uri, trade.maker.uri, "COIL-BLIND", 10, unique("mt")),
    )
    path = trade.mill.lot("COIL-BLIND", trade.mill.uri) + "/footprint"
    own, bought = trade.mill.get(path).json["missing"], trade.maker.get(path).json["missing"]
    assert [m["id"] for m in own["named"]] == ["ZGHOST"]
    assert bought == {"named": [], "undisclosed": 1}


def test_who_divided_by_what_is_told_to_who_may_look_into_both_processes(trade: Trade) -> None:
    """Two tiers that divide by different keys: each knows of its own key, and that there is a mismatch."""
    smelter, foundry = trade.house.client("smelter", signs=True), trade.house.client("foundry", signs=True)

    def divides(identity: str, by: dict[str, Any], **more: Any) -> dict[str, Any]:
        outputs = [
            {"id": name, "product": made, "quantity": {"value": "10", "unit": "kg"}, "allocation": by}
            for name, made in (("good", "metal"), ("other", "dross"))
        ]
        return process(identity, made="metal", **more) | {"outputs": outputs}

    products = product("metal", "zinc"), product("dross", "dross")
    smelter.signs(
        *products,
        divides("smelt", {"key": "mass"}),
        lot("Z-1", 10, "smelt", "metal"),
        transfer(smelter.uri, foundry.uri, "Z-1", 10, "st-1"),
    )
    bought = [consumed(of(smelter.uri, "Z-1"), 10)]
    foundry.signs(
        *products, divides("cast", {"key": "economic", "value": "5"}, inputs=bought), lot("C-1", 10, "cast", "metal")
    )
    path = foundry.lot("C-1") + "/footprint"

    def told() -> list[dict[str, Any]]:
        view = foundry.get(path).json
        assert view["allocation"] == ["economic", "mass"]
        return [f for f in view["findings"] if f["code"] == "allocation-mismatch"]

    assert {f["message"] for f in told()} == {"about something upstream that is not disclosed to you"}
    assert words_in(str(told()), (f"{smelter.uri}|smelt",)) == []
    smelter.signs(grant(foundry.uri, unique("g")), at=time.time())
    assert any("divided by mass in" in f["message"] for f in told())
