"""``greenchain explain``: a lot's number as a formula, its inputs, and the signed documents behind them, as a tree."""

import argparse
from typing import Any

from rich.markup import escape
from rich.tree import Tree

from service.cli.asking import add_question, lot_address, question
from service.cli.output import add_json, add_service, console, patient, print_json

View = dict[str, Any]

# A tree deeper than this is cut in the terminal; --json has all of it.
_DEEPEST = 30
_SHORT = 12


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("explain", help="where a lot's footprint comes from, down to the documents")
    add_question(parser)
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=explain)


def explain(options: argparse.Namespace) -> int:
    """Ask for the explanation and print it."""
    service = patient(options)
    found = service.get(f"/api/v1/lots/{lot_address(service, options)}/explanation", **question(options))
    if options.json:
        print_json(found)
        return 0
    console.print(tree(found["nodes"]), soft_wrap=True)
    if found["truncated"]:
        console.print("The chain goes on beyond this; the figure counts all of it.")
    console.print(f"Policy {found['policy']}, ledger index {found['as_of']}.")
    return 0


def tree(nodes: list[View]) -> Tree:
    """The nodes as a tree; what is used in several places is taken apart at the first of them."""
    root = Tree(_head(nodes[0]))
    _grow(root, nodes[0], nodes, {0}, _DEEPEST)
    return root


def _grow(branch: Tree, node: View, nodes: list[View], seen: set[int], depth: int) -> None:
    branch.add(_formula(node))
    for one in node["emitted"]:
        by = ", by a published factor" if one["default"] else ""
        branch.add(f"{_number(one['value'])} kgCO2e  {escape(one['name'])}{by}")
    for term in node["terms"]:
        source = nodes[term["source"]]
        again = term["source"] in seen
        line = f"{_number(term['amount'])} x {_head(source)}"
        below = branch.add(f"{line} (as above)" if again else line)
        if not again and depth:
            seen.add(term["source"])
            _grow(below, source, nodes, seen, depth - 1)
    if node["undisclosed"]:
        branch.add(f"{node['undisclosed']} more, not disclosed to you")
    for line in _documents(node["documents"]):
        branch.add(line)


def _head(node: View) -> str:
    name = node["name"]
    about = f" from {name['country']}" if name.get("country") else ""
    named = escape(f"{name['kind']} {name['id']}{about}")
    return f"#{node['number']} {named}: {_total(node)} ({node['basis']})"


def _total(node: View) -> str:
    if node["total"] is None:
        return "unknown"
    partly = "known part " if node["lower_bound"] else ""
    return f"{partly}{_number(node['total'])} {node['unit']}"


def _formula(node: View) -> str:
    """In words what the number is the sum of."""
    if node["stated"]:
        return "= as stated" if node["basis"] != "default" else "= a published default"
    parts = [_number(one["value"]) for one in node["emitted"]]
    parts += [f"{_number(term['amount'])} x #{term['source']}" for term in node["terms"]]
    parts += ["what is not disclosed"] if node["undisclosed"] else []
    return f"= {' + '.join(parts)}" if parts else "= nothing that anybody has stated"


def _documents(found: View) -> list[str]:
    lines = [f"document {one[:_SHORT]}" for one in found["ids"]]
    return [*lines, *([f"{found['undisclosed']} documents not disclosed to you"] if found["undisclosed"] else [])]


def _number(value: float) -> str:
    return f"{value:.6g}"
