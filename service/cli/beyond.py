"""What a figure moves with, and whom to ask first, as tables: of a lot and of a portfolio."""

from typing import Any

from graph.model.refs import Ref
from service.cli.output import console, print_table

View = dict[str, Any]


def sensitivities(found: View) -> None:
    """The factors and quantities that a lot's figure moves with most (``schemas.questions.SensitivitiesView``)."""
    for kind, title in (("factors", "Moves most with these factors"), ("inputs", "and these quantities consumed")):
        rows = [
            [s["kind"], _key(s["subject"]), _key(s.get("name", "")), s["derivative"], s["elasticity"]]
            for s in found[kind]
        ]
        columns = ("", "of", "name", f"{found['unit']} by one more", "% by 1 %")
        print_table(f"Lot {found['subject']['id']}: {title}", columns, rows)
    if found["undisclosed"]:
        console.print(f"Beside these {found['undisclosed']} that are not disclosed.")


def _key(text: str) -> str:
    return Ref.from_key(text).id if "|" in text else text


def uncertainty(found: View) -> None:
    """Whom to ask first (``schemas.budgets.UncertaintyView``)."""
    interval = found["interval"]
    if interval:
        console.print(f"95 % interval {interval['low']:.5g} to {interval['high']:.5g} {found['unit']}")
    else:
        console.print(f"No 95 % interval: {found['interval_missing']}.")
    rows = [
        [
            row["name"],
            len(row["missing"]["named"]) + row["missing"]["undisclosed"],
            ", ".join(name["id"] for name in row["missing"]["named"]),
            row["emissions_share"],
            row["unstated_share"],
            row["variance_share"],
            row["narrower"],
        ]
        for row in found["rows"]
    ]
    of = ("unknown", "of which", "emissions", "width not stated", "of the variance", "narrower by")
    print_table("Whom to ask first (shares)", ("organization", *of), rows)
    if found["others"]:
        console.print(f"And {found['others']} more.")
