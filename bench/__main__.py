"""Side-by-side figures: `python -m bench` runs all benches, `python -m bench NAME --json` one."""

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Column, Table

from bench.rows import Options


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench: its module, what it shows, and what --size counts."""

    name: str
    meaning: str
    size: str


BENCHES = (
    Bench("rollup", "the roll-up beside one pass over the same arrays, and beside Brightway", "lots"),
    Bench("questions", "what-if scenarios beside single runs, and the totals of a portfolio", "lots"),
    Bench("snapshot", "the snapshot: time to build, memory, and what doubling costs", "lots"),
    Bench("intake", "signed statements a second, single and in batches", "documents"),
    Bench("trust", "verification through the whole workflow beside raw cryptography", "rounds"),
    Bench(
        "reads",
        "one lot from a graph of which nothing is known, beside Cypher level by level and path by path",
        "lots above",
    ),
    Bench("http", "a footprint with a long chain above it, over HTTP", "lots above"),
    Bench("ledger", "the ledger's tree: appending, proofs and signed heads as it grows", "entries"),
    Bench("receipts", "a figure with its proof: size, time to make and to verify", "lots above"),
    Bench("durability", "kill -9 in the middle of concurrent submissions", "rounds"),
)
COLUMNS = ("what", "size", "ours", "beside", "ratio", "unit", "aim", "met", "peak_mb")


def main(arguments: list[str]) -> int:
    """Run what was asked for; 1 when a figure misses its aim, and 2 when a bench failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    listed = "; ".join(f"{b.name}: {b.meaning} (--size: {b.size})" for b in BENCHES)
    parser.add_argument("name", nargs="?", choices=[b.name for b in BENCHES], help=listed)
    parser.add_argument("--json", action="store_true", help="print rows as JSON instead of a table")
    parser.add_argument("--size", type=int, default=0, help="another size than the usual one")
    parser.add_argument("--quick", action="store_true", help="a smoke test of a few seconds")
    asked = parser.parse_args(arguments)
    options = Options(asked.size, asked.quick)
    if asked.name is None:
        return _all(options, asked.json)
    rows = list(importlib.import_module(f"bench.{asked.name}").run(options))
    _print(asked.name, [row.to_json() for row in rows], as_json=asked.json)
    return _verdict(row.met for row in rows)


def _all(options: Options, as_json: bool) -> int:
    """Each bench in a process of its own, so that no peak of memory is another's."""
    rows: list[dict[str, object]] = []
    for bench in BENCHES:
        command = [sys.executable, "-m", "bench", bench.name, "--json", *(["--quick"] if options.quick else [])]
        ended = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if ended.returncode not in (0, 1):
            return 2
        found = json.loads(ended.stdout)["rows"]
        rows.extend(found)
        if not as_json:
            _print(bench.name, found, as_json=False)
    if as_json:
        print(json.dumps({"rows": rows}, indent=1))
    return _verdict(row["met"] for row in rows)


def _verdict(met: Iterable[object]) -> int:
    return 1 if any(m is False for m in met) else 0


def _print(title: str, rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    table = Table("what", *(Column(name, no_wrap=True) for name in COLUMNS[1:]), title=title)
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in COLUMNS))
    console = Console()
    Console(width=max(console.width, 150)).print(table)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
