"""The footprint of a product in a period: evidence for the product itself, or what was made of it, by quantity."""

from collections.abc import Mapping
from math import inf

import numpy as np

from graph.rollup.arrays import ABSENT, FloatArray, IntArray
from graph.rollup.closure import Closure, closure
from graph.rollup.errors import BeyondRange, LotUnknown
from graph.rollup.evidence import Subjects, candidates
from graph.rollup.exact import sums
from graph.rollup.figure import Explained, Figure, Shadow, Value, explain, figure_of, shadow
from graph.rollup.findings import Finding
from graph.rollup.kernel import Rolled
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import (
    CONTENT_UNKNOWN,
    DEFAULTED,
    EMISSION_COLUMNS,
    FIRST_FLAG,
    GAP,
    KNOWN,
    MASS_COLUMNS,
    MASS_UNKNOWN,
    TRACED,
    UNDIVIDED,
    Offers,
    assurance_finding,
    footprint_offers,
)
from graph.rollup.particulars import Biogenic, Carbon, Particulars, offered, particulars
from graph.rollup.policy import Basis
from graph.rollup.snapshot import ChainSnapshot
from graph.rollup.uncertainty import spread
from graph.units import Dimension


def product_footprint(snapshot: ChainSnapshot, rolled: Rolled, product_key: str, start: float, end: float) -> Figure:
    """The footprint of a product over [start, end) in seconds (infinite: open), kgCO2e per canonical unit.

    Computed: the average by quantity over the product's lots produced in the period, or, where there is none, over the
    outputs of its issuer's processes whose period overlaps. Raises ``LotUnknown`` for a product that nothing names,
    what ``closure`` raises where one of its lots has no figure, and ``BeyondRange`` where all together have none.
    """
    codes = snapshot.facts.products.codes
    if product_key not in codes:
        raise LotUnknown(product_key)
    code = codes[product_key]
    nodes, weights, shares, lost = _made(snapshot, code, start, end)
    found = closure(snapshot, rolled, nodes)
    vector, mass = _average(rolled, nodes, weights, shares)
    if not np.isfinite(vector).all():
        raise BeyondRange(product_key)
    offers = _offers(snapshot, code, start, end)
    taken = _pick(snapshot, offers, vector)
    computed = Basis.COMPUTED if vector[GAP] == 0 and vector[DEFAULTED] == 0 else Basis.COMPUTED_GAPS
    basis = Basis(int(offers.basis[taken])) if taken != ABSENT else computed if vector[KNOWN] > 0 else Basis.UNKNOWN
    value = Value(
        subject=product_key,
        dimension=_unit(snapshot, code, nodes),
        vector=vector if taken == ABSENT else offers.values[taken],
        mass=mass if taken == ABSENT else _traced(mass),
        basis=basis,
        shadows=_shadows(offers, taken, computed, vector),
        particulars=(
            _average_particulars(snapshot, rolled, found, nodes, weights=weights, vector=vector)
            if taken == ABSENT
            else offered(offers.values[taken], offers.extra[taken])
        ),
        **_explained(snapshot, rolled, found, offers, taken=taken, lost=lost, key=product_key),
    )
    return figure_of(snapshot, value)


def stands_for(
    snapshot: ChainSnapshot, rolled: Rolled, product_key: str
) -> tuple[IntArray, FloatArray, FloatArray, Dimension]:
    """What a product's figure is made of, over all time: nodes and their weights, or no nodes and the vector of the
    evidence that counts before what was made; and the unit. Raises ``LotUnknown``."""
    codes = snapshot.facts.products.codes
    if product_key not in codes:
        raise LotUnknown(product_key)
    code = codes[product_key]
    nodes, weights, _, _ = _made(snapshot, code, -inf, inf)
    vector, _ = _average(rolled, nodes, weights, weights)
    offers = _offers(snapshot, code, -inf, inf)
    taken = _pick(snapshot, offers, vector)
    unit = _unit(snapshot, code, nodes)
    if taken != ABSENT:
        return nodes[:0], weights[:0], offers.values[taken], unit
    return nodes, weights, np.zeros(EMISSION_COLUMNS) if len(nodes) else vector, unit


def _unit(snapshot: ChainSnapshot, code: int, nodes: IntArray) -> Dimension:
    stated = int(snapshot.facts.products.dimension[code])
    lots = nodes[snapshot.kind[nodes] == NodeKind.LOT]
    return Dimension(stated or (int(snapshot.dimension[lots[0]]) if len(lots) else Dimension.MASS))


def _made(
    snapshot: ChainSnapshot, code: int, start: float, end: float
) -> tuple[IntArray, FloatArray, FloatArray, bool]:
    """Nodes made of the product with their emission and mass weights, and whether something could not be weighed."""
    lots = np.flatnonzero(
        (snapshot.kind == NodeKind.LOT) & (snapshot.product == code) & (snapshot.when >= start) & (snapshot.when < end)
    )
    products = snapshot.facts.products
    unit = np.full(len(lots), _unit(snapshot, code, lots), np.int64)
    product = np.full(len(lots), code, np.int64)
    if len(lots):
        ratio = products.ratio((product, snapshot.dimension[lots]), (product, unit))
        amount = snapshot.quantity[lots] * ratio
        usable = amount > 0
        shares = _shares(amount[usable])
        return lots[usable], shares / ratio[usable], shares, not bool(usable.all())
    return _made_outputs(snapshot, code, start, end)


def _made_outputs(
    snapshot: ChainSnapshot, code: int, start: float, end: float
) -> tuple[IntArray, FloatArray, FloatArray, bool]:
    outputs, periods = snapshot.outputs, _periods(snapshot)
    opened = np.array([periods.get(snapshot.key[p], (inf, -inf)) for p in outputs.process.tolist()]).reshape(-1, 2)
    unbounded = start == -inf and end == inf
    mine = np.flatnonzero((outputs.product == code) & (((opened[:, 0] < end) & (opened[:, 1] > start)) | unbounded))
    product = np.full(len(mine), code, np.int64)
    unit = np.full(len(mine), _unit(snapshot, code, np.zeros(0, np.int64)), np.int64)
    amount = outputs.quantity[mine] * snapshot.facts.products.ratio((product, outputs.dimension[mine]), (product, unit))
    usable = ~np.isnan(amount) & ~np.isnan(outputs.share[mine])
    chosen, shares = mine[usable], _shares(amount[usable])
    with np.errstate(over="ignore", invalid="ignore"):
        weights = outputs.share[chosen] * (shares / amount[usable])
    return outputs.process[chosen], weights, shares, not bool(usable.all())


def _shares(amount: FloatArray) -> FloatArray:
    """Amounts over their sum, which may itself be beyond the range of numbers."""
    with np.errstate(invalid="ignore"):
        scaled = amount / amount.max(initial=0.0)
        found: FloatArray = scaled / scaled.sum()
    return found


def _periods(snapshot: ChainSnapshot) -> Mapping[str, tuple[float, float]]:
    rows = snapshot.facts.rows["processes"]
    pairs = zip(rows.floats("start").tolist(), rows.floats("end").tolist(), strict=True)
    return dict(zip(rows.text("key"), pairs, strict=True))


def _average(rolled: Rolled, nodes: IntArray, weights: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not len(nodes):
        vector, mass = np.zeros(EMISSION_COLUMNS), np.zeros(MASS_COLUMNS)
        vector[GAP] = mass[CONTENT_UNKNOWN] = mass[MASS_UNKNOWN] = 1.0
        return vector, mass
    one = np.zeros(len(nodes), np.int64)
    with np.errstate(over="ignore"):
        vector = sums(one, weights[:, None] * rolled.chosen[nodes], 1)[0]
    vector[FIRST_FLAG:] = vector[FIRST_FLAG:] > 0
    return vector, sums(one, shares[:, None] * rolled.mass[nodes], 1)[0]


def _average_particulars(
    snapshot: ChainSnapshot, rolled: Rolled, found: Closure, nodes: IntArray, *, weights: FloatArray, vector: FloatArray
) -> Particulars:
    layout = snapshot.indicators.layout
    row = weights @ rolled.indicators[nodes]
    row[list(layout.gap.values())] += 0.0 if len(nodes) else 1.0
    total, gap = float(vector[: UNDIVIDED + 1].sum()), bool(vector[GAP] > 0)
    width = spread(snapshot, rolled, found, weights, total=total, gap=gap)
    known = Carbon(snapshot, rolled)
    carbon = [known.of(node) for node in nodes.tolist()]
    unknown = not carbon or None in carbon
    average = None if unknown else sum(w * (c or 0.0) for w, c in zip(weights.tolist(), carbon, strict=True))
    return particulars(layout, row, vector, Biogenic(average, None), width)


def _traced(mass: FloatArray) -> FloatArray:
    traced = mass.copy()
    traced[TRACED:] = (1.0, 0.0, 0.0)
    return traced


def _offers(snapshot: ChainSnapshot, code: int, start: float, end: float) -> Offers:
    one = np.array([code], np.int64)
    none, unsaid = np.array([ABSENT]), np.zeros(1, np.int64)
    subject = Subjects(None, none, one, none, unsaid, np.array([start]), np.array([end]))
    found = candidates(snapshot.facts, snapshot.policy, "footprints", subject)
    many = np.full(len(found.row), code, np.int64)
    unit = np.full(len(found.row), _unit(snapshot, code, np.zeros(0, np.int64)), np.int64)
    return footprint_offers(snapshot.facts, found, many, (many, unit))[0]


def _pick(snapshot: ChainSnapshot, offers: Offers, vector: FloatArray) -> int:
    """The offer taken by the policy's order, or absent where the computed value ranks better."""
    whole = bool(vector[GAP] == 0 and vector[DEFAULTED] == 0)
    for basis in snapshot.policy.order:
        if basis in (Basis.COMPUTED, Basis.COMPUTED_GAPS) and vector[KNOWN] > 0 and whole == (basis == Basis.COMPUTED):
            return ABSENT
        of_basis = np.flatnonzero(offers.basis == basis)
        if len(of_basis):
            return int(of_basis[0])
    return ABSENT


def _shadows(offers: Offers, taken: int, computed: Basis, vector: FloatArray) -> tuple[Shadow, ...]:
    result = [shadow(computed, vector, ABSENT)] if taken != ABSENT and vector[KNOWN] > 0 else []
    others = [i for i in range(len(offers.node)) if i != taken]
    result += [shadow(Basis(int(offers.basis[i])), offers.values[i], int(offers.document[i])) for i in others]
    return tuple(result)


def _explained(
    snapshot: ChainSnapshot, rolled: Rolled, found: Closure, offers: Offers, *, taken: int, lost: bool, key: str
) -> Explained:
    if taken != ABSENT:
        document = (int(offers.document[taken]),)
        names = tuple(sorted({offers.boundary[taken]} - {""}))
        notes = (
            frozenset()
            if offers.share_stated[taken]
            else frozenset({Finding("pds-missing", f"{key}: no primary data share stated", (key,), document)})
        )
        notes |= _assurance_notes(snapshot, document[0], key) | set(snapshot.facts.departed.get(key, ()))
        attested = offers.basis[taken] == Basis.ATTESTED
        return Explained(
            assurance=offers.assurance[taken] if attested else None,
            boundaries=names,
            allocation=(),
            gwp=offers.gwp[taken] or snapshot.policy.gwp,
            missing=(),
            defaulted=(),
            findings=notes,
            documents=document,
            published=(),
        )
    told = explain(snapshot, rolled, found)
    told["findings"] |= set(snapshot.facts.departed.get(key, ()))
    if lost:
        words = f"{key}: lots or outputs without a usable quantity are left out"
        told["findings"] |= {Finding("quantity-unknown", words, (key,))}
    return told


def _assurance_notes(snapshot: ChainSnapshot, document: int, key: str) -> frozenset[Finding]:
    """Why an assurance of what a document says about a product does not count."""
    rows = snapshot.facts.rows["footprints"]
    subjects = rows.text("subject")
    mine = [r for r in np.flatnonzero(rows.documents == document).tolist() if subjects[r] == key]
    return frozenset(f for row in mine if (f := assurance_finding(rows, row, key)) is not None)
