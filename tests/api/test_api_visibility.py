"""Who sees what (design: Access; service/visibility.py): one up, one down, and more by explicit grant only.

The chain: a mine sells to a mill, the mill to a maker. A rival, a trader, an auditor and a stranger look on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from graph.store.database import Database
from service.auth.roles import Role
from service.trust.signing import sign_statement
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import (
    as_bytes,
    consumed,
    content,
    facility,
    footprint,
    grant,
    lot,
    of,
    organization,
    part,
    process,
    product,
    statement,
    transfer,
    unique,
    withdrawal,
)

MATERIAL = "zirconium"
READS = ("", "/footprint", "/content", "/contributions", "/chain", "/indicators", "/explanation", "/uncertainty")


@dataclass
class Cast:
    """Everybody who takes part, and the documents by name."""

    house: House
    mine: Client
    mill: Client
    maker: Client
    rival: Client
    stranger: Client
    documents: dict[str, str] = field(default_factory=dict)

    def others(self) -> tuple[Client, ...]:
        return (self.rival, self.stranger)


@pytest.fixture(scope="module")
def cast(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    house = House(cleared(session_database), tmp_path_factory.mktemp("house"))
    names = ("zmine", "mill", "maker", "rival", "stranger")
    found = Cast(house, *(house.client(name, signs=name in ("zmine", "mill")) for name in names))
    mine, mill, maker, rival, _ = (found.mine, found.mill, found.maker, found.rival, found.stranger)
    found.documents["mine"] = mine.signs(
        organization("Zmine Deep Pit"),
        facility("zpit", "AU"),
        product("zore", "zirconium-ore"),
        process("zdig", 2000, made="zore", facility="zpit", emitted=700),
        lot("ZORE-1", source="zdig", made="zore"),
        footprint("zclaim", about="ZORE-1", per_kg="0.7"),
        transfer(mine.uri, mill.uri, "ZORE-1", 900, "zt-1"),
    )["id"]
    # The mill received less than the mine says: a dispute, which is nobody else's business.
    found.documents["mill"] = mill.signs(
        organization("Mill"),
        transfer(mine.uri, mill.uri, of(mine.uri, "ZORE-1"), 800, "zt-1"),
        facility("hall", "DE"),
        product("coil", "steel-coil"),
        process("roll", 700, made="coil", facility="hall", inputs=[consumed(of(mine.uri, "ZORE-1"), 780)]),
        lot("COIL-1", 500, "roll", "coil"),
        lot("COIL-KEPT", 100, "roll", "coil"),
        content("cclaim", about="COIL-1", virgin="1"),
        part("REPACKED-1", 10, of(mine.uri, "ZORE-1"), made=of(mine.uri, "zore")),
        transfer(mill.uri, maker.uri, "COIL-1", 400, "mt-1"),
        transfer(mill.uri, maker.uri, "REPACKED-1", 10, "mt-2"),
    )["id"]
    found.documents["maker"] = maker.states(
        organization("Maker"),
        product("part", "bracket"),
        process("press", 300, made="part", inputs=[consumed(of(mill.uri, "COIL-1"), 350)]),
        lot("PART-1", 300, "press", "part"),
    )["id"]
    # What anybody can do: claim to have received or consumed what the owner never passed on.
    rival.states(
        transfer(mill.uri, rival.uri, of(mill.uri, "COIL-KEPT"), 50, "claimed"),
        product("fake", "bracket"),
        process("copy", 40, made="fake", inputs=[consumed(of(mill.uri, "COIL-KEPT"), 50)]),
        lot("FAKE-1", 40, "copy", "fake"),
    )
    return found


def seen(client: Client, path: str) -> int:
    return client.get(path).status_code


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
    cast: Cast, viewer: str, issuer: str, lot_id: str, status: int
) -> None:
    client: Client = getattr(cast, viewer)
    path = client.lot(lot_id, getattr(cast, issuer).uri)
    assert {read: seen(client, path + read) for read in READS} == dict.fromkeys(READS, status)


@pytest.mark.parametrize(
    ("viewer", "issuer", "identity", "status"),
    [("mill", "mill", "coil", 200), ("maker", "mill", "coil", 404), ("mill", "mine", "zore", 404)],
)
def test_a_products_footprint_is_its_issuers_own(
    cast: Cast, viewer: str, issuer: str, identity: str, status: int
) -> None:
    client: Client = getattr(cast, viewer)
    path = client.product(identity, getattr(cast, issuer).uri) + "/footprint"
    assert client.get(path, period="2025-01-01/2026-01-01").status_code == status


def test_the_list_of_lots_holds_what_may_be_seen_and_nothing_else(cast: Cast) -> None:
    def listed(client: Client) -> set[str]:
        return {view["id"] for view in client.get("/api/v1/lots").json["data"]}

    assert listed(cast.mine) == {"ZORE-1"}
    assert listed(cast.mill) == {"ZORE-1", "COIL-1", "COIL-KEPT", "REPACKED-1"}
    assert listed(cast.maker) == {"COIL-1", "REPACKED-1", "PART-1"}
    assert listed(cast.rival) == {"FAKE-1"}
    assert listed(cast.stranger) == set()


@pytest.mark.parametrize("read", READS)
def test_what_may_not_be_seen_answers_like_what_does_not_exist(cast: Cast, read: str) -> None:
    def told(path: str, **query: str) -> tuple[int, dict[str, Any]]:
        answer = cast.maker.get(path + read, **query)
        return answer.status_code, {name: v for name, v in answer.json.items() if name != "request_id"}

    hidden = cast.maker.lot("ZORE-1", cast.mine.uri)
    absent = cast.maker.lot("NOWHERE", cast.mine.uri)
    assert told(hidden) == told(absent)
    for query in ({"as_of": "0"}, {"as_of": "999999"}, {"policy": "nonsense"}, {"as_of": "never"}):
        assert told(hidden, **query) == told(absent, **query)


def test_a_hidden_document_answers_like_one_that_does_not_exist(cast: Cast) -> None:
    def told(identity: str, read: str) -> tuple[int, dict[str, Any]]:
        answer = cast.stranger.get(f"/api/v1/documents/{identity}{read}")
        return answer.status_code, {name: v for name, v in answer.json.items() if name != "request_id"}

    for read in ("", "/content"):
        assert told(cast.documents["mine"], read) == told("0" * 64, read)
        assert told(cast.documents["mine"], read)[0] == 404


# The supplier's supplier


def upstream_words(cast: Cast) -> tuple[str, ...]:
    """Whatever would tell a buyer who the mine is, what it made where, and by which documents it said so."""
    mine_documents = [d["id"] for d in cast.mine.get("/api/v1/documents").json["data"]]
    named = ("ZORE-1", "zdig", "zore", "zpit", "zclaim", "zt-1", "Zmine Deep Pit", MATERIAL)
    return (cast.mine.uri, *named, *mine_documents)


def words_in(text: str, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word in text]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("asked", ["PART-1", "COIL-1"])
def test_no_answer_about_a_lot_names_the_suppliers_supplier(cast: Cast, asked: str, read: str) -> None:
    issuer = cast.maker.uri if asked == "PART-1" else cast.mill.uri
    answer = cast.maker.get(cast.maker.lot(asked, issuer) + read)
    assert answer.status_code == 200
    assert words_in(answer.text, upstream_words(cast)) == []


@pytest.mark.parametrize("read", READS)
def test_a_lot_packed_anew_does_not_name_who_made_what_is_in_it(cast: Cast, read: str) -> None:
    """The mill's own lot of the mine's product: passing it on tells what it is, never who made it."""
    answer = cast.maker.get(cast.maker.lot("REPACKED-1", cast.mill.uri) + read)
    assert answer.status_code == 200
    words = tuple(word for word in upstream_words(cast) if word != MATERIAL)
    assert words_in(answer.text.replace("zirconium-ore", ""), words) == []


@pytest.mark.parametrize("path", ["/api/v1/lots", "/api/v1/documents", "/api/v1/keys"])
def test_no_list_names_the_suppliers_supplier(cast: Cast, path: str) -> None:
    text = cast.maker.get(path).text.replace("zirconium-ore", "")  # the material of what was packed anew
    assert words_in(text, upstream_words(cast)) == []


def test_verdicts_disclosed_to_a_buyer_do_not_name_the_suppliers_supplier(cast: Cast) -> None:
    """The document behind the coil holds the mill's dispute with the mine, too: its findings are the mill's own."""
    path = f"/api/v1/documents/{cast.documents['mill']}"
    own = cast.mill.get(path).json
    assert [f["code"] for f in own["verdict"]["findings"]] == ["transfer-disputed"]
    assert cast.mine.uri in str(own["verdict"]["findings"])
    answer = cast.maker.get(path)
    assert answer.status_code == 200
    assert words_in(answer.text, upstream_words(cast)) == []


def test_aggregates_of_what_lies_above_are_told_without_names(cast: Cast) -> None:
    view = cast.maker.get(cast.maker.lot("PART-1") + "/contributions").json
    organizations = {row["name"]: row["total"] for row in view["by"]["organization"]}
    assert set(organizations) == {"Maker", "Mill", "upstream, not disclosed"}
    assert organizations["upstream, not disclosed"] > 0
    assert view["documents"]["undisclosed"] == 1
    by_country = {row["name"] for row in view["by"]["country"]}
    assert "AU" not in by_country, "one organization alone would be told by its country"


def test_naming_an_organization_as_a_source_does_not_make_it_show_up_in_a_suppliers_chain(cast: Cast) -> None:
    """Else a buyer could find out who stands behind its supplier by guessing names."""
    curious = cast.house.client("curious")
    cast.mill.signs(
        lot("COIL-2", 50, "roll", "coil"), transfer(cast.mill.uri, curious.uri, "COIL-2", 50, unique("mt-"))
    )
    guess = consumed(of(cast.mine.uri, "ZORE-1"), 1)
    curious.states(product("p", "bracket"), process("guess", 1, made="p", inputs=[guess]))
    for read in READS:
        answer = curious.get(curious.lot("COIL-2", cast.mill.uri) + read)
        assert answer.status_code == 200
        assert words_in(answer.text, (cast.mine.uri, "Zmine Deep Pit", "zirconium", "AU")) == [], read


# Whose word discloses


def test_nobody_discloses_a_lot_that_it_never_held(cast: Cast) -> None:
    """Two accomplices pass a victim's lot on between them: the victim never said that either of them has it."""
    thief, fence = cast.house.client("thief"), cast.house.client("fence")
    thief.states(transfer(thief.uri, fence.uri, of(cast.mine.uri, "ZORE-1"), 5))
    path = fence.lot("ZORE-1", cast.mine.uri)
    assert {read: seen(fence, path + read) for read in READS} == dict.fromkeys(READS, 404)
    assert seen(thief, thief.lot("ZORE-1", cast.mine.uri)) == 404


def test_nobody_grants_what_belongs_to_another(cast: Cast) -> None:
    thief = cast.house.client("thief")
    content_ = statement(thief.uri, grant(thief.uri, lot=of(cast.mine.uri, "ZORE-1")))
    sent = thief.submit(as_bytes(content_), "application/json")
    assert seen(thief, thief.lot("ZORE-1", cast.mine.uri)) == 404
    assert sent.status_code == 422
    assert [e["pointer"] for e in sent.json["errors"]] == ["/facts/0/lot"]


def test_a_reseller_passes_on_what_it_was_passed(cast: Cast) -> None:
    """A lot that changes hands as it is: each holder's word counts for the next."""
    trader, buyer = cast.house.client("trader"), cast.house.client("buyer")
    cast.mine.signs(lot("ZORE-2", 10, "zdig", "zore"), transfer(cast.mine.uri, trader.uri, "ZORE-2", 10, unique("zt")))
    trader.states(transfer(trader.uri, buyer.uri, of(cast.mine.uri, "ZORE-2"), 10))
    assert seen(trader, trader.lot("ZORE-2", cast.mine.uri)) == 200
    assert seen(buyer, buyer.lot("ZORE-2", cast.mine.uri)) == 200


def test_a_transfer_that_was_taken_back_discloses_nothing_any_more(cast: Cast) -> None:
    buyer = cast.house.client("buyer")
    sent = cast.mine.signs(
        lot("ZORE-3", 10, "zdig", "zore"),
        transfer(cast.mine.uri, buyer.uri, "ZORE-3", 10, unique("zt")),
    )
    path = buyer.lot("ZORE-3", cast.mine.uri)
    assert seen(buyer, path) == 200
    cast.mine.signs(withdrawal(sent["id"]))
    assert seen(buyer, path) == 404


# Grants


def test_a_grant_of_one_lot_opens_that_lot_and_not_the_bytes(cast: Cast) -> None:
    reader = cast.house.client("reader")
    cast.mill.signs(grant(reader.uri, unique("g"), lot="COIL-KEPT"))
    assert seen(reader, reader.lot("COIL-KEPT", cast.mill.uri) + "/footprint") == 200
    assert seen(reader, reader.lot("COIL-1", cast.mill.uri)) == 404
    assert seen(reader, f"/api/v1/documents/{cast.documents['mill']}/content") == 404


def test_a_grant_of_all_opens_all_own_facts_and_nothing_of_others(cast: Cast) -> None:
    reader = cast.house.client("reader")
    cast.mill.signs(grant(reader.uri, unique("g")))
    for own in ("COIL-1", "COIL-KEPT"):
        assert seen(reader, reader.lot(own, cast.mill.uri) + "/contributions") == 200
    assert reader.get(reader.product("coil", cast.mill.uri) + "/footprint", period="2025-01-01/2026-01-01").json
    assert seen(reader, f"/api/v1/documents/{cast.documents['mill']}") == 200
    assert seen(reader, f"/api/v1/documents/{cast.documents['mill']}/content") == 404, "no evidence was granted"
    assert seen(reader, reader.lot("ZORE-1", cast.mine.uri)) == 404, "what the mill received is not the mill's to show"


def test_a_grant_with_evidence_opens_the_signed_bytes_to_an_auditor(cast: Cast) -> None:
    auditor = cast.house.client("auditor", Role.AUDITOR)
    path = f"/api/v1/documents/{cast.documents['mill']}/content"
    assert seen(auditor, path) == 404
    cast.mill.signs(grant(auditor.uri, unique("g"), evidence=True))
    answer = auditor.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "application/jose"
    assert answer.data == cast.mill.get(path).data
    assert seen(auditor, f"/api/v1/documents/{cast.documents['mine']}/content") == 404


def test_the_signed_bytes_of_others_are_for_roles_that_read_evidence(cast: Cast) -> None:
    auditor = cast.house.client("firm", Role.AUDITOR)
    buyer = cast.house.colleague(auditor, Role.PROCUREMENT)
    cast.mill.signs(grant(auditor.uri, unique("g"), evidence=True))
    path = f"/api/v1/documents/{cast.documents['mill']}/content"
    assert (seen(auditor, path), seen(buyer, path)) == (200, 404)


def test_a_grant_that_was_taken_back_grants_nothing_also_for_figures_of_the_past(cast: Cast) -> None:
    reader = cast.house.client("reader")
    granted = cast.mill.signs(grant(reader.uri, unique("g"), evidence=True))
    path = reader.lot("COIL-KEPT", cast.mill.uri) + "/footprint"
    evidence = f"/api/v1/documents/{cast.documents['mill']}/content"
    assert reader.get(path).status_code == 200
    cast.mill.signs(withdrawal(granted["id"]))
    assert reader.get(path).status_code == 404
    assert reader.get(path, as_of=str(granted["ledger_index"])).status_code == 404
    assert reader.get(evidence).status_code == 404


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
    cast: Cast, viewer: str, document: str, verdict: int, content_status: int
) -> None:
    client: Client = getattr(cast, viewer)
    path = f"/api/v1/documents/{cast.documents[document]}"
    assert (seen(client, path), seen(client, path + "/content")) == (verdict, content_status)


def test_who_hands_a_signed_document_in_for_another_reads_it_too(cast: Cast) -> None:
    agent = cast.house.client("agent")
    signed = sign_statement(statement(cast.mine.uri, product(unique("p"))), cast.mine.key)
    answer = agent.submit(signed)
    assert answer.status_code == 201
    assert answer.json["issuer"] == cast.mine.uri
    for client in (agent, cast.mine):
        assert client.get(f"/api/v1/documents/{answer.json['id']}/content").data == signed
    assert seen(cast.stranger, f"/api/v1/documents/{answer.json['id']}/content") == 404


def test_a_rejected_document_is_evidence_for_its_sender_only(cast: Cast) -> None:
    sent = cast.mine.submit(b"not.a.jws")
    assert sent.status_code == 422
    path = f"/api/v1/documents/{sent.json['document']['id']}"
    assert seen(cast.mine, path) == 200
    assert cast.mine.get(path + "/content").data == b"not.a.jws"
    assert seen(cast.mill, path) == 404


def test_findings_about_what_may_not_be_seen_lose_their_words_and_keep_their_code(cast: Cast) -> None:
    """The mine's footprint states no primary data share: a buyer two tiers on learns that, and not about what."""
    view = cast.maker.get(cast.maker.lot("PART-1") + "/footprint").json
    for finding in view["findings"]:
        assert words_in(finding["message"] + str(finding["subjects"]), upstream_words(cast)) == []
    codes = {f["code"] for f in cast.mine.get(cast.mine.lot("ZORE-1") + "/footprint").json["findings"]}
    assert codes <= {f["code"] for f in view["findings"]}


def test_a_missing_lot_is_named_to_who_named_it_and_counted_for_all_others(cast: Cast) -> None:
    ghost = of(cast.mine.uri, "ZGHOST")
    cast.mill.signs(
        process("blind", 10, made="coil", inputs=[consumed(ghost, 10)]),
        lot("COIL-BLIND", 10, "blind", "coil"),
        transfer(cast.mill.uri, cast.maker.uri, "COIL-BLIND", 10, unique("mt")),
    )
    path = cast.mill.lot("COIL-BLIND", cast.mill.uri) + "/footprint"
    own, bought = cast.mill.get(path).json["missing"], cast.maker.get(path).json["missing"]
    assert [m["id"] for m in own["named"]] == ["ZGHOST"]
    assert bought == {"named": [], "undisclosed": 1}


def test_a_new_grant_shows_at_once(cast: Cast) -> None:
    """Visibility is read with the ledger's head, never from an old cache."""
    reader = cast.house.client("reader")
    path = reader.lot("COIL-KEPT", cast.mill.uri)
    assert seen(reader, path) == 404
    cast.mill.signs(grant(reader.uri, unique("g"), lot="COIL-KEPT"), at=time.time())
    assert seen(reader, path) == 200


def test_who_divided_by_what_is_told_to_who_may_look_into_both_processes(cast: Cast) -> None:
    """Two tiers that divide by different keys: each knows of its own key, and that there is a mismatch."""
    smelter, foundry = cast.house.client("smelter", signs=True), cast.house.client("foundry", signs=True)

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
