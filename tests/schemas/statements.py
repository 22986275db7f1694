"""Statements for the tests of their schema: every kind of fact in its smallest and its largest form."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from graph.model import facts as model
from graph.model.refs import RECORDED, Kind
from schemas.errors import StatementInvalid
from schemas.statement import load_statement

ME, OTHER = "urn:greenchain:org:me", "urn:greenchain:org:other"
DIGEST = "ab" * 32
# What organizations may state.
STATED = [kind.value for kind in Kind if kind not in RECORDED]
Json = dict[str, Any]


def q(value: object, unit: str = "kg") -> Json:
    return {"value": value, "unit": unit}


def load(*facts: Json, **claims: Any) -> model.Statement:
    return load_statement({"iss": ME, "jti": "s-1", "iat": 1_780_000_000, "facts": list(facts), **claims})


def one(fact: Json) -> Any:
    return load(fact).facts[0].fact


def errors(*facts: Json, **claims: Any) -> dict[str, str]:
    """Reason by pointer."""
    with pytest.raises(StatementInvalid) as caught:
        load(*facts, **claims)
    return {e.pointer: e.detail for e in caught.value.errors}


def changed(fact: Json, path: str, value: object) -> Json:
    """The fact with one place set, or removed where the value is None."""
    found = copy.deepcopy(fact)
    *steps, last = path.split("/")
    inner: Any = found
    for step in steps:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    if value is None:
        del inner[last]
    else:
        inner[int(last) if isinstance(inner, list) else last] = value
    return found


ATTACHMENTS = [{"sha256": DIGEST, "name": "Invoice 7", "media_type": "application/pdf"}]
PERIOD = {"period_start": "2025-01-01", "period_end": "2026-01-01"}
VALID = {"valid_from": "2026-01-01", "valid_to": "2028-01-01"}

MINIMAL: dict[str, Json] = {
    "organization": {"kind": "organization", "name": "Mill", "country": "DE"},
    "facility": {"kind": "facility", "id": "works", "name": "Works", "country": "CN"},
    "product": {"kind": "product", "id": "p", "name": "Steel", "material": "steel", "declared_unit": "t"},
    "process": {
        "kind": "process",
        "id": "heat",
        "produced_from": "2025-01-01",
        "produced_to": "2025-02-01",
        "outputs": [{"id": "o", "product": "p", "quantity": q(1)}],
    },
    "lot": {"kind": "lot", "id": "L", "product": "p", "quantity": q(1), "produced_at": "2025-01-15"},
    "transfer": {
        "kind": "transfer",
        "id": "T",
        "sender": ME,
        "receiver": OTHER,
        "at": "2025-01-20T08:00:00+08:00",
        "moved": [{"lot": "L", "quantity": q(1)}],
    },
    "footprint": {
        "kind": "footprint",
        "id": "F",
        "lot": "L",
        **PERIOD,
        "per": q(1, "t"),
        "undivided": 2,
        "boundary": "cradle-to-gate",
    },
    "content": {"kind": "content", "id": "C", "lot": "L", **PERIOD, "virgin": "0.4"},
    "grant": {"kind": "grant", "id": "G", "grantee": OTHER},
    "key-revocation": {"kind": "key-revocation", "id": "R", "thumbprint": "abc", "reason": "cessationOfOperation"},
    "withdrawal": {"kind": "withdrawal", "id": "W", "document": DIGEST},
    "delegation": {"kind": "delegation", "id": "D", "delegate": OTHER, "kinds": ["footprint"], **VALID},
    "accreditation": {
        "kind": "accreditation",
        "id": "A",
        "institution": OTHER,
        "number": "V-1",
        "scope": ["ISO 14064-3"],
        **VALID,
    },
    "assurance": {
        "kind": "assurance",
        "id": "S",
        "footprint": {"issuer": OTHER, "id": "F"},
        "document": DIGEST,
        "level": "limited",
        "standard": "ISO 14064-3",
        "valid_to": "2028-01-01",
    },
    "certificate": {
        "kind": "certificate",
        "id": "Z",
        "scheme": "ISO 14064-1",
        "number": "C-1",
        "holder": OTHER,
        **VALID,
    },
    "inventory": {"kind": "inventory", "id": "I", "facility": "works", **PERIOD, "direct": q(0)},
}
ACTIVITIES: list[Json] = [
    {
        "name": "coal",
        "type": "stream",
        "quantity": q(88, "t"),
        "carrier": "coal",
        "region": "CN",
        "factor": {"value": "95", "unit": "kg/GJ", "source": "IPCC", "year": 2006, "region": "World"},
        "net_calorific_value": q("25", "GJ/t"),
        "oxidation": "0.98",
        "biomass_fraction": "0.1",
        "primary": True,
    },
    {"name": "coke", "type": "carbon", "quantity": q(1, "t"), "carbon_content": "0.88", "direction": "out"},
    {
        "name": "power",
        "type": "electricity",
        "quantity": q(1, "MWh"),
        "region": "CN-North",
        "supply_kind": "grid",
        "instrument": "GO-1",
        "factor": {"value": "0.5", "unit": "t/MWh", "own": True},
    },
    {"name": "steam", "type": "heat", "quantity": q(2, "GJ"), "factor": {"value": 60, "unit": "kg/GJ", "own": True}},
    {
        "name": "gas sold",
        "type": "waste-gas",
        "direction": "out",
        "quantity": q(3, "TJ"),
        "factor": {"value": "56.1", "unit": "t/TJ", "own": True},
        "correction": "0.667",
    },
    {"name": "stack", "type": "measured", "quantity": q(4, "t"), "scope": "direct", "gas": "CH4"},
]
MAXIMAL: dict[str, Json] = {
    "organization": MINIMAL["organization"] | {"identifiers": ["urn:lei:529900T8BM49AURSDO55"], "supersedes": DIGEST},
    "facility": MINIMAL["facility"]
    | {
        "grid_region": "CN-North",
        "gln": "4012345000009",
        "unlocode": "CNSHA",
        "latitude": "31.2",
        "longitude": -121.5,
        "supersedes": DIGEST,
    },
    "product": MINIMAL["product"]
    | {
        "declared_unit": "piece",
        "mass_per_unit": q("8.6", "kg/piece"),
        "identifiers": ["https://id.gs1.org/01/09506000134352"],
        "classifications": [{"system": "HS-CN", "code": "7208"}, {"system": "other", "code": "X1"}],
    },
    "process": MINIMAL["process"]
    | {
        "process_kind": "blend",
        "facility": "works",
        "boundary": "cbam-embedded",
        "inputs_complete": True,
        "owner": OTHER,
        "inputs": [
            {"lot": {"issuer": OTHER, "id": "L"}, "quantity": q(3, "t"), "incorporated": q(2, "t")},
            {"product": {"issuer": OTHER, "id": "p"}, **PERIOD, "quantity": q(3, "piece"), "role": "packaging"},
            {"material": "Iron-Ore", "country": "AU", "quantity": q(9), "origin": "virgin", "role": "material"},
        ],
        "outputs": [
            {"id": "a", "product": "p", "quantity": q(1), "allocation": {"key": "economic", "value": "10"}},
            {"id": "b", "product": "p", "quantity": q(2), "allocation": {"key": "economic", "value": 3}},
        ],
        "activities": ACTIVITIES,
        "attachments": ATTACHMENTS,
    },
    "lot": MINIMAL["lot"]
    | {
        "drawn_from": [{"process": "heat", "output": "o", "quantity": q(1)}],
        "part_of": [{"lot": {"issuer": OTHER, "id": "big"}, "quantity": q(1, "g")}],
        "attachments": ATTACHMENTS,
    },
    "transfer": MINIMAL["transfer"]
    | {
        "transfer_kind": "tolling",
        "title": False,
        "custody": True,
        "from_facility": "works",
        "to_facility": {"issuer": OTHER, "id": "yard"},
        "legs": [{"mode": "sea", "distance_km": "18000", "intensity": "0.007", "source": "GLEC"}],
    },
    "footprint": {
        "kind": "footprint",
        "id": "F",
        "product": "p",
        "facility": "works",
        **PERIOD,
        "valid_from": "2026-01-01",
        "valid_to": "2028-01-01",
        "per": q(2, "t"),
        "direct": "-4",
        "indirect": "1",
        "boundary": "gate-to-gate",
        "gwp": "AR5",
        "primary_data_share": "0.5",
        "covers_transport": True,
        "pcr": "EN 15804",
        "exempted_share": "0.01",
        "attachments": ATTACHMENTS,
    },
    "content": {
        "kind": "content",
        "id": "C",
        "product": "p",
        "country": "CN",
        **PERIOD,
        **dict.fromkeys(("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin"), "0.2"),
        "basis": "mass",
        "custody": "identity-preserved",
    },
    "grant": MINIMAL["grant"] | {"lot": "L", "evidence": True},
    "key-revocation": MINIMAL["key-revocation"] | {"supersedes": DIGEST},
    "withdrawal": MINIMAL["withdrawal"] | {"supersedes": DIGEST},
    "delegation": MINIMAL["delegation"]
    | {"key": "abc", "kinds": ["content", "footprint"], "product": "p", "supersedes": DIGEST},
    "accreditation": MINIMAL["accreditation"] | {"scope": ["ISO 14064-3", "ISO 14067"], "supersedes": DIGEST},
    "assurance": MINIMAL["assurance"] | {"level": "reasonable", "supersedes": DIGEST},
    "certificate": MINIMAL["certificate"]
    | {"facility": {"issuer": OTHER, "id": "works"}, "status": "suspended", "supersedes": DIGEST},
    "inventory": MINIMAL["inventory"]
    | {"direct": q(2, "t"), "indirect": q(3), "indirect_method": "market-based", "gwp": "AR5"}
    | {"boundary": "operational control, scopes 1 and 2", "supersedes": DIGEST},
}
