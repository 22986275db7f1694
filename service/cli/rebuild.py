"""``greenchain rebuild``: an empty graph from the documents of this one, and whether it is the same."""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.store.database import Database
from graph.store.embedded import EmbeddedEngine, running_engine
from graph.store.migrations import migrate
from service.cli.output import Failed, Unasked, add_json, console, print_json, progress
from service.config import Settings
from service.context import build_intake
from service.graphs import server_address
from service.rebuild import Rebuilt, rebuild

# What stays with the service when its graph is built anew: salts and the identity of its log.
_KEPT = ("secret.key", "ledger")


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("rebuild", help="replay all documents into an empty graph, and compare")
    parser.add_argument("folder", type=Path, help="data folder of the new graph; must not exist yet")
    add_json(parser)
    parser.set_defaults(handler=handler)


def handler(options: argparse.Namespace) -> int:
    """Rebuild the graph of GREENCHAIN_DATA (or NEO4J_URI) in a new folder. Exit code 1 where something differs."""
    if options.folder.exists():
        raise Unasked(f"{options.folder} exists: name a folder that is to be made")
    settings = Settings.from_environment()
    with ExitStack() as stack:
        source = stack.enter_context(_graph(settings))
        options.folder.mkdir(mode=0o700, parents=True)
        _keep(settings.data, options.folder)
        target = stack.enter_context(_new_graph(options.folder))
        bar = stack.enter_context(progress())
        task = bar.add_task("replaying documents")
        intake = build_intake(replace(settings, data=options.folder), target)
        found = rebuild(source, target, intake, lambda done, of: bar.update(task, completed=done, total=of))
    return _told(found, options)


def _keep(data: Path, folder: Path) -> None:
    for name in _KEPT:
        kept = data / name
        if kept.is_dir():
            shutil.copytree(kept, folder / name)
        elif kept.exists():
            shutil.copy2(kept, folder / name)


@contextmanager
def _graph(settings: Settings) -> Iterator[Database]:
    """The graph as it is: a server's, that of a running service, or an engine started for this."""
    address = server_address(settings) or running_engine(settings.data)
    with ExitStack() as stack:
        engine = None if address else stack.enter_context(EmbeddedEngine(settings.data))
        yield stack.enter_context(Database(address or engine.address))  # type: ignore[union-attr]


@contextmanager
def _new_graph(folder: Path) -> Iterator[Database]:
    with EmbeddedEngine(folder) as engine, Database(engine.address) as database:
        migrate(database)
        yield database


def _told(found: Rebuilt, options: argparse.Namespace) -> int:
    if options.json:
        shown = {"documents": found.documents, "root": found.root, "differences": list(found.differences)}
        print_json(shown)
    else:
        console.print(f"{found.documents} documents replayed into {options.folder}; root of the ledger {found.root}")
        for difference in found.differences:
            console.print(f"differs: {difference}", soft_wrap=True)
    if found.differences:
        raise Failed(f"{len(found.differences)} differences: the new graph is not the same")
    if not options.json:
        console.print("The same verdicts, figures and ledger. Accounts are in no document: make them anew.")
    return 0
