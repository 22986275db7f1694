"""Whose word discloses (design: Access): who passed a lot on, and who granted what, until it is taken back."""

from __future__ import annotations

import time

from service.auth.roles import Role
from tests.api.trade import READS, Trade, seen
from tests.kit.statements import (
    as_bytes,
    grant,
    lot,
    of,
    statement,
    transfer,
    unique,
    withdrawal,
)

# Whose word discloses


def test_nobody_discloses_a_lot_that_it_never_held(trade: Trade) -> None:
    """Two accomplices pass a victim's lot on between them: the victim never said that either of them has it."""
    thief, fence = trade.house.client("thief"), trade.house.client("fence")
    thief.states(transfer(thief.uri, fence.uri, of(trade.mine.uri, "ZORE-1"), 5))
    path = fence.lot("ZORE-1", trade.mine.uri)
    assert {read: seen(fence, path + read) for read in READS} == dict.fromkeys(READS, 404)
    assert seen(thief, thief.lot("ZORE-1", trade.mine.uri)) == 404


def test_nobody_grants_what_belongs_to_another(trade: Trade) -> None:
    thief = trade.house.client("thief")
    content_ = statement(thief.uri, grant(thief.uri, lot=of(trade.mine.uri, "ZORE-1")))
    sent = thief.submit(as_bytes(content_), "application/json")
    assert seen(thief, thief.lot("ZORE-1", trade.mine.uri)) == 404
    assert sent.status_code == 422
    assert [e["pointer"] for e in sent.json["errors"]] == ["/facts/0/lot"]


def test_a_reseller_passes_on_what_it_was_passed(trade: Trade) -> None:
    """A lot that changes hands as it is: each holder's word counts for the next."""
    trader, buyer = trade.house.client("trader"), trade.house.client("buyer")
    trade.mine.signs(
        lot("ZORE-2", 10, "zdig", "zore"), transfer(trade.mine.uri, trader.uri, "ZORE-2", 10, unique("zt"))
    )
    trader.states(transfer(trader.uri, buyer.uri, of(trade.mine.uri, "ZORE-2"), 10))
    assert seen(trader, trader.lot("ZORE-2", trade.mine.uri)) == 200
    assert seen(buyer, buyer.lot("ZORE-2", trade.mine.uri)) == 200


def test_a_transfer_that_was_taken_back_discloses_nothing_any_more(trade: Trade) -> None:
    buyer = trade.house.client("buyer")
    sent = trade.mine.signs(
        lot("ZORE-3", 10, "zdig", "zore"),
        transfer(trade.mine.uri, buyer.uri, "ZORE-3", 10, unique("zt")),
    )
    path = buyer.lot("ZORE-3", trade.mine.uri)
    assert seen(buyer, path) == 200
    trade.mine.signs(withdrawal(sent["id"]))
    assert seen(buyer, path) == 404


# Grants


def test_a_grant_of_one_lot_opens_that_lot_and_not_the_bytes(trade: Trade) -> None:
    reader = trade.house.client("reader")
    trade.mill.signs(grant(reader.uri, unique("g"), lot="COIL-KEPT"))
    assert seen(reader, reader.lot("COIL-KEPT", trade.mill.uri) + "/footprint") == 200
    assert seen(reader, reader.lot("COIL-1", trade.mill.uri)) == 404
    assert seen(reader, f"/api/v1/documents/{trade.documents['mill']}/content") == 404


def test_a_grant_of_all_opens_all_own_facts_and_nothing_of_others(trade: Trade) -> None:
    reader = trade.house.client("reader")
    trade.mill.signs(grant(reader.uri, unique("g")))
    for own in ("COIL-1", "COIL-KEPT"):
        assert seen(reader, reader.lot(own, trade.mill.uri) + "/contributions") == 200
    assert reader.get(reader.product("coil", trade.mill.uri) + "/footprint", period="2025-01-01/2026-01-01").json
    assert seen(reader, f"/api/v1/documents/{trade.documents['mill']}") == 200
    assert seen(reader, f"/api/v1/documents/{trade.documents['mill']}/content") == 404, "no evidence was granted"
    assert seen(reader, reader.lot("ZORE-1", trade.mine.uri)) == 404, "what the mill received is not the mill's to show"


def test_a_grant_with_evidence_opens_the_signed_bytes_to_an_auditor(trade: Trade) -> None:
    auditor = trade.house.client("auditor", Role.AUDITOR)
    path = f"/api/v1/documents/{trade.documents['mill']}/content"
    assert seen(auditor, path) == 404
    trade.mill.signs(grant(auditor.uri, unique("g"), evidence=True))
    answer = auditor.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "application/jose"
    assert answer.data == trade.mill.get(path).data
    assert seen(auditor, f"/api/v1/documents/{trade.documents['mine']}/content") == 404


def test_the_signed_bytes_of_others_are_for_roles_that_read_evidence(trade: Trade) -> None:
    auditor = trade.house.client("firm", Role.AUDITOR)
    buyer = trade.house.colleague(auditor, Role.PROCUREMENT)
    trade.mill.signs(grant(auditor.uri, unique("g"), evidence=True))
    path = f"/api/v1/documents/{trade.documents['mill']}/content"
    assert (seen(auditor, path), seen(buyer, path)) == (200, 404)


def test_a_grant_that_was_taken_back_grants_nothing_also_for_figures_of_the_past(trade: Trade) -> None:
    reader = trade.house.client("reader")
    granted = trade.mill.signs(grant(reader.uri, unique("g"), evidence=True))
    path = reader.lot("COIL-KEPT", trade.mill.uri) + "/footprint"
    evidence = f"/api/v1/documents/{trade.documents['mill']}/content"
    assert reader.get(path).status_code == 200
    trade.mill.signs(withdrawal(granted["id"]))
    assert reader.get(path).status_code == 404
    assert reader.get(path, as_of=str(granted["ledger_index"])).status_code == 404
    assert reader.get(evidence).status_code == 404


def test_a_new_grant_shows_at_once(trade: Trade) -> None:
    """Visibility is read with the ledger's head, never from an old cache."""
    reader = trade.house.client("reader")
    path = reader.lot("COIL-KEPT", trade.mill.uri)
    assert seen(reader, path) == 404
    trade.mill.signs(grant(reader.uri, unique("g"), lot="COIL-KEPT"), at=time.time())
    assert seen(reader, path) == 200
