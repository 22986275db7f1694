"""The demo's statements: the European Commission's filled CBAM templates as chains of suppliers, and four odd cases.

Figures only, from the Commission's worked examples for CBAM; organizations, lots and periods are made up. Quantities
are what the templates state; every emission factor is marked as the declarer's own, as it is there.
"""

from dataclasses import dataclass
from typing import Any

Fact = dict[str, Any]

PERIOD = {"produced_from": "2025-01-01", "produced_to": "2026-01-01"}
DECLARED = {"period_start": "2025-01-01", "period_end": "2026-01-01"}
BOUNDARY = "cbam-embedded"


def org(name: str) -> str:
    """The URI of a demo organization."""
    return f"urn:greenchain:org:demo-{name}"


@dataclass(frozen=True, slots=True)
class Member:
    """One organization of the demo: its short name, what it is called, its country and role."""

    short: str
    name: str
    country: str
    role: str = "supplier"

    @property
    def uri(self) -> str:
        """The organization's URI."""
        return org(self.short)


MEMBERS = (
    Member("steelworks", "Harbour Steelworks", "CN"),
    Member("screws", "Delta Fasteners", "CN"),
    Member("smelter", "Plateau Aluminium", "CN"),
    Member("profiles", "Riverside Profiles", "CN"),
    Member("cement", "Limestone Ridge Cement", "CN"),
    Member("windows", "Fenster Windows", "DE", "brand-owner"),
    Member("billets", "Northern Billets", "CN"),
    Member("castings", "Old Town Castings", "CN"),
    Member("recycler", "Bright Cycle Metals", "CN"),
    Member("retired", "Former Trading", "CN"),
    Member("auditor", "Plain Audit", "DE", "auditor"),
    Member("buyer", "Fenster Purchasing", "DE", "procurement"),
)

# Name of the figure -> who asks for it, and the lot it is about.
FIGURES = {
    "integrated-steel": ("steelworks", "HRC-2025-07"),
    "screws": ("screws", "SCREWS-2025"),
    "aluminium-smelter": ("smelter", "INGOT-2025"),
    "aluminium-profile": ("profiles", "PROFILE-2025"),
    "cement": ("cement", "CEM-I-2025"),
    "window-frame": ("windows", "FRAME-0001"),
}
ODD_CASES = {
    "attested against computed": ("billets", "BILLET-2025"),
    "unknown precursor": ("castings", "CASTING-2025"),
    "recycled claim": ("recycler", "RE-INGOT-2025"),
}


def _q(value: str | int, unit: str) -> Fact:
    return {"value": str(value), "unit": unit}


def _own(value: str, unit: str) -> Fact:
    return {"value": value, "unit": unit, "own": True}


def _opening(member: Member) -> list[Fact]:
    return [
        {"kind": "organization", "name": member.name, "country": member.country},
        {"kind": "facility", "id": "works", "name": f"{member.name}, main works", "country": member.country}
        | ({"grid_region": "CN"} if member.country == "CN" else {}),
    ]


def _product(identity: str, name: str, material: str, code: str, unit: str = "t", **more: Any) -> Fact:
    classified = [{"system": "HS-CN", "code": code}]
    return {
        "kind": "product",
        "id": identity,
        "name": name,
        "material": material,
        "declared_unit": unit,
        "classifications": classified,
    } | more


def _process(identity: str, product: str, output: Fact, activities: list[Fact], inputs: list[Fact]) -> Fact:
    return {
        "kind": "process",
        "id": identity,
        "facility": "works",
        **PERIOD,
        "boundary": BOUNDARY,
        "inputs_complete": bool(inputs),
        "inputs": inputs,
        "outputs": [{"id": "good", "product": product, "quantity": output}],
        "activities": activities,
    }


def _lot(identity: str, product: str, process: str, quantity: Fact, day: str = "2025-12-31") -> Fact:
    drawn = [{"process": process, "output": "good", "quantity": quantity}]
    return {
        "kind": "lot",
        "id": identity,
        "product": product,
        "quantity": quantity,
        "produced_at": day,
        "drawn_from": drawn,
    }


def _transfer(sender: str, receiver: str, lot: Fact | str, quantity: Fact) -> Fact:
    return {
        "kind": "transfer",
        "id": f"{sender}-to-{receiver}-2025",
        "sender": org(sender),
        "receiver": org(receiver),
        "at": "2026-01-15",
        "moved": [{"lot": lot, "quantity": quantity}],
    }


def _of(supplier: str, lot: str) -> Fact:
    return {"issuer": org(supplier), "id": lot}


def _electricity(megawatt_hours: str, factor: str) -> Fact:
    return {
        "name": "electricity",
        "type": "electricity",
        "quantity": _q(megawatt_hours, "MWh"),
        "factor": _own(factor, "t/MWh"),
        "supply_kind": "grid",
        "primary": True,
    }


def _carbon(name: str, tonnes: str, carbon: str, direction: str = "in", biomass: str = "0") -> Fact:
    stream = {"name": name, "type": "carbon", "direction": direction, "quantity": _q(tonnes, "t"), "primary": True}
    return stream | {"carbon_content": carbon} | ({"biomass_fraction": biomass} if biomass != "0" else {})


def _direct(tonnes: str) -> Fact:
    return {
        "name": "process emissions",
        "type": "measured",
        "scope": "direct",
        "quantity": _q(tonnes, "t"),
        "primary": True,
    }


def _steelworks() -> list[Fact]:
    """Carbon mass balance over all streams; converter gas exported; electricity."""
    waste_gas = {
        "name": "converter gas exported",
        "type": "waste-gas",
        "direction": "out",
        "quantity": _q(12800, "TJ"),
        "factor": _own("56.1", "t/TJ"),
        "correction": "0.667",
    }
    streams = [
        _carbon("coke fines", "50000", "0.88"),
        _carbon("iron ore", "5600000", "0.00023"),
        _carbon("coke", "2200000", "0.88"),
        _carbon("plastics", "70000", "0.683571530119101", biomass="0.16"),
        _carbon("scrap, pre-consumer", "800000", "0.0021"),
        _carbon("scrap, post-consumer", "200000", "0.0018"),
        _carbon("lime", "280000", "0.0027292576419213972"),
        _carbon("natural gas", "170000", "0.75"),
        _carbon("other inputs", "40000", "0.1"),
        _carbon("steel", "4800000", "0.0018", "out"),
        _carbon("slag", "1000000", "0.0003", "out"),
    ]
    materials = [
        _material("iron-ore", "AU", "5600000", "3800000", "virgin"),
        _material("ferrous-scrap", "CN", "800000", "800000", "pre-consumer"),
        _material("ferrous-scrap", "DE", "200000", "200000", "post-consumer"),
    ]
    activities = [*streams, waste_gas, _electricity("1658844", "0.589")]
    return [
        _product("hrc", "Hot-rolled coil", "hot-rolled-steel", "7208"),
        _process("steel-2025", "hrc", _q(4800000, "t"), activities, materials),
        _lot("HRC-2025-07", "hrc", "steel-2025", _q(20000, "t"), "2025-07-31"),
        _transfer("steelworks", "screws", "HRC-2025-07", _q(20000, "t")),
    ]


def _material(name: str, country: str, tonnes: str, incorporated: str, origin: str) -> Fact:
    return {
        "material": name,
        "country": country,
        "quantity": _q(tonnes, "t"),
        "incorporated": _q(incorporated, "t"),
        "origin": origin,
    }


def _screws() -> list[Fact]:
    steel = {"lot": _of("steelworks", "HRC-2025-07"), "quantity": _q(20000, "t"), "incorporated": _q(17000, "t")}
    activities = [_direct("3337.95"), _electricity("3400", "0.833")]
    return [
        _transfer("steelworks", "screws", _of("steelworks", "HRC-2025-07"), _q(20000, "t")),
        _product("screws", "Window screws", "screws", "7318"),
        _process("screws-2025", "screws", _q(17000, "t"), activities, [steel]),
        _lot("SCREWS-2025", "screws", "screws-2025", _q(17000, "t")),
        _transfer("screws", "windows", "SCREWS-2025", _q(50, "t")),
    ]


def _smelter() -> list[Fact]:
    alumina = _material("alumina", "AU", "386000", "200000", "virgin")
    return [
        _product("ingot", "Primary aluminium ingot", "aluminium", "7601"),
        _process(
            "ingot-2025", "ingot", _q(200000, "t"), [_direct("311000"), _electricity("3000000", "0.41")], [alumina]
        ),
        _lot("INGOT-2025", "ingot", "ingot-2025", _q(200000, "t")),
        _transfer("smelter", "profiles", "INGOT-2025", _q(120000, "t")),
    ]


def _profiles() -> list[Fact]:
    metal = {"lot": _of("smelter", "INGOT-2025"), "quantity": _q(120000, "t"), "incorporated": _q(113000, "t")}
    activities = [_direct("5283"), _electricity("105000", "0.41")]
    return [
        _transfer("smelter", "profiles", _of("smelter", "INGOT-2025"), _q(120000, "t")),
        _product("profile", "Window profile", "aluminium-profile", "7604"),
        _process("profile-2025", "profile", _q(113000, "t"), activities, [metal]),
        _lot("PROFILE-2025", "profile", "profile-2025", _q(113000, "t")),
        _transfer("profiles", "windows", "PROFILE-2025", _q(1000, "t")),
    ]


def _fuel(carrier: str, tonnes: str, calorific: str, factor: str, biomass: str = "0") -> Fact:
    stream = {
        "name": carrier.replace("-", " "),
        "type": "stream",
        "carrier": carrier,
        "quantity": _q(tonnes, "t"),
        "factor": _own(factor, "kg/GJ"),
        "primary": True,
    }
    stream |= {"net_calorific_value": _q(calorific, "GJ/t")}
    return stream | ({"biomass_fraction": biomass} if biomass != "0" else {})


def _cement() -> list[Fact]:
    calcination = {
        "name": "calcination",
        "type": "stream",
        "quantity": _q(1255000, "t"),
        "factor": _own("0.525", "t/t"),
        "primary": True,
    }
    fuels = [
        _fuel("coal", "88000", "25", "95"),
        _fuel("mixed-waste", "25000", "20", "83", "0.15"),
        _fuel("fuel-oil", "43000", "40", "78"),
    ]
    activities = [calcination, *fuels, _electricity("193864.47368421053", "0.833")]
    return [
        _product("cem-i", "Portland cement CEM I", "cement", "2523"),
        _process("cement-2025", "cem-i", _q("1321052.6315789474", "t"), activities, []),
        _lot("CEM-I-2025", "cem-i", "cement-2025", _q(1000000, "t")),
    ]


def _windows() -> list[Fact]:
    parts = [
        {"lot": _of("profiles", "PROFILE-2025"), "quantity": _q("8.2", "kg")},
        {"lot": _of("screws", "SCREWS-2025"), "quantity": _q("0.4", "kg")},
    ]
    mass = _q("8.6", "kg/piece")
    return [
        _transfer("profiles", "windows", _of("profiles", "PROFILE-2025"), _q(1000, "t")),
        _transfer("screws", "windows", _of("screws", "SCREWS-2025"), _q(50, "t")),
        _product("frame", "Window frame", "window-frame", "7610", "piece", mass_per_unit=mass),
        _process("frame-0001", "frame", _q(1, "piece"), [], parts),
        _lot("FRAME-0001", "frame", "frame-0001", _q(1, "piece"), "2025-12-20"),
        {"kind": "grant", "id": "audit-2026", "grantee": org("auditor"), "evidence": True},
        {"kind": "grant", "id": "purchasing", "grantee": org("buyer")},
    ]


def _billets() -> list[Fact]:
    """A signed footprint that its own signed process data contradict."""
    activities = [_direct("15000"), _electricity("20000", "0.5366")]
    claim = {
        "kind": "footprint",
        "id": "billet-claim",
        "lot": "BILLET-2025",
        **DECLARED,
        "per": _q(1, "t"),
        "direct": "900",
        "indirect": "300",
        "boundary": BOUNDARY,
        "primary_data_share": "0.9",
    }
    return [
        _product("billet", "Steel billet", "steel-billet", "7207"),
        _process(
            "billet-2025",
            "billet",
            _q(10000, "t"),
            activities,
            [_material("ferrous-scrap", "CN", "11000", "10000", "")],
        ),
        _lot("BILLET-2025", "billet", "billet-2025", _q(10000, "t")),
        claim,
    ]


def _castings() -> list[Fact]:
    """A precursor that nobody has described: the figure is its known part."""
    unknown = {"lot": {"issuer": "urn:greenchain:org:demo-unheard-of", "id": "PIG-77"}, "quantity": _q(500, "t")}
    return [
        _product("casting", "Grey iron casting", "cast-iron", "7325"),
        _process("casting-2025", "casting", _q(450, "t"), [_direct("90")], [unknown]),
        _lot("CASTING-2025", "casting", "casting-2025", _q(450, "t")),
    ]


def _recycler() -> list[Fact]:
    """Metal declared as recycled whose electricity is that of electrolysis."""
    claim = {
        "kind": "content",
        "id": "recycled-claim",
        "lot": "RE-INGOT-2025",
        **DECLARED,
        "post_consumer": "0.8",
        "virgin": "0.2",
    }
    return [
        _product("re-ingot", "Recycled aluminium ingot", "aluminium", "7601"),
        _process("re-ingot-2025", "re-ingot", _q(5000, "t"), [_direct("8000"), _electricity("68000", "0.5366")], []),
        _lot("RE-INGOT-2025", "re-ingot", "re-ingot-2025", _q(5000, "t")),
        claim,
    ]


_FACTS = {
    "steelworks": _steelworks,
    "screws": _screws,
    "smelter": _smelter,
    "profiles": _profiles,
    "cement": _cement,
    "windows": _windows,
    "billets": _billets,
    "castings": _castings,
    "recycler": _recycler,
}


def facts_of(member: Member) -> list[Fact]:
    """What a member states: who it is, and its part of the chain."""
    more = _FACTS.get(member.short)
    return _opening(member) + (more() if more else [])
