"""What the page of one lot shows, made from the views that the API answers with: no I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, isclose
from typing import Any

from graph.rollup.figure import told
from service.visibility import UNDISCLOSED
from service.web import charts, words
from service.web.charts import Bar, Part

View = dict[str, Any]
Naming = Callable[[str], str]

# Rows of one table; what is smaller stands in one row, so that the sum stays whole.
MOST_ROWS = 25
_SCOPES = ("direct", "indirect", "undivided")
_SUM_TOLERANCE = 1e-9
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One part of a total; None is unknown."""

    name: str
    direct: float | None
    indirect: float | None
    undivided: float | None
    total: float | None
    share: float | None
    hidden: bool
    bar: Bar


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The rows of one breakdown, their sum, and whether that is the figure's total."""

    rows: tuple[Row, ...]
    sums: View
    complete: bool
    undivided: bool


def split(figure: View) -> list[Part]:
    """Direct, indirect and, where anything is stated as a total only, undivided."""
    known = figure["total"] is not None
    shown = [s for s in _SCOPES if s != "undivided" or figure["undivided"] or not known]
    labels = {"direct": "Direct", "indirect": "Indirect (electricity, heat)", "undivided": "Stated as a total only"}
    return charts.stacked([(labels[s], s, _told(figure[s], figure["lower_bound"])) for s in shown])


def contents(content: View) -> list[Part]:
    """The shares of the content; where a part is unknown, a share of nothing is unknown as well."""
    gaps = content["unknown_share"] > _SUM_TOLERANCE
    parts = []
    for code, (label, css) in words.CONTENT.items():
        value = content[code]
        if value or code in ("post_consumer", "pre_consumer", "virgin"):
            parts.append((label, css, _told(value, gaps)))
    return charts.stacked(parts)


def breakdown(found: View, by: str, missing: Sequence[str] = ()) -> Breakdown:
    """A breakdown's rows with bars on one scale; ``missing``: names of what is unknown, each a row of its own."""
    listed, total = found["by"][by], found["total"]["total"] or 0.0
    rows = [_named(row, by, found["lower_bound"]) for row in listed]
    if len(rows) > MOST_ROWS and by != "tier":
        rows = [*rows[: MOST_ROWS - 1], _rest(listed[MOST_ROWS - 1 :], total, found["lower_bound"])]
    present = {row["name"] for row in rows}
    rows += [{"name": name, **dict.fromkeys((*_SCOPES, "total", "share"))} for name in missing if name not in present]
    sums: View = {n: fsum(row[n] or 0.0 for row in listed) for n in (*_SCOPES, "total")}
    placed = charts.bars([row["total"] for row in rows], sums["total"])
    return Breakdown(
        rows=tuple(_row(row, bar) for row, bar in zip(rows, placed, strict=True)),
        sums=told(sums, found["lower_bound"]),
        complete=isclose(sums["total"], total, rel_tol=_SUM_TOLERANCE, abs_tol=1e-15),
        undivided=any(row["undivided"] for row in listed),
    )


@dataclass(frozen=True, slots=True)
class Amount:
    """One indicator of an account; None is unknown."""

    code: str
    label: str
    value: float | None
    bar: Bar


@dataclass(frozen=True, slots=True)
class Account:
    """The indicators that one account states together, per unit of the lot."""

    name: str
    unit: str
    basis: str
    lower_bound: bool
    amounts: tuple[Amount, ...]
    missing: str


def accounts(found: View, organization: Naming) -> list[Account]:
    """Energy by carrier, water, waste and captured CO2, those first of which anything is known."""
    told = [_account(words.GROUPS[group], account, organization) for group, account in found["groups"].items()]
    return sorted(told, key=lambda account: not account.amounts)


def _account(name: str, account: View, organization: Naming) -> Account:
    values = account["values"]
    known = any(value is not None for value in values.values())
    bars = charts.bars(list(values.values()), fsum(value or 0.0 for value in values.values()))
    rows = [Amount(n, words.INDICATORS[n], v, bar) for (n, v), bar in zip(values.items(), bars, strict=True)]
    unit, lower = account["unit"], account["lower_bound"]
    return Account(name, unit, account["basis"], lower, tuple(rows) if known else (), _gaps(account, organization))


def _gaps(account: View, organization: Naming) -> str:
    """What is missing from an account, in words; of a long list the first."""
    missing = account["missing"]
    named, hidden = things(missing, organization), missing["undisclosed"]
    more = max(0, len(named) - _MOST_NAMED)
    told = [*named[:_MOST_NAMED], *([f"{more} more"] if more else [])]
    return "; ".join([*told, *([f"{hidden} not disclosed to you"] if hidden else [])])


def shadows(figure: View) -> list[View]:
    """The values that were not taken, each with how far it is from the one that was."""
    total = figure["total"]
    return [
        shadow | {"word": words.basis(shadow["basis"]), "apart": _apart(shadow["total"], total)}
        for shadow in figure["shadows"]
    ]


def _apart(one: float | None, other: float | None) -> float | None:
    return one / other - 1 if one is not None and other else None


def things(names: View, organization: Naming) -> list[str]:
    """What is missing or filled by a default, in words."""
    return [_thing(name, organization) for name in names["named"]]


def unknown_rows(names: View, by: str, organization: Naming) -> list[str]:
    """What is unknown, as rows of a breakdown by lot or organization."""
    known = [name for name in names["named"] if name["kind"] in ("lot", "product")]
    if by == "lot":
        return [name["id"] for name in known if name["kind"] == "lot"]
    return sorted({organization(name["issuer"]) for name in known}) if by == "organization" else []


def findings(*views: View) -> list[View]:
    """The findings of several views, each once."""
    unique: dict[tuple[str, str], View] = {}
    for found in (f for view in views for f in view["findings"]):
        first = unique.setdefault((found["code"], found["message"]), found | {"documents": []})
        first["documents"] += [one for one in found["documents"] if one not in first["documents"]]
    return [words.finding(f) for f in unique.values()]


def certificates(view: View) -> list[View]:
    """Certificates with their state in words."""
    return [found | {"word": words.CERTIFICATES[found["status"]]} for found in view["data"]]


def chain_rows(chain: View) -> list[View]:
    """The chain's nodes by tier, for the table that says what the map draws."""
    return sorted(chain["nodes"], key=lambda node: (node["tier"], node["number"]))


def inputs(chain: View) -> list[View]:
    """What the viewer may name of what went in, each as ``schemas.questions.ReplacedSchema`` takes it."""
    names = [node["name"] for node in chain["nodes"][1:] if "name" in node]
    return [{"ref": _replaced(name), "label": _label(name)} for name in names]


def _replaced(name: View) -> View:
    if name["kind"] == "material":
        return {n: v for n, v in (("material", name["id"]), ("country", name.get("country"))) if v}
    return {name["kind"]: {"issuer": name["issuer"], "id": name["id"]}}


def _label(name: View) -> str:
    return f"{name['kind']} {name['id']}" + (f" from {name['country']}" if name.get("country") else "")


def activities(found: View) -> list[str]:
    """The names of activities that the viewer may know."""
    names = {row["name"] for row in found["by"]["activity"]}
    return sorted(names - {UNDISCLOSED, "footprint", "default", "not stated"})


def _told(value: float | None, gaps: bool) -> float | None:
    """With gaps about, nothing known is not zero."""
    return None if gaps and value == 0 else value


def _named(row: View, by: str, gaps: bool) -> View:
    name = charts.tier_name(row["name"]) if by == "tier" else words.row_name(by, row["name"])
    shown = told({n: row[n] for n in (*_SCOPES, "total")}, gaps)
    return row | shown | {"name": name, "share": row["share"] if shown["total"] is not None else None}


def _rest(rows: Sequence[View], total: float, gaps: bool) -> View:
    sums: View = {n: fsum(row[n] or 0.0 for row in rows) for n in (*_SCOPES, "total")}
    return told(sums, gaps) | {"name": f"{len(rows)} smaller ones", "share": sums["total"] / total if total else None}


def _row(row: View, bar: Bar) -> Row:
    numbers = {n: row[n] for n in (*_SCOPES, "total", "share")}
    return Row(name=row["name"], hidden=row["name"] == UNDISCLOSED, bar=bar, **numbers)


def _thing(name: View, organization: Naming) -> str:
    issuer, kind = name.get("issuer", ""), name["kind"]
    if kind == "material":
        return f"{name['id']} from {name['country']}" if name.get("country") else name["id"]
    return f"{kind} {name['id']} of {organization(issuer)}" if issuer else f"{kind} {name['id']}"
