"""Facts and statements as their senders write them, plain JSON: each test says only what it is about."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

Fact = dict[str, Any]
Statement = dict[str, Any]

YEAR = {"produced_from": "2025-01-01", "produced_to": "2026-01-01"}
DECLARED = {"period_start": "2025-01-01", "period_end": "2026-01-01"}
HAND_IN_SECONDS = 3600

_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """A name that no other test has used."""
    return f"{prefix}{next(_numbers)}"


def q(value: object, unit: str = "kg") -> Fact:
    return {"value": str(value), "unit": unit}


def of(issuer: str, identity: str) -> Fact:
    """A reference to a thing of somebody."""
    return {"issuer": issuer, "id": identity}


def organization(name: str = "Some Works", country: str = "DE", **more: Any) -> Fact:
    return {"kind": "organization", "name": name, "country": country, **more}


def facility(identity: str = "works", country: str = "DE", **more: Any) -> Fact:
    return {"kind": "facility", "id": identity, "name": f"Site {identity}", "country": country, **more}


def product(identity: str = "steel", material: str = "steel", unit: str = "t", **more: Any) -> Fact:
    named = {"name": f"Product {identity}", "material": material, "declared_unit": unit}
    return {"kind": "product", "id": identity, **named, **more}


def direct(kilograms: object, name: str = "stack") -> Fact:
    """Measured direct emissions."""
    return {"name": name, "type": "measured", "scope": "direct", "quantity": q(kilograms), "primary": True}


def consumed(lot: Fact | str, kilograms: object, **more: Any) -> Fact:
    return {"lot": lot, "quantity": q(kilograms), **more}


def process(
    identity: str = "heat",
    output: object = 1000,
    *,
    emitted: object = 100,
    inputs: list[Fact] | None = None,
    made: str = "steel",
    **more: Any,
) -> Fact:
    """A process with one output of some kilograms, "good", and its measured emissions in kg."""
    return {
        "kind": "process",
        "id": identity,
        **YEAR,
        "inputs": inputs or [],
        "outputs": [{"id": "good", "product": made, "quantity": q(output)}],
        "activities": [direct(emitted)] if emitted else [],
        **more,
    }


def lot(identity: str = "L1", kilograms: object = 1000, source: str = "heat", made: Any = "steel", **more: Any) -> Fact:
    """A lot drawn from a process's output "good"."""
    drawn = [{"process": source, "output": "good", "quantity": q(kilograms)}] if source else []
    return {
        "kind": "lot",
        "id": identity,
        "product": made,
        "quantity": q(kilograms),
        "produced_at": "2025-06-30",
        "drawn_from": drawn,
        **more,
    }


def part(identity: str, kilograms: object, source: Any, **more: Any) -> Fact:
    """A lot that is part of another."""
    return lot(identity, kilograms, "", part_of=[{"lot": source, "quantity": q(kilograms)}], **more)


def transfer(sender: str, receiver: str, moved: Any, kilograms: object, identity: str = "T1", **more: Any) -> Fact:
    return {
        "kind": "transfer",
        "id": identity,
        "sender": sender,
        "receiver": receiver,
        "at": "2025-07-15",
        "moved": [{"lot": moved, "quantity": q(kilograms)}],
        **more,
    }


def footprint(identity: str = "F1", per_kg: object = "1.5", about: Any = "L1", **more: Any) -> Fact:
    """A declared footprint of a lot, kgCO2e a kilogram."""
    stated = {"per": q(1), "direct": str(per_kg), "indirect": "0", "boundary": "cradle-to-gate"}
    return {"kind": "footprint", "id": identity, "lot": about, **DECLARED, **stated, **more}


def content(identity: str = "C1", about: Any = "L1", **shares: str) -> Fact:
    return {"kind": "content", "id": identity, "lot": about, **DECLARED, **(shares or {"virgin": "1"})}


def grant(grantee: str, identity: str = "G1", **more: Any) -> Fact:
    return {"kind": "grant", "id": identity, "grantee": grantee, **more}


def withdrawal(document: str, identity: str = "") -> Fact:
    return {"kind": "withdrawal", "id": identity or unique("w"), "document": document}


def revocation(thumbprint: str, identity: str = "", **more: Any) -> Fact:
    named = {"id": identity or unique("r"), "thumbprint": thumbprint, "reason": "cessationOfOperation"}
    return {"kind": "key-revocation", **named, **more}


def statement(issuer: str, *facts: Fact, at: float | None = None, **claims: Any) -> Statement:
    """A statement of now, under an id of its own."""
    issued = int(time.time() if at is None else at)
    times = {"iat": issued, "exp": issued + HAND_IN_SECONDS}
    return {"iss": issuer, "jti": unique("s-"), **times, "facts": list(facts), **claims}


def as_bytes(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


QUALITY = {"technology": "1", "geography": "2", "time": "3", "gsd": "1.2"}
OWN_FACTOR = {"value": "0.1", "unit": "kg/MJ", "own": True}


def all_indicators(fuel: str = "coal") -> list[Fact]:
    """Activities of a process that state something of every group of indicators, all emissions rated."""
    rated = {"factor": OWN_FACTOR, "quality": QUALITY}
    calorific = {"carrier": "coal", "net_calorific_value": q(25, "MJ/kg")}
    peat = {"scope": "direct", "category": "land_use_change", "quality": QUALITY}
    return [
        {"name": fuel, "type": "stream", "quantity": q(100), **calorific, **rated},
        {"name": "sun", "type": "electricity", "quantity": q(500, "MJ"), "carrier": "solar", "region": "DE", **rated},
        {"name": "peat", "type": "measured", "quantity": q(7), **peat},
        {"name": "store", "type": "capture", "fate": "stored", "quantity": q(50), "quality": QUALITY},
        {"name": "well", "type": "water", "quantity": q(3, "m3")},
        {"name": "slag", "type": "waste", "quantity": q(40)},
    ]
