"""``greenchain demo``: load the demo chain and print its figures."""

import argparse
import dataclasses
import socket
import tempfile
from pathlib import Path
from typing import Any

from connectors.greenchain import alive
from service.cli.output import add_json, add_service, client, print_json, progress
from service.cli.run import load_demo, print_report
from service.config import Settings
from service.demo.load import DemoReport, load
from service.supervisor import running


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("demo", help="load the demo chain and print its figures")
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=demo)


def demo(options: argparse.Namespace) -> int:
    """Load into the service at the address; where none answers, into one of its own on a temporary folder."""
    report = _into_running(options) if alive(options.url) else _into_own()
    if options.json:
        print_json(report.to_json())
    else:
        print_report(report)
    return 0


def _into_running(options: argparse.Namespace) -> DemoReport:
    with progress() as bar:
        task = bar.add_task("loading the demo chain")
        return load(
            client(options), lambda what, done, of: bar.update(task, description=what, completed=done, total=of)
        )


def _into_own() -> DemoReport:
    """The links of a service that is gone with this command are of no use, so they are left out."""
    with tempfile.TemporaryDirectory(prefix="greenchain-demo-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = Settings.from_environment(
            {"GREENCHAIN_DATA": str(Path(folder) / "data"), "GREENCHAIN_PORT": str(port), "GREENCHAIN_WORKERS": "1"}
        )
        with running(settings) as (_, database), database:
            return dataclasses.replace(load_demo(settings.url, database), sign_in=())
