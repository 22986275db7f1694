"""Figures, shares, quantities and times as people read them. What is unknown is written "unknown", never 0."""

import math
import re
from datetime import UTC, datetime

UNKNOWN = "unknown"
# Narrow and not breaking: a number never ends in the middle of a line.
THIN = "\u202f"
MINUS = "\u2212"
_DIGITS = 5
_TONNE = 1000.0
# Shares are sums of floats: so much beside 0 or 1 is 0 or 1.
_NEARLY = 1e-9


def decimals_for(value: float | None) -> int:
    """So many decimals that a total shows about five digits; its parts are written with as many, to align."""
    if not value or not math.isfinite(value):
        return 3
    exponent = math.floor(math.log10(abs(value)))
    return min(8, max(0, _DIGITS - (1 if exponent >= 0 else 2) - exponent))


def fixed(value: float | None, decimals: int) -> str:
    """A number with that many decimals; what would round away to nothing says so."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    least = 10.0**-decimals
    return _within(value, least, decimals) if abs(value) <= least / 2 else _grouped(value, decimals)


def exact(value: float | None) -> str:
    """Every digit, for tooltips."""
    return UNKNOWN if value is None else repr(float(value))


def percent(share: float | None, decimals: int = 1) -> str:
    """A share of 1 in percent. Only the whole is written 100 %, and only nothing 0 %."""
    if share is None:
        return UNKNOWN
    if abs(share - 1) < _NEARLY or abs(share) < _NEARLY:
        return f"{round(share) * 100}{THIN}%"
    least = 10.0**-decimals
    if abs(share) < least / 200:
        return f"{_within(share, least, decimals)}{THIN}%"
    if 1 - least / 200 < share < 1:
        return f">{THIN}{_grouped(100 - least, decimals)}{THIN}%"
    return f"{_grouped(share * 100, decimals)}{THIN}%"


def quantity(value: float | None, unit: str) -> str:
    """An amount with its unit; from a tonne on, in tonnes."""
    if value is None:
        return UNKNOWN
    value, unit = readable_amount(value, unit)
    decimals = max(0, min(6, 5 - math.floor(math.log10(abs(value))))) if value else 0
    text = _grouped(value, decimals)
    whole, point, rest = text.partition(".")
    rest = rest.rstrip("0")
    return f"{whole}{point if rest else ''}{rest}\u00a0{unit}"


def readable_amount(value: float, unit: str) -> tuple[float, str]:
    """An amount in the unit that people read it in: from a tonne on, tonnes."""
    return (value / _TONNE, "t") if unit == "kg" and abs(value) >= _TONNE else (value, unit)


def size(count: int) -> str:
    """So many bytes."""
    return f"{_grouped(count, 0)} bytes" if count < 10_000 else f"{_grouped(count / 1024, 1)} KiB"


def day(text: str) -> str:
    """The day of an RFC 3339 time."""
    return f"{_read(text):%d %b %Y}".lstrip("0")


def moment(text: str) -> str:
    """Day and minute of an RFC 3339 time."""
    return f"{day(text)}, {_read(text):%H:%M} UTC"


def iso(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def readable_unit(unit: str) -> str:
    """The unit of a figure in words: kgCO2e/kg is kg CO₂e per kg."""
    below = unit.partition("/")[2]
    return f"kg CO\u2082e per {re.sub('[*]', '·', re.sub('(?<=m)[23]', _raised, below))}"


def _raised(found: re.Match[str]) -> str:
    return {"2": "²", "3": "³"}[found[0]]


def _within(value: float, least: float, decimals: int) -> str:
    """Less than the least that so many decimals can show."""
    return f"<{THIN}{_grouped(least, decimals)}" if value > 0 else f">{THIN}{_grouped(-least, decimals)}"


def _grouped(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
