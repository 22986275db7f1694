"""``greenchain run``: serve, and load the demo on the first start where asked to."""

import argparse
import sys
from typing import Any

from connectors.greenchain import GreenchainClient
from graph.store.database import Database
from graph.store.documents import nothing_handed_in
from graph.store.principals import PrincipalKind
from service.auth.accounts import Accounts, PrincipalRequest
from service.auth.roles import OPERATOR, Role, Viewer
from service.bootstrap import ensure_admin
from service.cli.output import console, print_table, progress
from service.config import Settings
from service.demo.load import DemoReport, load
from service.supervisor import Supervisor


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("run", help="start the graph and the service, and keep them going")
    parser.add_argument("--demo", action="store_true", help="load the demo chain when the ledger is empty")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Serve until told to end."""
    settings = Settings.from_environment()
    supervisor = Supervisor(settings)
    try:
        database = supervisor.start_graph()
        supervisor.start_web()
        if options.demo and database.read(nothing_handed_in):
            print_report(load_demo(settings.url, database))
        # Last, as each new link ends the one before it, and loading the demo makes one.
        _greet(settings, ensure_admin(database))
        database.close()
        supervisor.keep()
    finally:
        supervisor.stop()
    return 0


def load_demo(url: str, database: Database) -> DemoReport:
    """Load the demo as an operator's admin system that exists for that long only."""
    accounts = Accounts(database)
    ensure_admin(database)
    request = PrincipalRequest(PrincipalKind.SYSTEM, "demo loader", frozenset({Role.ADMIN}))
    issued = accounts.add_principal(None, OPERATOR, request)
    assert issued.client_secret is not None
    try:
        with progress() as bar:
            task = bar.add_task("loading the demo chain")
            return load(
                GreenchainClient(url, issued.id, issued.client_secret),
                lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
            )
    finally:
        accounts.disable(Viewer("", OPERATOR, frozenset({Role.ADMIN})), issued.id)


def print_report(report: DemoReport) -> None:
    """The demo's figures as a table, and how its people sign in."""
    columns = ("figure", "direct", "indirect", "total", "per", "basis", "traced", "verified")
    names = ("name", "direct", "indirect", "total", "per", "basis", "coverage_mass", "coverage_emissions")
    rows = [[_short(f)[n] for n in names] for f in report.figures]
    print_table("Figures of the demo chain, kgCO2e (traced: of mass; verified: of emissions)", columns, rows)
    odd = [[_short(f)[n] for n in ("name", "total", "per", "basis", "findings", "missing")] for f in report.odd_cases]
    print_table("Beside them", ("case", "total", "per", "basis", "findings", "missing"), odd)
    console.print(f"Rejected: {report.rejected['detail']} (document {report.rejected['document'][:16]}...)")
    people = [
        [p["name"], p["role"], p["link"]] for p in report.sign_in if p["role"] != "supplier" or "Steel" in p["name"]
    ]
    if people:
        console.print("\nSign in (each link works once, for 24 hours):")
        for name, role, link in people:
            console.print(f"  {name} ({role})\n    {link}", soft_wrap=True)


def _short(figure: dict[str, Any]) -> dict[str, Any]:
    findings = ", ".join(sorted(set(figure["findings"]))) or "-"
    return figure | {"per": figure["unit"].removeprefix("kgCO2e/"), "findings": findings}


def _greet(settings: Settings, link: str | None) -> None:
    console.print(f"\nGreenchain serves at {settings.url} (API: {settings.url}/api/docs)", soft_wrap=True)
    if link:
        console.print(
            f"Sign in as the operator's admin (this link works once):\n  {settings.url}{link}", soft_wrap=True
        )
    console.print("Press Ctrl-C to end.")
    sys.stdout.flush()
