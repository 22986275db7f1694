"""The ``greenchain`` command. Exit codes: 0 done, 1 the answer is no (rejected, not found), 2 it could not be asked."""

import argparse
import sys
from collections.abc import Sequence

from connectors.errors import ConnectorError, ServiceRefused
from graph.errors import GreenchainError
from service.cli import accounts, demo, documents, figures, keys, run, submit
from service.cli.output import Failed

COMMANDS = (run, demo, accounts, keys, submit, figures, documents)
# An answer of the service that means no; any other refusal means that it was not asked, or not as one who may ask.
_NO = (403, 404, 409, 410, 413, 415, 422)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line that says what to do."""
    parser = argparse.ArgumentParser(prog="greenchain", description="Green supply chain traceability.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_to(commands)
    options = parser.parse_args(arguments)
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


def _hint(refused: ServiceRefused) -> str:
    return " (see GREENCHAIN_CLIENT_ID, GREENCHAIN_CLIENT_SECRET)" if refused.status == 401 else ""


if __name__ == "__main__":
    sys.exit(main())
