"""The published schema "statement": how it says what it does not take."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.errors import StatementInvalid
from schemas.statement import load_statement
from tests.schemas.statements import (
    DIGEST,
    MAXIMAL,
    ME,
    MINIMAL,
    OTHER,
    PERIOD,
    STATED,
    Json,
    changed,
    errors,
    load,
    one,
    q,
)

PROCESS, LOT, FOOTPRINT = MAXIMAL["process"], MINIMAL["lot"], MINIMAL["footprint"]


@pytest.mark.parametrize("kind", STATED)
def test_an_unknown_field_is_named(kind: str) -> None:
    assert errors(MINIMAL[kind] | {"colour/~": 1}) == {"/facts/0/colour~1~0": "Unknown field."}


@pytest.mark.parametrize("kind", STATED)
def test_every_missing_field_is_named(kind: str) -> None:
    required = set(MINIMAL[kind]) - {"kind", "lot", "virgin", "undivided"}
    for name in required:
        assert f"/facts/0/{name}" in errors(changed(MINIMAL[kind], name, None)), name


@pytest.mark.parametrize(
    "value",
    ["-1", -1, 0, "0", "-0", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e18", "x", "", " ", None, True, [], {},
     "1" * 61, "9" * 41, "0." + "1" * 41, float("nan"), float("inf"), "1_000", "١٢", " 12 ", "12\n", "0x10", "1,5",
     "1e-400", "1e-999999"],
)  # fmt: skip
def test_a_quantity_is_a_plain_decimal_above_zero_that_a_machine_can_hold(value: object) -> None:
    assert set(errors(LOT | {"quantity": {"value": value, "unit": "kg"}})) == {"/facts/0/quantity/value"}


@pytest.mark.parametrize("name", ["direct", "undivided"])
@pytest.mark.parametrize(
    ("per", "value"), [("1e-999990", "1e17"), ("1e-300", "1e17"), ("1", "1e-999999"), ("1", "1e400")]
)
def test_no_footprint_is_beyond_what_a_figure_can_hold(name: str, per: str, value: str) -> None:
    """An infinite figure would be everybody's downstream."""
    assert errors(FOOTPRINT | {"per": q(per), name: value})


def test_what_is_kept_of_a_number_is_what_was_stated() -> None:
    """All digits that are taken are kept; too many are refused, never rounded."""
    for digits in range(1, 41):
        stated = "1." + "3" * (digits - 1)
        try:
            found = one(LOT | {"quantity": q(stated)})
        except StatementInvalid:
            continue
        assert found.amount.value == Decimal(stated), digits


@pytest.mark.parametrize(
    ("quantity", "pointer"),
    [
        (5, ""),
        ([], ""),
        ({}, "/unit"),
        ({"value": 1}, "/unit"),
        ({"unit": "kg"}, "/value"),
        ({"value": 1, "unit": "kg", "more": 1}, "/more"),
        ({"value": 1, "unit": 7}, "/unit"),
        ({"value": 1, "unit": "furlongs per fortnight"}, "/unit"),
        ({"value": 1, "unit": "degC"}, "/unit"),
        ({"value": 1, "unit": ""}, "/unit"),
        ({"value": 1, "unit": "k" * 10_000}, "/unit"),
    ],
)
def test_a_quantity_is_a_value_and_a_known_unit(quantity: object, pointer: str) -> None:
    found = errors(LOT | {"quantity": quantity})
    assert f"/facts/0/quantity{pointer}" in found
    assert all(len(detail) < 200 for detail in found.values())


BAD_IDS = ["", "a|b", "a b", "a\tb", "a\u00a0b", "a\u2028b", "a\x00b", "a\u200bb", "e\u0301", "x" * 201, 7, None]


@pytest.mark.parametrize("identity", BAD_IDS)
def test_an_id_is_visible_characters_in_one_spelling_without_a_bar(identity: object) -> None:
    assert set(errors(LOT | {"id": identity})) == {"/facts/0/id"}
    assert any(p.startswith("/facts/0/product") for p in errors(LOT | {"product": identity}))
    assert any(p.startswith("/facts/0/product") for p in errors(LOT | {"product": {"issuer": OTHER, "id": identity}}))


@pytest.mark.parametrize(
    "issuer", ["", "no-scheme", "urn:", ":x", "urn:a b", "urn:a|b", "1rn:x", 3, "urn:" + "x" * 200]
)
def test_an_issuer_is_a_uri(issuer: object) -> None:
    assert set(errors(LOT | {"product": {"issuer": issuer, "id": "p"}})) == {"/facts/0/product/issuer"}


def test_a_reference_is_an_id_or_a_named_id() -> None:
    assert errors(LOT | {"product": 5}) == {"/facts/0/product": "must be an id or an object with issuer and id"}
    assert set(errors(LOT | {"product": {"id": "p", "iss": "x"}})) == {
        "/facts/0/product/issuer",
        "/facts/0/product/iss",
    }


@pytest.mark.parametrize(
    "moment",
    ["", "yesterday", "2025", "2025-13-01", "2025-02-30", "2025-01-01T12:00:00", "1899-12-31", "2201-01-01", 20250101,
     1735689600, None, "2025-W01-1", "20250101", "2025-01-01\n", "2025-01-01T00:00:00Zjunk", "2025-01-01x00:00:00Z",
     "2025-01-01T25:00:00Z", "٢٠٢٥-٠١-٠١"],
)  # fmt: skip
def test_a_time_is_a_date_or_a_time_with_its_offset(moment: object) -> None:
    assert set(errors(LOT | {"produced_at": moment})) == {"/facts/0/produced_at"}


def test_a_date_is_its_midnight_in_utc() -> None:
    assert one(LOT | {"produced_at": "2025-01-15"}).produced_at == 1736899200.0
    assert one(LOT | {"produced_at": "2025-01-15T08:00:00+08:00"}).produced_at == 1736899200.0


@pytest.mark.parametrize("country", ["de", "DEU", "D", "", "D1", "DE\n", " DE", 7, "ＤＥ"])
def test_a_country_is_two_capital_letters(country: object) -> None:
    assert set(errors(MINIMAL["facility"] | {"country": country})) == {"/facts/0/country"}


@pytest.mark.parametrize(
    ("fact", "path", "value", "pointer"),
    [
        ("withdrawal", "document", DIGEST + "\n", "/document"),
        ("withdrawal", "document", DIGEST.upper(), "/document"),
        ("withdrawal", "supersedes", "1234", "/supersedes"),
        ("facility", "gln", "4012345000009\n", "/gln"),
        ("facility", "gln", "401", "/gln"),
        ("facility", "unlocode", "CN1HA", "/unlocode"),
        ("facility", "latitude", "90.1", "/latitude"),
        ("facility", "longitude", -181, "/longitude"),
        ("facility", "name", "", "/name"),
        ("facility", "name", "a\nb", "/name"),
        ("facility", "name", "x" * 501, "/name"),
        ("organization", "identifiers", ["urn:x:y"] * 21, "/identifiers"),
        ("organization", "identifiers", ["nothing"], "/identifiers/0"),
        ("product", "declared_unit", "bananas", "/declared_unit"),
        ("product", "mass_per_unit", q(8, "kg"), "/mass_per_unit/unit"),
        ("product", "mass_per_unit", q(8, "kg/m3"), "/mass_per_unit"),
        ("product", "mass_per_unit", q(0, "kg/piece"), "/mass_per_unit"),
        ("product", "mass_per_unit", q(-1, "kg/piece"), "/mass_per_unit/value"),
        ("product", "classifications/0/system", "HS", "/classifications/0/system"),
        ("transfer", "moved", [], "/moved"),
        ("transfer", "legs/0/mode", "zeppelin", "/legs/0/mode"),
        ("transfer", "legs/0/distance_km", -1, "/legs/0/distance_km"),
        ("transfer", "transfer_kind", "gift", "/transfer_kind"),
        ("transfer", "moved/0/quantity/unit", "x", "/moved/0/quantity/unit"),
        ("lot", "drawn_from/0/quantity/value", 0, "/drawn_from/0/quantity/value"),
        ("lot", "attachments/0/sha256", "00", "/attachments/0/sha256"),
        ("footprint", "boundary", "cradle-to-grave", "/boundary"),
        ("footprint", "gwp", "AR9", "/gwp"),
        ("footprint", "period_end", "2025-01-01", "/period_end"),
        ("footprint", "valid_to", "2025-12-31", "/valid_to"),
        ("footprint", "primary_data_share", "1.1", "/primary_data_share"),
        ("footprint", "indirect", "-1", "/indirect"),
        ("footprint", "country", "CN", "/country"),
        ("content", "virgin", "1.1", "/virgin"),
        ("content", "virgin", "-0.1", "/virgin"),
        ("content", "basis", "mass-balance", "/basis"),
        ("content", "custody", "mass-balance", "/custody"),
        ("grant", "grantee", "nobody", "/grantee"),
        ("grant", "evidence", "perhaps", "/evidence"),
        ("key-revocation", "thumbprint", "a|b", "/thumbprint"),
        ("key-revocation", "reason", "why not", "/reason"),
        ("process", "produced_to", "2025-01-01", "/produced_to"),
        ("process", "produced_to", "2024-01-01", "/produced_to"),
        ("process", "boundary", "", "/boundary"),
        ("process", "process_kind", "magic", "/process_kind"),
        ("process", "owner", "me", "/owner"),
        ("process", "outputs", [], "/outputs"),
        ("process", "outputs/1/id", "a", "/outputs/1/id"),
        ("process", "outputs/1/allocation", {"key": "mass"}, "/outputs"),
        ("process", "outputs/1/allocation", {"key": "economic"}, "/outputs/1/allocation/value"),
        ("process", "outputs/1/allocation/value", -1, "/outputs/1/allocation/value"),
        ("process", "outputs/1/allocation/key", "guess", "/outputs/1/allocation/key"),
        ("process", "inputs/0/product", "p", "/inputs/0"),
        ("process", "inputs/0/lot", None, "/inputs/0"),
        ("process", "inputs/0/role", "sink", "/inputs/0/role"),
        ("process", "inputs/0/incorporated", q(4, "t"), "/inputs/0/incorporated"),
        ("process", "inputs/0/incorporated", q(1, "piece"), "/inputs/0/incorporated/unit"),
        ("process", "inputs/1/period_start", None, "/inputs/1/period_start"),
        ("process", "inputs/1/period_end", "2025-01-01", "/inputs/1/period_end"),
        ("process", "inputs/2/country", None, "/inputs/2/country"),
        ("process", "inputs/2/origin", "space", "/inputs/2/origin"),
        ("process", "activities/1/name", "coal", "/activities/1/name"),
        ("process", "activities/0/type", "wish", "/activities/0/type"),
        ("process", "activities/0/factor", None, "/activities/0/factor"),
        ("process", "activities/0/factor/source", None, "/activities/0/factor"),
        ("process", "activities/0/factor/year", None, "/activities/0/factor"),
        ("process", "activities/0/factor/region", None, "/activities/0/factor"),
        ("process", "activities/0/factor/unit", "kg", "/activities/0/factor/unit"),
        ("process", "activities/0/factor/unit", "kg/t", "/activities/0/factor/unit"),
        ("process", "activities/0/factor/unit", "GJ/kg", "/activities/0/factor/unit"),
        ("process", "activities/0/factor/value", -1, "/activities/0/factor/value"),
        ("process", "activities/0/net_calorific_value/unit", "t/GJ", "/activities/0/net_calorific_value/unit"),
        ("process", "activities/0/oxidation", "1.1", "/activities/0/oxidation"),
        ("process", "activities/0/direction", "out", "/activities/0/direction"),
        ("process", "activities/0/carbon_content", "0.5", "/activities/0/carbon_content"),
        ("process", "activities/0/scope", "direct", "/activities/0/scope"),
        ("process", "activities/0/gas", "CH4", "/activities/0/gas"),
        ("process", "activities/1/carbon_content", None, "/activities/1/carbon_content"),
        ("process", "activities/1/quantity/unit", "MWh", "/activities/1/quantity/unit"),
        ("process", "activities/1/factor", {"value": 1, "unit": "kg/kg", "own": True}, "/activities/1/factor"),
        ("process", "activities/2/quantity/unit", "t", "/activities/2/quantity/unit"),
        ("process", "activities/2/oxidation", "0.5", "/activities/2/oxidation"),
        ("process", "activities/2/supply_kind", "magic", "/activities/2/supply_kind"),
        ("process", "activities/3/factor", None, "/activities/3/factor"),
        ("process", "activities/4/net_calorific_value", q(25, "GJ/t"), "/activities/4/net_calorific_value"),
        ("process", "activities/5/scope", None, "/activities/5/scope"),
        ("process", "activities/5/gas", "CO", "/activities/5/gas"),
        ("process", "activities/5/direction", "out", "/activities/5/direction"),
        ("process", "activities/5/quantity/unit", "MWh", "/activities/5/quantity/unit"),
        ("process", "activities/5/supply_kind", "grid", "/activities/5/supply_kind"),
    ],
)
def test_a_fault_is_named_by_its_place(fact: str, path: str, value: object, pointer: str) -> None:
    base = MAXIMAL["footprint"] if fact == "footprint" else MAXIMAL[fact]
    found = errors(changed(base, path, value))
    assert f"/facts/0{pointer}" in found
    assert all(found.values())


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [(0, "country", "DE"), (0, "period_start", "2025-01-01"), (1, "country", "DE"), (2, "period_end", "2025-01-01")],
)
def test_what_does_not_belong_to_an_input_is_refused_never_ignored(number: int, name: str, value: str) -> None:
    fact = changed(PROCESS, f"inputs/{number}/{name}", value)
    assert f"/facts/0/inputs/{number}/{name}" in errors(fact)


@pytest.mark.parametrize(
    ("fact", "missing"),
    [("footprint", ("undivided",)), ("content", ("virgin",)), ("footprint", ("lot",)), ("content", ("lot",))],
)
def test_a_declaration_states_something_about_something(fact: str, missing: tuple[str, ...]) -> None:
    less = {k: v for k, v in MINIMAL[fact].items() if k not in missing}
    assert set(errors(less)) == {"/facts/0"}
    both = MINIMAL[fact] | {"product": "p"}
    assert set(errors(both)) == {"/facts/0"}


# Several facts


def test_one_thing_is_stated_once_in_a_statement() -> None:
    assert errors(LOT, MINIMAL["product"], LOT) == {"/facts/2/id": "the same lot is stated at /facts/0"}
    load(LOT, LOT | {"id": "L2"}, MINIMAL["product"] | {"id": "L"})


def test_every_fault_of_a_statement_is_told_up_to_fifty() -> None:
    bad = [LOT | {"id": f"L{n}", "quantity": q(-1)} for n in range(3)]
    assert set(errors(*bad)) == {f"/facts/{n}/quantity/value" for n in range(3)}
    many = [LOT | {"id": f"L{n}", "quantity": q(-1)} for n in range(200)]
    assert len(errors(*many)) == 51


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ([], "/facts"),
        ("x", "/facts"),
        ([5], "/facts/0"),
        ([None], "/facts/0"),
        ([{}], "/facts/0/kind"),
        ([{"kind": "rumour"}], "/facts/0/kind"),
        ([{"kind": ["lot"]}], "/facts/0/kind"),
        ([{"kind": "organization", "id": "x", "name": "n", "country": "DE"}], "/facts/0/id"),
    ],
)
def test_facts_are_a_list_of_known_kinds(facts: object, pointer: str) -> None:
    with pytest.raises(StatementInvalid) as caught:
        load_statement({"iss": ME, "jti": "s", "iat": 1, "facts": facts})
    assert pointer in {e.pointer for e in caught.value.errors}


@pytest.mark.parametrize(
    ("claims", "pointer"),
    [
        ({"iss": "me"}, "/iss"),
        ({"jti": "a b"}, "/jti"),
        ({"iat": "now"}, "/iat"),
        ({"iat": 1.5}, "/iat"),
        ({"exp": "1"}, "/exp"),
        ({"nbf": 1}, "/nbf"),
    ],
)
def test_claims_are_few_and_plain(claims: Json, pointer: str) -> None:
    assert set(errors(LOT, **claims)) == {pointer}


@pytest.mark.parametrize("document", [None, 1, "x", [], True, [{}]])
def test_a_statement_is_an_object(document: object) -> None:
    with pytest.raises(StatementInvalid) as caught:
        load_statement(document)
    assert [e.pointer for e in caught.value.errors] == [""]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"indirect": q(1)}, "/indirect_method"),
        ({"indirect_method": "market-based"}, "/indirect_method"),
        ({"indirect": q(1), "indirect_method": "both"}, "/indirect_method"),
        ({"direct": q(1, "m3")}, "/direct/unit"),
        ({"direct": q(-1)}, "/direct/value"),
        ({"indirect": q(1, "kWh"), "indirect_method": "market-based"}, "/indirect/unit"),
        ({"period_end": PERIOD["period_start"]}, "/period_end"),
    ],
)
def test_an_inventory_states_masses_of_a_period_and_how_bought_energy_was_counted(change: Json, pointer: str) -> None:
    with pytest.raises(StatementInvalid) as raised:
        one(MINIMAL["inventory"] | change)
    assert [e.pointer for e in raised.value.errors] == [f"/facts/0{pointer}"]
