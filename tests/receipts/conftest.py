"""A chain of three organizations in an app, and receipts of its lots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from graph.store.database import Database
from service.auth.roles import Role
from service.ledger.note import Verifier, parse_vkey
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import consumed, facility, grant, lot, organization, process, product, transfer


@dataclass
class Street:
    """A mine, a mill that takes the mine's ore, and a maker that takes the mill's steel."""

    house: House
    mine: Client
    mill: Client
    maker: Client

    @property
    def logs(self) -> list[Verifier]:
        return [parse_vkey(self.house.services.log.vkey)]

    def receipt(self, asker: Client, identity: str, issuer: str = "", **query: Any) -> bytes:
        answer = asker.get(f"{asker.lot(identity, issuer)}/receipt", **query)
        assert answer.status_code == 200, answer.text
        return answer.data

    def auditor(self) -> Client:
        """An auditor to whom all three have opened everything, evidence too."""
        found = self.house.client("auditor", Role.AUDITOR)
        for number, member in enumerate((self.mine, self.mill, self.maker)):
            member.signs(grant(found.uri, f"audit-{found.uri[-4:]}-{number}", evidence=True))
        return found


def opening(name: str, made: str, material: str) -> list[dict[str, Any]]:
    return [organization(name), facility(), product(made, material)]


@pytest.fixture(scope="module")
def street(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Street:
    house = House(cleared(session_database), tmp_path_factory.mktemp("house"), GREENCHAIN_MIN_CONTRIBUTORS="1")
    mine, mill, maker = (house.client(name, signs=True) for name in ("mine", "mill", "maker"))
    mine.signs(*opening("Mine", "ore", "iron-ore"), process("dig", 1000, emitted=50, made="ore"))
    mine.signs(lot("ORE", 1000, "dig", "ore"), transfer(mine.uri, mill.uri, "ORE", 800))
    ore = {"issuer": mine.uri, "id": "ORE"}
    mill.signs(*opening("Mill", "steel", "steel"), process("melt", 500, emitted=900, inputs=[consumed(ore, 800)]))
    mill.signs(lot("STEEL", 500, "melt"), transfer(mill.uri, maker.uri, "STEEL", 400))
    steel = {"issuer": mill.uri, "id": "STEEL"}
    maker.signs(*opening("Maker", "frame", "frame"), process("build", 300, made="frame", inputs=[consumed(steel, 400)]))
    maker.signs(lot("FRAME", 300, "build", "frame"))
    return Street(house, mine, mill, maker)
