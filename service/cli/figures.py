"""``greenchain footprint``: a lot's figure, with where it comes from."""

import argparse
from typing import Any
from urllib.parse import urlencode

from connectors.greenchain import GreenchainClient
from graph.model.refs import Kind, Ref, uid
from schemas.figures import BREAKDOWNS
from service.cli import whatif
from service.cli.output import add_json, add_service, client, console, print_json, print_table


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("footprint", help="a lot's footprint, rolled up through its chain")
    parser.add_argument("lot", help="the lot's id (with --issuer), or its address (uid)")
    parser.add_argument("--issuer", help="URI of the organization that gives the id; your own where absent")
    parser.add_argument("--as-of", default="", help="a ledger index, a date or a time")
    parser.add_argument("--by", choices=BREAKDOWNS, default="tier", help="how to take it apart (%(default)s)")
    parser.add_argument("--what-if", action="append", default=[], metavar="SCENARIO", help=whatif.HELP)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=footprint)


def footprint(options: argparse.Namespace) -> int:
    """Ask for the footprint and its contributions."""
    asked = whatif.scenarios(options.what_if)
    service = client(options)
    address = lot_address(service, options)
    query = {"as_of": options.as_of} if options.as_of else {}
    if asked:
        path = f"/api/v1/lots/{address}/what-if" + (f"?{urlencode(query)}" if query else "")
        whatif.show(service.post(path, {"scenarios": asked}), options)
        return 0
    found = service.get(f"/api/v1/lots/{address}/footprint", **query)
    if options.json:
        print_json(found)
        return 0
    names = (
        "direct",
        "indirect",
        "undivided",
        "total",
        "unit",
        "basis",
        "boundary",
        "coverage_mass",
        "coverage_emissions",
    )
    print_table(f"Lot {found['subject']['id']}", ("", ""), [[n.replace("_", " "), found[n]] for n in names])
    if found["lower_bound"]:
        console.print("Something above is unknown: the figure is a lower bound.")
    for finding in found["findings"]:
        console.print(f"finding {finding['code']}: {finding['message']}")
    parts = service.get(f"/api/v1/lots/{address}/contributions", **query)["by"][options.by]
    print_table(
        f"By {options.by}", (options.by, "total", "share"), [[p["name"], p["total"], p["share"]] for p in parts]
    )
    return 0


def lot_address(service: GreenchainClient, options: argparse.Namespace) -> str:
    """The address of the lot that the options name."""
    if _is_address(options.lot):
        return str(options.lot)
    issuer = options.issuer or service.get("/api/v1/me")["organization"]
    return uid(Kind.LOT, Ref(issuer, options.lot).key)


def _is_address(text: str) -> bool:
    return len(text) == 32 and all(c in "0123456789abcdef" for c in text)
