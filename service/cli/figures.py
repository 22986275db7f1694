"""``greenchain footprint``: a lot's figure, with where it comes from."""

import argparse
from typing import Any
from urllib.parse import urlencode

from connectors.greenchain import GreenchainClient
from schemas.figures import BREAKDOWNS
from service.cli import beyond, particulars, whatif
from service.cli.asking import add_question, lot_address, question
from service.cli.output import add_json, add_service, console, number, patient, print_json, print_table, shown

View = dict[str, Any]

_MOST = 2


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("footprint", help="a lot's footprint, rolled up through its chain")
    add_question(parser)
    parser.add_argument(
        "--by",
        type=_dimensions,
        default="tier",
        help=f"how to take it apart: one or two of {', '.join(BREAKDOWNS)} (%(default)s)",
    )
    parser.add_argument("--top", type=int, default=0, help="so many rows, and the others as one; 0: all")
    parser.add_argument("--sensitive", action="store_true", help="what it moves with most, in place of its parts")
    parser.add_argument("--ask-first", action="store_true", help="whom to ask first, to narrow its interval most")
    parser.add_argument("--what-if", action="append", default=[], metavar="SCENARIO", help=whatif.HELP)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=footprint)


def footprint(options: argparse.Namespace) -> int:
    """Ask for the footprint and its contributions."""
    asked = whatif.scenarios(options.what_if)
    service = patient(options)
    address, query = lot_address(service, options), question(options)
    if asked:
        path = f"/api/v1/lots/{address}/what-if" + (f"?{urlencode(query)}" if query else "")
        whatif.show(service.post(path, {"scenarios": asked}), options)
        return 0
    for wanted, path, show in (
        (options.sensitive, "sensitivities", beyond.sensitivities),
        (options.ask_first, "uncertainty", beyond.uncertainty),
    ):
        if wanted:
            return shown(options, service.get(f"/api/v1/lots/{address}/{path}", **query), show)
    found = service.get(f"/api/v1/lots/{address}/footprint", **query)
    parts = _parts(service, f"/api/v1/lots/{address}/contributions", query, options)
    indicators = service.get(f"/api/v1/lots/{address}/indicators", **query)
    energy = {"indicators": indicators["groups"], "energy_shares": indicators["shares"]}
    if options.json:
        print_json(found | energy | {"contributions": parts})
        return 0
    _table(found)
    particulars.show(found, indicators)
    rows = [[p["name"], p["total"], p["share"]] for p in parts]
    print_table(f"By {options.by}", (options.by.replace(",", " / "), "total", "share"), rows)
    return 0


def _parts(service: GreenchainClient, path: str, query: dict[str, str], options: argparse.Namespace) -> list[View]:
    """The rows of the breakdown that was asked for."""
    if options.by in BREAKDOWNS and not options.top:
        return list(service.get(path, **query)["by"][options.by])
    (rows,) = service.get(path, **query, by=options.by, top=str(options.top))["by"].values()
    return list(rows)


def _dimensions(text: str) -> str:
    """One or two breakdowns, as argparse asks for it."""
    names = text.split(",")
    if len(names) > _MOST or len(set(names)) < len(names) or not set(names) <= set(BREAKDOWNS):
        raise argparse.ArgumentTypeError(f"choose one or two of {', '.join(BREAKDOWNS)}")
    return text


_NAMES = (
    *("direct", "indirect", "undivided", "total", "unit", "basis", "boundary", "allocation", "gwp", "policy"),
    *("coverage_mass", "coverage_emissions"),
)


def _table(found: View) -> None:
    words = found | {"coverage_emissions": _covered(found)}
    print_table(f"Lot {found['subject']['id']}", ("", ""), [[n.replace("_", " "), _told(words[n])] for n in _NAMES])
    if found["lower_bound"]:
        console.print("Something above is unknown: the figure is the known part alone.")
    for finding in found["findings"]:
        console.print(f"finding {finding['code']}: {finding['message']}")


def _told(value: Any) -> Any:
    """A list in one line."""
    return (", ".join(value) or "none") if isinstance(value, list) else value


def _covered(found: View) -> Any:
    """The share of emissions that is backed, and where something is unknown that it is one of what is known."""
    share, partly = found["coverage_emissions"], found["coverage_emissions_of"] == "known"
    return f"{number(share)} of what is known" if partly and share is not None else share
