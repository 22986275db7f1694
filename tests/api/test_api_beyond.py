"""A chain that is larger than the service may keep: lots and products answered from the graph, byte for byte the same.

The chain is the demo's, with what else a viewer's sight rests on: lots passed on and sold back, grants of lots and of
everything, inputs that name others' lots and materials, certificates, status and evidence that ended.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from graph.model.refs import Kind, Ref, uid
from graph.rollup import figure
from graph.store.database import Database
from graph.store.documents import ledger_size
from service.auth.roles import Role
from service.chain import AsOfUnknown, Chain
from service.demo.statements import MEMBERS, facts_of, org
from service.lazily import BeyondMemory
from tests.kit import statements as said
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared

pytestmark = pytest.mark.engine

BODY = "urn:greenchain:org:body"
PERIOD = {"period_start": "2025-01-01", "period_end": "2026-01-01"}
RE = "RE-INGOT-2025"
READS = (
    "", "/footprint", "/content", "/indicators", "/contributions", "/explanation", "/chain", "/certificates",
    "/sensitivities", "/contributions?by=organization,country&top=2", "/changes?since=3", "/footprint?as_of=25",
    "/footprint?policy=cbam-2026", "/explanation?gwp=AR5",
)  # fmt: skip
PAGES = ("", "?by=lot&policy=cbam-2026", "/tables/contributions.csv?by=country", "/tables/steps.json")
# Certificates are judged by the clock, and each page has a token of its own for its forms.
_CLOCK, _TOKEN = re.compile(rb'"judged_at":"[^"]*"'), re.compile(rb'(data-csrf|name="csrf_token" value)="[^"]*"')
SIGNING = ("windows", "billets", "recycler")
WHAT_IF = {
    "scenarios": [
        {"name": "clean", "changes": [{"grid": {"factor": said.q("0.01", "kg/kWh")}}]},
        {
            "name": "other",
            "changes": [{"input": {"from": {"lot": said.of(org("smelter"), "INGOT-2025")}, "scale": "0.5"}}],
        },
    ]
}


@dataclass
class Cast:
    """The same chain with all of it in memory and with none of it, and who asks."""

    whole: House
    small: House
    clients: dict[str, Client]
    documents: list[str]
    lots: list[str]
    products: list[str]


@pytest.fixture(scope="module")
def cast(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    database, data = cleared(session_database), tmp_path_factory.mktemp("house")
    whole = House(database, data, GREENCHAIN_RECOGNISED_BODIES=BODY).published()
    small = House(database, data, GREENCHAIN_RECOGNISED_BODIES=BODY, GREENCHAIN_MAX_CHAIN_ROWS="1")
    clients = {m.short: whole._enter(m.uri, m.name, (Role(m.role), Role.SUPPLIER)) for m in MEMBERS}
    clients |= {"body": whole._enter(BODY, "Body", (Role.SUPPLIER,)), "trader": whole.client("trader")}
    clients["certifier"] = whole.client("certifier")
    documents = []
    for member in MEMBERS:
        client = clients[member.short]
        if member.short in SIGNING:
            assert client.register_key().status_code == 201
        states = client.signs if client.key else client.states
        documents.append(states(*facts_of(member))["id"])
    documents += _more(clients)
    lots, products = ([row["k"] for row in _keys(database, label)] for label in ("Lot", "Product"))
    return Cast(whole, small, clients, documents, lots, products)


def _keys(database: Database, label: str) -> list[dict[str, Any]]:
    return database.read(lambda tx: tx.run(f"MATCH (n:{label}) RETURN n.key AS k ORDER BY k"))


def _more(who: dict[str, Client]) -> list[str]:
    """What the demo does not have; the documents."""
    names = ("body", "certifier", "trader", "buyer", "recycler")
    body, certifier, trader, buyer, recycler = (who[name] for name in names)
    assert {each.register_key().status_code for each in (body, certifier)} == {201}
    ingot = said.of(recycler.uri, RE)
    certificate = {"kind": "certificate", "scheme": "green factory", "valid_from": "2020-01-01"}
    held = {**certificate, "holder": recycler.uri, "valid_to": "2100-01-01"}
    accredited = {"kind": "accreditation", "id": "A", "institution": certifier.uri, "number": "A-1"}
    inputs = [
        said.consumed(ingot, 100),
        {"product": said.of(recycler.uri, "re-ingot"), **PERIOD, "quantity": said.q(40)},
        {"material": "hot-rolled-steel", "country": "US", "quantity": said.q(5)},
        said.consumed(said.of(org("smelter"), "INGOT-2025"), 1),
    ]
    stated = [
        body.signs({**accredited, "scope": ["green factory"], "valid_from": "2020-01-01", "valid_to": "2100-01-01"}),
        certifier.signs({**held, "id": "Z1", "number": "whole"}),
        certifier.signs({**held, "id": "Z2", "number": "site", "facility": said.of(recycler.uri, "works")}),
        # A lot goes to a trader, who passes half of it on to the buyer; somebody claims to have sent what it never had.
        recycler.signs(said.transfer(recycler.uri, trader.uri, "RE-INGOT-2025", 900), said.facility("works", "CN")),
        trader.states(said.transfer(trader.uri, buyer.uri, ingot, 400, "on")),
        trader.states(said.transfer(trader.uri, buyer.uri, said.of(org("cement"), "CEM-I-2025"), 1, "never")),
        who["cement"].states(said.grant(trader.uri, "one-lot", lot="CEM-I-2025")),
        who["smelter"].states(said.transfer(org("smelter"), buyer.uri, ingot, 1, "never-had")),
        who["billets"].signs(said.grant(buyer.uri, "all")),
        buyer.states(
            said.product("goods", "bracket"), said.process("make", 120, made="goods", inputs=inputs),
            said.lot("G-1", 100, "make", "goods"), said.part("G-2", 10, ingot, made="goods"),
            said.content("c", about="G-1", virgin="1"), said.transfer(buyer.uri, org("windows"), "G-1", 50, "gone"),
        ),
        # Evidence that counted for a while.
        recycler.signs(said.footprint("short", "2.5", "RE-INGOT-2025")),
    ]  # fmt: skip
    recycler.signs(said.withdrawal(stated[-1]["id"]))
    recycler.signs(said.footprint("long", "3.5", "RE-INGOT-2025"))
    return [each["id"] for each in stated]


def asked(cast: Cast, client: Client, path: str, body: bytes | None = None) -> tuple[int, bool]:
    """Ask both; the status that the whole chain answers with, and whether the other answers the same to the byte."""
    found = []
    for house in (cast.whole, cast.small):
        headers = {**client.headers, "X-Request-ID": "one"}
        http = house.app.test_client()
        answer = http.get(path, headers=headers)
        if body is not None:
            answer = http.post(path, data=body, content_type="application/json", headers=headers)
        told = _TOKEN.sub(b"", answer.data)
        found.append((answer.status_code, _CLOCK.sub(b"", told) if path.endswith("/certificates") else told))
    return found[0][0], found[0] == found[1]


def asked_of(
    cast: Cast, name: str, key: str, reads: tuple[str, ...], pages: tuple[str, ...] = ()
) -> tuple[set[int], list[str]]:
    """The statuses of what is asked of a lot, and what of it the two answer differently."""
    client, address, what_if = cast.clients[name], uid(Kind.LOT, key), json.dumps(WHAT_IF).encode()
    asks = [*(f"/api/v1/lots/{address}{path}" for path in reads), *(f"/lots/{address}{path}" for path in pages)]
    found = {path: asked(cast, client, path) for path in asks}
    found[f"{name}: what if of {key}"] = asked(cast, client, f"/api/v1/lots/{address}/what-if", what_if)
    return {status for status, _ in found.values()}, [path for path, (_, same) in found.items() if not same]


def test_a_lot_is_answered_from_the_graph_as_from_memory(cast: Cast) -> None:
    """For its owner, who received it and may see more by grants, and a stranger; nothing is kept of the chain."""
    frame, ingot, goods = (
        Ref(org(w), n).key for w, n in (("windows", "FRAME-0001"), ("recycler", RE), ("buyer", "G-1"))
    )
    assert asked_of(cast, "windows", frame, READS, PAGES) == ({200}, [])
    assert asked_of(cast, "trader", ingot, (*READS[:8], "/certificates?as_of=30")) == ({200}, [])
    assert asked_of(cast, "buyer", goods, READS[:8]) == ({200}, [])
    assert asked_of(cast, "screws", ingot, READS[:2]) == ({404}, [])
    assert cast.small.services.chain._tables.head == -1
    assert not cast.small.services.chain._worlds


@pytest.mark.long
def test_every_lot_for_everybody(cast: Cast) -> None:
    answers = [asked_of(cast, name, key, READS[1:7]) for name in cast.clients for key in cast.lots]
    assert {status for statuses, _ in answers for status in statuses} == {200, 404}
    assert [path for _, different in answers for path in different] == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["recycler", "buyer", "auditor", "trader"])
def test_all_that_can_be_asked_of_every_lot(cast: Cast, name: str) -> None:
    answers = [asked_of(cast, name, key, READS, PAGES) for key in cast.lots]
    assert {200, 404} >= {status for statuses, _ in answers for status in statuses} > {404}
    assert [path for _, different in answers for path in different] == []


def test_products_documents_and_factors_are_answered_from_the_graph(cast: Cast) -> None:
    client, products = cast.clients["buyer"], [f"/api/v1/products/{uid(Kind.PRODUCT, key)}" for key in cast.products]
    asks = [f"{path}/{of}" for path in products for of in ("footprint?period=2025-01-01/2026-01-01", "certificates")]
    asks += [f"/documents/{document}" for document in cast.documents]
    answers = {path: asked(cast, client, path) for path in (*asks, "/documents", "/api/v1/factor-sets")}
    assert {status for status, _ in answers.values()} == {200, 404}
    assert [path for path, (_, same) in answers.items() if not same] == []
    assert {answers[path][0] for path in ("/documents", "/api/v1/factor-sets")} == {200}


def test_one_may_state_what_is_new_to_a_chain_of_any_size(cast: Cast) -> None:
    """The form for a footprint suggests nothing, and knows what there is by its id."""
    buyer, http = cast.clients["buyer"], cast.small.app.test_client()
    assert http.get("/sign", headers=buyer.headers).status_code == 200
    for about, identity in (("lot", "G-1"), ("lot", "none"), ("product", "goods"), ("product", "none")):
        told = [
            house.app.test_client().get(f"/sign/{about}?id={identity}", headers=buyer.headers).json or {}
            for house in (cast.whole, cast.small)
        ]
        assert told[1] == told[0] | {"yours": [], "count": None}
        assert told[1]["described"] == (identity != "none")


def test_a_chain_may_outgrow_a_process_while_it_runs(cast: Cast) -> None:
    """It lets go of what it kept; who asks notices nothing but what is refused."""
    head, rows = cast.whole.database.read(ledger_size)
    chain = Chain(cast.whole.database, "default", most_rows=rows)
    key = Ref(org("buyer"), "G-1").key
    before = chain.world()
    assert chain.around([(Kind.LOT, key)]) is before
    cast.clients["buyer"].states(said.lot("G-9", 1, ""))
    with pytest.raises(BeyondMemory):
        chain.world()
    after = chain.around([(Kind.LOT, key)])
    found = [
        repr(figure.footprint(w.snapshot, w.rolled, key)).replace(f"as_of={w.snapshot.as_of}", "")
        for w in (before, after)
    ]
    assert found[0] == found[1]
    assert (chain._tables.head, before.snapshot.as_of, after.snapshot.as_of) == (-1, head, head + 1)
    with pytest.raises(BeyondMemory):
        chain.tables()
    with pytest.raises(AsOfUnknown):
        chain.around([(Kind.LOT, key)], head + 2)


def test_a_chain_that_outgrows_a_process_while_it_is_solved_is_not_kept(cast: Cast) -> None:
    """Neither the whole of it nor a cut, which holds on to all texts."""
    for small, ask in (
        (10**6, Chain.world),
        (0, lambda chain: chain.around([(Kind.LOT, Ref(org("buyer"), "G-1").key)])),
    ):
        _, rows = cast.whole.database.read(ledger_size)
        chain = Chain(cast.whole.database, "default", small=small, most_rows=rows)
        chain._whole_seconds = 3600.0
        solve = chain._world

        def meanwhile(*of: Any, chain: Chain = chain, solve: Any = solve) -> Any:
            cast.clients["buyer"].states(said.lot(said.unique("G-"), 1, ""))
            assert chain.at(None) > 0
            return solve(*of)

        chain._world = meanwhile  # type: ignore[method-assign]
        assert ask(chain).snapshot.lots
        assert (chain._tables.head, len(chain._worlds), len(chain._cuts)) == (-1, 0, 0)


WHOLE = (
    "/api/v1/lots", "/api/v1/certificates", "/api/v1/portfolio?period=2025-01-01/2026-01-01",
    "/api/v1/lots/{lot}/recall", "/api/v1/lots/{lot}/receipt", "/api/v1/facilities/works/inventory",
)  # fmt: skip


@pytest.mark.parametrize("path", WHOLE)
def test_what_is_about_the_whole_chain_is_refused(cast: Cast, path: str) -> None:
    client, frame = cast.clients["windows"], uid(Kind.LOT, Ref(org("windows"), "FRAME-0001").key)
    answer = cast.small.app.test_client().get(path.format(lot=frame), headers=client.headers)
    told = answer.json or {}
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    assert told["type"] == "urn:greenchain:problem:beyond-memory"
    assert "GREENCHAIN_MAX_CHAIN_ROWS" in told["detail"]
    page = cast.small.app.test_client().get("/lots", headers=client.headers)
    assert (page.status_code, "GREENCHAIN_MAX_CHAIN_ROWS" in page.text) == (422, True)
