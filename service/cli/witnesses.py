"""``--witness KEY --quorum K``: how many of which witnesses must have cosigned what a command looks at."""

import argparse

from service.cli.output import Unasked
from service.ledger.errors import NoteRefused
from service.ledger.quorum import Quorum, parse_quorum


def add_witnesses(parser: argparse.ArgumentParser) -> None:
    """Let a command ask for cosignatures."""
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="KEY",
        help="key (name+id+base64) of a witness that must have cosigned the ledger's head; may be repeated",
    )
    parser.add_argument("--quorum", type=int, metavar="K", help="so many of the witnesses are enough; all of them else")


def asked_witnesses(options: argparse.Namespace) -> Quorum:
    """The quorum that the options ask for. Raises ``Unasked``."""
    try:
        return parse_quorum(options.witness, options.quorum)
    except NoteRefused as error:
        raise Unasked(f"--witness, --quorum: {error}") from error
