"""``greenchain accounts add``: a way in for a system or a person, made by who runs the service, on its machine."""

import argparse
import shlex
from typing import Any

from graph.store.database import Database
from graph.store.principals import PrincipalKind
from service.auth.accounts import Accounts, Issued, PrincipalRequest, clean_name
from service.auth.roles import Role
from service.cli.output import Unasked, add_json, print_json
from service.config import Settings
from service.graphs import running_address


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("accounts", help="let organizations take part (on the service's own machine)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = actions.add_parser("add", help="a system of an organization (or a person), and its way in")
    made.add_argument("organization", help="URI of the organization; registered where it is new")
    made.add_argument("--name", default="", help="the organization's name; needed where it is new")
    made.add_argument("--role", required=True, action="append", choices=[role.value for role in Role])
    shape = made.add_mutually_exclusive_group()
    shape.add_argument("--person", metavar="LOGIN", help="make a person of this name, with a sign-in link")
    shape.add_argument("--shell", action="store_true", help="print the credentials as lines for a shell's eval")
    add_json(made)
    made.set_defaults(handler=add)


def add(options: argparse.Namespace) -> int:
    """Make the account in the graph of the running service and print its way in, which is told this once."""
    settings = Settings.from_environment()
    roles = frozenset(Role(role) for role in options.role)
    kind = PrincipalKind.PERSON if options.person else PrincipalKind.SYSTEM
    request = PrincipalRequest(kind, options.person or f"system of {options.organization}", roles)
    with Database(running_address(settings)) as database:
        issued = _made(Accounts(database), options, request)
    _show(options, _told(issued, settings))
    return 0


def _made(accounts: Accounts, options: argparse.Namespace, request: PrincipalRequest) -> Issued:
    if accounts.members(options.organization):
        return accounts.add_principal(None, options.organization, request)
    name = clean_name(options.name)
    if not name:
        raise Unasked(f"{options.organization} takes no part yet: give it a name with --name")
    return accounts.register_organization(None, options.organization, name, [request])[0]


def _told(issued: Issued, settings: Settings) -> dict[str, Any]:
    told = {"organization": issued.organization, "roles": sorted(issued.roles), "name": issued.name}
    if issued.client_secret:
        return told | {"client_id": issued.id, "client_secret": issued.client_secret}
    return told | {"sign_in_link": settings.url + issued.sign_in_path}


def _show(options: argparse.Namespace, told: dict[str, Any]) -> None:
    if options.json:
        print_json(told)
    elif options.shell:
        for name in ("client_id", "client_secret"):
            print(f"export GREENCHAIN_{name.upper()}={shlex.quote(told[name])}")
    else:
        for name, value in told.items():
            print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
