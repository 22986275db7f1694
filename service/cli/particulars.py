"""What ``greenchain footprint`` prints beside the total: parts, interval, data quality, energy, water and waste."""

from typing import Any

from graph.model.indicators import NEVER_NEGATIVE
from service.cli.output import console, print_table

View = dict[str, Any]


def show(figure: View, indicators: View) -> None:
    """Tables of what is known beside the total; what is not is said to be unknown, and of what else something is."""
    _interval(figure)
    parts = figure["parts"]
    rows = [[_words(n), _bounded(n, v, parts["lower_bound"])] for n, v in parts.items() if n != "lower_bound"]
    rows += [[f"biogenic, {_words(n)}", v] for n, v in figure["biogenic"].items()]
    print_table(f"Parts ({figure['unit']})", ("part", "value"), rows)
    listed: list[list[Any]] = []
    for group, account in indicators["groups"].items():
        listed += [
            [group, _words(name), _bounded(name, value, account["lower_bound"]), account["unit"], account["basis"]]
            for name, value in account["values"].items()
        ]
    print_table("Energy, water and waste", ("account", "indicator", "value", "unit", "evidence"), listed)
    shares = [[_words(name), share] for name, share in indicators["shares"].items()]
    print_table("Shares of final energy", ("carrier", "share"), shares)


def _interval(figure: View) -> None:
    found, quality = figure["interval"], figure["data_quality"]
    if found is None:
        console.print(f"No 95 % interval: {figure['interval_missing']}.")
    else:
        console.print(f"95 % interval: {found['low']:.5g} to {found['high']:.5g} {figure['unit']}")
    if quality is None:
        console.print("Data quality: not rated.")
    else:
        rated = ", ".join(f"{name} {quality[name]:.1f}" for name in ("technology", "geography", "time"))
        console.print(f"Data quality (1 best, 5 worst): {rated}")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _bounded(name: str, value: float | None, lower_bound: bool) -> float | str | None:
    """A number; in words where something of it is unknown: of what is never negative there can only be more."""
    if not lower_bound or value is None:
        return value
    return f"{'at least' if name in NEVER_NEGATIVE else 'known part'} {value:.5g}"
