"""Own emissions of processes: activities times factors, the legs of inbound transport, and the floor of Annex III."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from graph.model.indicators import FLOWS, GHG_PARTS, QUALITIES
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, factorize, first, lookup, total
from graph.rollup.findings import Finding
from graph.rollup.links import BEYOND_RANGE, Draft, issuer_of
from graph.rollup.policy import CBAM, Factor, Policy
from graph.rollup.rows import Rows
from graph.units import Dimension

SCOPES = {"direct": 0, "indirect": 1, "undivided": 2}
TRANSPORT = "transport"
FLOOR = "floor at zero"
FOSSIL = GHG_PARTS.index("fossil")


_LABELS = ("names", "factors", "levers")


@dataclass(frozen=True)
class Activities:
    """Own emissions, arrays of shape (activities,), sorted by process, name, scope and value.

    ``value`` in kgCO2e over the whole process; ``scope`` 0 direct, 1 indirect, 2 undivided; ``default`` marks what
    rests on a published factor, ``primary`` measured data with a measured or supplier's factor, ``signed`` a verified
    document (``document``: its ledger index, -1 for the floor, which nobody states); ``floor`` the floor at zero.
    ``part`` is one of ``GHG_PARTS``; ``quality``, shape (activities, 4): DQR by dimension, then the geometric standard
    deviation, nan where not stated; ``factor`` the code of a factor that others may share, absent for one's own.
    ``base`` is the value at a factor of 1 (a leg: the quantity carried), ``lever`` the code of "type|region" (the
    region of a grid, as stated or as the facility's).
    """

    process: IntArray
    name: IntArray
    names: tuple[str, ...]
    scope: IntArray
    value: FloatArray
    default: BoolArray
    primary: BoolArray
    signed: BoolArray
    document: IntArray
    part: IntArray
    quality: FloatArray
    factor: IntArray
    factors: tuple[str, ...]
    lever: IntArray
    levers: tuple[str, ...]
    base: FloatArray

    @property
    def floor(self) -> BoolArray:
        """Which activities are the floor at zero: arithmetic, and no emission."""
        found: BoolArray = self.document == ABSENT
        return found

    def ordered(self, process: IntArray, order: IntArray) -> "Activities":
        """The same in another order, of processes with these numbers."""
        moved = {f.name: getattr(self, f.name)[order] for f in fields(self) if f.name not in _LABELS}
        return Activities(**moved | {"process": process[order]}, **{name: getattr(self, name) for name in _LABELS})


class _Part(NamedTuple):
    """Activities of one origin; names and factors still as text."""

    process: IntArray
    name: list[str]
    scope: IntArray
    value: FloatArray
    default: BoolArray
    primary: BoolArray
    signed: BoolArray
    document: IntArray
    part: IntArray
    quality: FloatArray
    factor: list[str]
    lever: list[str]
    base: FloatArray


_TEXTS = ("name", "factor", "lever")


def own_emissions(draft: Draft, policy: Policy, consumed: FloatArray) -> Activities:
    """The own emissions of every process; what cannot be resolved is a gap of its process, with a finding."""
    parts = [_stated(draft, policy), _legs(draft, consumed)]
    parts.append(_floors(draft, parts))
    joined = {n: np.concatenate([getattr(p, n) for p in parts]) for n in _Part._fields if n not in _TEXTS}
    name, names = factorize([text for part in parts for text in part.name])
    factor, factors = factorize([text for part in parts for text in part.factor])
    lever, levers = factorize([text for part in parts for text in part.lever])
    own = np.array([label == "" for label in factors], np.bool_)
    factor = np.where(np.append(own, True)[factor], ABSENT, factor)
    whole = Activities(**joined, name=name, names=names, factor=factor, factors=factors, lever=lever, levers=levers)
    known = np.flatnonzero(~np.isnan(whole.value))
    keys = (whole.document, whole.value, whole.scope, whole.name, whole.process)
    order = known[np.lexsort(tuple(key[known] for key in keys))]
    return whole.ordered(whole.process, order)


def _stated(draft: Draft, policy: Policy) -> _Part:
    """Activities as declared: quantity x multiplier x factor x GWP(gas)."""
    rows = draft.facts.rows["activities"]
    rows = rows.where(np.array([kind not in FLOWS for kind in rows.text("type")], np.bool_))
    process = rows.codes("process", draft.nodes.processes)
    factor, default, shared = _factors(draft, policy, rows, process)
    multiplier = rows.floats("multiplier")
    gwp = _warming(draft, policy, process, rows.text("gas"))
    quantity = rows.floats("quantity") * np.where(np.isnan(multiplier), 1.0, multiplier)
    value = quantity * factor * gwp
    for i in np.flatnonzero(np.isinf(value)).tolist():
        key, name = draft.nodes.key[int(process[i])], rows.text("name")[i]
        draft.note(int(process[i]), BEYOND_RANGE, f"{key}: the emissions of {name} are more than a number can hold")
    value = np.where(np.isinf(value), np.nan, value)
    draft.gap[process[np.isnan(value)]] = True
    scope = lookup(rows.text("scope"), SCOPES, len(rows))
    part = lookup(rows.text("category"), {name: i for i, name in enumerate(GHG_PARTS)}, len(rows))
    return _Part(
        process=process,
        name=rows.text("name"),
        scope=np.where(scope == ABSENT, SCOPES["undivided"], scope),
        value=value,
        default=default,
        primary=(rows.ints("primary") == 1) & ~default,
        signed=draft.facts.signed(rows.documents),
        document=rows.documents,
        part=np.where(part == ABSENT, FOSSIL, part),
        quality=np.stack([rows.floats(name) for name in (*QUALITIES, "gsd")], axis=1),
        factor=shared,
        lever=_levers(draft, process, rows.text("type"), rows.text("region")),
        base=quantity * gwp,
    )


def _levers(draft: Draft, process: IntArray, kinds: list[str], regions: list[str]) -> list[str]:
    """Type and region of each activity as one text: what a question may turn."""
    places, at = draft.facts.places, draft.nodes.at[process].tolist()
    found = [region or places.region[p] or places.country[p] for region, p in zip(regions, at, strict=True)]
    return [f"{kind}|{region.upper()}" for kind, region in zip(kinds, found, strict=True)]


def _warming(draft: Draft, policy: Policy, process: IntArray, gases: list[str]) -> FloatArray:
    known = {"": 1.0, "CO2e": 1.0, **policy.gwp_values}
    for i, gas in enumerate(gases):
        if gas not in known:
            node = int(process[i])
            draft.note(node, "gwp-unknown", f"{draft.nodes.key[node]}: {policy.gwp} has no value for {gas}")
    return np.fromiter((known.get(gas, np.nan) for gas in gases), np.float64, len(gases))


def _factors(draft: Draft, policy: Policy, rows: Rows, process: IntArray) -> tuple[FloatArray, BoolArray, list[str]]:
    """Factors as declared, and the policy's for electricity without one, by the region of the activity or facility.

    With each the name of a factor that others may share: same source, same value. One's own is nobody else's.
    """
    factor = rows.floats("factor")
    sources = zip(rows.text("factor_source"), factor.tolist(), rows.text("gas"), strict=True)
    shared = [f"{source} {value!r} {gas}" if source not in ("", "own") else "" for source, value, gas in sources]
    missing = np.flatnonzero(np.isnan(factor))
    default = np.zeros(len(rows), np.bool_)
    kinds, regions, names, dimension = rows.text("type"), rows.text("region"), rows.text("name"), rows.ints("dimension")
    for i in missing.tolist():
        node = int(process[i])
        found = _grid_factor(draft, policy, node, regions[i]) if kinds[i] == "electricity" else None
        if found and dimension[i] == Dimension.ENERGY:
            factor[i], default[i], shared[i] = found.value, True, f"{found.source} {found.year} {found.region}"
        else:
            draft.note(node, "factor-unknown", f"{draft.nodes.key[node]}: no factor for {names[i]}")
    return factor, default, shared


def _grid_factor(draft: Draft, policy: Policy, node: int, region: str) -> Factor | None:
    at, places = int(draft.nodes.at[node]), draft.facts.places
    return policy.grid_default((region, places.region[at], places.country[at]))


def _legs(draft: Draft, consumed: FloatArray) -> _Part:
    """Transport to the consumer (ruling 5): kgCO2e of the legs per unit moved, times the quantity consumed.

    Zero under ``cbam-embedded``, and left out where the process states its inbound transport itself.
    A leg without an intensity makes a gap.
    """
    inputs, nodes = draft.facts.rows["inputs"], draft.nodes
    process = inputs.codes("process", nodes.processes)
    activities = draft.facts.rows["activities"]
    own = {p for p, kind in zip(activities.text("process"), activities.text("type"), strict=True) if kind == TRANSPORT}
    applies = np.zeros(len(nodes), np.bool_)
    applies[[node for key, node in nodes.processes.items() if nodes.boundary[node] != CBAM and key not in own]] = True
    leg, per_unit, signed, document = _moved(draft, process)
    at = np.flatnonzero(applies[process] & (leg != ABSENT))
    value = consumed[at] * per_unit[leg[at]]
    value = np.where(np.isinf(value), np.nan, value)
    for i in at[np.isnan(value)].tolist():
        node, lot = int(process[i]), nodes.key[int(nodes.input_node[i])]
        draft.gap[node] = True
        draft.note(node, "transport-unknown", f"{nodes.key[node]}: a leg of {lot} has no emissions", lot)
    none = np.zeros(len(at), np.bool_)
    return _fossil(
        process[at],
        [TRANSPORT] * len(at),
        value,
        default=none,
        primary=none,
        signed=signed[leg[at]],
        document=document[leg[at]],
        base=consumed[at],
    )


def _fossil(process: IntArray, name: list[str], value: FloatArray, **given: Any) -> _Part:
    """Direct fossil emissions of which nothing is said about quality."""
    count = len(process)
    quality, direct = np.full((count, len(QUALITIES) + 1), np.nan), np.zeros(count, np.int64)
    part, shared = np.full(count, FOSSIL, np.int64), [""] * count
    lever = [f"{text}|" for text in name]
    return _Part(
        process=process, name=name, value=value, scope=direct, part=part, quality=quality, factor=shared, lever=lever,
        **given,
    )  # fmt: skip


def _moved(draft: Draft, process: IntArray) -> tuple[IntArray, FloatArray, BoolArray, IntArray]:
    """For each input the movement of its lot to the consumer (or absent), and by movement: kgCO2e per unit of the lot.

    Several transfers of one lot to one receiver are weighted by the quantity moved. A transfer that both
    sides assert is one transfer.
    """
    nodes, products = draft.nodes, draft.facts.products
    rows = draft.facts.rows["transfers"]
    keys = list(zip(rows.text("key"), rows.text("lot"), strict=True))
    seen: dict[tuple[str, str], int] = {}
    for i, key in enumerate(keys):
        seen.setdefault(key, i)
    once = np.zeros(len(rows), np.bool_)
    once[list(seen.values())] = True
    rows = rows.where(once)
    lot = rows.codes("lot", nodes.lots)
    receivers, labels = factorize(rows.text("receiver"))
    code = {label: i for i, label in enumerate(labels)}
    consumers = np.full(len(nodes), ABSENT, np.int64)
    for process_key, node in nodes.processes.items():
        consumers[node] = code.get(issuer_of(process_key), ABSENT)
    consumer = consumers[process]
    wanted = np.where(consumer == ABSENT, ABSENT, nodes.input_node * len(labels) + consumer)
    movements, movement = np.unique(lot * len(labels) + receivers, return_inverse=True)
    ratio = products.ratio((nodes.product[lot], rows.ints("dimension")), (nodes.product[lot], nodes.dimension[lot]))
    quantity = rows.floats("quantity")
    order = np.lexsort((rows.floats("transport"), quantity, movement))
    emitted = total(movement[order], (quantity * rows.floats("transport"))[order], len(movements))
    units = total(movement[order], (quantity * ratio)[order], len(movements))
    unsigned = total(movement, (~draft.facts.signed(rows.documents)).astype(np.float64), len(movements))
    with np.errstate(invalid="ignore", divide="ignore"):
        per_unit = np.where(units > 0, emitted / units, np.nan)
    at = np.searchsorted(movements, wanted)
    found = np.append(movements, ABSENT - 1)[at] == wanted
    return np.where(found, at, ABSENT), per_unit, unsigned == 0, rows.documents[first(movement, len(movements))]


def _floors(draft: Draft, parts: list[_Part]) -> _Part:
    """Under ``cbam-embedded`` a process's direct emissions are floored at 0 (Regulation (EU) 2025/2547, Annex III)."""
    nodes = draft.nodes
    process, scope, value = (np.concatenate([getattr(p, n) for p in parts]) for n in ("process", "scope", "value"))
    direct = np.flatnonzero((scope == 0) & ~np.isnan(value))
    direct = direct[np.lexsort((value[direct], process[direct]))]
    summed = total(process[direct], value[direct], len(nodes))
    below = np.array([n for n in np.flatnonzero(summed < 0).tolist() if nodes.boundary[n] == CBAM], np.int64)
    for node in below.tolist():
        draft.notes.append(
            (node, Finding("floor", f"{nodes.key[node]}: direct emissions floored at 0", (nodes.key[node],)))
        )
    no, yes = np.zeros(len(below), np.bool_), np.ones(len(below), np.bool_)
    nobody = np.full(len(below), ABSENT, np.int64)
    given = {"default": no, "primary": no, "signed": yes, "document": nobody, "base": -summed[below]}
    return _fossil(below, [FLOOR] * len(below), -summed[below], **given)
