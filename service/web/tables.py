"""The tables beside the charts of a lot's page, whole, for those who take them away: no I/O.

A row says of itself whether something of it is unknown (``lower_bound``), so that no number leaves the page as more
than it is.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.web import charts, plots, words

View = dict[str, Any]
Cell = str | float | bool | None

SCOPES = ("direct", "indirect", "undivided")
# A spreadsheet takes what begins so for a formula, and names are other people's words (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what it is called, its columns, and rows of text, numbers and None for what is unknown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, Cell]]:
        """Its rows by column, unknown as None."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def csv(self) -> str:
        """Comma-separated values (RFC 4180); what is unknown is the word, since an empty cell may be read as 0."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([_written(cell) for cell in row] for row in self.rows)
        return text.getvalue()


def _written(cell: Cell) -> str:
    if cell is None:
        return "unknown"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float | int):
        return repr(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def footprint(figure: View) -> Table:
    """The total with its scopes, its interval, and with uptake."""
    unit, at_least = figure["unit"], figure["lower_bound"]
    interval, biogenic = figure["interval"] or {"low": None, "high": None}, figure["biogenic"]
    rows = [(name, figure[name], unit, at_least) for name in (*SCOPES, "total")]
    rows += [(f"95 % interval, {end}", interval[end], unit, False) for end in ("low", "high")]
    rows += [("total including biogenic uptake", biogenic["total_including_uptake"], unit, at_least)]
    return Table("Footprint", ("name", "value", "unit", "lower_bound"), tuple(rows))


def backing(figure: View) -> Table:
    """How far a figure is backed: shares of 1, and the data quality rating (1 best, 5 worst)."""
    of = "known emissions" if figure["coverage_emissions_of"] == "known" else "emissions"
    shares = (
        ("coverage_mass", "mass"),
        ("coverage_emissions", of),
        ("primary_data_share", of),
        ("default_share", of),
        ("unknown_share", "mass"),
        ("interval_share", of),
    )
    rows: list[tuple[Cell, ...]] = [(name.replace("_", " "), figure[name], f"share of {what}") for name, what in shares]
    rated = figure["data_quality"] or dict.fromkeys(words.QUALITY)
    rows += [(f"data quality, {name}", rated[name], "rating of 1 (best) to 5") for name in words.QUALITY]
    return Table("How far it is backed", ("name", "value", "of"), tuple(rows))


def parts(figure: View) -> Table:
    """What the total is of, and biogenic carbon beside it."""
    unit, at_least, biogenic = figure["unit"], figure["parts"]["lower_bound"], figure["biogenic"]
    per = unit.partition("/")[2]
    rows: list[tuple[Cell, ...]] = [
        (label, figure["parts"][name], unit, at_least and figure["parts"][name] is not None)
        for name, label in words.PARTS.items()
    ]
    rows += [(label, biogenic[name], f"{amount}/{per}", False) for name, (label, amount) in words.BIOGENIC.items()]
    return Table("Parts of the total", ("name", "value", "unit", "lower_bound"), tuple(rows))


def breakdown(found: View, by: str) -> Table:
    """All rows of one breakdown, however many."""
    at_least = found["lower_bound"]
    rows = [
        (_name(by, row["name"]), *(row[n] for n in (*SCOPES, "total", "share")), found["unit"], at_least)
        for row in found["by"][by]
    ]
    columns = ("name", *SCOPES, "total", "share", "unit", "lower_bound")
    return Table(f"Emissions by {by}", columns, tuple(rows))


def steps(found: View, chain: View) -> Table:
    """From supplier to product, step by step, as the waterfall draws it; the last row is the total."""
    at_least = found["lower_bound"]
    rows = [
        (step.label, step.value, step.start, step.end, found["unit"], at_least) for step in plots.steps(found, chain)
    ]
    return Table("From supplier to product", ("name", "value", "from", "to", "unit", "lower_bound"), tuple(rows))


def _name(by: str, name: str) -> str:
    return charts.tier_name(name) if by == "tier" else words.row_name(by, name)


def indicators(found: View) -> Table:
    """Energy by carrier, water, waste, what was recovered and captured, and the shares of final energy."""
    rows: list[tuple[Cell, ...]] = []
    for group, account in found["groups"].items():
        rows += [
            (words.GROUPS[group], words.INDICATORS[name], value, account["unit"], _bound(account, value))
            for name, value in account["values"].items()
        ]
    rows += [
        (words.ENERGY_SHARES_OF, label, found["shares"][name], "share", False)
        for name, label in words.ENERGY_SHARES.items()
    ]
    return Table("Energy, water and waste", ("account", "name", "value", "unit", "lower_bound"), tuple(rows))


def _bound(account: View, value: float | None) -> bool:
    return bool(account["lower_bound"]) and value is not None


def content(found: View) -> Table:
    """Shares of mass."""
    rows = tuple((label, found[code]) for code, (label, _) in words.CONTENT.items())
    return Table("Content by mass", ("name", "share"), rows)


def chain(found: View) -> Table:
    """The nodes of the chain by tier; what is not disclosed stands in one row a tier, with how many it is."""
    nodes = sorted(found["nodes"], key=lambda node: (node["tier"], node["number"]))
    rows = tuple((node["tier"], *_node(node)) for node in nodes)
    return Table("The chain", ("tier", "nodes", "kind", "name", *_NODE, "evidence"), rows)


_NODE = ("organization", "material", "country")


def _node(node: View) -> tuple[Cell, ...]:
    if "name" not in node:
        return node["lots"], "not disclosed", "", "", "", "", ""
    told = (node.get(name, "") for name in _NODE)
    return 1, node["name"]["kind"], node["name"]["id"], *told, node["basis"]


Reader = Callable[[str], View]
# Name in the address -> the table, from views read by their name (and the breakdown asked for).
TABLES: Mapping[str, Callable[[Reader, str], Table]] = {
    "footprint": lambda read, _: footprint(read("footprint")),
    "backing": lambda read, _: backing(read("footprint")),
    "parts": lambda read, _: parts(read("footprint")),
    "steps": lambda read, _: steps(read("contributions"), read("chain")),
    "tiers": lambda read, _: breakdown(read("contributions"), "tier"),
    "contributions": lambda read, by: breakdown(read("contributions"), by),
    "indicators": lambda read, _: indicators(read("indicators")),
    "chain": lambda read, _: chain(read("chain")),
    "content": lambda read, _: content(read("content")),
}
