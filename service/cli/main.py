"""The ``greenchain`` command. Exit codes: 0 done, 1 the answer is no (rejected, not found), 2 it could not be asked."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NoReturn

from connectors.errors import ConnectorError, ServiceRefused
from graph.errors import GreenchainError
from service.cli.asking import is_address
from service.cli.output import Failed

# Command -> its module, imported when it is asked for: the driver alone takes longer to load than signing does.
COMMANDS = {
    "run": "run",
    "demo": "demo",
    "accounts": "accounts",
    "keys": "keys",
    "sign": "submit",
    "submit": "submit",
    "footprint": "figures",
    "explain": "explain",
    "portfolio": "portfolio",
    "recall": "portfolio",
    "document": "documents",
    "changes": "history",
    "publish": "history",
    "publications": "history",
    "receipt": "receipts",
    "verify": "receipts",
    "rebuild": "rebuild",
    "status": "status",
    "factors": "factors",
    "audit": "ledger",
    "witness": "ledger",
}
# An answer of the service that means no; any other refusal means that it was not asked, or not as one who may ask.
_NO = (403, 404, 409, 410, 413, 415)
# These are told the address as an argument of its own.
_NO_URL_OPTION = ("run", "audit", "witness")


class OneLine(argparse.ArgumentParser):
    """argparse's parser, whose errors are one line like all others."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is; exit code 2."""
        self.exit(2, f"greenchain: {' '.join(message.split())} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line that says what to do."""
    parser = OneLine(prog="greenchain", description="Green supply chain traceability.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    given = sys.argv[1:] if arguments is None else list(arguments)
    for module in _modules(given[:1]):
        import_module(f"service.cli.{module}").add_to(commands)
    options = parser.parse_args(given)
    try:
        return int(options.handler(options))
    except Failed as failed:
        print(f"greenchain: {failed}", file=sys.stderr)
        return 1
    except ServiceRefused as refused:
        print(f"greenchain: {refused}{_hint(refused, options)}", file=sys.stderr)
        return 1 if refused.status in _NO or "document" in refused.problem else 2
    except (GreenchainError, OSError) as error:
        asked = isinstance(error, ConnectorError) and options.command not in _NO_URL_OPTION
        where = " (see --url, GREENCHAIN_URL)" if asked else ""
        print(f"greenchain: {error}{where}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _modules(asked: list[str]) -> Iterable[str]:
    """The module of the command asked for; all of them where help is needed."""
    known = [COMMANDS[name] for name in asked if name in COMMANDS]
    return known or dict.fromkeys(COMMANDS.values())


def _hint(refused: ServiceRefused, options: argparse.Namespace) -> str:
    """What to try instead, where the refusal itself cannot know it."""
    if refused.status == 401:
        return " (see GREENCHAIN_CLIENT_ID, GREENCHAIN_CLIENT_SECRET)"
    named = getattr(options, "lot", getattr(options, "subject", ""))
    if refused.status == 404 and named and not options.issuer and not is_address(named):
        return " (looked for among the ids of your own organization; --issuer names another that gave it)"
    if options.command == "publish" and str(refused.problem.get("type", "")).endswith(":name-taken"):
        return " (where its figure has changed, greenchain publications --restate writes a new edition)"
    return ""


if __name__ == "__main__":
    sys.exit(main())
