"""Indicators as the API writes them: what goes with a footprint, and the accounts of energy, water and waste."""

from collections.abc import Callable
from typing import Any

from graph.model.indicators import MEMBERS, Group
from graph.rollup.closure import NodeName
from graph.rollup.figure import Figure
from graph.rollup.resources import GROUPS, Account, Resources
from graph.units import CANONICAL

View = dict[str, Any]

UNITS = {
    Group.ENERGY: "MJ",
    Group.WATER: "m3",
    Group.WASTE: "kg",
    Group.RECOVERED: "kg",
    Group.CAPTURE: "kgCO2",
}


def particulars(found: Figure) -> View:
    """Parts, biogenic carbon, data quality and interval of a footprint; unknown is null."""
    told, width = found.particulars, found.particulars.spread
    interval = None if width.low is None else {"low": width.low, "high": width.high, "gsd": width.gsd}
    return {
        "parts": {**told.parts, "lower_bound": told.parts_lower_bound},
        "biogenic": {
            "carbon": told.biogenic.carbon,
            "uptake": told.biogenic.uptake,
            "released": told.biogenic.released,
            "total_including_uptake": found.total_with_uptake,
        },
        "data_quality": None if told.quality is None else {**told.quality, "rated_share": told.rated_share},
        "interval": interval,
        "interval_missing": width.reason,
        "interval_share": None if found.total is None else width.share,
    }


def accounts(
    found: Resources, names: Callable[[tuple[NodeName, ...]], View], documents: Callable[[tuple[int, ...]], View]
) -> View:
    """All accounts of a lot by group; ``names`` and ``documents`` tell what of each the viewer may see."""
    unit = CANONICAL[found.dimension]
    return {
        "groups": {g.value: _account(g, found.accounts[g], unit, names, documents) for g in GROUPS},
        "shares": dict(found.shares),
        "policy": found.policy,
        "as_of": found.as_of,
    }


def _account(
    group: Group,
    found: Account,
    unit: str,
    names: Callable[[tuple[NodeName, ...]], View],
    documents: Callable[[tuple[int, ...]], View],
) -> View:
    return {
        "unit": f"{UNITS[group]}/{unit}",
        "basis": found.basis.label,
        "lower_bound": found.lower_bound,
        "values": {name: found.values[name] for name in MEMBERS[group]},
        "missing": names(found.missing),
        "documents": documents(found.documents),
    }
