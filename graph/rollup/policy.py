"""Which evidence counts before which, and what published figures may fill what is missing: data, with its sources.

The files in ``graph/rollup/data`` are the only thing the roll-up reads; they are read once, by ``_data``. The published
figures themselves are rows of the chain (``graph.rollup.published``), which ``build`` brings into the policy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from math import isnan
from typing import Any

from graph.model.factors import OTHER
from graph.rollup.arrays import ABSENT
from graph.rollup.errors import PolicyUnknown

MJ_PER_KWH = 3.6
CBAM = "cbam-embedded"
ASSURANCE = {"": 0, "limited": 1, "reasonable": 2}


class Basis(IntEnum):
    """What a figure rests on (reference/accounting.md, ruling 2); the number is an id, the rank is the policy's."""

    ATTESTED = 0
    COMPUTED = 1
    DECLARED = 2
    COMPUTED_GAPS = 3
    DEFAULT = 4
    UNKNOWN = 5

    @property
    def label(self) -> str:
        """The name in documents: attested, computed, declared, computed-gaps, default, unknown."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Factor:
    """A published figure that may stand in for an unknown one.

    ``value`` in kgCO2e per MJ (grid electricity) or per kg (materials), nan where the source lists the country without
    one; ``scope`` is what it covers: direct | indirect | undivided. ``document``: ledger index of the set's record.
    """

    name: str
    region: str
    value: float
    unit: str
    scope: str
    boundary: str
    year: int
    source: str
    document: int = ABSENT


@dataclass(frozen=True)
class Policy:
    """How figures are made from facts.

    ``boundary`` is taken where a process states none, and preferred among footprints; ``order`` holds every basis, best
    first; ``minimum_assurance`` ("" | limited | reasonable) is what a footprint should have (ruling 1);
    ``recognised`` are the accreditation bodies whose word counts (``graph.rollup.assurance``); ``difference`` is how
    far an attested footprint may lie from the computed one before it is a finding, ``max_age_months`` how long after
    its period's end a declaration may speak for what is produced then (36 at most; 0: for its own period alone),
    ``materiality`` what share of a facility's inventory may be accounted for nowhere before it is a finding.
    ``defaults`` are the kinds of published factors (``graph.model.factors.FactorKind``) that may fill a gap,
    ``mark_up`` what is added to a material's under ``cbam-embedded``, as fractions. ``materials``, keyed by (material
    name or HS prefix, country), and ``grid``, by region, are those of the sets in force; none until
    ``graph.rollup.published`` has brought them in.
    """

    name: str
    version: str
    boundary: str
    order: tuple[Basis, ...]
    minimum_assurance: str
    gwp: str
    gwp_values: Mapping[str, float]
    defaults: frozenset[str]
    mark_up: Mapping[str, float]
    burden_free: frozenset[str]
    burden_free_suffix: str
    grid: Mapping[str, Factor] = field(default_factory=dict)
    materials: Mapping[tuple[str, str], Factor] = field(default_factory=dict)
    recognised: frozenset[str] = frozenset()
    difference: float = 0.1
    max_age_months: int = 36
    materiality: float = 0.05

    def is_burden_free(self, material: str, boundary: str, origin: str = "") -> bool:
        """Whether a material carries no emissions: scrap (none is virgin), and raw materials under ``cbam-embedded``.

        Implementing Regulation (EU) 2025/2547, Annex III. Names match exactly, in lower case.
        """
        scrap = material.endswith(self.burden_free_suffix) and origin != "virgin"
        return scrap or (boundary == CBAM and material in self.burden_free)

    def material_default(self, material: str, hs: str, country: str) -> Factor | None:
        """The published value of a material, or of the longest HS prefix that has one; None where there is none.

        A country that the source does not list, or that is not stated, has its value for "other" countries.
        """
        digits = "".join(c for c in hs if c.isdigit())
        for name in (material, *(digits[:n] for n in range(len(digits), 3, -1))):
            found = self.materials.get((name, country.upper())) or self.materials.get((name, OTHER)) if name else None
            if found is not None:
                return None if isnan(found.value) else found
        return None

    def grid_default(self, regions: tuple[str, ...]) -> Factor | None:
        """The grid factor of the first stated region, or of the country it lies in; None where none is published."""
        for region in regions:
            if region:
                name = region.upper()
                return self.grid.get(name) or self.grid.get(name.partition("-")[0])
        return None


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    folder = files("graph.rollup") / "data"
    names = ("policies", "gwp", "burden_free", "carriers", "floors")
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names}


@lru_cache(maxsize=1)
def factors_version() -> str:
    """The version of the figures that come with the program, beside its policies (warming potentials, floors, names of
    carriers, what is free of burden): SHA-256 over all of them, in hex."""
    figures = {name: data for name, data in _data().items() if name != "policies"}
    return sha256(json.dumps(figures, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def policy_names() -> tuple[str, ...]:
    """The policies there are."""
    return tuple(sorted(_data()["policies"]))


def gwp_names() -> tuple[str, ...]:
    """The sets of warming potentials there are."""
    return tuple(sorted(_data()["gwp"]))


def load_policy(name: str = "default", recognised: frozenset[str] = frozenset(), gwp: str = "") -> Policy:
    """A named policy; ``recognised``: accreditation bodies beside its own; ``gwp``: another set than its own.

    Raises ``PolicyUnknown``.
    """
    data = _data()
    if name not in data["policies"] or (gwp and gwp not in data["gwp"]):
        raise PolicyUnknown(f"{name} {gwp}".strip())
    chosen = data["policies"][name]
    warming, free = gwp or chosen["gwp"], data["burden_free"]
    return Policy(
        name=name,
        version=chosen["version"],
        boundary=chosen["boundary"],
        order=tuple(Basis[label.replace("-", "_").upper()] for label in chosen["order"]),
        minimum_assurance=chosen["minimum_assurance"],
        gwp=warming,
        gwp_values=data["gwp"][warming]["values"],
        defaults=frozenset(chosen["defaults"]),
        mark_up=chosen["mark_up"],
        burden_free=frozenset(free["materials"]),
        burden_free_suffix=free["scrap"]["suffix"],
        recognised=frozenset(chosen["recognised"]) | recognised,
        difference=chosen["difference"],
        max_age_months=chosen["max_age_months"],
    )


def carrier_names() -> Mapping[str, str]:
    """The carrier (``graph.model.indicators.CARRIERS``) that each name of a fuel or of a source of electricity is."""
    kinds = _data()["carriers"].items()
    return {name: carrier for carrier, names in kinds if carrier != "source" for name in names}


def floors() -> Mapping[str, tuple[float, float]]:
    """Direct kgCO2 per kg below which a material cannot be made, and below which it is odd, by material and route."""
    rows = _data()["floors"]["rows"]
    return {name: (row["impossible"], row["suspicious"]) for row in rows for name in row["materials"]}


def gwp_set(name: str) -> Mapping[str, float]:
    """The 100-year warming potentials of a set: AR5, AR6 or Commission. Raises ``PolicyUnknown``."""
    sets = _data()["gwp"]
    if name not in sets:
        raise PolicyUnknown(name)
    values: Mapping[str, float] = sets[name]["values"]
    return values
