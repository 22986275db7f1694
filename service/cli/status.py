"""``greenchain status``: what the issuers of accepted documents say of them now."""

import argparse
import time
from contextlib import ExitStack
from typing import Any

from graph.store.database import Database
from schemas.documents import moment
from service.cli.output import Failed, print_json, print_table, progress
from service.config import Settings
from service.context import build_intake, guarded
from service.graphs import running_address
from service.outside import Outside
from service.restatus import Refreshed, Restatus


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("status", help="status of accepted documents (on the service's own machine)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fresh = actions.add_parser("refresh", help="read all status lists again; what was revoked leaves the figures")
    shape = fresh.add_mutually_exclusive_group()
    shape.add_argument("--quiet", action="store_true", help="a line for each change, and nothing where there is none")
    shape.add_argument("--json", action="store_true", help="print JSON instead of text")
    fresh.set_defaults(handler=refresh)


def refresh(options: argparse.Namespace) -> int:
    """Look at every list that an accepted document names. Exit code 1 where some could not be read."""
    settings = Settings.from_environment()
    with ExitStack() as stack:
        database = stack.enter_context(Database(running_address(settings)))
        bar = stack.enter_context(progress())
        task = bar.add_task("looking at documents", visible=not options.quiet)
        restatus = Restatus(database, build_intake(settings, database), Outside(guarded(settings)))
        found = restatus.refresh(time.time(), lambda done, of: bar.update(task, completed=done, total=of))
    _show(options, found)
    if found.unread:
        first = found.unread[0]
        since = moment(first.last_read) if first.last_read else "never"
        more = f" (and {len(found.unread) - 1} more)" if len(found.unread) > 1 else ""
        raise Failed(f"status list {first.url} could not be read, last read {since}: {first.reason}{more}")
    return 0


def _show(options: argparse.Namespace, found: Refreshed) -> None:
    if options.json:
        print_json(_told(found))
        return
    for change in found.changes:
        print(f"document {change.document} is {change.state} (entry {change.index}): {change.detail}")
    if options.quiet:
        return
    rows = [[u.url, moment(u.last_read) if u.last_read else "never", u.reason] for u in found.unread]
    if rows:
        print_table("Lists that could not be read", ("list", "last read", "findings"), rows)
    print(f"{found.documents} documents, {found.lists} status lists, {len(found.changes)} changes")


def _told(found: Refreshed) -> dict[str, Any]:
    changes = [
        {"document": c.document, "state": c.state, "detail": c.detail, "record": c.record, "ledger_index": c.index}
        for c in found.changes
    ]
    unread = [
        {"url": u.url, "reason": u.reason} | ({"last_read": moment(u.last_read)} if u.last_read else {})
        for u in found.unread
    ]
    counts = {"documents": found.documents, "lists": found.lists, "undecided": found.undecided}
    return counts | {"changes": changes, "unread": unread}
