"""Chains of suppliers, generated: the same chain as columns for the roll-up, and as statements for the public API.

A lot of one tier is made by a process of its own from lots of the tier listed before it; each lot is used by somebody,
so the last tier's lots stand on all others. Quantities are worked out from the end, so that no balance is overdrawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.model.indicators import ACCOUNTS
from graph.model.refs import FACTS_PER_DOCUMENT_BITS
from graph.model.tables import TABLES, ChainTables
from graph.units import Dimension

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_START, _END = 1735689600.0, 1767225600.0  # 2025
_MADE = 1766102400.0  # 2025-12-19
_EMPTY: dict[type, Any] = {str: "", float: float("nan"), int: 0}
_LOSS, _SPARE = 1.1, 1.05
_LAST_KG = 1000.0


@dataclass(frozen=True, slots=True)
class Spec:
    """A chain: lots a tier (raw materials first), inputs a lot, share of lots with a signed footprint, seed.

    ``indicators``: processes state parts of their emissions, their quality, energy, water and waste, too (as columns).
    """

    tiers: tuple[int, ...]
    fan_in: tuple[int, int] = (4, 5)
    attested: float = 0.0
    organizations: int = 20
    seed: int = 1
    indicators: bool = False


def layered(lots: int, tiers: int = 10, **more: Any) -> Spec:
    """A chain of so many lots in tiers of one width."""
    width = lots // tiers
    return Spec((lots - width * (tiers - 1),) + (width,) * (tiers - 1), **more)


def pyramid(above: int, fan_in: tuple[int, int] = (4, 5), **more: Any) -> Spec:
    """A chain that ends in one lot with so many lots above it."""
    widths, left = [1], above
    while left:
        widths.append(min(left, widths[-1] * fan_in[0]))
        left -= widths[-1]
    return Spec(tuple(reversed(widths)), fan_in, **more)


@dataclass(frozen=True, slots=True)
class Chain:
    """The numbers of a chain. Lots are numbered tier by tier; input k goes from lot ``source`` into lot ``user``."""

    spec: Spec
    tier: IntArray
    user: IntArray
    source: IntArray
    consumed: FloatArray
    quantity: FloatArray
    direct: FloatArray
    power: FloatArray
    attested: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.tier)

    def organization(self, lot: int) -> str:
        """The URI of a lot's maker; no organization makes lots of two tiers."""
        members = max(1, self.spec.organizations // len(self.spec.tiers))
        return f"urn:greenchain:org:bench-{int(self.tier[lot])}-{lot % members}"

    def key(self, lot: int) -> str:
        """The key of a lot."""
        return f"{self.organization(lot)}|{lot_id(lot)}"


def lot_id(lot: int) -> str:
    """The maker's own id of a lot."""
    return f"L{lot:07d}"


def generate(spec: Spec) -> Chain:
    """The chain of a specification: the same numbers each time."""
    random = np.random.default_rng(spec.seed)
    tier = np.repeat(np.arange(len(spec.tiers), dtype=np.int64), spec.tiers)
    user, source = _inputs(spec, random)
    share = random.uniform(0.5, 1.5, len(user))
    quantity, consumed = _quantities(spec, user, source, share)
    direct = np.round(quantity * random.uniform(0.05, 0.5, len(tier)), 6)
    power = np.round(quantity * random.uniform(0.5, 5.0, len(tier)), 6)
    attested = random.random(len(tier)) < spec.attested
    return Chain(spec, tier, user, source, consumed, quantity, direct, power, attested)


def _inputs(spec: Spec, random: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Who uses what: each lot of a tier takes the next few of a shuffled tier before, round and round."""
    users, sources, start = [], [], 0
    for width, made in zip(spec.tiers, spec.tiers[1:], strict=False):
        low, high = (min(n, width) for n in spec.fan_in)
        counts = random.integers(low, high, made, endpoint=True)
        order = random.permutation(width) + start
        users.append(np.repeat(np.arange(made, dtype=np.int64) + start + width, counts))
        sources.append(order[np.arange(counts.sum()) % width])
        start += width
    none = [np.zeros(0, np.int64)]
    return np.concatenate(users or none), np.concatenate(sources or none)


def _quantities(spec: Spec, user: IntArray, source: IntArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Kilograms made of each lot and consumed of each input, rounded as they are written in statements."""
    starts = np.concatenate([[0], np.cumsum(spec.tiers)])
    quantity, consumed = np.full(starts[-1], _LAST_KG), np.zeros(len(user))
    weight = share / np.bincount(user, share, starts[-1])[user]
    for low, high in zip(starts[-2::-1], starts[:0:-1], strict=True):
        if high < starts[-1]:
            used = np.bincount(source, consumed, starts[-1])[low:high]
            quantity[low:high] = np.where(used > 0, np.round(used * _SPARE, 6), _LAST_KG)
        here = (user >= low) & (user < high)
        consumed[here] = np.round(quantity[user[here]] * _LOSS * weight[here], 6)
    return quantity, consumed


def tables(chain: Chain) -> ChainTables:
    """The chain as the store would read it: one document a lot, with its process, itself and perhaps a footprint."""
    count = len(chain)
    names = [chain.organization(i) for i in range(count)]
    made = ChainTables(head=count - 1)
    fid = np.arange(count, dtype=np.int64) << FACTS_PER_DOCUMENT_BITS
    lots = [f"{name}|{lot_id(i)}" for i, name in enumerate(names)]
    processes = [f"{name}|P{i:07d}" for i, name in enumerate(names)]
    kilograms = int(Dimension.MASS)
    digests = [sha256(lot.encode()).hexdigest() for lot in lots]
    fill(made, "documents", count, index=list(range(count)), id=digests, issuer=names, sender=names, signed=1)
    _fill_described(made, sorted(set(names)))
    fill(
        made, "processes", count, fid=fid.tolist(), key=processes, facility=[f"{n}|works" for n in names],
        kind="transform", start=_START, end=_END, boundary="cradle-to-gate",
        accounts=" ".join(ACCOUNTS) if chain.spec.indicators else "",
    )  # fmt: skip
    quantity = chain.quantity.tolist()
    made_of = {"fid": (fid + 1).tolist(), "dimension": kilograms, "quantity": quantity}
    fill(made, "lots", count, key=lots, product=[f"{n}|goods" for n in names], produced_at=_MADE, **made_of)
    fill(made, "lot_sources", count, lot=lots, kind="output", source=processes, output="good", **made_of)
    fill(
        made, "outputs", count, fid=fid.tolist(), process=processes, output="good", dimension=kilograms,
        product=[f"{n}|goods" for n in names], quantity=quantity, allocation="mass",
    )  # fmt: skip
    fill(
        made, "inputs", len(chain.user), fid=fid[chain.user].tolist(), kind="lot", role="material",
        process=list(map(processes.__getitem__, chain.user.tolist())), dimension=kilograms,
        target=list(map(lots.__getitem__, chain.source.tolist())), quantity=chain.consumed.tolist(),
    )  # fmt: skip
    _fill_activities(made, chain, fid, processes)
    _fill_footprints(made, chain, fid, lots)
    return made


def fill(made: ChainTables, table: str, count: int, **given: Any) -> None:
    """Append rows: a column is a list, or one value for all rows, or absent."""
    for name, kind in TABLES[table].items():
        value = given.get(name, _EMPTY[kind])
        made.rows[table][name].extend(value if isinstance(value, list) else [value] * count)


def _fill_described(made: ChainTables, names: list[str]) -> None:
    count, last = len(names), made.head << FACTS_PER_DOCUMENT_BITS
    fids = [last + 10 + i for i in range(2 * count)]
    fill(made, "facilities", count, fid=fids[:count], key=[f"{n}|works" for n in names], country="CN")
    fill(
        made, "products", count, fid=fids[count:], key=[f"{n}|goods" for n in names], material="goods",
        dimension=int(Dimension.MASS), kg_per_unit=1.0,
    )  # fmt: skip


def _fill_activities(made: ChainTables, chain: Chain, fid: IntArray, processes: list[str]) -> None:
    common: dict[str, Any] = {"fid": fid.tolist(), "process": processes, "multiplier": 1.0, "primary": 1}
    power, emitted, count = chain.power.tolist(), chain.direct.tolist(), len(chain)
    part, bought = {}, {}
    if chain.spec.indicators:
        for name, of, amount, unit in (
            ("slag", "waste", emitted, Dimension.MASS),
            ("cooling", "water", power, Dimension.VOLUME),
        ):
            fill(made, "activities", count, name=name, type=of, quantity=amount, dimension=int(unit), **common)
        common |= {"technology": 2.0, "geography": 1.0, "time": 3.0, "gsd": 1.2}
        part, bought = {"category": "land_management"}, {"energy": power}
    fill(
        made, "activities", count, name="process", type="measured", scope="direct", gas="CO2e",
        quantity=emitted, dimension=int(Dimension.MASS), factor=1.0, **part, **common,
    )  # fmt: skip
    fill(
        made, "activities", count, name="electricity", type="electricity", scope="indirect", gas="CO2e",
        quantity=power, dimension=int(Dimension.ENERGY), factor=POWER_KG_PER_MJ, **bought, **common,
    )  # fmt: skip


POWER_KG_PER_MJ = 0.125


def _declared(chain: Chain) -> tuple[FloatArray, FloatArray]:
    """What attested lots say of themselves, kgCO2e a kg: nothing that their inputs would give."""
    return np.round(1.0 + chain.tier * 0.25, 6), np.round(0.5 + chain.tier * 0.125, 6)


def _fill_footprints(made: ChainTables, chain: Chain, fid: IntArray, lots: list[str]) -> None:
    which = np.flatnonzero(chain.attested)
    direct, indirect = (values[which].tolist() for values in _declared(chain))
    fill(
        made, "footprints", len(which), fid=(fid[which] + 2).tolist(), subject_kind="lot",
        subject=[lots[i] for i in which.tolist()], start=_START, end=_END, direct=direct, indirect=indirect,
        dimension=int(Dimension.MASS), boundary="cradle-to-gate", gwp="AR6",
    )  # fmt: skip


def statements(chain: Chain, per_document: int = 1) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same chain as (organization, statement without times), through the public schema, makers before users."""
    by_maker: dict[str, list[int]] = {}
    for lot in range(len(chain)):
        by_maker.setdefault(chain.organization(lot), []).append(lot)
    ends = np.searchsorted(chain.user, np.arange(len(chain) + 1)).tolist()
    for name, made in by_maker.items():
        yield name, {"iss": name, "jti": "opening", "facts": opening(name)}
        for at in range(0, len(made), per_document):
            facts = [fact for lot in made[at : at + per_document] for fact in _facts(chain, lot, ends)]
            yield name, {"iss": name, "jti": f"lots-{at}", "facts": facts}


def opening(name: str) -> list[dict[str, Any]]:
    """What every maker says first: who it is, where, and what it makes."""
    return [
        {"kind": "organization", "name": name.rpartition(":")[2], "country": "CN"},
        {"kind": "facility", "id": "works", "name": "Works", "country": "CN"},
        {"kind": "product", "id": "goods", "name": "Goods", "material": "goods", "declared_unit": "kg"},
    ]


def measured(value: float, unit: str = "kg") -> dict[str, str]:
    """A quantity as a statement writes it."""
    return {"value": f"{value:.6f}", "unit": unit}


def _facts(chain: Chain, lot: int, ends: list[int]) -> list[dict[str, Any]]:
    pairs = zip(
        chain.source[ends[lot] : ends[lot + 1]].tolist(), chain.consumed[ends[lot] : ends[lot + 1]], strict=True
    )
    inputs = [
        {"lot": {"issuer": chain.organization(s), "id": lot_id(s)}, "quantity": measured(kilograms)}
        for s, kilograms in pairs
    ]
    quantity = float(chain.quantity[lot])
    activities = [direct_emission(float(chain.direct[lot])), electricity(float(chain.power[lot]))]
    facts = [process_fact(f"P{lot:07d}", quantity, inputs, activities), lot_fact(lot_id(lot), f"P{lot:07d}", quantity)]
    if chain.attested[lot]:
        direct, indirect = (float(values[lot]) for values in _declared(chain))
        facts.append(footprint_fact(f"F{lot:07d}", lot_id(lot), direct, indirect))
    return facts


def direct_emission(kilograms: float) -> dict[str, Any]:
    """A measured direct emission."""
    return {
        "name": "process",
        "type": "measured",
        "scope": "direct",
        "quantity": measured(kilograms),
        "primary": True,
    }


def electricity(megajoules: float) -> dict[str, Any]:
    """Electricity with the declarer's own factor."""
    factor = {"value": str(POWER_KG_PER_MJ), "unit": "kg/MJ", "own": True}
    stated = {"name": "electricity", "type": "electricity", "quantity": measured(megajoules, "MJ")}
    return {**stated, "factor": factor, "primary": True}


def process_fact(
    name: str, quantity: float, inputs: list[dict[str, Any]], activities: list[dict[str, Any]]
) -> dict[str, Any]:
    """A batch: one process with one output."""
    return {
        "kind": "process",
        "id": name,
        "facility": "works",
        "produced_from": "2025-01-01",
        "produced_to": "2026-01-01",
        "inputs": inputs,
        "outputs": [{"id": "good", "product": "goods", "quantity": measured(quantity)}],
        "activities": activities,
    }


def lot_fact(name: str, process: str, quantity: float) -> dict[str, Any]:
    """A lot drawn from a batch."""
    drawn = {"process": process, "output": "good", "quantity": measured(quantity)}
    stated = {"kind": "lot", "id": name, "product": "goods", "quantity": measured(quantity)}
    return {**stated, "produced_at": "2025-12-19", "drawn_from": [drawn]}


def footprint_fact(name: str, lot: str, direct: float, indirect: float) -> dict[str, Any]:
    """A declared footprint of a lot, kgCO2e a kg."""
    return {
        "kind": "footprint",
        "id": name,
        "lot": lot,
        "period_start": "2025-01-01",
        "period_end": "2026-01-01",
        "per": {"value": "1", "unit": "kg"},
        "direct": f"{direct:.6f}",
        "indirect": f"{indirect:.6f}",
        "boundary": "cradle-to-gate",
    }
