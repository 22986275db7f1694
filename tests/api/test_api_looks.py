"""How often a question looks at the ledger: what is written elsewhere shows at once, and one answer looks once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from graph.store.database import Database
from graph.store.documents import ledger_size
from tests.kit.doors import House
from tests.kit.statements import footprint, lot, process, product

pytestmark = pytest.mark.engine


@dataclass
class Counting:
    """A database that counts the looks at the size of the ledger."""

    database: Database
    looks: list[str] = field(default_factory=list)

    def read(self, work: Any, *given: Any, **named: Any) -> Any:
        if work is ledger_size:
            self.looks.append("looked")
        return self.database.read(work, *given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)


def test_an_answer_looks_at_the_ledger_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client("looks", signs=True)
    client.signs(product(), process(emitted=100), lot())
    counting = Counting(house.services.database)
    monkeypatch.setattr(house.services.chain, "_database", counting)
    address = client.lot("L1")
    for path in ("/footprint", "/content", "/contributions", "/chain", "/indicators", "/explanation", "/recall", ""):
        counting.looks.clear()
        assert client.get(address + path).status_code == 200, path
        assert len(counting.looks) == 1, path


def test_what_is_stated_shows_in_the_next_answer(house: House) -> None:
    """Also where another process took it in: a second app on the same graph, which has looked before."""
    client, other = house.client("looks-on", signs=True), House(house.database, house.settings.data)
    client.signs(product(), process(emitted=1000), lot())
    elsewhere = other.app.test_client()
    address = client.lot("L1") + "/footprint"

    def told() -> list[float]:
        answers = client.get(address), elsewhere.get(address, headers=client.headers)
        return [answer.json["total"] for answer in answers]

    assert told() == [1.0, 1.0]
    client.signs(footprint(per_kg="1.5"))
    assert told() == [1.5, 1.5]
