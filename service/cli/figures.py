"""``greenchain footprint``: a lot's figure, with where it comes from."""

import argparse
from typing import Any
from urllib.parse import urlencode

from schemas.figures import BREAKDOWNS
from service.cli import particulars, whatif
from service.cli.asking import add_question, lot_address, question
from service.cli.output import add_json, add_service, client, console, print_json, print_table


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("footprint", help="a lot's footprint, rolled up through its chain")
    add_question(parser)
    parser.add_argument("--by", choices=BREAKDOWNS, default="tier", help="how to take it apart (%(default)s)")
    parser.add_argument("--what-if", action="append", default=[], metavar="SCENARIO", help=whatif.HELP)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=footprint)


def footprint(options: argparse.Namespace) -> int:
    """Ask for the footprint and its contributions."""
    asked = whatif.scenarios(options.what_if)
    service = client(options)
    address, query = lot_address(service, options), question(options)
    if asked:
        path = f"/api/v1/lots/{address}/what-if" + (f"?{urlencode(query)}" if query else "")
        whatif.show(service.post(path, {"scenarios": asked}), options)
        return 0
    found = service.get(f"/api/v1/lots/{address}/footprint", **query)
    indicators = service.get(f"/api/v1/lots/{address}/indicators", **query)
    if options.json:
        print_json(found | {"indicators": indicators["groups"], "energy_shares": indicators["shares"]})
        return 0
    names = (
        "direct",
        "indirect",
        "undivided",
        "total",
        "unit",
        "basis",
        "boundary",
        "allocation",
        "gwp",
        "policy",
        "coverage_mass",
        "coverage_emissions",
    )
    print_table(f"Lot {found['subject']['id']}", ("", ""), [[n.replace("_", " "), _told(found[n])] for n in names])
    if found["lower_bound"]:
        console.print("Something above is unknown: the figure is the known part alone.")
    for finding in found["findings"]:
        console.print(f"finding {finding['code']}: {finding['message']}")
    particulars.show(found, indicators)
    parts = service.get(f"/api/v1/lots/{address}/contributions", **query)["by"][options.by]
    print_table(
        f"By {options.by}", (options.by, "total", "share"), [[p["name"], p["total"], p["share"]] for p in parts]
    )
    return 0


def _told(value: Any) -> Any:
    """A list in one line."""
    return (", ".join(value) or "none") if isinstance(value, list) else value
