"""``greenchain portfolio`` and ``greenchain recall``: many lots at once, and where a lot went."""

import argparse
from typing import Any
from urllib.parse import urlencode

from schemas.questions import PORTFOLIO_BY
from service.cli import beyond, whatif
from service.cli.asking import add_counting, add_question, lot_address, question
from service.cli.output import Unasked, add_json, add_service, console, partly, patient, print_table, shown


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("portfolio", help="the emissions of all lots of a period, and why they changed")
    parser.add_argument("period", help="start/end, such as 2025-01-01/2026-01-01 (the end is excluded)")
    parser.add_argument("--by", default="", help=f"one or two of {', '.join(PORTFOLIO_BY)}, with a comma")
    parser.add_argument("--scope", choices=("made", "received"), default="made", help="which lots (%(default)s)")
    parser.add_argument("--organization", default="", help="whose lots, of those whose facts you may see; your own")
    parser.add_argument("--product", default="", help="lots of this product only, by its address (uid)")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--compare", metavar="PERIOD", help="an earlier period: why emissions changed since")
    asked.add_argument("--target", metavar="YEAR=PERCENT", help="the way to so many per cent less, from PERIOD's year")
    asked.add_argument("--ask-first", action="store_true", help="whom to ask first, to narrow the interval most")
    asked.add_argument("--what-if", action="append", default=[], metavar="SCENARIO", help=whatif.HELP)
    add_counting(parser)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=portfolio)
    parser = commands.add_parser("recall", help="all lots made of a lot, and who holds them")
    add_question(parser)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=recall)


def portfolio(options: argparse.Namespace) -> int:
    """Ask for the totals of a period, or for the change from another, a target, scenarios, whom to ask first."""
    query = {"scope": options.scope, "organization": options.organization, "product": options.product}
    query = {name: value for name, value in query.items() if value} | question(options)
    path, service = "/api/v1/portfolio", patient(options)
    if options.target:
        return shown(options, service.get(f"{path}/target", **query, **_target(options)), _way)
    query["period"] = options.period
    if options.what_if:
        scenarios = {"scenarios": whatif.scenarios(options.what_if)}
        whatif.show(service.post(f"{path}/what-if?{urlencode(query)}", scenarios), options)
        return 0
    if options.ask_first:
        return shown(options, service.get(f"{path}/uncertainty", **query), beyond.uncertainty)
    query |= {"by": options.by} if options.by else {}
    if options.compare:
        return shown(options, service.get(f"{path}/compare", **query, base=options.compare), _comparison)
    return shown(options, service.get(path, **query), _totals)


def _target(options: argparse.Namespace) -> dict[str, str]:
    year, _, percent = options.target.partition("=")
    first = options.period[:4]
    if not (year.isdecimal() and percent and first.isdecimal()):
        raise Unasked("--target must be such as 2030=42, and the period begin with the base year")
    return {"base_year": first, "target_year": year, "reduction": percent}


def _way(found: dict[str, Any]) -> None:
    rows = [
        [str(y["year"]), y["aim"], y["actual"], y["gap"], y["gap_bound"], y["unknown_lots"]] for y in found["years"]
    ]
    columns = ("year", "aim", "actual", "above it by", "which is", "lots without a figure")
    print_table(f"{found['reduction_percent']:g} % less by {found['target_year']}, {found['unit']}", columns, rows)
    if found["base_lower_bound"]:
        console.print("Something of the base year is unknown: the way starts from its known part.")


def _label(names: dict[str, str], by: list[str]) -> list[str]:
    return [names.get(f"{name}_name") or names[name] or "not stated" for name in by]


def _totals(found: dict[str, Any]) -> None:
    by, whole = found["by"], found["total"]
    rows = [[*_label(g["names"], by), *_figures(g)] for g in found["groups"]]
    last = [[*(["all"] + [""] * (len(by) - 1))[: max(1, len(by))], *_figures(whole)]]
    columns = (*(by or [""]), "lots", "without a figure", "kg", "kg CO2e", "kg CO2e/kg")
    print_table(f"Lots {found['period']['start']} to {found['period']['end']}", columns, rows + last)
    if whole["lower_bound"]:
        console.print("Something is unknown: the total is its known part.")
    if found["counted_twice"]:
        console.print(f"{found['counted_twice']:.5g} kg CO2e of it are of lots that others of these lots are made of.")


def _figures(group: dict[str, Any]) -> list[Any]:
    known = [partly(group[name], lower_bound=group["lower_bound"]) for name in ("total", "intensity")]
    return [group["lots"], group["unknown_lots"], group["mass"], *known]


def _comparison(found: dict[str, Any]) -> None:
    effects = found["effects"]
    rows = [["volume", effects["volume"]], ["mix", effects["mix"]], ["intensity", effects["intensity"]]]
    print_table("Change, kg CO2e", ("", ""), [*rows, ["all", found["change"]]])
    names = ("before", "after", "volume", "mix", "intensity")
    groups = [
        [
            " / ".join(_label(g["names"], found["by"])),
            *(partly(g[n], lower_bound=g[f"lower_bound_{n}"]) for n in names[:2]),
            *(g[n] for n in names[2:]),
        ]
        for g in found["groups"]
    ]
    print_table(f"By {', '.join(found['by'])}", ("", *names), groups)
    if found["of_known"]:
        console.print("Something is unknown in one of the periods: the change is of what is known.")
    for name in ("before", "after"):
        if found[name]["total"]["total"] is None:
            console.print(f"{name}: nothing is known of it, so there is no change.")
        apart = found[name]["total"]["unknown_lots"] + found[name]["unweighed_lots"]
        if apart:
            console.print(f"{name}: {apart} lots without a figure or a mass are not in the change.")


def recall(options: argparse.Namespace) -> int:
    """Ask where a lot went."""
    service = patient(options)
    found = service.get(f"/api/v1/lots/{lot_address(service, options)}/recall", **question(options))
    return shown(options, found, _recalled)


def _recalled(found: dict[str, Any]) -> None:
    rows = [
        [lot["id"], lot["issuer"], "yes" if lot["certain"] else "may be", ", ".join(lot["holders"])]
        for lot in found["lots"]
    ]
    print_table(f"Made of lot {found['subject']['id']}", ("lot", "issuer", "of it", "passed to"), rows)
    holders = [[h.get("name") or h["organization"], h["lots"]] for h in found["holders"]]
    print_table("Passed to", ("organization", "lots"), holders)
    hidden = found["undisclosed"]
    if hidden["lots"] or hidden["organizations"]:
        console.print(f"Beside these {hidden['lots']} lots and {hidden['organizations']} organizations, not disclosed.")
