"""A chain of three organizations in an app, and receipts of its lots."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from graph.store.database import Database
from schemas.receipts import Receipt, load_receipt
from service.auth.roles import Role
from service.intake.submit import Intake, Surroundings
from service.intake.writer import GroupWriter
from service.ledger.note import Verifier, parse_vkey
from service.receipts.report import Line, Standing
from service.receipts.verifying import verify_receipt
from service.trust.forms import guess
from service.trust.limits import Limits
from tests.kit.abroad import Web, anchors
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import (
    Fact,
    consumed,
    facility,
    footprint,
    grant,
    lot,
    organization,
    process,
    product,
    transfer,
    unique,
)


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


# What is outside of it

LOT: tuple[Fact, ...] = (product(), lot(source=""), footprint(per_kg="2.5"))


@dataclass
class Abroad:
    """The door of the street's house, for an operator who trusts an authority and has a way out."""

    intake: Intake
    web: Web
    audience: str
    street: Street = field(repr=False)

    def accepts(self, party: Client, document: bytes) -> None:
        [found] = self.intake.submit([(document, guess(document))], party.uri)
        assert found.verdict.accepted, found.verdict.failed

    def party(self, alg: str = "EdDSA") -> Client:
        found = self.street.house.client(unique("abroad-"))
        assert found.register_key(alg).status_code == 201
        return found


@pytest.fixture(scope="module")
def abroad(street: Street) -> Abroad:
    services, web = street.house.services, Web()
    around = Surroundings(services.settings.url, anchors(), resolve=web.resolve)
    writer = GroupWriter(services.database, services.scribe)
    return Abroad(Intake(services.database, writer, Limits(), surroundings=around), web, services.settings.url, street)


def every(line: Line) -> Iterator[Line]:
    yield line
    for part in line.parts:
        yield from every(part)


def standing(content: bytes, street: Street, *roots: bytes) -> dict[str, Standing]:
    """How each line of a receipt that holds stands, by the first words of what it is about."""
    found = verify_receipt(content, street.logs, roots=roots)
    assert found.holds, list(found.tree.wrong())
    return {line.what.partition(" did:")[0].partition(" https:")[0]: line.standing for line in every(found.tree)}


def attested(content: bytes) -> Receipt:
    """A receipt whose figure rests on the signed documents in it alone."""
    receipt = load_receipt(content)
    assert (receipt.basis, receipt.numbers["total"], receipt.aggregates) == ("attested", 2.5, ())
    return receipt


def changed(receipt: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """A receipt with something else at a place, or what is made of what stands there."""
    copy = json.loads(json.dumps(receipt))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return dict(copy)


def wrong(street: Street, forged: dict[str, Any]) -> set[str]:
    """The first words of what is wrong with it, and something is."""
    found = verify_receipt(json.dumps(forged).encode(), street.logs)
    assert not found.holds
    return {line.what.partition(" ")[0] for line in found.tree.wrong()}


def wrong_with(street: Street, content: bytes, *path: Any) -> set[str]:
    """What is wrong with a receipt in which the text at a place was changed."""

    def other(text: str) -> str:
        return base64.b64encode(b"other").decode() if path[0] == "validation_data" else text[:-1] + "x"

    forged = json.dumps(changed(json.loads(content), *path, to=other)).encode()
    return {line.what for line in verify_receipt(forged, street.logs).tree.wrong()}
