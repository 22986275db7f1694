"""A smelter sells metal to a former and to a rival of it, the former's profiles go to a builder; and what is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.kit.doors import Client, House
from tests.kit.statements import (
    consumed,
    facility,
    lot,
    of,
    organization,
    process,
    product,
    q,
    transfer,
)

YEAR = "2025-01-01/2026-01-01"
# Of a kilogram of metal, of iron, and of the profile that is made of them.
METAL_KG, IRON_KG = 1.0 + 4 * 0.5, 1.66
BASE = (330 * METAL_KG + 10 * IRON_KG + 30 + 300 * 0.5) / 300


def power(kwh: object, factor: object = "0.5", **more: Any) -> dict[str, Any]:
    given = {"name": "electricity", "type": "electricity", "quantity": q(kwh, "kWh")}
    return {**given, "factor": {"value": str(factor), "unit": "kg/kWh", "own": True}, "primary": True, **more}


@dataclass
class Works:
    """A smelter sells metal to a former, and to a rival of it; the former's profiles go to a builder."""

    house: House
    smelter: Client
    former: Client
    rival: Client
    builder: Client


def own(kilograms: object) -> dict[str, Any]:
    return {"name": "fire", "type": "measured", "scope": "direct", "quantity": q(kilograms), "primary": True}


def open_works(house: House) -> Works:
    """Their statements: what each made in 2025 and passed on, and a lot of the year before."""
    names = ("smelter", "former", "rival", "builder")
    found = Works(house, *(house.client(name, signs=name == "smelter") for name in names))
    smelter, former, rival, builder = found.smelter, found.former, found.rival, found.builder
    iron = {"material": "pig-iron", "country": "CN", "quantity": q(10)}
    smelter.signs(
        organization("Smelter"),
        facility("pot", "CN"),
        product("metal", "aluminium"),
        process("melt", 1000, made="metal", facility="pot", activities=[own(1000), power(4000)]),
        lot("METAL", 1000, "melt", "metal"),
        transfer(smelter.uri, former.uri, "METAL", 400, "t1"),
        transfer(smelter.uri, rival.uri, "METAL", 100, "t2"),
    )
    former.states(
        organization("Former"),
        facility("line", "DE"),
        product("profile", "profile"),
        process(
            "draw", 300, made="profile", facility="line", activities=[own(30), power(300)],
            inputs=[consumed(of(smelter.uri, "METAL"), 330), iron],
        ),
        lot("PROFILE", 300, "draw", "profile"),
        lot("DARK", 50, "", "profile"),
        transfer(former.uri, builder.uri, "PROFILE", 200, "t3"),
        process("old", 100, made="profile", facility="line", produced_from="2024-01-01", produced_to="2025-01-01"),
        lot("OLD", 100, "old", "profile", produced_at="2024-05-01"),
    )  # fmt: skip
    rival.states(
        product("foil", "foil"),
        process("roll", 90, made="foil", inputs=[consumed(of(smelter.uri, "METAL"), 100)]),
        lot("FOIL", 90, "roll", "foil"),
    )
    builder.states(
        product("window", "window"),
        process("build", 200, made="window", inputs=[consumed(of(former.uri, "PROFILE"), 200)]),
        lot("WINDOW", 200, "build", "window"),
    )
    return found


def asked(client: Client, path: str, *scenarios: list[dict[str, Any]], status: int = 200, query: str = "") -> Any:
    body = {"scenarios": [{"name": f"s{i}", "changes": changes} for i, changes in enumerate(scenarios)]}
    answer = client.post(f"{path}/what-if{query}", json.dumps(body).encode())
    assert answer.status_code == status, answer.text
    return answer.json


def grid(factor: object = "0", region: str = "") -> dict[str, Any]:
    where = {"region": region} if region else {}
    return {"grid": {"factor": {"value": str(factor), "unit": "kg/kWh"}, **where}}
