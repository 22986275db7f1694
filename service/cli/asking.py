"""What commands about a lot have in common: which lot, as of what, by which policy."""

import argparse

from connectors.greenchain import GreenchainClient
from graph.model.refs import Kind, Ref, uid

_ADDRESS = 32


def add_question(parser: argparse.ArgumentParser) -> None:
    """Let a command name a lot, and how its figure is to be counted."""
    parser.add_argument("lot", help="the lot's id (with --issuer), or its address (uid)")
    parser.add_argument("--issuer", help="URI of the organization that gives the id; your own where absent")
    add_counting(parser)


def add_counting(parser: argparse.ArgumentParser) -> None:
    """Let a command say as of what it asks, and how is to be counted."""
    parser.add_argument("--as-of", default="", help="a ledger index, a date or a time")
    parser.add_argument(
        "--policy", default="", help="a named policy, such as cbam-2026 or pact-3; the service's own where absent"
    )
    parser.add_argument(
        "--gwp", default="", help="a set of warming potentials in place of the policy's: AR5, AR6, commission"
    )


def question(options: argparse.Namespace) -> dict[str, str]:
    """The query that says as of what and by which policy."""
    given = {"as_of": options.as_of, "policy": options.policy, "gwp": options.gwp}
    return {name: value for name, value in given.items() if value}


def is_address(text: str) -> bool:
    """Whether a text is an address (uid) rather than an id."""
    return len(text) == _ADDRESS and all(c in "0123456789abcdef" for c in text)


def lot_address(service: GreenchainClient, options: argparse.Namespace) -> str:
    """The address of the lot that the options name."""
    text = str(options.lot)
    if is_address(text):
        return text
    issuer = options.issuer or service.get("/api/v1/me")["organization"]
    return uid(Kind.LOT, Ref(issuer, text).key)
