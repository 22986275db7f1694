"""The published factors in force, as a policy takes them: from rows of the chain, never from the program.

Of several sets that name one region, or one material from one country, one counts: the set of the policy's boundary
before others, then the later year, then what was entered later (as ruling 1 takes the latest period, then the latest
document). Without a set in force nothing fills a gap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from math import isnan, nan
from typing import Any

from graph.model.factors import FactorKind
from graph.model.refs import asserted_at
from graph.rollup.policy import CBAM, Factor, Policy
from graph.rollup.rows import Rows

# HS headings of fertilisers (Regulation (EU) 2023/956, Annex I): their mark-up is another.
_FERTILISERS = ("2808", "2814", "283421", "31")
_TEXTS = ("kind", "scope", "boundary", "region", "materials", "hs", "country", "source")

_Row = dict[str, Any]
_Found = tuple[Mapping[str, Factor], Mapping[tuple[str, str], Factor]]


def with_published(policy: Policy, rows: Rows) -> Policy:
    """The policy with those factors of the table ``factors`` that it lets fill gaps."""
    columns: list[tuple[Any, ...]] = [tuple(rows.text(name)) for name in _TEXTS]
    # None for nan, which is not equal to itself.
    values = tuple(None if isnan(value) else value for value in rows.floats("value").tolist())
    columns += [values, tuple(rows.ints("year").tolist()), tuple(rows.facts)]
    mark_up = tuple(sorted(policy.mark_up.items()))
    grid, materials = _resolved(policy.boundary, policy.defaults, mark_up, tuple(columns))
    return replace(policy, grid=grid, materials=materials)


@lru_cache(maxsize=8)
def _resolved(
    boundary: str,
    defaults: frozenset[str],
    mark_up: tuple[tuple[str, float], ...],
    columns: tuple[tuple[Any, ...], ...],
) -> _Found:
    """Grid factors and those of materials. Nearly every question is asked with the same sets in force."""
    grid: dict[str, Factor] = {}
    materials: dict[tuple[str, str], Factor] = {}
    more = dict(mark_up)
    for row in sorted(_records(columns), key=lambda row: _rank(row, boundary)):
        if row["kind"] not in defaults:
            continue
        if row["kind"] == FactorKind.GRID:
            grid[row["region"]] = _of_grid(row)
            continue
        for name, factor in _of_materials(row, more):
            materials[name, row["country"]] = factor
    return grid, materials


def _records(columns: tuple[tuple[Any, ...], ...]) -> Iterator[_Row]:
    names = (*_TEXTS, "value", "year", "fid")
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        yield row | {"value": nan} if row["value"] is None else row


def _rank(row: _Row, boundary: str) -> tuple[bool, int, int]:
    """What counts stands last. A set names a region, or a material from a country, once."""
    return row["boundary"] == boundary, row["year"], row["fid"]


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
