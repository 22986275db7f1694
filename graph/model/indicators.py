"""The indicators that stand beside a footprint's scopes: names, units, and which are known together.

One vector a lot (PACT Data Model 3, ISO 14067; energy by carrier as in GB/T 2589). A group is known or unknown as a
whole: who states some of it leaves the rest of it unknown, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from graph.units import Dimension


class Group(StrEnum):
    """Indicators that one account states together."""

    GHG = "ghg"
    QUALITY = "quality"
    ENERGY = "energy"
    WATER = "water"
    WASTE = "waste"
    RECOVERED = "recovered"
    CAPTURE = "capture"


class Scope(StrEnum):
    """CBAM keeps direct and indirect apart; a source that gives only a total is undivided."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    UNDIVIDED = "undivided"


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a number is: DQR by dimension, 1 (best) to 5, and its geometric standard deviation, where stated."""

    technology: Decimal | None
    geography: Decimal | None
    time: Decimal | None
    gsd: Decimal | None


# kgCO2e; removals (permanently stored or bound) are <= 0, land figures may be; they sum to the total without uptake.
GHG_PARTS = ("fossil", "land_use_change", "land_management", "biogenic_non_co2", "removals")
# MJ, bought less sold: the net of a carrier may be negative (converter gas).
CARRIERS = ("coal", "gas", "oil", "electricity", "renewable_electricity", "heat", "other_fuel")
# kgCO2: captured = stored + bound + used + vented. What is used counts as removed only where it is permanently bound.
FATES = ("stored", "bound", "used", "vented")
PERMANENT = ("stored", "bound")
# Each 1 (best) to 5, weighted by emissions; the last column is the weight.
QUALITIES = ("technology", "geography", "time")

MEMBERS: Mapping[Group, tuple[str, ...]] = {
    Group.GHG: GHG_PARTS,
    Group.QUALITY: (*QUALITIES, "rated"),
    Group.ENERGY: CARRIERS,
    Group.WATER: ("fresh_water",),
    Group.WASTE: ("solid_waste",),
    Group.RECOVERED: ("resources_recovered",),
    Group.CAPTURE: ("captured", *FATES),
}

# What a footprint may state beside its scopes, and in what it is counted.
STATED: Mapping[str, Dimension] = {
    **dict.fromkeys(CARRIERS, Dimension.ENERGY),
    "fresh_water": Dimension.VOLUME,
    "solid_waste": Dimension.MASS,
    "resources_recovered": Dimension.MASS,
}

# What no statement can make negative and nothing is taken off of: there may be more of it than is known, never less.
# All else may fall when what is unknown is stated: totals and fossil emissions by credits for what was sold, land
# management and removals, energy by what is sold.
NEVER_NEGATIVE = frozenset(
    {"biogenic_non_co2", "fresh_water", "solid_waste", "resources_recovered", "captured", *FATES}
)

# Groups whose evidence is the footprint that counts; the others are decided each by itself.
OF_FOOTPRINT = (Group.GHG, Group.QUALITY)
BY_THEMSELVES = (Group.ENERGY, Group.WATER, Group.WASTE, Group.RECOVERED)

# What a process may say its account is complete for; of what it does not say, its own part is the known part.
ACCOUNTS = BY_THEMSELVES

# Types of activities that are no emission, and the group they count into.
FLOWS: Mapping[str, Group] = {"water": Group.WATER, "waste": Group.WASTE, "recovered": Group.RECOVERED}
CAPTURE = "capture"
