"""What the page of a portfolio shows, made from the views that the API answers with: no I/O."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from service.web import numbers
from service.web.plots import Step
from service.web.tables import Table

View = dict[str, Any]

# Suppliers that have a colour of their own, the largest; what is smaller stands together.
MOST_SERIES = 5
# Rows of one table on the page; a download has them all.
MOST_ROWS = 36
_TONNE = 1000.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EFFECTS = {"volume": "Volume", "mix": "Mix", "intensity": "Intensity"}
BOUNDS = {"exact": "", "known-part": "known part", "unknown": ""}


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that the amounts of a page are shown in."""

    unit: str
    divisor: float
    decimals: int

    def of(self, kilograms: float | None) -> float | None:
        """An amount in this unit; None is unknown."""
        return None if kilograms is None else kilograms / self.divisor

    def text(self, kilograms: float, *, partly: bool = False) -> str:
        """An amount in this unit, written."""
        shown = numbers.fixed(kilograms / self.divisor, self.decimals)
        return f"known part {shown}" if partly else shown


def scale(amounts: Sequence[float | None]) -> Scale:
    """The scale of some amounts, kgCO2e: from a tonne on, tonnes."""
    largest = max((abs(a) for a in amounts if a is not None), default=0.0)
    tonnes = largest >= _TONNE
    divisor = _TONNE if tonnes else 1.0
    return Scale("t CO\u2082e" if tonnes else "kg CO\u2082e", divisor, numbers.decimals_for(largest / divisor))


def supplier(group: View) -> str:
    """What a group's supplier is called."""
    names = group["names"]
    return str(names.get("supplier_name") or names["supplier"] or "not stated")


def stacked(totals: View, year: int, shown: Scale) -> View | None:
    """The known emissions by month of a year, one series a supplier, as ``static/charts.js`` takes it; None where there
    are none.

    A supplier of whom nothing is known in a month has nothing there, not even a zero.
    """
    known = [group for group in totals["groups"] if group["total"] is not None]
    months = [f"{year}-{month:02d}" for month in range(1, len(_MONTHS) + 1)]
    series = _series(known)
    if not series:
        return None
    return {
        "unit": shown.unit,
        "months": [f"{name} {year}" for name in _MONTHS],
        "short": list(_MONTHS),
        "series": [
            {"label": label, "rest": rest, **_of_months(groups, months, shown)} for label, groups, rest in series
        ],
    }


def _series(known: Sequence[View]) -> list[tuple[str, list[View], bool]]:
    # By who they are: two may go by one name.
    by: dict[str, list[View]] = {}
    for group in known:
        by.setdefault(group["names"]["supplier"], []).append(group)
    ranked = sorted(by, key=lambda uri: (-fsum(abs(g["total"]) for g in by[uri]), supplier(by[uri][0]), uri))
    found = [(supplier(by[uri][0]), by[uri], False) for uri in ranked[:MOST_SERIES]]
    rest = [group for uri in ranked[MOST_SERIES:] for group in by[uri]]
    return [*found, (_others(len(ranked) - MOST_SERIES), rest, True)] if rest else found


def _others(count: int) -> str:
    return f"{count} other{'s' if count > 1 else ''}"


def _of_months(groups: Sequence[View], months: Sequence[str], shown: Scale) -> View:
    values: list[float | None] = []
    texts: list[str] = []
    for month in months:
        here = [group for group in groups if group["names"]["month"] == month]
        total = fsum(group["total"] for group in here) if here else None
        values.append(shown.of(total))
        partly = any(group["lower_bound"] for group in here)
        texts.append("" if total is None else shown.text(total, partly=partly))
    return {"values": values, "texts": texts}


def change_steps(change: View, years: tuple[int, int]) -> list[Step]:
    """From one year to the next by volume, mix and intensity; nothing where one of them is unknown."""
    if change["change"] is None:
        return []
    both = [group for group in change["groups"] if group["volume"] is not None]
    start, end = fsum(group["before"] for group in both), fsum(group["after"] for group in both)
    found, at = [Step(str(years[0]), start, 0.0, start, total=True)], start
    for name, label in _EFFECTS.items():
        moved = change["effects"][name]
        found.append(Step(label, moved, at, at + moved))
        at += moved
    return [*found, Step(str(years[1]), end, 0.0, end, total=True)]


def waterfall(steps: Sequence[Step], shown: Scale, *, partly: bool) -> View | None:
    """The steps as ``static/charts.js`` draws a waterfall."""
    if not steps:
        return None
    start = steps[0].value
    told = []
    for step in steps:
        scaled = {name: getattr(step, name) / shown.divisor for name in ("value", "start", "end")}
        share = f"{numbers.percent(step.value / start)} of {steps[0].label}" if start else ""
        text = shown.text(step.value, partly=partly and step.total)
        told.append(asdict(step) | scaled | {"text": text, "share": share})
    return {"unit": shown.unit, "steps": told}


def path(target: View | None, shown: Scale) -> View | None:
    """The way to a target beside what was emitted; what is unknown is not in it."""
    if target is None:
        return None
    years = target["years"]
    return {
        "unit": shown.unit,
        "years": [year["year"] for year in years],
        "aim": [shown.of(year["aim"]) for year in years],
        "aim_texts": [shown.text(year["aim"]) for year in years],
        "actual": [shown.of(year["actual"]) for year in years],
        "texts": ["" if y["actual"] is None else shown.text(y["actual"], partly=_partly(y)) for y in years],
        "above": [year["gap"] is not None and year["gap"] > 0 for year in years],
    }


def _partly(year: View) -> bool:
    return bool(year["lower_bound"])


def missing(row: View) -> str:
    """What is unknown of a row, in words."""
    names = [name["id"] for name in row["missing"]["named"]]
    hidden = row["missing"]["undisclosed"]
    more = max(0, len(names) - 5)
    told = [*names[:5], *([f"{more} more"] if more else [])]
    return "; ".join([*told, *([f"{hidden} not disclosed to you"] if hidden else [])])


# Tables to be taken away: kgCO2e, as the API tells it.


def totals_table(totals: View) -> Table:
    """All groups by supplier and month, and the whole."""
    rows = [(supplier(g), g["names"]["month"] or None, *_amounts(g)) for g in totals["groups"]]
    rows.append(("all", "all", *_amounts(totals["total"])))
    columns = ("supplier", "month", "lots", "lots_without_figure", "kg", "kgCO2e", "kgCO2e_per_kg", "lower_bound")
    return Table("Emissions by supplier and month", columns, tuple(rows))


def _amounts(group: View) -> tuple[Any, ...]:
    names = ("lots", "unknown_lots", "mass", "total", "intensity", "lower_bound")
    return tuple(group[name] for name in names)


def change_table(change: View) -> Table:
    """What moved by how much, by product; the last row is all that is known in both periods."""
    bounds = ("lower_bound_before", "lower_bound_after")
    names = ("before", "after", "volume", "mix", "intensity", "unknown_before", "unknown_after", *bounds)
    rows = [(group_name(g), *(g[name] for name in names)) for g in change["groups"]]
    effects = change["effects"]
    told = [group for group in change["groups"] if group["volume"] is not None]
    ends = [fsum(g[name] for g in told) if told else None for name in ("before", "after")]
    lots = [sum(g[name] for g in change["groups"]) for name in ("unknown_before", "unknown_after")]
    partly = [change["of_known"] for _ in bounds]
    rows.append(("all known in both", *ends, *(effects[name] for name in _EFFECTS), *lots, *partly))
    columns = ("product", "before", "after", *_EFFECTS, "lots_unknown_before", "lots_unknown_after", *bounds)
    return Table("Why emissions changed, kgCO2e", columns, tuple(rows))


def group_name(group: View) -> str:
    """What a product is called."""
    names = group["names"]
    return str(names.get("product_name") or names["product"] or "not stated")


def target_table(target: View) -> Table:
    """The way to the target, year by year."""
    names = ("year", "aim", "actual", "gap", "gap_bound", "unknown_lots")
    rows = tuple(
        (*(year[name] for name in names), target["base_lower_bound"], year["lower_bound"]) for year in target["years"]
    )
    columns = ("year", "aim", "actual", "above_aim", "bound", "lots_unknown", "aim_lower_bound", "actual_lower_bound")
    return Table("The way to the target, kgCO2e", columns, rows)


def budget_table(found: View) -> Table:
    """Whom to ask first."""
    names = ("missing_mass", "emissions_share", "unstated_share", "variance_share", "narrower")
    rows = tuple((row["name"], missing(row), *(row[name] for name in names)) for row in found["rows"])
    columns = ("organization", "unknown", "kg_unknown", "share_of_emissions", "share_without_width")
    return Table("Whom to ask first", (*columns, "share_of_variance", "narrower_by"), rows)
