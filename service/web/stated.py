"""What a document states, in plain words, as far as the viewer may see it: from the chain's tables, by its index.

Whoever may see all that the issuer states sees every fact. Whom a part was disclosed to sees what speaks of the lots
that it may see, and nothing of the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.model.documents import StoredDocument
from graph.model.factors import FactorKind
from graph.model.refs import Kind, Ref, asserted_at, uid
from graph.model.tables import TABLES, ChainTables
from graph.rollup.rows import Rows, every
from graph.units import CANONICAL, Dimension
from service.visibility import Sight
from service.web import numbers, words

Row = dict[str, Any]
Naming = Callable[[str], str]

MOST = 20
_MOST_LETTERS = 60
_MOST_FACTORS = 40
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Told:
    """One fact: what it is about, and what it says as pairs of title and words; ``lot``: of a lot to be opened."""

    fid: int
    kind: str
    about: str
    says: tuple[tuple[str, str], ...]
    lot: str = ""

    @property
    def headline(self) -> str:
        """The fact in a few words: footprint of BRACKETS-1."""
        return f"{self.kind} {self.about}".strip()


@dataclass(frozen=True, slots=True)
class Stated:
    """The first facts of a document that the viewer may see, how many there are, and whether those are all of it."""

    facts: tuple[Told, ...]
    count: int
    whole: bool

    @property
    def headline(self) -> str:
        """What a list calls the document; "" where the viewer may not know."""
        if not self.facts:
            return ""
        first, more = self.facts[0].headline, self.count - 1
        short = first if len(first) <= _MOST_LETTERS else first[: _MOST_LETTERS - 1] + "…"
        return short + (f" and {more} more" if more else "")


def stated(tables: ChainTables, sees: Sight, document: StoredDocument, name: Naming, most: int = MOST) -> Stated:
    """What a document states; nothing for one that was refused, whose facts never entered the chain."""
    whole = bool(document.content) or sees.own(document) or sees.facts_of(document.issuer)
    found: dict[int, Told] = {}
    count = 0
    for table in _TELL if whole else _DISCLOSED:
        rows = every(tables, table).stated_in([document.index])
        if not whole:
            rows = _seen(rows, _DISCLOSED[table], sees)
        count += len(set(rows.facts))
        for row in _records(table, Rows(rows.columns, rows.positions[rows.ints("fid").argsort()[:most]], rows.pool)):
            found.setdefault(row["fid"], _told(table, row, tables, sees, name))
    first = sorted(found.values(), key=lambda told: (_ORDER.index(told.kind), told.fid))[:most]
    return Stated(tuple(first), count, whole)


def _seen(rows: Rows, column: str, sees: Sight) -> Rows:
    """The rows about lots that the viewer may see."""
    kinds = rows.text("subject_kind") if "subject_kind" in rows.columns else ["lot"] * len(rows)
    keep = [n for n, (k, key) in enumerate(zip(kinds, rows.text(column), strict=True)) if k == "lot" and sees.lot(key)]
    return Rows(rows.columns, rows.positions[keep], rows.pool)


def _records(table: str, rows: Rows) -> Iterable[Row]:
    """Rows by column, None for what is absent."""
    columns = {
        n: rows.text(n) if k is str else rows.columns[n].at(rows.positions).tolist() for n, k in TABLES[table].items()
    }
    for values in zip(*columns.values(), strict=True):
        yield {n: None if v != v else v for n, v in zip(columns, values, strict=True)}  # noqa: PLR0124 - nan alone differs from itself


def _told(table: str, row: Row, tables: ChainTables, sees: Sight, name: Naming) -> Told:
    kind, about, lot, says = _TELL[table](row, tables, name)
    link = uid(Kind.LOT, lot) if lot and sees.lot(lot) else ""
    return Told(row["fid"], kind, about, tuple((title, text) for title, text in says if text), link)


_Found = tuple[str, str, str, list[tuple[str, str]]]


def _id(key: str) -> str:
    ref = Ref.from_key(key)
    return ref.id or ref.issuer


def _period(start: float | None, end: float | None) -> str:
    """From the first to the last day: the end itself is not in it."""
    if start is None or end is None:
        return ""
    last = end - 1 if end % _DAY == 0 else end
    return f"{numbers.day(numbers.iso(start))} to {numbers.day(numbers.iso(last))}"


def _amount(row: Row) -> str:
    return numbers.quantity(row["quantity"], CANONICAL[Dimension(row["dimension"])])


def _per(value: float | None, row: Row) -> str:
    """A figure as stated, with its unit; of a mass also by the tonne, as many state it."""
    if value is None:
        return ""
    unit = CANONICAL[Dimension(row["dimension"])]
    told = f"{numbers.fixed(value, numbers.decimals_for(value))} {numbers.readable_unit(f'kgCO2e/{unit}')}"
    tonne = f"{numbers.fixed(value * 1000, numbers.decimals_for(value * 1000))} kg per t"
    return f"{told} ({tonne})" if unit == "kg" else told


def _subject(row: Row) -> tuple[str, str]:
    """In words, and the key of a lot."""
    key = row["subject"]
    return (f"of {_id(key)}", key) if row["subject_kind"] == "lot" else (f"of product {_id(key)}", "")


def _footprint(row: Row, _: ChainTables, __: Naming) -> _Found:
    about, lot = _subject(row)
    share = row["primary_data_share"]
    return "footprint", about, lot, [
        ("Direct", _per(row["direct"], row)),
        ("Indirect", _per(row["indirect"], row)),
        ("Total, not divided", _per(row["undivided"], row)),
        ("Period", _period(row["start"], row["end"])),
        ("Takes in", words.boundary(row["boundary"]) if row["boundary"] else ""),
        ("Warming potentials", words.GWP.get(row["gwp"]) or str(row["gwp"])),
        ("Measured share", "" if share is None else numbers.percent(share)),
    ]  # fmt: skip


def _content(row: Row, _: ChainTables, __: Naming) -> _Found:
    about, lot = _subject(row)
    says = [(label, numbers.percent(row[n], 2)) for n, (label, _) in words.CONTENT.items() if row.get(n) is not None]
    return "content", about, lot, [*says, ("Period", _period(row["start"], row["end"]))]


def _lot(row: Row, _: ChainTables, __: Naming) -> _Found:
    made = numbers.day(numbers.iso(row["produced_at"]))
    return "lot", _id(row["key"]), row["key"], [("Quantity", _amount(row)), ("Produced", made)]


def _product(row: Row, _: ChainTables, __: Naming) -> _Found:
    unit = CANONICAL[Dimension(row["dimension"])]
    return "product", _id(row["key"]), "", [
        ("Name", row["name"]), ("Material", row["material"]), ("Counted in", unit),
    ]  # fmt: skip


def _process(row: Row, tables: ChainTables, _: Naming) -> _Found:
    document = asserted_at(row["fid"])
    parts = {
        n: every(tables, n).stated_in([document]).facts.count(row["fid"]) for n in ("inputs", "outputs", "activities")
    }
    return "process", _id(row["key"]), "", [
        ("Period", _period(row["start"], row["end"])),
        ("Site", _id(row["facility"]) if row["facility"] else ""),
        *((title.capitalize(), str(count)) for title, count in parts.items()),
    ]  # fmt: skip


def _transfer(row: Row, tables: ChainTables, name: Naming) -> _Found:
    more = every(tables, "transfers").stated_in([asserted_at(row["fid"])]).facts.count(row["fid"]) - 1
    return "transfer", f"of {_id(row['lot'])}", row["lot"], [
        ("From", name(row["sender"])), ("To", name(row["receiver"])), ("Quantity", _amount(row)),
        ("Beside it", f"{more} more {'lot' if more == 1 else 'lots'}" if more else ""),
        ("On", numbers.day(numbers.iso(row["at"]))),
    ]  # fmt: skip


def _site(row: Row, _: ChainTables, __: Naming) -> _Found:
    return "site", _id(row["key"]), "", [("Name", row["name"]), ("Country", row["country"])]


def _organization(row: Row, _: ChainTables, __: Naming) -> _Found:
    return "organization", row["name"], "", [("Country", row["country"])]


def _grant(row: Row, _: ChainTables, name: Naming) -> _Found:
    what = f"of lot {_id(row['lot'])}" if row["lot"] else "of all that the issuer states"
    evidence = "with the signed bytes" if row["evidence"] else "without the signed bytes"
    return "grant", f"to {name(row['grantee'])}", row["lot"], [("To read", f"the facts {what}, {evidence}")]


def _revocation(row: Row, _: ChainTables, __: Naming) -> _Found:
    why = words.REVOCATIONS.get(row["reason"]) or str(row["reason"])
    return "revocation", f"of the key {row['thumbprint'][:12]}…", "", [("Why", why)]


def _accreditation(row: Row, _: ChainTables, name: Naming) -> _Found:
    valid = _period(row["valid_from"], row["valid_to"])
    return "accreditation", f"of {name(row['institution'])}", "", [("Number", row["number"]), ("Valid", valid)]


def _assurance(row: Row, _: ChainTables, __: Naming) -> _Found:
    says = [("Level", row["level"]), ("Standard", row["standard"]), ("Document", row["document"])]
    return "assurance", f"of {_id(row['footprint'])}", "", says


def _certificate(row: Row, _: ChainTables, name: Naming) -> _Found:
    valid = _period(row["valid_from"], row["valid_to"])
    says = [("Number", row["number"]), ("Holder", name(row["holder"])), ("Valid", valid)]
    return "certificate", f"of {row['scheme']}", "", says


def _inventory(row: Row, _: ChainTables, __: Naming) -> _Found:
    direct, indirect = (
        None if row[n] is None else f"{numbers.fixed(row[n], 0)} kgCO2e" for n in ("direct", "indirect")
    )
    return "inventory", f"of {_id(row['facility'])}", "", [
        ("Direct", direct or ""), ("Of bought energy", f"{indirect}, {row['method']}" if indirect else ""),
        ("Period", _period(row["start"], row["end"])), ("Takes in", row["boundary"]),
    ]  # fmt: skip


def _factor_set(row: Row, tables: ChainTables, _: Naming) -> _Found:
    """A set with the values it holds, the first of them one by one."""
    rows = every(tables, "factors").stated_in([asserted_at(row["fid"])])
    values = [(_factor(one), _factor_value(one)) for one in list(_records("factors", rows))[:_MOST_FACTORS]]
    return "factor set", row["factor_set"], "", [
        ("Version", row["version"]), ("Year", str(row["year"])), ("Source", row["source"]),
        ("Takes in", words.boundary(row["boundary"]) if row["boundary"] else ""), ("Values", str(len(rows))), *values,
    ]  # fmt: skip


def _factor(row: Row) -> str:
    named = row["materials"] or row["hs"]
    return row["region"] or f"{named.replace(chr(10), ', ')} ({row['country']})"


def _factor_value(row: Row) -> str:
    unit = "kgCO2e/MJ" if row["kind"] == FactorKind.GRID else "kgCO2e/kg"
    value = row["value"]
    return f"{numbers.fixed(value, 4)} {numbers.readable_unit(unit)}" if value is not None else "none is stated"


_TELL: Mapping[str, Callable[[Row, ChainTables, Naming], _Found]] = {
    "footprints": _footprint,
    "contents": _content,
    "lots": _lot,
    "processes": _process,
    "transfers": _transfer,
    "products": _product,
    "facilities": _site,
    "organizations": _organization,
    "grants": _grant,
    "revocations": _revocation,
    "accreditations": _accreditation,
    "assurances": _assurance,
    "certificates": _certificate,
    "inventories": _inventory,
    "factors": _factor_set,
}
# The tables that hold what is told.
TOLD = tuple(_TELL)
_ORDER = (
    "footprint", "content", "lot", "process", "transfer", "product", "site", "organization", "grant", "revocation",
    "accreditation", "assurance", "certificate", "inventory", "factor set",
)  # fmt: skip
# What is disclosed with a lot, by the column that names it.
_DISCLOSED: Mapping[str, str] = {"footprints": "subject", "contents": "subject", "lots": "key"}
