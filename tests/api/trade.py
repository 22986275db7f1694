"""A mine sells to a mill, the mill to a maker; a rival and a stranger look on. And the words for what each sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.kit.doors import Client, House
from tests.kit.statements import (
    consumed,
    content,
    facility,
    footprint,
    lot,
    of,
    organization,
    part,
    process,
    product,
    transfer,
)

MATERIAL = "zirconium"
READS = ("", "/footprint", "/content", "/contributions", "/chain", "/indicators", "/explanation", "/uncertainty")


@dataclass
class Trade:
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


def open_trade(house: House) -> Trade:
    """Their statements, and the claims of the rival."""
    names = ("zmine", "mill", "maker", "rival", "stranger")
    found = Trade(house, *(house.client(name, signs=name in ("zmine", "mill")) for name in names))
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


def upstream_words(trade: Trade) -> tuple[str, ...]:
    """Whatever would tell a buyer who the mine is, what it made where, and by which documents it said so."""
    mine_documents = [d["id"] for d in trade.mine.get("/api/v1/documents").json["data"]]
    named = ("ZORE-1", "zdig", "zore", "zpit", "zclaim", "zt-1", "Zmine Deep Pit", MATERIAL)
    return (trade.mine.uri, *named, *mine_documents)


def words_in(text: str, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word in text]
