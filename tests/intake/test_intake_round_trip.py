"""What was stated is what is read: every column of every table (graph/model/tables.py)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from graph.model.documents import StoredDocument
from graph.model.refs import fact_id
from graph.model.tables import TABLES, ChainTables
from graph.store.documents import find_document
from graph.store.tables import read_newer
from graph.store.tabulate import Held, tabulate
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.trust import envelope
from service.trust.limits import Limits
from service.trust.signing import new_key, public_key
from tests.intake.table_rows import rows_of
from tests.kit.doors import Hall, Party, org
from tests.kit.statements import (
    DECLARED,
    Fact,
    consumed,
    content,
    direct,
    facility,
    footprint,
    grant,
    lot,
    of,
    organization,
    process,
    product,
    q,
    revocation,
    transfer,
)

NAN = math.nan
VALID = {"valid_from": "2026-01-01", "valid_to": "2028-01-01"}
Y2025, Y2026, Y2028 = 1735689600.0, 1767225600.0, 1830297600.0
MASS, ENERGY, PIECE = 1, 3, 7


def equal(found: list[dict[str, Any]], *expected: dict[str, Any]) -> None:
    """The same rows, nan being nan, in any order."""
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@pytest.fixture(scope="module")
def said(hall: Hall) -> tuple[Party, str, StoredDocument, ChainTables]:
    """One statement with a fact of every kind that has a table, all fields used or left out, and what is read of it."""
    me, other = hall.party(), org("other")
    economic = [
        {"id": "a", "product": "p", "quantity": q(1, "t"), "allocation": {"key": "economic", "value": "10.5"}},
        {"id": "b", "product": "p", "quantity": q(2), "allocation": {"key": "economic", "value": "0"}},
    ]
    coal = {
        "name": "coal", "type": "stream", "carrier": "coal", "region": "CN", "quantity": q(2, "t"),
        "net_calorific_value": q(25, "GJ/t"), "factor": {"value": 95, "unit": "kg/GJ", "own": True}, "primary": True,
        "category": "biogenic_non_co2", "quality": {"technology": "1.5", "geography": 2, "time": 3, "gsd": "1.1"},
    }  # fmt: skip
    power = {
        "name": "power",
        "type": "electricity",
        "quantity": q(1, "MWh"),
        "region": "CN-North",
        "supply_kind": "ppa",
    }
    capture = {"name": "capture", "type": "capture", "fate": "bound", "quantity": q(1)}
    facts: list[Fact] = [
        organization("Mill", "CN"),
        facility("f", "CN", grid_region="CN-North", latitude="31.25"),
        facility("bare", "DE"),
        product("p", "steel", classifications=[{"system": "UN-CPC", "code": "1"}, {"system": "HS-CN", "code": "7208"}]),
        product("frame", "window-frame", "piece", mass_per_unit=q("8.6", "kg/piece")),
        product("gas", "hydrogen", "m3"),
        process("bare", 5, emitted=0, made="p"),
        process(
            "full",
            1,
            emitted=0,
            facility="f",
            process_kind="rework",
            boundary="cbam-embedded",
            inputs_complete=True,
            accounts=["water", "energy"],
            inputs=[
                consumed(of(other, "L9"), 3, incorporated=q("2.5"), role="own-scrap"),
                {"product": of(other, "p"), **DECLARED, "quantity": q(4, "piece"), "role": "packaging"},
                {"material": "ore", "country": "AU", "quantity": q(1, "t"), "origin": "virgin"},
                {"material": "ore", "country": "BR", "quantity": q(1, "t")},
            ],
            outputs=economic,
            activities=[coal, power, direct(7), capture],
        ),
        lot("bare", 5, "", "p"),
        lot("both", 3, "full", "p")
        | {"part_of": [{"lot": of(other, "L9"), "quantity": q(1)}, {"lot": "bare", "quantity": q(1)}]}
        | {"drawn_from": [{"process": "full", "output": "a", "quantity": q(1)}]},
        transfer(me.uri, other, "bare", 2, "T1", title=False)
        | {"moved": [{"lot": "bare", "quantity": q(2)}, {"lot": "both", "quantity": q(1)}]}
        | {"legs": [{"mode": "sea", "distance_km": 1000, "intensity": "0.01"},
                    {"mode": "road", "distance_km": 50, "intensity": "0.1"}]},
        transfer(me.uri, other, "bare", 1, "T2") | {"legs": [{"mode": "rail", "distance_km": 10}]},
        transfer(other, me.uri, of(other, "L9"), 9, "T3"),
        footprint("lotwise", "1.5", "bare", primary_data_share="0.5", covers_transport=True, gwp="AR5"),
        {
            "kind": "footprint", "id": "productwise", "product": "p", "facility": "f", **DECLARED,
            "valid_from": "2026-01-01", "valid_to": "2028-01-01", "per": q(1, "t"), "undivided": 900,
            "boundary": "gate-to-gate",
        },
        {"kind": "footprint", "id": "country", "product": "frame", "country": "DE", **DECLARED, "per": q(2, "piece"),
         "direct": 3, "boundary": "cradle-to-gate", "ghg": {"fossil": 3}, "energy": {"heat": q(-4, "MJ")},
         "fresh_water": q(1, "m3"), "biogenic_carbon": 5, "quality": {"gsd": 2}},
        content("shares", "bare", pre_consumer="0.1", post_consumer="0.2", non_grain_bio="0.3", other_bio="0.15",
                virgin="0.25"),
        content("partly", "both", virgin="0"),
        grant(other, "one", lot="bare", evidence=True),
        grant(other, "all"),
        revocation(second_key(me), "R", reason="keyCompromise", since="2026-01-01"),
        {"kind": "accreditation", "id": "A", "institution": other, "number": "V-1",
         "scope": ["ISO 14067", "ISO 14064-3"]} | VALID,
        {"kind": "assurance", "id": "S", "footprint": of(other, "F"), "document": "ab" * 32, "level": "limited",
         "standard": "ISO 14064-3", "valid_to": "2028-01-01"},
        {"kind": "certificate", "id": "Z", "scheme": "green factory", "number": "C-1", "holder": other,
         "facility": of(other, "f"), "status": "suspended"} | VALID,
        {"kind": "inventory", "id": "I", "facility": "f", **DECLARED, "direct": q("2.5", "t"), "indirect": q(0),
         "indirect_method": "market-based", "gwp": "AR5", "boundary": "operational control"},
        {"kind": "inventory", "id": "plain", "facility": "bare", **DECLARED, "direct": q(0)},
    ]  # fmt: skip
    document = me.accepted(*facts)
    return me, other, document, read_newer(hall.database)


def second_key(party: Party) -> str:
    key = new_key()
    assert party.registers(key).verdict.accepted
    return public_key(key).thumbprint


def test_looking_documents_up_and_reading_a_range_give_the_same_rows(hall: Hall, said: Any) -> None:
    ways = [read_newer(hall.database, few=few) for few in (0, 10**9)]
    for table in ways[0].rows:
        one, other = (sorted(map(repr, zip(*way.rows[table].values(), strict=True))) for way in ways)
        assert one == other
    assert ways[0].superseded == ways[1].superseded


def test_revocations(said: Any) -> None:
    me, _, document, tables = said
    (found,) = rows_of(tables, "revocations", document)
    assert (found["issuer"], found["reason"], found["since"]) == (me.uri, "keyCompromise", Y2026)


def test_who_vouches_for_whom(said: Any) -> None:
    me, other, document, tables = said
    held = {"issuer": me.uri, "valid_from": Y2026, "valid_to": Y2028}
    equal(
        rows_of(tables, "accreditations", document),
        {"fid": fid(said, 21), "issuer": me.uri, "institution": other, "number": "V-1"}
        | {"scope": "ISO 14064-3\nISO 14067", "valid_from": Y2026, "valid_to": Y2028},
    )
    (assurance,) = rows_of(tables, "assurances", document)
    assert (assurance["footprint"], assurance["document"]) == (f"{other}|F", "ab" * 32)
    assert (assurance["level"], assurance["standard"], assurance["valid_to"]) == ("limited", "ISO 14064-3", Y2028)
    (certificate,) = rows_of(tables, "certificates", document)
    assert {n: certificate[n] for n in held} == held
    assert (certificate["holder"], certificate["facility"], certificate["status"]) == (other, f"{other}|f", "suspended")


def test_inventories(said: Any) -> None:
    me, _, document, tables = said
    period = {"start": Y2025, "end": Y2026}
    equal(
        rows_of(tables, "inventories", document),
        {"fid": fid(said, 24), "key": f"{me.uri}|I", "facility": f"{me.uri}|f", **period, "direct": 2500.0}
        | {"indirect": 0.0, "method": "market-based", "gwp": "AR5", "boundary": "operational control"},
        {"fid": fid(said, 25), "key": f"{me.uri}|plain", "facility": f"{me.uri}|bare", **period, "direct": 0.0}
        | {"indirect": NAN, "method": "", "gwp": "AR6", "boundary": ""},
    )


def fid(said: tuple[Party, str, StoredDocument, ChainTables], position: int) -> int:
    return fact_id(said[2].index, position)


def test_the_document(said: Any) -> None:
    me, _, document, tables = said
    equal(
        rows_of(tables, "documents", document),
        {"index": document.index, "id": document.id, "issuer": me.uri, "sender": me.uri, "signed": 1}
        | {"received_at": document.received_at},
    )


def test_organizations_and_facilities(said: Any) -> None:
    me, _, document, tables = said
    equal(
        rows_of(tables, "organizations", document),
        {"fid": fid(said, 0), "key": me.uri, "name": "Mill", "country": "CN"},
    )
    equal(
        rows_of(tables, "facilities", document),
        {"fid": fid(said, 1), "key": f"{me.uri}|f", "name": "Site f", "country": "CN", "region": "CN-North"},
        {"fid": fid(said, 2), "key": f"{me.uri}|bare", "name": "Site bare", "country": "DE", "region": ""},
    )


def test_products(said: Any) -> None:
    me, _, document, tables = said

    def row(position: int, name: str, material: str, dimension: int, kilograms: float, hs: str = "") -> dict[str, Any]:
        named = {"fid": fid(said, position), "key": f"{me.uri}|{name}", "name": f"Product {name}", "material": material}
        return {**named, "dimension": dimension, "kg_per_unit": kilograms, "hs": hs}

    expected = [
        row(3, "p", "steel", 1, 1.0, "7208"),
        row(4, "frame", "window-frame", 7, 8.6),
        row(5, "gas", "hydrogen", 2, NAN),
    ]
    equal(rows_of(tables, "products", document), *expected)


def test_processes_with_inputs_outputs_and_activities(said: Any) -> None:
    me, other, document, tables = said
    full = {"fid": fid(said, 7), "process": f"{me.uri}|full"}
    period = {"start": Y2025, "end": Y2026}
    equal(
        rows_of(tables, "processes", document),
        {"fid": fid(said, 6), "key": f"{me.uri}|bare", "facility": "", "kind": "transform", **period,
         "boundary": "cradle-to-gate", "complete": 0, "accounts": ""},
        {"fid": fid(said, 7), "key": f"{me.uri}|full", "facility": f"{me.uri}|f", "kind": "rework", **period,
         "boundary": "cbam-embedded", "complete": 1, "accounts": "energy water"},
    )  # fmt: skip
    no_period = {"start": NAN, "end": NAN}
    equal(
        rows_of(tables, "inputs", document),
        {**full, "kind": "lot", "target": f"{other}|L9", "country": "", **no_period, "quantity": 3.0,
         "dimension": MASS, "role": "own-scrap", "incorporated": 2.5, "origin": ""},
        {**full, "kind": "product", "target": f"{other}|p", "country": "", **period, "quantity": 4.0,
         "dimension": PIECE, "role": "packaging", "incorporated": NAN, "origin": ""},
        {**full, "kind": "material", "target": "ore", "country": "AU", **no_period, "quantity": 1000.0,
         "dimension": MASS, "role": "material", "incorporated": NAN, "origin": "virgin"},
        {**full, "kind": "material", "target": "ore", "country": "BR", **no_period, "quantity": 1000.0,
         "dimension": MASS, "role": "material", "incorporated": NAN, "origin": ""},
    )  # fmt: skip
    outputs = {(r["process"], r["output"]): r for r in rows_of(tables, "outputs", document)}
    assert {
        k: (r["quantity"], r["allocation"], repr(r["allocation_value"]), r["product"]) for k, r in outputs.items()
    } == {
        (f"{me.uri}|bare", "good"): (5.0, "mass", "nan", f"{me.uri}|p"),
        (f"{me.uri}|full", "a"): (1000.0, "economic", "10.5", f"{me.uri}|p"),
        (f"{me.uri}|full", "b"): (2.0, "economic", "0.0", f"{me.uri}|p"),
    }
    nothing = {"carrier": "", "region": ""}
    plain = {"category": "", "fate": ""}
    unrated = {"technology": NAN, "geography": NAN, "time": NAN, "gsd": NAN}
    equal(
        rows_of(tables, "activities", document),
        {**full, "name": "coal", "type": "stream", "carrier": "coal", "region": "CN", "scope": "direct", "gas": "CO2e",
         "quantity": 2000.0, "dimension": MASS, "multiplier": 25.0, "factor": 0.095, "primary": 1,
         "category": "biogenic_non_co2", "fate": "", "energy": 50000.0, "factor_source": "own",
         "supply_kind": "", "technology": 1.5, "geography": 2.0, "time": 3.0, "gsd": 1.1},
        {**full, "name": "power", "type": "electricity", "carrier": "", "region": "CN-North", "scope": "indirect",
         "gas": "CO2e", "quantity": 3600.0, "dimension": ENERGY, "multiplier": 1.0, "factor": NAN, "primary": 0,
         **plain, "energy": 3600.0, "factor_source": "", "supply_kind": "ppa", **unrated},
        {**full, "name": "stack", "type": "measured", **nothing, "scope": "direct", "gas": "CO2e",
         "quantity": 7.0, "dimension": MASS, "multiplier": 1.0, "factor": 1.0, "primary": 1,
         **plain, "energy": NAN, "factor_source": "", "supply_kind": "", **unrated},
        {**full, "name": "capture", "type": "capture", **nothing, "scope": "direct", "gas": "CO2e",
         "quantity": 1.0, "dimension": MASS, "multiplier": -1.0, "factor": 1.0, "primary": 0,
         "category": "removals", "fate": "bound", "energy": NAN, "factor_source": "", "supply_kind": "", **unrated},
    )  # fmt: skip


def test_lots_and_their_sources(said: Any) -> None:
    me, other, document, tables = said
    made = {"product": f"{me.uri}|p", "dimension": MASS, "produced_at": 1751241600.0}
    found = {r["key"]: r for r in rows_of(tables, "lots", document)}
    assert found == {
        f"{me.uri}|bare": {"fid": fid(said, 8), "key": f"{me.uri}|bare", "quantity": 5.0, **made},
        f"{me.uri}|both": {"fid": fid(said, 9), "key": f"{me.uri}|both", "quantity": 3.0, **made},
    }
    both = {"fid": fid(said, 9), "lot": f"{me.uri}|both"}
    weighed = {"quantity": 1.0, "dimension": MASS}
    equal(
        rows_of(tables, "lot_sources", document),
        {**both, "kind": "output", "source": f"{me.uri}|full", "output": "a", **weighed},
        {**both, "kind": "lot", "source": f"{other}|L9", "output": "", **weighed},
        {**both, "kind": "lot", "source": f"{me.uri}|bare", "output": "", **weighed},
    )


def test_transfers_one_row_a_moved_lot(said: Any) -> None:
    me, other, document, tables = said
    found = [
        (
            r["key"],
            r["sender"],
            r["receiver"],
            r["asserted_by"],
            r["lot"],
            r["quantity"],
            r["title"],
            r["custody"],
            repr(r["transport"]),
        )
        for r in rows_of(tables, "transfers", document)
    ]
    first = (f"{me.uri}|T1", me.uri, other, me.uri)
    assert sorted(found) == sorted(
        [
            (*first, f"{me.uri}|bare", 2.0, 0, 1, "0.015"),
            (*first, f"{me.uri}|both", 1.0, 0, 1, "0.015"),
            (f"{me.uri}|T2", me.uri, other, me.uri, f"{me.uri}|bare", 1.0, 1, 1, "nan"),
            (f"{other}|T3", other, me.uri, me.uri, f"{other}|L9", 9.0, 1, 1, "0.0"),
        ]
    )


def test_footprints(said: Any) -> None:
    me, _, document, tables = said
    period = {"start": Y2025, "end": Y2026}
    found = {r["fid"]: r for r in rows_of(tables, "footprints", document)}
    expected = {
        fid(said, 13): {
            "subject_kind": "lot", "subject": f"{me.uri}|bare", "facility": "", "country": "", **period,
            "valid_from": NAN, "valid_to": NAN, "direct": 1.5, "indirect": 0.0, "undivided": NAN, "dimension": MASS,
            "boundary": "cradle-to-gate", "gwp": "AR5", "primary_data_share": 0.5, "covers_transport": 1,
        },
        fid(said, 14): {
            "subject_kind": "product", "subject": f"{me.uri}|p", "facility": f"{me.uri}|f", "country": "", **period,
            "valid_from": Y2026, "valid_to": Y2028, "direct": NAN, "indirect": NAN, "undivided": 0.9, "dimension": MASS,
            "boundary": "gate-to-gate", "gwp": "AR6", "primary_data_share": NAN, "covers_transport": 0,
        },
        fid(said, 15): {
            "subject_kind": "product", "subject": f"{me.uri}|frame", "facility": "", "country": "DE", **period,
            "valid_from": NAN, "valid_to": NAN, "direct": 1.5, "indirect": NAN, "undivided": NAN, "dimension": PIECE,
            "boundary": "cradle-to-gate", "gwp": "AR6", "primary_data_share": NAN, "covers_transport": 0,
            "fossil": 1.5, "removals": NAN, "biogenic_carbon": 2.5, "heat": -2.0, "coal": NAN, "fresh_water": 0.5,
            "gsd": 2.0, "time": NAN,
        },
    }  # fmt: skip
    for number, row in expected.items():
        assert {n: repr(found[number][n]) for n in row} == {n: repr(v) for n, v in row.items()}
    assert found.keys() == expected.keys()


def test_contents_and_grants(said: Any) -> None:
    me, other, document, tables = said
    shares = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin")
    found = {r["fid"]: [repr(r[n]) for n in shares] for r in rows_of(tables, "contents", document)}
    assert found == {fid(said, 16): ["0.1", "0.2", "0.3", "0.15", "0.25"], fid(said, 17): [*["nan"] * 4, "0.0"]}
    assert {(r["basis"], r["custody"]) for r in rows_of(tables, "contents", document)} == {("mass", "segregated")}
    equal(
        rows_of(tables, "grants", document),
        {"fid": fid(said, 18), "issuer": me.uri, "grantee": other, "lot": f"{me.uri}|bare", "evidence": 1},
        {"fid": fid(said, 19), "issuer": me.uri, "grantee": other, "lot": "", "evidence": 0},
    )


# Said by records of the service only: tests/api/test_api_status_change.py, test_intake_factors.py.
OF_RECORDS = ("statuses", "factors")


def test_every_table_and_column_is_there_and_of_its_type(said: Any) -> None:
    *_, document, tables = said
    for table, columns in TABLES.items():
        if table in OF_RECORDS:
            continue
        assert rows_of(tables, table, document), table
        for name, kind in columns.items():
            assert {type(value) for value in tables.rows[table][name]} == {kind}, (table, name)


def test_the_same_tables_come_of_the_document_alone(hall: Hall, said: Any) -> None:
    """What a reader of the signed bytes makes of them without a graph, and what the graph makes of them."""
    *_, document, tables = said
    kept = hall.database.read(find_document, document.id)
    assert kept is not None
    statement = load_statement(parse(envelope.split(kept.content, Limits()).payload))
    known = (document.index, document.id, document.issuer, True, statement.facts, document.received_at)
    alone = tabulate([Held(*known, sender=kept.sender)])
    assert alone.head == document.index
    for table in TABLES:
        assert rows_of(alone, table, document) or table in OF_RECORDS, table
        equal(rows_of(alone, table, document), *rows_of(tables, table, document))
