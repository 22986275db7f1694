"""What is answered from a cut of the chain, in memory or read from the graph, is what the whole chain says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from graph.model.refs import Kind, Ref, uid
from graph.rollup.figure import content, footprint
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.product import product_footprint
from graph.rollup.reach import Cut
from graph.rollup.resources import resources
from graph.rollup.rows import every
from graph.rollup.snapshot import build
from graph.store.backfill import fill_addresses, fill_products, fill_size
from graph.store.documents import documents_at, ledger_size
from graph.store.reach import read_cut
from service.auth.roles import Viewer
from service.chain import AsOfUnknown, Chain, NotFound, World
from service.factors import enter_shipped
from service.visibility import names_taken
from tests.kit import statements as said
from tests.kit.doors import Hall, Party
from tests.kit.graphs import ask, count

MOST = 1000
YEAR = (1735689600.0, 1767225600.0)
OLD = {"produced_from": "2023-01-01", "produced_to": "2024-01-01"}
_ADDRESSES = "MATCH (n) WHERE n.uid IS NOT NULL RETURN n.key AS key, n.uid AS uid ORDER BY key, uid"
_MADE = "MATCH (f:ProcessFact)-[:MAKES]->(p:Product) RETURN f.fid AS fid, p.key AS key ORDER BY fid, key"


def told(world: World, lot: str) -> str:
    return repr([each(world.snapshot, world.rolled, lot) for each in (footprint, content, resources)])


def cutting(hall: Hall) -> Chain:
    """A chain that answers from cuts, however small it is."""
    chain = Chain(hall.database, "default", small=0)
    chain._whole_seconds = 3600.0
    return chain


def of_graph(found: Cut | None) -> World:
    assert found is not None
    snapshot = build(found.tables, found.tables.head, load_policy())
    return World(snapshot, roll_up(snapshot), found.tables)


def firms(hall: Hall) -> tuple[Party, Party, Party]:
    """A mill that sells to a press and to a rival of it: everything that is known of a lot of the press.

    The press takes electricity without a factor, and steel of which nobody says more: published factors stand in.
    """
    enter_shipped(hall.database, hall.intake)
    mill, press, rival = hall.party("mill"), hall.party("press"), hall.party("rival")
    mill.accepted(said.organization(), said.facility(), said.product())
    first = mill.accepted(said.process(), said.lot(), said.footprint(per_kg="1.23456"))
    mill.accepted(said.footprint(per_kg="1.34567", supersedes=first.id), said.content(post_consumer="0.25"))
    mill.accepted(said.transfer(mill.uri, press.uri, "L1", 400), said.grant(rival.uri))
    power = {"name": "grid", "type": "electricity", "quantity": said.q(100, "kWh"), "region": "CN-SX"}
    steel = {"material": "hot-rolled-steel", "country": "US", "quantity": said.q(5)}
    for user in (press, rival):
        user.accepted(said.product())
        inputs, own = [said.consumed(said.of(mill.uri, "L1"), 700), steel], [said.direct(100), power]
        user.accepted(said.process("form", inputs=inputs, activities=own))
        user.accepted(said.lot("N1", 600, source="form"), said.footprint("F2", "1.34567", "N1"))
    press.accepted(said.lot("N2", 300, source="form"))
    return mill, press, rival


def lots(mill: Party, press: Party, rival: Party) -> list[str]:
    return [Ref(mill.uri, "L1").key, *(Ref(user.uri, "N1").key for user in (press, rival)), Ref(press.uri, "N2").key]


def test_the_graph_read_level_by_level_says_what_the_whole_chain_says(hall: Hall) -> None:
    parties = firms(hall)
    whole = Chain(hall.database, "default").world()
    for lot in lots(*parties):
        small = of_graph(read_cut(hall.database, [(Kind.LOT, lot)], MOST))
        assert told(small, lot) == told(whole, lot)
        published = footprint(small.snapshot, small.rolled, lot).published
        assert bool(published) == lot.endswith("|N2"), "of the others a footprint counts"
        assert len(small.snapshot.key) < len(whole.snapshot.key) or len(whole.snapshot.key) < 12
    assert read_cut(hall.database, [(Kind.LOT, lots(*parties)[1])], 1) is None


def test_what_is_made_of_a_product_is_found_in_the_graph(hall: Hall) -> None:
    """A reference to a product of a period takes in whoever makes it then; a product takes in its lots."""
    maker, user = hall.party(), hall.party()
    maker.accepted(said.product(), said.process("old", emitted=900, **OLD), said.process(emitted=100), said.lot())
    outputs = [
        {"id": "a", "product": "steel", "quantity": said.q(1)},
        {"id": "b", "product": "x", "quantity": said.q(1)},
    ]
    maker.accepted({**said.process("two", emitted=30), "outputs": outputs})
    period = {"product": said.of(maker.uri, "steel"), "period_start": "2025-01-01", "period_end": "2026-01-01"}
    user.accepted(said.process(inputs=[{**period, "quantity": said.q(10)}]), said.lot())
    whole, lot = Chain(hall.database, "default").world(), Ref(user.uri, "L1").key
    small = of_graph(read_cut(hall.database, [(Kind.LOT, lot)], MOST))
    assert told(small, lot) == told(whole, lot)
    assert footprint(small.snapshot, small.rolled, lot).total is not None
    assert not [key for key in small.snapshot.key if key.endswith("|old")], "of another period"
    steel = Ref(maker.uri, "steel").key
    made = of_graph(read_cut(hall.database, [(Kind.PRODUCT, steel)], MOST))
    found = [repr(product_footprint(w.snapshot, w.rolled, steel, *YEAR)) for w in (made, whole)]
    assert found[0] == found[1]


def test_the_graph_is_read_as_of_any_index(hall: Hall) -> None:
    parties = firms(hall)
    chain = Chain(hall.database, "default")
    for at in range(chain.at(None) - 12, chain.at(None) + 1):
        whole = chain.world(at)
        for lot in [lot for lot in lots(*parties) if lot in whole.snapshot.lots]:
            found = read_cut(hall.database, [(Kind.LOT, lot)], MOST, at)
            assert found is not None
            snapshot = build(found.tables, at, load_policy())
            assert told(World(snapshot, roll_up(snapshot), found.tables), lot) == told(whole, lot)


def test_the_intake_counts_what_is_there(hall: Hall) -> None:
    """As it goes along, what a count of everything finds; and lots and products have their addresses, processes their
    products, as a migration would give them."""
    firms(hall)
    head, size = hall.database.read(ledger_size)
    before = [ask(hall.database, each) for each in (_ADDRESSES, _MADE)]
    for fill in (fill_addresses, fill_products):
        fill(hall.database)
    assert [ask(hall.database, each) for each in (_ADDRESSES, _MADE)] == before
    assert not count(hall.database, "(n:Lot) WHERE n.uid IS NULL")
    hall.database.write(lambda tx: tx.run("MATCH (c:Counter {id: 'ledger'}) SET c.rows = null"))
    fill_size(hall.database)
    assert hall.database.read(ledger_size) == (head, size)


def test_a_question_about_one_lot_does_not_solve_the_whole_chain(hall: Hall) -> None:
    parties = firms(hall)
    chain, other = cutting(hall), Chain(hall.database, "default")
    whole = other.world()
    for lot in lots(*parties):
        found = chain.around([(Kind.LOT, lot)])
        assert found.tables is not chain.tables()
        assert len(found.snapshot.facts.pool) < len(chain.tables().pool)
        assert told(found, lot) == told(whole, lot)
        assert chain.around([(Kind.LOT, lot)]) is found, "kept"
    solved = chain.world()
    assert chain.around([(Kind.LOT, lots(*parties)[0])]) is solved, "what is solved anyway is not cut"
    assert other.around([(Kind.LOT, lots(*parties)[0])]) is whole
    with pytest.raises(AsOfUnknown):
        chain.around([], as_of=10**9)


def test_cuts_at_one_index_cost_no_more_than_the_whole_chain(hall: Hall) -> None:
    *_, last = lots(*firms(hall))
    chain = Chain(hall.database, "default", small=0)
    chain._whole_seconds = 1e-9
    first = chain.around([(Kind.LOT, last)])
    assert len(first.snapshot.key) < len(chain.around([(Kind.LOT, "urn:none|x")]).snapshot.key), "now the whole one"
    assert Chain(hall.database, "default", small=10**6).around([]).tables.pool is not first.tables.pool


def test_a_question_that_reaches_far_is_answered_from_the_whole_chain(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = lots(*firms(hall))
    monkeypatch.setattr("service.chain.MOST_NODES", 1)
    chain = cutting(hall)
    assert chain.around([(Kind.LOT, last)]) is chain.world()


def test_sight_and_addresses_keep_up_with_what_comes_in(hall: Hall) -> None:
    """As one goes along it is what it would be from the beginning."""
    chain = Chain(hall.database, "default", small=0)
    mill, press, rival = firms(hall)
    steps = (
        lambda: enter_shipped(hall.database, hall.intake),
        lambda: press.accepted(said.process("again", inputs=[said.consumed(said.of(mill.uri, "L9"), 1)])),
        lambda: mill.accepted(said.lot("L2", source=""), said.footprint("F9", "2", "L2")),
        lambda: mill.accepted(said.transfer(mill.uri, press.uri, "L2", 10, "T9")),
        lambda: rival.accepted(said.grant(press.uri, "G9")),
        lambda: press.accepted(said.withdrawal(press.accepted(said.content("C9", "N2", virgin="1")).id)),
    )
    viewers = [Viewer("p", party.uri, frozenset()) for party in (mill, press, rival)]
    for step in steps:
        step()
        fresh = Chain(hall.database, "default", small=0)
        for viewer in viewers:
            assert chain.sight(viewer) == fresh.sight(viewer)
            sees = chain.sight(viewer)
            assert set(chain.disclosed(sees, [])) == set(fresh.disclosed(sees, []))
    for lot in ("L2", "L9"):
        key = Ref(mill.uri, lot).key
        assert chain.key(Kind.LOT, uid(Kind.LOT, key)) == key
    with pytest.raises(NotFound):
        chain.key(Kind.PRODUCT, uid(Kind.LOT, Ref(mill.uri, "L2").key))


def test_a_sight_that_is_looked_up_is_the_one_from_memory(hall: Hall) -> None:
    """Of every lot, organization and name there is, whatever became of who said it; and of every document."""
    mill, press, rival = firms(hall)
    ore = {"material": "iron-ore", "country": "AU", "quantity": said.q(1)}
    first = press.accepted(said.process("sinter", inputs=[ore, said.consumed(said.of(mill.uri, "L7"), 1)]))
    press.accepted(said.withdrawal(first.id))
    rival.accepted(said.transfer(rival.uri, press.uri, said.of(mill.uri, "L1"), 1, "never-had"))
    gone = mill.accepted(said.transfer(mill.uri, rival.uri, "L8", 1, "T8"))
    mill.accepted(said.withdrawal(gone.id))
    whole, small = Chain(hall.database, "default"), Chain(hall.database, "default", most_rows=1)
    tables = whole.tables()
    lots, names = {*tables.rows["transfers"]["lot"], *tables.rows["lots"]["key"]}, names_taken(every(tables, "inputs"))
    documents = hall.database.read(documents_at, list(range(tables.head + 1)))
    for party in (mill, press, rival):
        kept, sought = (chain.sight(Viewer("p", party.uri, frozenset())) for chain in (whole, small))
        assert {lot for lot in lots if lot in sought.received} == kept.received & lots
        firms_named = {Ref.from_key(lot).issuer for lot in lots}
        assert sought.names_of(firms_named) == kept.names_of(firms_named)
        assert {name for name in names if name in sought.named} == kept.named
        assert (sought.granted_by, sought.granted_lots, sought.published) == (
            kept.granted_by, kept.granted_lots, kept.published
        )  # fmt: skip
        told = [
            [s.document(d, c.disclosed(s, [d.index])) for d in documents] for c, s in ((whole, kept), (small, sought))
        ]
        assert told[0] == told[1]


def test_others_ask_while_the_whole_chain_is_solved(hall: Hall) -> None:
    """What comes in while it is being solved is read, answered from cuts, and not in it."""
    mill, *others = firms(hall)
    lot = lots(mill, *others)[0]
    chain = cutting(hall)
    chain.tables()
    with ThreadPoolExecutor(3) as threads:
        for n in range(5):
            building = [threads.submit(chain.world) for _ in range(2)]
            mill.accepted(said.lot(f"M{n}", source=""), said.footprint(f"G{n}", "3.5", f"M{n}"))
            made = Ref(mill.uri, f"M{n}").key
            found = chain.around([(Kind.LOT, made)])
            assert footprint(found.snapshot, found.rolled, made).total == 3.5
            whole = [each.result() for each in building]
            assert told(whole[0], lot) == told(chain.around([(Kind.LOT, lot)], whole[0].snapshot.as_of), lot)
    again = Chain(hall.database, "default").world(whole[0].snapshot.as_of)
    assert told(whole[0], lot) == told(again, lot)


def test_a_lot_that_an_inventory_is_held_against_takes_the_whole_chain(hall: Hall) -> None:
    """All that was made at its facility in that period counts, and what its organization places nowhere."""
    works = hall.party()
    works.accepted(said.facility(), said.product(), said.process(facility="works"), said.lot())
    lot = Ref(works.uri, "L1").key
    assert read_cut(hall.database, [(Kind.LOT, lot)], MOST) is not None
    period = {"period_start": "2025-06-01", "period_end": "2026-01-01"}
    works.accepted({"kind": "inventory", "id": "I", "facility": "works", **period, "direct": said.q(1000)})
    assert read_cut(hall.database, [(Kind.LOT, lot)], MOST) is None
    found = cutting(hall).around([(Kind.LOT, lot)])
    assert told(found, lot) == told(Chain(hall.database, "default").world(), lot)
    assert "inventory-unallocated" in told(found, lot)
