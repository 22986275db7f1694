"""``greenchain changes``, ``publish`` and ``publications``: what moved a figure, and figures that are held to."""

import argparse
from typing import Any

from service.cli.asking import add_counting, lot_address, question
from service.cli.output import add_json, add_service, console, partly, patient, print_json, print_table


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    changes_ = _command(commands, "changes", "what moved a lot's figure since then, and which documents", changes)
    _lot(changes_)
    changes_.add_argument("--since", required=True, help="a ledger index, a date or a time")
    add_counting(changes_)
    publish_ = _command(commands, "publish", "freeze a lot's figure under a name, with its receipt", publish)
    publish_.add_argument("name", help="the name of the publication")
    _lot(publish_)
    publish_.add_argument("--policy", default="", help="a named policy")
    all_ = _command(commands, "publications", "the published figures; restates them", publications)
    all_.add_argument("--restate", action="store_true", help="write a new edition of each whose figure has changed")


def _command(commands: Any, name: str, text: str, handler: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=handler)
    return parser


def _lot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lot", help="the lot's id (with --issuer), or its address (uid)")
    parser.add_argument("--issuer", help="URI of the organization that gives the id; your own where absent")


def changes(options: argparse.Namespace) -> int:
    """Ask what moved the figure."""
    service = patient(options)
    found = service.get(
        f"/api/v1/lots/{lot_address(service, options)}/changes", since=options.since, **question(options)
    )
    if options.json:
        print_json(found)
        return 0
    _print_moved(f"Lot {options.lot}, {found['unit'] or 'no figure'}", found)
    return 0


def _print_moved(title: str, found: dict[str, Any]) -> None:
    ends = [found["from"], found["to"]]
    console.print(f"{title}: from {_number(ends[0])} to {_number(ends[1])}")
    rows = [[_moved(step["change"]), _total(step), _who(step)] for step in found["steps"]]
    last = [_moved(found["change"]), _total(ends[1]), "together"]
    print_table("What moved it", ("change", "total after", ""), [*rows, last])


def _moved(change: float | None) -> float | str | None:
    return "no change" if change == 0 else change


def _total(found: dict[str, Any]) -> float | str | None:
    return partly(found["total"], lower_bound=found["lower_bound"])


def _number(found: dict[str, Any]) -> str:
    told = _total(found)
    return "unknown" if told is None else told if isinstance(told, str) else f"{told:.6g}"


def _who(step: dict[str, Any]) -> str:
    known = [f"entry {d['ledger_index']} of {d['issuer']}" for d in step["documents"]]
    return "; ".join(known + ([f"{step['undisclosed']} undisclosed"] if step["undisclosed"] else []))


def publish(options: argparse.Namespace) -> int:
    """Publish the figure."""
    service = patient(options)
    form = {"name": options.name, "lot": lot_address(service, options), "policy": options.policy}
    found = service.post("/api/v1/publications", form)
    if options.json:
        print_json(found)
        return 0
    console.print(f"{found['name']}: {_number(found)} {found['unit']}, edition 1 as of entry {found['as_of']}")
    return 0


def publications(options: argparse.Namespace) -> int:
    """List the publications, each with whether it is current; with --restate those that are not become so."""
    service = patient(options)
    listed = service.get("/api/v1/publications")["data"]
    ask = service.post if options.restate else service.get
    found = [ask(f"/api/v1/publications/{each['id']}") for each in listed]
    if options.json:
        print_json(found)
        return 0
    _print_published(found)
    return 0


def _print_published(found: list[dict[str, Any]]) -> None:
    current = {True: "yes", False: "no"}
    rows = [
        [f["name"], f["edition"], _total(f), f["unit"], current.get(f["current"], f["current"]), f["made_at"]]
        for f in found
    ]
    print_table("Published figures", ("name", "edition", "total", "unit", "current", "made"), rows)
