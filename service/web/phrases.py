"""How a figure was counted, in a few words."""

from collections.abc import Iterable
from typing import Final

from graph.model.indicators import NEVER_NEGATIVE

_ALLOCATION: Final = {
    "mass": "by mass",
    "economic": "by economic value",
    "energy": "by energy content",
    "explicit": "by explicit shares",
}


def allocation(keys: Iterable[str]) -> str:
    """How burdens were divided over several products."""
    return ", ".join(_ALLOCATION[key] for key in keys) or "nothing was divided"


def known(name: str) -> str:
    """What stands before an amount of which something is unknown: what is never negative can only be more."""
    return "at least" if name in NEVER_NEGATIVE else "known part"
