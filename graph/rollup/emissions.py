"""Own emissions of processes: activities times factors, the legs of inbound transport, and the floor of Annex III."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from graph.model.indicators import FLOWS, GHG_PARTS, QUALITIES
from graph.rollup.arrays import (
    ABSENT,
    BoolArray,
    FloatArray,
    IntArray,
    by_code,
    by_value,
    distinct,
    narrow,
    numbered,
    once,
    total,
)
from graph.rollup.findings import Finding
from graph.rollup.legs import legs
from graph.rollup.links import BEYOND_RANGE, Draft
from graph.rollup.matrices import Matrix
from graph.rollup.names import Texts
from graph.rollup.policy import CBAM, Policy
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
    ``published``: ledger index of the record of a published factor, absent where the factor is none.
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
    published: IntArray
    part: IntArray
    quality: Matrix
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
        moved = {f.name: getattr(self, f.name)[order] for f in fields(self) if f.name not in (*_LABELS, "quality")}
        moved |= {"process": process[order], "quality": self.quality.take(order)}
        return Activities(**moved, **{name: getattr(self, name) for name in _LABELS})

    def narrowed(self) -> "Activities":
        """The same to be kept: in as few bits as they fit into."""
        whole = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*_LABELS, "quality")}
        kept: dict[str, Any] = {n: narrow(v) if v.dtype == np.int64 else once(v) for n, v in whole.items()}
        return replace(self, quality=self.quality.narrowed(), **kept)


class _Part(NamedTuple):
    """Activities of one origin; names and factors as codes of the pool."""

    process: IntArray
    name: IntArray
    scope: IntArray
    value: FloatArray
    default: BoolArray
    primary: BoolArray
    signed: BoolArray
    document: IntArray
    published: IntArray
    part: IntArray
    quality: Matrix
    factor: IntArray
    lever: IntArray
    base: FloatArray


def own_emissions(draft: Draft, policy: Policy, consumed: FloatArray) -> tuple[Activities, Activities]:
    """The own emissions of every process; and what cannot be resolved (its value nan), which is a gap of its process,
    with a finding."""
    parts = [_stated(draft, policy), _legs(draft, consumed)]
    parts.append(_floors(draft, parts))
    joined: dict[str, Any] = {
        n: np.concatenate([getattr(p, n) for p in parts]) for n in _Part._fields if n != "quality"
    }
    joined["quality"] = Matrix.joined([part.quality for part in parts])
    name, names = Texts(draft.facts.pool, joined.pop("name")).factorized()
    factor, factors = Texts(draft.facts.pool, joined.pop("factor")).factorized()
    lever, levers = Texts(draft.facts.pool, joined.pop("lever")).factorized()
    own = np.array([label == "" for label in factors], np.bool_)
    factor = np.where(np.append(own, True)[factor], ABSENT, factor)
    whole = Activities(**joined, name=name, names=names, factor=factor, factors=factors, lever=lever, levers=levers)
    order = _canonical(whole)
    unknown = np.isnan(whole.value[order])
    return whole.ordered(whole.process, order[~unknown]), whole.ordered(whole.process, order[unknown])


def _canonical(listed: Activities) -> IntArray:
    """The order by process, name, scope, value and document: hardly ever do the first three not tell."""
    place = (listed.process * max(1, len(listed.names)) + listed.name) * len(SCOPES) + listed.scope
    order = by_code(place)
    fresh = np.diff(place[order], prepend=-1) != 0
    again = np.flatnonzero(~fresh | ~np.append(fresh[1:], True))
    twice = order[again]
    order[again] = twice[np.lexsort((listed.document[twice], listed.value[twice], place[twice]))]
    return order


def _stated(draft: Draft, policy: Policy) -> _Part:
    """Activities as declared: quantity x multiplier x factor x GWP(gas)."""
    rows = draft.facts.rows["activities"]
    rows = rows.where(rows.mapped("type", dict.fromkeys(FLOWS, 0), 1) == 1)
    process = rows.codes("process", draft.nodes.processes)
    factor, default, shared, published = _factors(draft, policy, rows, process)
    multiplier = rows.floats("multiplier")
    gwp = _warming(draft, policy, rows, process)
    quantity = rows.floats("quantity") * np.where(np.isnan(multiplier), 1.0, multiplier)
    value = quantity * factor * gwp
    for i in np.flatnonzero(np.isinf(value)).tolist():
        key, name = draft.nodes.key[int(process[i])], rows.text("name")[i]
        draft.note(int(process[i]), BEYOND_RANGE, f"{key}: the emissions of {name} are more than a number can hold")
    value = np.where(np.isinf(value), np.nan, value)
    draft.gap[process[np.isnan(value)]] = True
    part = rows.mapped("category", {name: i for i, name in enumerate(GHG_PARTS)}, FOSSIL)
    return _Part(
        process=process,
        name=rows.coded("name"),
        scope=rows.mapped("scope", SCOPES, SCOPES["undivided"]),
        value=value,
        default=default,
        primary=(rows.ints("primary") == 1) & ~default,
        signed=draft.facts.signed(rows.documents),
        document=rows.documents,
        published=published,
        part=part,
        quality=_quality(rows),
        factor=shared,
        lever=_levers(draft, process, rows),
        base=quantity * gwp,
    )


def _quality(rows: Rows) -> Matrix:
    """How good each activity is said to be, as many rows as are different."""
    columns = [rows.different(name) for name in (*QUALITIES, "gsd")]
    firsts, which = numbered([(codes, len(values)) for codes, values in columns])
    return Matrix(which, np.stack([values[codes[firsts]] for codes, values in columns], axis=1))


def _levers(draft: Draft, process: IntArray, rows: Rows) -> IntArray:
    """Type and region of each activity as one text: what a question may turn; codes of the pool."""
    places, pool, region = draft.facts.places, draft.facts.pool, rows.coded("region")
    for stated in (places.region, places.country):
        region = np.where(region > 0, region, stated.codes[draft.nodes.at[process]])
    kind = rows.coded("type")
    firsts, which = distinct([kind, region], len(rows))
    pairs = zip(pool.texts(kind[firsts]), pool.texts(region[firsts]), strict=True)
    return pool.intern([f"{of}|{where.upper()}" for of, where in pairs]).astype(np.int64)[which]


def _warming(draft: Draft, policy: Policy, rows: Rows, process: IntArray) -> FloatArray:
    known = {"": 1.0, "CO2e": 1.0, **policy.gwp_values}
    gas, gases = rows.distinct("gas")
    for i in np.flatnonzero(np.array([name not in known for name in gases], np.bool_)[gas]).tolist():
        node = int(process[i])
        draft.note(node, "gwp-unknown", f"{draft.nodes.key[node]}: {policy.gwp} has no value for {gases[gas[i]]}")
    return np.array([known.get(name, np.nan) for name in gases])[gas]


def _factors(
    draft: Draft, policy: Policy, rows: Rows, process: IntArray
) -> tuple[FloatArray, BoolArray, IntArray, IntArray]:
    """Factors as declared, and the policy's for electricity without one, by the region of the activity or facility.

    With each the name, as a code, of a factor that others may share: same source, same value. One's own is nobody
    else's. Last the documents of those that were published.
    """
    factor, shared = rows.floats("factor").copy(), _shared(rows)
    default = np.isnan(factor)
    of_grid = rows.are("type", "electricity") & (rows.ints("dimension") == Dimension.ENERGY)
    missing = np.flatnonzero(default & of_grid)
    regions = rows.coded("region")[missing]
    published = np.full(len(rows), ABSENT, np.int64)
    found = _grid_factors(draft, policy, draft.nodes.at[process[missing]], regions)
    factor[missing], names, published[missing] = found
    shared[missing] = np.where(names > 0, names, shared[missing])
    unknown, told = np.flatnonzero(np.isnan(factor)), rows.texts("name")
    for i in unknown.tolist():
        node = int(process[i])
        draft.note(node, "factor-unknown", f"{draft.nodes.key[node]}: no factor for {told[i]}")
    default[unknown] = False
    return factor, default, shared, published


def _shared(rows: Rows) -> IntArray:
    """What each factor is called among those that may be shared, as a code of the pool; 0 for one's own."""
    factor, pool = rows.floats("factor"), rows.pool
    sources, gases = rows.coded("factor_source"), rows.coded("gas")
    columns = [sources, np.isnan(factor), np.nan_to_num(factor), gases]
    firsts, which = distinct(columns, len(rows))
    texts = zip(pool.texts(sources[firsts]), factor[firsts].tolist(), pool.texts(gases[firsts]), strict=True)
    names = [f"{source} {value!r} {gas}" if source not in ("", "own") else "" for source, value, gas in texts]
    return pool.intern(names).astype(np.int64)[which]


def _grid_factors(
    draft: Draft, policy: Policy, at: IntArray, region: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """The policy's factor by facility and stated region, looked up once for each pair, nan where it has none; its name,
    and the document that it is from."""
    places, pool = draft.facts.places, draft.facts.pool
    firsts, pair = distinct([at, region], len(at))
    stated = zip(pool.texts(region[firsts]), at[firsts].tolist(), strict=True)
    found = [policy.grid_default((text, places.region[place], places.country[place])) for text, place in stated]
    values = np.array([factor.value if factor else np.nan for factor in found], np.float64)
    names = pool.intern([f"{f.source} {f.year} {f.region}" if f else "" for f in found]).astype(np.int64)
    documents = np.array([f.document if f else ABSENT for f in found], np.int64)
    return values[pair], names[pair], documents[pair]


def _legs(draft: Draft, consumed: FloatArray) -> _Part:
    """Transport to the consumer (ruling 5): kgCO2e of each transfer's legs per unit, times the quantity it carried.

    Zero under ``cbam-embedded``, and left out where the process states its inbound transport itself.
    A leg without an intensity makes a gap.
    """
    nodes, activities = draft.nodes, draft.facts.rows["activities"]
    process = draft.facts.rows["inputs"].codes("process", nodes.processes)
    applies = ~nodes.boundary.are(CBAM)
    applies[activities.codes("process", nodes.processes)[activities.are("type", TRANSPORT)]] = False
    found = legs(draft, process)
    kept = np.flatnonzero(applies[process[found.input]])
    at = found.input[kept]
    carried = consumed[at] * found.share[kept]
    value = carried * found.per_unit[kept]
    value = np.where(np.isinf(value), np.nan, value)
    for i in np.unique(at[np.isnan(value)]).tolist():
        node, lot = int(process[i]), int(nodes.input_node[i])
        draft.gap[node] = True
        draft.note(node, "transport-unknown", f"{nodes.key[node]}: a leg of {nodes.key[lot]} has no emissions", lot)
    none = np.zeros(len(at), np.bool_)
    return _fossil(
        process[at],
        Texts(draft.facts.pool, np.full(len(at), draft.facts.pool.code(TRANSPORT), np.int64)),
        value,
        default=none,
        primary=none,
        signed=found.signed[kept],
        document=found.document[kept],
        base=carried,
    )


def _fossil(process: IntArray, name: Texts, value: FloatArray, **given: Any) -> _Part:
    """Direct fossil emissions of which nothing is said about quality."""
    count = len(process)
    direct = np.zeros(count, np.int64)
    quality = Matrix(direct, np.full((1, len(QUALITIES) + 1), np.nan))
    part, shared = np.full(count, FOSSIL, np.int64), np.zeros(count, np.int64)
    published = np.full(count, ABSENT, np.int64)
    used, which = np.unique(name.codes, return_inverse=True)
    lever = name.pool.intern([f"{text}|" for text in name.pool.texts(used)]).astype(np.int64)[which]
    return _Part(
        process=process, name=name.codes, value=value, scope=direct, part=part, quality=quality, factor=shared,
        lever=lever, published=published, **given,
    )  # fmt: skip


def _floors(draft: Draft, parts: list[_Part]) -> _Part:
    """Under ``cbam-embedded`` a process's direct emissions are floored at 0 (Regulation (EU) 2025/2547, Annex III)."""
    nodes = draft.nodes
    process, scope, value = (np.concatenate([getattr(p, n) for p in parts]) for n in ("process", "scope", "value"))
    direct = np.flatnonzero((scope == 0) & ~np.isnan(value) & nodes.boundary.are(CBAM)[process])
    direct = direct[by_value(process[direct], value[direct])]
    summed = total(process[direct], value[direct], len(nodes))
    below = np.flatnonzero(summed < 0)
    for node in below.tolist():
        key = nodes.key[node]
        draft.notes.append((node, Finding("floor", f"{key}: direct emissions floored at 0", (key,), processes=(key,))))
    no, yes = np.zeros(len(below), np.bool_), np.ones(len(below), np.bool_)
    nobody = np.full(len(below), ABSENT, np.int64)
    named = Texts(draft.facts.pool, np.full(len(below), draft.facts.pool.code(FLOOR), np.int64))
    given = {"default": no, "primary": no, "signed": yes, "document": nobody, "base": -summed[below]}
    return _fossil(below, named, -summed[below], **given)
