"""``greenchain factors``: the published factors that may stand in for unknown ones."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graph.store.database import Database
from schemas.errors import FactorSetInvalid
from schemas.factor_sets import MAX_BYTES
from service.cli.output import Failed, add_json, print_json, print_table
from service.config import Settings
from service.context import build_intake
from service.factors import FactorsRefused, NotNewer, enter, listed
from service.graphs import running_address


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("factors", help="sets of published factors (on the service's own machine)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    loading = actions.add_parser("load", help="enter a set; a newer version takes the place of the one before")
    loading.add_argument("file", type=Path, help="the set, as JSON")
    add_json(loading)
    loading.set_defaults(handler=load)
    listing = actions.add_parser("list", help="the sets in force")
    add_json(listing)
    listing.set_defaults(handler=list_all)


@contextmanager
def _graph() -> Iterator[tuple[Settings, Database]]:
    settings = Settings.from_environment()
    with Database(running_address(settings)) as database:
        yield settings, database


def load(options: argparse.Namespace) -> int:
    """Enter a set into the ledger. Exit code 1 where the file is no set, or no newer one."""
    with options.file.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        with _graph() as (settings, database):
            found = enter(database, build_intake(settings, database), content)
    except FactorSetInvalid as error:
        raise Failed(f"{options.file}: {error}") from error
    except (NotNewer, FactorsRefused) as error:
        raise Failed(str(error)) from error
    told = {"name": found.found.ref.id, "version": found.found.version, "document": found.document}
    if options.json:
        print_json(told | {"anew": found.anew})
    else:
        how = "is in force from now on" if found.anew else "was in force already"
        print(f"{told['name']}, version {told['version']}, {how} (document {found.document})")
    return 0


def list_all(options: argparse.Namespace) -> int:
    """Show the sets in force."""
    with _graph() as (_, database):
        found = listed(database)
    if options.json:
        print_json({"factor_sets": found})
        return 0
    names = ("name", "version", "kind", "year", "unit", "boundary", "ledger_index")
    rows = [[one[name] for name in names] for one in found]
    print_table("Published factors in force", ("set", "version", "of", "year", "unit", "boundary", "entry"), rows)
    return 0
