"""The geometry of bars and of the tier map, in numbers that SVG attributes take: no script, no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, TOP = 204, 66, 72, 14, 34
# Boxes in one column; what is more stands in one box.
MOST_BOXES = 12
_MOST_LETTERS = 25

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole: what it is, its class in the stylesheet, its value (None: unknown) and place in percent."""

    label: str
    css: str
    value: float | None
    share: float | None
    x: float = 0.0
    width: float = 0.0


def stacked(parts: Sequence[tuple[str, str, float | None]]) -> list[Part]:
    """Parts beside each other that fill 100; without places where one is negative, which no length can show."""
    known = [value or 0.0 for _, _, value in parts]
    whole = sum(known)
    drawable = whole > 0 and min(known) >= 0
    placed, x = [], 0.0
    for (label, css, value), size in zip(parts, known, strict=True):
        share = None if value is None or not whole else value / whole
        width = 100 * size / whole if drawable else 0.0
        placed.append(Part(label, css, value, share, round(x, 3), round(width, 3)))
        x += width
    return placed


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a column of bars, in percent of the column."""

    x: float
    width: float
    negative: bool


def bars(values: Sequence[float | None], whole: float) -> list[Bar]:
    """Bars on one scale, from zero (or the lowest value) to the whole; nothing is drawn for what is unknown."""
    known = [value or 0.0 for value in values]
    low, high = min([0.0, *known]), max([0.0, whole, *known])
    span = (high - low) or 1.0
    return [Bar(round(100 * (min(v, 0.0) - low) / span, 3), round(100 * abs(v) / span, 3), v < 0) for v in known]


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval on a scale from 0, in percent of its width."""

    low: float
    middle: float
    high: float


def whisker(low: float, middle: float, high: float) -> Whisker:
    """Where the ends of an interval and its middle stand; the scale ends a little beyond."""
    return Whisker(*(round(95 * value / high, 3) for value in (low, middle, high)))


@dataclass(frozen=True, slots=True)
class Box:
    """A lot or reference on the map, or several that share a box (``view`` is empty then)."""

    x: int
    y: int
    lines: tuple[str, ...]
    title: str
    css: str
    view: View


@dataclass(frozen=True, slots=True)
class TierMap:
    """A chain drawn in columns, the lot itself on the left; ``paths`` are SVG path data."""

    width: int
    height: int
    columns: tuple[tuple[int, str], ...]
    boxes: tuple[Box, ...]
    paths: tuple[str, ...]


def tier_map(nodes: Sequence[View], edges: Sequence[View]) -> TierMap:
    """Draw a chain (``schemas.figures.ChainView``): a column a tier, nearest first in each."""
    tiers = sorted({n["tier"] for n in nodes})
    boxes: list[Box] = []
    place: dict[int, Box] = {}
    for column, tier in enumerate(tiers):
        members = [n for n in nodes if n["tier"] == tier]
        crowded = len(members) > MOST_BOXES
        single = members[: MOST_BOXES - 1] if crowded else members
        drawn = [_box(node, column, row) for row, node in enumerate(single)]
        place.update({node["number"]: box for node, box in zip(single, drawn, strict=True)})
        if crowded:
            drawn.append(_rest(len(members) - len(single), column, len(single)))
            place.update({node["number"]: drawn[-1] for node in members[len(single) :]})
        boxes += drawn
    lowest = max((box.y for box in boxes), default=0)
    return TierMap(
        width=len(tiers) * BOX_WIDTH + max(0, len(tiers) - 1) * GAP_X + 2,
        height=lowest + BOX_HEIGHT + 2,
        columns=tuple((_left(c), tier_name(t)) for c, t in enumerate(tiers)),
        boxes=tuple(boxes),
        paths=tuple(dict.fromkeys(_path(place[e["source"]], place[e["target"]]) for e in edges)),
    )


def tier_name(tier: int | str) -> str:
    """A tier in words: how many organization boundaries lie between it and the lot."""
    names = {
        "0": "The maker's own operations",
        "1": "Tier 1: the maker's suppliers",
        "2": "Tier 2: their suppliers",
        "2 and above": "Tier 2 and above",
    }
    return names.get(str(tier), f"Tier {tier}")


def _left(column: int) -> int:
    return 1 + column * (BOX_WIDTH + GAP_X)


def _box(node: View, column: int, row: int) -> Box:
    hidden = "name" not in node
    if hidden:
        lots = node["lots"]
        lines: tuple[str, ...] = (f"{lots} {'lot or input' if lots == 1 else 'lots or inputs'}", "not disclosed to you")
        css = "hidden"
    else:
        lines, css = _lines(node), node.get("basis", "unknown")
    title = ", ".join(line for line in lines if line)
    return Box(_left(column), TOP + row * (BOX_HEIGHT + GAP_Y), tuple(map(_short, lines)), title, css, node)


def _lines(node: View) -> tuple[str, ...]:
    name, unknown = node["name"], node.get("basis") == "unknown"
    if name["kind"] == "material":
        about = f"from {name['country']}" if name.get("country") else ""
        return name["id"], "material", "emissions unknown" if unknown else about
    about = " · ".join(text for text in (node.get("material", ""), node.get("country", "")) if text)
    who = node.get("organization") or name.get("issuer", "")
    return name["id"], who, "emissions unknown" if unknown else about


def _rest(count: int, column: int, row: int) -> Box:
    lines = (f"{count} more", "see the table below")
    return Box(_left(column), TOP + row * (BOX_HEIGHT + GAP_Y), lines, ", ".join(lines), "hidden", {})


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _path(source: Box, target: Box) -> str:
    """A curve from what is supplied to what it goes into; between boxes of one column, around their side."""
    y1, y2, half = source.y + BOX_HEIGHT // 2, target.y + BOX_HEIGHT // 2, GAP_X // 2
    x2 = target.x + BOX_WIDTH
    if source.x == target.x:
        return f"M{x2} {y1}C{x2 + half} {y1} {x2 + half} {y2} {x2} {y2}"
    x1 = source.x if source.x > target.x else source.x + BOX_WIDTH
    x2 = x2 if source.x > target.x else target.x
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
