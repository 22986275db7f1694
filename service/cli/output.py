"""What commands print: tables and progress for people, JSON for machines."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connectors.greenchain import GreenchainClient
from graph.errors import GreenchainError

# What is not a terminal has no width: tables are then as wide as they need.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
# Progress goes to standard error, so that standard output can be read by a program.
progress_console = Console(stderr=True, highlight=False)


class Failed(GreenchainError):
    """The command was carried out, and the answer is no."""


class Unasked(GreenchainError):
    """The command could not be carried out as given; the message says what is missing."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def add_service(parser: argparse.ArgumentParser) -> None:
    """Let a command say which service it speaks to, and as whom; secrets come from the environment only."""
    default = os.environ.get("GREENCHAIN_URL") or f"http://127.0.0.1:{os.environ.get('GREENCHAIN_PORT') or 8410}"
    parser.add_argument("--url", default=default, help="address of the service (GREENCHAIN_URL; %(default)s)")


class Patient(GreenchainClient):
    """A client that shows, while it waits for an answer, that it does and for how long: Ctrl-C breaks the question off.

    For commands that show no progress of their own.
    """

    def _request(self, method: str, path: str, **options: Any) -> Any:
        with waiting():
            return super()._request(method, path, **options)


def client(options: argparse.Namespace) -> GreenchainClient:
    """The client that GREENCHAIN_CLIENT_ID and GREENCHAIN_CLIENT_SECRET stand for. Raises ``Unasked``."""
    return _client(options, GreenchainClient)


def patient(options: argparse.Namespace) -> GreenchainClient:
    """The same for a question that may take its time. Raises ``Unasked``."""
    return _client(options, Patient)


def _client(options: argparse.Namespace, kind: type[GreenchainClient]) -> GreenchainClient:
    identity, secret = os.environ.get("GREENCHAIN_CLIENT_ID"), os.environ.get("GREENCHAIN_CLIENT_SECRET")
    if not identity or not secret:
        raise Unasked("set GREENCHAIN_CLIENT_ID and GREENCHAIN_CLIENT_SECRET to a system of your organization")
    return kind(options.url, identity, secret)


def read_file(path: Path) -> bytes:
    """The bytes of a file; - reads standard input. Raises ``Unasked`` naming it."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Unasked(f"{path}: there is no such file") from None
    except OSError as error:
        raise Unasked(f"{path}: {error.strerror}") from error


def check_out(path: Path | None) -> None:
    """What is to be written can be: looked at before anything is asked. Raises ``Unasked``."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise Unasked(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise Unasked(f"{path}: is a folder; name a file")


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def shown(options: argparse.Namespace, found: dict[str, Any], show: Callable[[dict[str, Any]], None]) -> int:
    """An answer as JSON where that is asked for, else as ``show`` shows it; the exit code of both."""
    if options.json:
        print_json(found)
    else:
        show(found)
    return 0


# Columns that may be broken over lines; names and numbers are read whole or not at all.
PROSE = ("", "findings")
_LEAST_PROSE = 24


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; numbers to the right."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=any(columns))
    numeric = [any(isinstance(row[n], int | float) for row in rows) for n in range(len(columns))]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=name not in PROSE)
    cells = [[_shown(cell) for cell in row] for row in rows]
    for row in cells:
        table.add_row(*row)
    console.print(title, soft_wrap=True)
    _wide(columns, cells).print(table)


def _wide(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> Console:
    """A console on which names and numbers fit: what a table cuts off of a number leaves another number."""
    width = sum(
        _LEAST_PROSE if name in PROSE else 1 + max(cell_len(text) for text in (name, *(row[n] for row in cells)))
        for n, name in enumerate(columns)
    )
    return console if width <= console.width else Console(highlight=False, width=width)


def _shown(cell: Any) -> str:
    if cell is None:
        return "unknown"
    return number(cell) if isinstance(cell, float) else str(cell)


# From here on a number is written with an exponent.
_LARGE = 1e15


def number(value: float) -> str:
    """Five digits that count, and all those before the point: who reads a table reads no exponents."""
    return f"{value:.0f}" if 1e5 <= abs(value) < _LARGE else f"{value:.5g}"


def partly(value: float | None, *, lower_bound: bool) -> float | str | None:
    """A number, in words where it is the known part alone; None where nothing is known."""
    return f"known part {number(value)}" if lower_bound and value is not None else value


def progress() -> Progress:
    """A progress bar on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=progress_console,
        transient=True,
    )


@contextmanager
def waiting() -> Iterator[None]:
    """On a terminal, that one is waiting and for how long, until the answer is there; on standard error."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=progress_console, transient=True, disable=not progress_console.is_terminal) as bar:
        bar.add_task("working it out (Ctrl-C breaks it off)", total=None)
        yield
