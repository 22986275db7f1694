"""The ``greenchain`` command. Exit codes: 0 done, 1 the answer is no (rejected, not found), 2 it could not be asked."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

from connectors.errors import ConnectorError, ServiceRefused
from graph.errors import GreenchainError
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
    "audit": "ledger",
    "witness": "ledger",
}
# An answer of the service that means no; any other refusal means that it was not asked, or not as one who may ask.
_NO = (403, 404, 409, 410, 413, 415, 422)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line that says what to do."""
    parser = argparse.ArgumentParser(prog="greenchain", description="Green supply chain traceability.")
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
        print(f"greenchain: {refused}{_hint(refused)}", file=sys.stderr)
        return 1 if refused.status in _NO else 2
    except (GreenchainError, OSError) as error:
        where = " (see --url, GREENCHAIN_URL)" if isinstance(error, ConnectorError) and options.command != "run" else ""
        print(f"greenchain: {error}{where}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _modules(asked: list[str]) -> Iterable[str]:
    """The module of the command asked for; all of them where help is needed."""
    known = [COMMANDS[name] for name in asked if name in COMMANDS]
    return known or dict.fromkeys(COMMANDS.values())


def _hint(refused: ServiceRefused) -> str:
    return " (see GREENCHAIN_CLIENT_ID, GREENCHAIN_CLIENT_SECRET)" if refused.status == 401 else ""


if __name__ == "__main__":
    sys.exit(main())
