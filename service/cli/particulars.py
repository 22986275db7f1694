"""What ``greenchain footprint`` prints beside the total: parts, interval, data quality, energy, water and waste."""

from typing import Any

from service.cli.output import console, print_table

View = dict[str, Any]


def show(figure: View, indicators: View) -> None:
    """Tables of what is known beside the total; what is not is said to be unknown, and a lower bound to be one."""
    _interval(figure)
    parts = figure["parts"]
    rows = [[_words(n), _bounded(v, parts["lower_bound"])] for n, v in parts.items() if n != "lower_bound"]
    rows += [[f"biogenic, {_words(n)}", v] for n, v in figure["biogenic"].items()]
    print_table(f"Parts ({figure['unit']})", ("part", "value"), rows)
    listed: list[list[Any]] = []
    for group, account in indicators["groups"].items():
        listed += [
            [group, _words(name), _bounded(value, account["lower_bound"]), account["unit"], account["basis"]]
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


def _bounded(value: float | None, lower_bound: bool) -> float | str | None:
    """A number; where there may be more of it, in words."""
    return f"at least {value:.5g}" if lower_bound and value is not None else value
