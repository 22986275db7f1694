"""The published factors in force, as a policy takes them: from rows of the chain, never from the program.

Of several sets that name one region, or one material from one country, one counts: the set of the policy's boundary
before others, then the later year, then what was entered later (as ruling 1 takes the latest period, then the latest
document). Without a set in force nothing fills a gap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graph.model.factors import FactorKind
from graph.model.refs import asserted_at
from graph.rollup.policy import CBAM, Factor, Policy
from graph.rollup.rows import Rows

# HS headings of fertilisers (Regulation (EU) 2023/956, Annex I): their mark-up is another.
_FERTILISERS = ("2808", "2814", "283421", "31")
_TEXTS = ("kind", "scope", "boundary", "region", "materials", "hs", "country", "source")

_Row = dict[str, Any]


def with_published(policy: Policy, rows: Rows) -> Policy:
    """The policy with those factors of the table ``factors`` that it lets fill gaps."""
    grid: dict[str, Factor] = {}
    materials: dict[tuple[str, str], Factor] = {}
    for row in sorted(_records(rows), key=lambda row: _rank(row, policy)):
        if row["kind"] not in policy.defaults:
            continue
        if row["kind"] == FactorKind.GRID:
            grid[row["region"]] = _of_grid(row)
            continue
        for name, factor in _of_materials(row, policy.mark_up):
            materials[name, row["country"]] = factor
    return replace(policy, grid=grid, materials=materials)


def _records(rows: Rows) -> Iterator[_Row]:
    columns: dict[str, list[Any]] = {name: rows.text(name) for name in _TEXTS}
    columns |= {"value": rows.floats("value").tolist(), "year": rows.ints("year").tolist(), "fid": rows.facts}
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _rank(row: _Row, policy: Policy) -> tuple[bool, int, int]:
    """What counts stands last. A set names a region, or a material from a country, once."""
    return row["boundary"] == policy.boundary, row["year"], row["fid"]


def _of_grid(row: _Row) -> Factor:
    return Factor("electricity", row["region"], row["value"], "kgCO2e/MJ", source=row["source"], **_plain(row))


def _of_materials(row: _Row, mark_up: Mapping[str, float]) -> Iterator[tuple[str, Factor]]:
    codes = row["hs"].split("\n") if row["hs"] else []
    more = marked_up(codes, mark_up) if row["boundary"] == CBAM else 0.0
    source = f"{row['source']}{f', mark-up {more:.0%}' if more else ''}"
    for name in (*filter(None, row["materials"].split("\n")), *codes):
        yield name, Factor(name, row["country"], row["value"] * (1 + more), "kgCO2e/kg", source=source, **_plain(row))


def _plain(row: _Row) -> dict[str, Any]:
    return {name: row[name] for name in ("scope", "boundary", "year")} | {"document": asserted_at(row["fid"])}


def marked_up(codes: list[str], mark_up: Mapping[str, float]) -> float:
    """The mark-up on the default value of goods with these HS codes, as a fraction (Regulation (EU) 2025/2547)."""
    fertiliser = any(code.startswith(_FERTILISERS) for code in codes)
    return mark_up.get("fertilisers" if fertiliser else "other", 0.0)
