"""What plotly.js draws, in numbers and words that are ready to be shown: no I/O. Unknown parts are never in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import fsum, inf
from typing import Any

from service.visibility import UNDISCLOSED
from service.web import numbers
from service.web.lot_page import Row

View = dict[str, Any]

# Steps of one waterfall before the total; the smaller ones stand in one.
MOST_STEPS = 12
# One step, or one tile, is no picture.
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One step from supplier to product: what it adds (kgCO2e per unit), and where it starts and ends."""

    label: str
    value: float
    start: float
    end: float
    hidden: bool = False
    total: bool = False


def steps(found: View, chain: View) -> list[Step]:
    """The total as steps, one an organization, the farthest first and the total last; nothing for what is unknown.

    ``found`` and ``chain``: ``schemas.figures.ContributionsView`` and ``ChainView``. Who stands at several tiers is
    placed at the nearest; what is not disclosed comes first, as what is upstream.
    """
    known = [row for row in found["by"]["organization"] if row["total"] is not None]
    tier = _tiers(chain)
    placed = sorted(_few(known), key=lambda row: (-tier.get(row["name"], inf), -abs(row["total"]), row["name"]))
    result, sums = [], [0.0]
    for row in placed:
        start = fsum(sums)
        sums.append(row["total"])
        result.append(Step(row["name"], row["total"], start, fsum(sums), hidden=row["name"] == UNDISCLOSED))
    total = found["total"]["total"]
    return [] if total is None else [*result, Step("Total", total, 0.0, total, total=True)]


def _few(rows: Sequence[View]) -> list[View]:
    if len(rows) <= MOST_STEPS:
        return list(rows)
    ranked = sorted(rows, key=lambda row: -abs(row["total"]))
    rest = ranked[MOST_STEPS - 1 :]
    return [
        *ranked[: MOST_STEPS - 1],
        {"name": f"{len(rest)} smaller ones", "total": fsum(row["total"] for row in rest)},
    ]


def _tiers(chain: View) -> dict[str, int]:
    """The nearest tier of each organization that is drawn."""
    found: dict[str, int] = {}
    for node in chain["nodes"]:
        name = node.get("organization")
        if name and "name" in node:
            found[name] = min(node["tier"], found.get(name, node["tier"]))
    return found


def waterfall(drawn: Sequence[Step], unit: str, decimals: int, *, lower_bound: bool) -> View | None:
    """The waterfall as ``static/charts.js`` takes it; None where there is nothing to compare."""
    if len(drawn) <= _LEAST:
        return None
    whole = drawn[-1].value
    told = [
        asdict(step)
        | {"text": _text(step.value, decimals, partly=step.total and lower_bound), "share": _of(step.value, whole)}
        for step in drawn
    ]
    return {"unit": unit, "steps": told}


def treemap(rows: Sequence[Row], unit: str, decimals: int) -> View | None:
    """Those rows of a breakdown that an area can show, as ``static/charts.js`` takes them; None for fewer than two."""
    tiles = [
        {
            "label": row.name,
            "value": row.total,
            "text": _text(row.total, decimals),
            "share": numbers.percent(row.share),
            "hidden": row.hidden,
        }
        for row in rows
        if row.total is not None and row.total > 0
    ]
    return {"unit": unit, "tiles": tiles} if len(tiles) >= _LEAST else None


def left_out(rows: Sequence[Row]) -> View:
    """The names of the rows that no area can show: what is unknown, and credits."""
    return {
        "unknown": [row.name for row in rows if row.total is None],
        "credits": [row.name for row in rows if row.total is not None and row.total < 0],
    }


def _text(value: float, decimals: int, *, partly: bool = False) -> str:
    return f"{'known part ' if partly else ''}{numbers.fixed(value, decimals)}"


def _of(value: float, whole: float) -> str:
    return f"{numbers.percent(value / whole)} of the total" if whole else ""
