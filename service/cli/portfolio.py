"""``greenchain portfolio`` and ``greenchain recall``: many lots at once, and where a lot went."""

import argparse
from typing import Any

from schemas.questions import PORTFOLIO_BY
from service.cli.asking import lot_address
from service.cli.output import add_json, add_service, client, console, print_json, print_table


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("portfolio", help="the emissions of all lots of a period, and why they changed")
    parser.add_argument("period", help="start/end, such as 2025-01-01/2026-01-01 (the end is excluded)")
    parser.add_argument("--by", default="", help=f"one or two of {', '.join(PORTFOLIO_BY)}, with a comma")
    parser.add_argument("--scope", choices=("made", "received"), default="made", help="which lots (%(default)s)")
    parser.add_argument("--compare", metavar="PERIOD", help="an earlier period: why emissions changed since")
    parser.add_argument("--as-of", default="", help="a ledger index, a date or a time")
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=portfolio)
    parser = commands.add_parser("recall", help="all lots made of a lot, and who holds them")
    parser.add_argument("lot", help="the lot's id (with --issuer), or its address (uid)")
    parser.add_argument("--issuer", help="URI of the organization that gives the id; your own where absent")
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=recall)


def portfolio(options: argparse.Namespace) -> int:
    """Ask for the totals of a period, or for the change from another."""
    query = {"period": options.period, "scope": options.scope}
    query |= {name: value for name, value in (("by", options.by), ("as_of", options.as_of)) if value}
    if options.compare:
        found = client(options).get("/api/v1/portfolio/compare", **query, base=options.compare)
        return _shown(options, found, _comparison)
    return _shown(options, client(options).get("/api/v1/portfolio", **query), _totals)


def _shown(options: argparse.Namespace, found: dict[str, Any], show: Any) -> int:
    if options.json:
        print_json(found)
    else:
        show(found)
    return 0


def _label(names: dict[str, str], by: list[str]) -> list[str]:
    return [names.get(f"{name}_name") or names[name] or "not stated" for name in by]


def _totals(found: dict[str, Any]) -> None:
    by, whole = found["by"], found["total"]
    rows = [
        [*_label(g["names"], by), g["lots"], g["unknown_lots"], g["mass"], g["total"], g["intensity"]]
        for g in found["groups"]
    ]
    last = [[*(["all"] + [""] * (len(by) - 1))[: max(1, len(by))], *_figures(whole)]]
    columns = (*(by or [""]), "lots", "without a figure", "kg", "kg CO2e", "kg CO2e/kg")
    print_table(f"Lots {found['period']['start']} to {found['period']['end']}", columns, rows + last)
    if whole["lower_bound"]:
        console.print("Something is unknown: the total is its known part.")
    if found["counted_twice"]:
        console.print(f"{found['counted_twice']:.5g} kg CO2e of it are of lots that others of these lots are made of.")


def _figures(group: dict[str, Any]) -> list[Any]:
    return [group[name] for name in ("lots", "unknown_lots", "mass", "total", "intensity")]


def _comparison(found: dict[str, Any]) -> None:
    effects = found["effects"]
    rows = [["volume", effects["volume"]], ["mix", effects["mix"]], ["intensity", effects["intensity"]]]
    print_table("Change, kg CO2e", ("", ""), [*rows, ["all", found["change"]]])
    names = ("before", "after", "volume", "mix", "intensity")
    groups = [[" / ".join(_label(g["names"], found["by"])), *(g[n] for n in names)] for g in found["groups"]]
    print_table(f"By {', '.join(found['by'])}", ("", *names), groups)
    for name in ("before", "after"):
        apart = found[name]["total"]["unknown_lots"] + found[name]["unweighed_lots"]
        if apart:
            console.print(f"{name}: {apart} lots without a figure or a mass are not in the change.")


def recall(options: argparse.Namespace) -> int:
    """Ask where a lot went."""
    service = client(options)
    found = service.get(f"/api/v1/lots/{lot_address(service, options)}/recall")
    return _shown(options, found, _recalled)


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
