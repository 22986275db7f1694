"""``greenchain footprint LOT --what-if``: scenarios in a few words, or as JSON in a file."""

import argparse
import json
from pathlib import Path
from typing import Any

from service.cli.output import Unasked, partly, print_json, print_table

HELP = (
    "a scenario, may be given again: changes with commas between, each grid[:REGION]=KG_PER_KWH, transport=SCALE, "
    "activity:NAME=SCALE, or what is replaced (input:LOT, product:PRODUCT, supplier:URI, material:NAME[@COUNTRY]) "
    "= what by (*SCALE, [ISSUER|]LOT, product:[ISSUER|]PRODUCT, material:NAME[@COUNTRY], footprint:KG_PER_KG); "
    "or @FILE with JSON as /what-if takes it"
)


def scenarios(texts: list[str]) -> list[dict[str, Any]]:
    """The body's scenarios for what was given. Raises ``Unasked``."""
    found: list[dict[str, Any]] = []
    for text in texts:
        if text.startswith("@"):
            found += _file(Path(text[1:]))
        else:
            found.append({"name": text[:500], "changes": [_change(part.strip()) for part in text.split(",")]})
    return found


def _file(path: Path) -> list[dict[str, Any]]:
    try:
        listed = json.loads(path.read_text("utf-8"))["scenarios"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unasked(f"{path}: must be JSON with scenarios, as /what-if takes it") from error
    if not isinstance(listed, list):
        raise Unasked(f"{path}: scenarios must be a list")
    return listed


def _change(text: str) -> dict[str, Any]:
    left, sign, right = text.partition("=")
    kind, _, name = left.partition(":")
    if not sign or not right:
        raise Unasked(f"--what-if {text}: must be such as grid:CN=0.2, transport=0.5 or input:LOT=OTHER")
    if kind == "grid":
        region = {"region": name} if name else {}
        return {"grid": {**region, "factor": {"value": right, "unit": "kg/kWh"}}}
    if kind == "transport" and not name:
        return {"transport": {"scale": right}}
    if kind == "activity" and name:
        return {"activity": {"name": name, "scale": right}}
    if kind in _REPLACED and name:
        return {"input": {"from": _replaced(kind, name), **_replacement(right)}}
    kinds = ", ".join(("grid", "transport", "activity", *_REPLACED))
    raise Unasked(f"--what-if {text}: {kind[:40]} is not one of {kinds} with what it is about")


_REPLACED = ("input", "product", "supplier", "material")


def _replaced(kind: str, name: str) -> dict[str, Any]:
    if kind == "material":
        return _material(name)
    return {"supplier": name} if kind == "supplier" else {{"input": "lot"}.get(kind, kind): _reference(name)}


def _material(text: str) -> dict[str, Any]:
    material, at, country = text.partition("@")
    return {"material": material, **({"country": country} if at else {})}


def _reference(text: str) -> Any:
    issuer, bar, identity = text.rpartition("|")
    return {"issuer": issuer, "id": identity} if bar else text


def _replacement(text: str) -> dict[str, Any]:
    if text.startswith("*"):
        return {"scale": text[1:]}
    kind, colon, name = text.partition(":")
    if colon and kind == "material":
        return {"to": _material(name)}
    if colon and kind == "product":
        return {"to": {"product": _reference(name)}}
    if colon and kind == "footprint":
        return {"to": {"footprint": {"value": name, "unit": "kg/kg"}}}
    return {"to": {"lot": _reference(text)}}


def show(found: dict[str, Any], options: argparse.Namespace) -> None:
    """The answer as a table, or as JSON."""
    if options.json:
        print_json(found)
        return
    rows = [["as it is", _total(found["base"]), "", "", ""]]
    rows += [
        [
            outcome["name"],
            _total(outcome),
            outcome["difference"]["total"],
            outcome["difference_bound"],
            ", ".join(change["effect"] for change in outcome["changes"]),
        ]
        for outcome in found["scenarios"]
    ]
    print_table(f"What if ({found['unit']})", ("scenario", "total", "difference", "that is", "effect"), rows)


def _total(found: dict[str, Any]) -> float | str | None:
    return partly(found["total"], lower_bound=found["lower_bound"])
