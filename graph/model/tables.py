"""The chain as columns: what the store reads for the roll-up, before any point in time is chosen.

Every row belongs to a fact (``fid``); ``fid >> 20`` is the ledger index that asserted it, so rows of any time stand in
one table and a snapshot ``as_of`` an index is a mask. Columns (``graph.model.columns``) hold text as codes of one pool
("" is absent), numbers as float (nan is absent) or int. Quantities are in the canonical unit of their dimension
(``graph.units``), times are seconds since the epoch, footprints are kgCO2e per canonical unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from graph.model.branches import Branch, excerpt
from graph.model.columns import Array, Codes, Column, FactColumn, Pool, TextColumn, UniqueColumn
from graph.model.indicators import GHG_PARTS, STATED

# Columns of text in which hardly a value comes twice, and which nothing is looked up by.
_UNIQUE = frozenset({("documents", "id")})

_QUALITY: Mapping[str, type] = {"technology": float, "geography": float, "time": float, "gsd": float}

# Column -> str, float or int. The order is the order in which the store collects them.
TABLES: Mapping[str, Mapping[str, type]] = {
    # `index` is the ledger index: facts with fid >> 20 == index are this document's. `signed`: 1 verified, authorised.
    "documents": {"index": int, "id": str, "issuer": str, "sender": str, "signed": int, "received_at": float},
    "organizations": {"fid": int, "key": str, "name": str, "country": str},
    "facilities": {"fid": int, "key": str, "name": str, "country": str, "region": str},
    # kg_per_unit: kg per canonical unit of `dimension` (mass per piece, density); 1 for mass, nan when not stated.
    "products": {
        "fid": int, "key": str, "name": str, "material": str, "dimension": int, "kg_per_unit": float, "hs": str,
    },
    "lots": {"fid": int, "key": str, "product": str, "quantity": float, "dimension": int, "produced_at": float},
    # kind "output": source is a process key and `output` the id of its output; kind "lot": source is a lot key.
    "lot_sources": {
        "fid": int, "lot": str, "kind": str, "source": str, "output": str, "quantity": float, "dimension": int,
    },
    # complete: 1 inputs said to be complete, 0 not said, -1 inputs kept undisclosed. accounts: the groups of indicators
    # (``graph.model.indicators``) for which its activities are complete, with a space between.
    "processes": {
        "fid": int, "key": str, "facility": str, "kind": str, "start": float, "end": float, "boundary": str,
        "complete": int, "accounts": str,
    },
    # kind "lot" | "product" (target: product key, period start..end) | "material" (target: material name, country).
    # role: material | fuel | auxiliary | packaging | own-scrap. incorporated: kg of it that end up in the outputs, nan
    # when not stated (then the consumed mass). origin: "" | pre-consumer | post-consumer | non-grain-bio | grain-bio |
    # waste-bio | virgin, the declarer's word on a material.
    "inputs": {
        "fid": int, "process": str, "kind": str, "target": str, "country": str, "start": float, "end": float,
        "quantity": float, "dimension": int, "role": str, "incorporated": float, "origin": str,
    },
    # allocation: mass | economic | energy | explicit; value: the raw value of the key (nan for mass).
    "outputs": {
        "fid": int, "process": str, "output": str, "product": str, "quantity": float, "dimension": int,
        "allocation": str, "allocation_value": float,
    },
    # Emissions in kgCO2e = quantity x multiplier x factor x GWP(gas). multiplier holds sign, net calorific value,
    # oxidation, 1 - biomass fraction, carbon content x 3.664 and the like. factor nan: to be resolved by the policy
    # from (type, carrier, region). scope: direct | indirect | undivided. primary: 1 where data and factor are measured
    # or supplier-specific. energy: MJ, sold is negative. category: a GHG part ("" fossil). fate: of captured CO2.
    # factor_source: what several activities may share. supply_kind: of electricity, grid | direct-line | own | ppa |
    # certificate. gsd: geometric standard deviation; DQR 1..5.
    "activities": {
        "fid": int, "process": str, "name": str, "type": str, "carrier": str, "region": str, "scope": str, "gas": str,
        "quantity": float, "dimension": int, "multiplier": float, "factor": float, "primary": int, "category": str,
        "fate": str, "energy": float, "factor_source": str, "supply_kind": str, **_QUALITY,
    },
    # subject_kind "lot" | "product" (then facility or country or neither, and the reference period start..end).
    # covers_transport: 1 where inbound transport is inside the figure. Indicators are per canonical unit, too.
    "footprints": {
        "fid": int, "subject_kind": str, "subject": str, "facility": str, "country": str, "start": float, "end": float,
        "valid_from": float, "valid_to": float, "direct": float, "indirect": float, "undivided": float,
        "dimension": int, "boundary": str, "gwp": str, "primary_data_share": float, "covers_transport": int,
        "key": str, **dict.fromkeys((*GHG_PARTS, "biogenic_carbon", *STATED), float), **_QUALITY,
    },
    # Mass fractions 0..1, nan when not stated; basis "mass" (ISO 14021 / EN 16785-1).
    "contents": {
        "fid": int, "subject_kind": str, "subject": str, "facility": str, "country": str, "start": float, "end": float,
        "valid_from": float, "valid_to": float, "pre_consumer": float, "post_consumer": float, "non_grain_bio": float,
        "other_bio": float, "virgin": float, "basis": str, "custody": str,
    },
    # One row a moved lot. transport: kgCO2e per kg moved, all legs (nan: a leg without intensity).
    # confirmed: 1 when both sides asserted it.
    "transfers": {
        "fid": int, "key": str, "sender": str, "receiver": str, "asserted_by": str, "lot": str, "quantity": float,
        "dimension": int, "at": float, "title": int, "custody": int, "transport": float,
    },
    # The issuer lets `grantee` read: one lot (key) or, where "", all its own facts; evidence 1: the signed bytes too.
    "grants": {"fid": int, "issuer": str, "grantee": str, "lot": str, "evidence": int},
    # A key speaks no more. since: nan unless the reason is keyCompromise; facts that ended at the index of such a
    # document are those that the compromised key had signed.
    "revocations": {"fid": int, "issuer": str, "thumbprint": str, "reason": str, "since": float},
    # A record of the service that a document's status is another from then on. document: its ledger index; state:
    # revoked | suspended | valid.
    "statuses": {"fid": int, "document": int, "state": str},
    # A body accredits an institution for the standards in `scope`, one a line.
    "accreditations": {
        "fid": int, "issuer": str, "institution": str, "number": str, "scope": str, "valid_from": float,
        "valid_to": float,
    },
    # level: limited | reasonable. footprint: key of the fact; document: id of the document that states it.
    "assurances": {
        "fid": int, "issuer": str, "footprint": str, "document": str, "level": str, "standard": str, "valid_to": float,
    },
    # status: in-force | suspended | withdrawn. facility: key, "" for the whole organization.
    "certificates": {
        "fid": int, "issuer": str, "scheme": str, "number": str, "holder": str, "facility": str, "status": str,
        "valid_from": float, "valid_to": float,
    },
    # A facility's emissions over [start, end), kgCO2e; indirect nan: not stated. method: location-based | market-based.
    # facility: key; boundary: the issuer's note.
    "inventories": {
        "fid": int, "key": str, "facility": str, "start": float, "end": float, "direct": float, "indirect": float,
        "method": str, "gwp": str, "boundary": str,
    },
    # Published factors (``graph.model.factors``). kind: grid (region, kgCO2e per MJ) | material (materials and HS
    # codes, one a line, country or "other"; kgCO2e per kg, nan where the source lists the country without a value).
    "factors": {
        "fid": int, "factor_set": str, "version": str, "kind": str, "scope": str, "boundary": str, "year": int,
        "region": str, "materials": str, "hs": str, "country": str, "value": float, "source": str,
    },
}  # fmt: skip


def _column(table: str, name: str, pool: Pool) -> Column:
    if (table, name) in _UNIQUE:
        return UniqueColumn()
    if name == "fid":
        return FactColumn()
    kind = TABLES[table][name]
    return TextColumn(pool) if kind is str else Column(kind)


@dataclass(slots=True)
class ChainTables:
    """All rows up to ledger index ``head`` (-1: nothing yet), and which facts ceased to be in force at which index."""

    head: int = -1
    pool: Pool = field(default_factory=Pool)
    rows: dict[str, dict[str, Column]] = field(init=False)
    superseded: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = {t: {c: _column(t, c, self.pool) for c in columns} for t, columns in TABLES.items()}

    def extend(self, newer: "ChainTables") -> None:
        """Append what is newer than ``head`` (rows and supersessions); the head becomes the newer one's."""
        codes = None if newer.pool is self.pool else self.pool.intern(newer.pool.texts(np.arange(len(newer.pool))))
        for table, columns in newer.rows.items():
            # By the first column rows are counted: who reads meanwhile finds what was there, whole.
            for name in reversed(columns):
                _append(self.rows[table][name], columns[name], codes)
        # Another one, not the same one changed: whoever goes through it meanwhile goes on with what there was.
        self.superseded = self.superseded | newer.superseded
        self.head = newer.head

    def standing(self) -> "ChainTables":
        """The same rows as they are now, for whoever goes through them while others append. Made while nobody does."""
        self.pool.pack()
        found = ChainTables(self.head, Branch(self.pool), self.superseded)
        found.rows = self.rows
        return found

    def part(self, positions: Mapping[str, Array], superseded: dict[int, int]) -> "ChainTables":
        """Some rows of each table, by position (ascending), in tables with an excerpt of this one's texts.

        In it texts have the order that they have in this one's. The head stays.
        """
        kept = {t: {c: column.at(positions[t]) for c, column in self._texts(t)} for t in TABLES}
        pool, place = excerpt(self.pool, (codes for columns in kept.values() for codes in columns.values()))
        found = ChainTables(self.head, pool, superseded)
        for table, columns in self.rows.items():
            for name, column in columns.items():
                if name in kept[table]:
                    found.rows[table][name].add(place[kept[table][name]])
                else:
                    found.rows[table][name].add_some(column, positions[table])
        return found

    def _texts(self, table: str) -> Iterator[tuple[str, TextColumn]]:
        for name, column in self.rows[table].items():
            if isinstance(column, TextColumn):
                yield name, column


def _append(column: Column, newer: Column, codes: Codes | None) -> None:
    """Append a column; ``codes`` of its texts by theirs, None where they are the same."""
    if isinstance(column, UniqueColumn):
        column.extend(newer)
        return
    values: Array = newer.array
    column.add(values if codes is None or not isinstance(column, TextColumn) else codes[values])
