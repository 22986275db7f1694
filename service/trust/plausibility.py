"""The check ``plausibility``: can what a statement says be true by itself, whatever is known about the chain.

What cannot be true is an error and refuses the document; what is odd but legal is a finding (accounting reference,
Roll-up). Quantities are compared within one dimension only: nothing is converted here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from graph.model.documents import FieldError, Finding
from graph.model.facts import (
    AllocationKey,
    Content,
    Footprint,
    Lot,
    Process,
    ProcessKind,
    Role,
    Statement,
    Transfer,
)
from graph.model.inventories import Inventory
from graph.model.standing import KeyRevocation
from graph.units import Amount, Dimension

LEEWAY: Final = 60
WEIGHING_TOLERANCE: Final = Decimal("0.005")
_SHARE_TOLERANCE: Final = Decimal("1e-9")
# Shares are rounded to a tenth of a point when they are declared.
_CONTENT_LIMIT: Final = Decimal("1.001")
_YEAR_1950: Final = -631_152_000
# "3 years from the period's end, never more": with its leap days.
_VALIDITY: Final = 3 * 366 * 86_400

# These only move material about (design: Process kinds); a transformation or rework may add air, water or parts.
_CONSERVING: Final = {ProcessKind.SPLIT, ProcessKind.BLEND, ProcessKind.STORE}
# What may end up in the outputs by weight.
_BODILY: Final = {Role.MATERIAL, Role.OWN_SCRAP}
_SHARES: Final = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin")

_Fault = tuple[str, str]
_Sums = dict[Dimension, Decimal]


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Errors refuse; findings are shown."""

    errors: tuple[FieldError, ...]
    findings: tuple[Finding, ...]


def check(statement: Statement, at: float) -> Plausibility:
    """Everything implausible in a statement received at ``at``."""
    errors: list[FieldError] = []
    findings: list[Finding] = []
    for stated in statement.facts:
        fact = stated.fact
        rules = _RULES.get(type(fact))
        if rules is not None:
            faults = rules(fact, at)
            errors.extend(FieldError(f"/facts/{stated.position}{pointer}", detail) for pointer, detail in faults)
        if isinstance(fact, Process):
            findings.extend(_process_findings(fact))
    return Plausibility(tuple(errors), tuple(findings))


def _past(pointer: str, time: float, at: float) -> Iterator[_Fault]:
    if time > at + LEEWAY:
        yield pointer, "is in the future"


def _after(pointer: str, start: float | None, end: float | None, what: str) -> Iterator[_Fault]:
    if start is not None and end is not None and end <= start:
        yield pointer, f"must be after {what}"


def _process(process: Process, at: float) -> Iterator[_Fault]:
    """A reference period has passed when its activity data are stated; its end is excluded."""
    yield from _after("/produced_to", process.start, process.end, "produced_from")
    yield from _past("/produced_to", process.end, at)
    yield from _explicit_shares(process)
    if process.process_kind in _CONSERVING:
        yield from _conserved(process)


def _explicit_shares(process: Process) -> Iterator[_Fault]:
    """The allocation shares of one process sum to 1 (accounting reference, Roll-up), so all are explicit or none is."""
    keys = {output.allocation for output in process.outputs}
    if AllocationKey.EXPLICIT not in keys:
        return
    shares = [output.allocation_value for output in process.outputs if output.allocation_value is not None]
    if len(keys) > 1 or len(shares) != len(process.outputs):
        yield "/outputs", "either all outputs have an explicit share or none"
    elif abs(sum(shares, Decimal()) - 1) > _SHARE_TOLERANCE:
        yield "/outputs", "the explicit shares must sum to 1"


def _conserved(process: Process) -> Iterator[_Fault]:
    """No more comes out of a split, blend or store than went in, in each dimension that something went in by."""
    consumed = _material(process)
    for dimension, out in _sums(output.amount for output in process.outputs).items():
        if dimension not in consumed and consumed:
            continue
        if out > consumed.get(dimension, Decimal()) * (1 + WEIGHING_TOLERANCE):
            yield "/outputs", f"more came out of the {process.process_kind.value} than went in"


def _material(process: Process) -> _Sums:
    return _sums(i.amount for i in process.inputs if i.role in _BODILY)


def _sums(amounts: Iterable[Amount]) -> _Sums:
    sums: _Sums = {}
    for amount in amounts:
        sums[amount.dimension] = sums.get(amount.dimension, Decimal()) + amount.value
    return sums


def _process_findings(process: Process) -> Iterator[Finding]:
    """What a process says about its own balance that a reader should know."""
    consumed, produced = _material(process), _sums(output.amount for output in process.outputs)
    if process.process_kind in _CONSERVING:
        if consumed and not produced.keys() <= consumed.keys():
            yield Finding(
                "balance-not-comparable",
                f"the {process.process_kind.value} cannot be balanced: outputs are counted otherwise than inputs",
                (process.ref.key,),
            )
        return
    # Air, water and inputs told as activities often weigh in, so this is odd only where the inputs are called complete.
    comparable = process.complete and consumed.keys() == {Dimension.MASS}
    limit = consumed.get(Dimension.MASS, Decimal()) * (1 + WEIGHING_TOLERANCE)
    if comparable and produced.get(Dimension.MASS, Decimal()) > limit:
        yield Finding(
            "mass-out-exceeds-in",
            "more mass came out than went in, although the inputs are said to be complete",
            (process.ref.key,),
        )


def _lot(lot: Lot, at: float) -> Iterator[_Fault]:
    """A lot holds no more than what was drawn for it, where its sources are counted as it is."""
    yield from _past("/produced_at", lot.produced_at, at)
    if lot.produced_at < _YEAR_1950:
        yield "/produced_at", "is before 1950"
    sources = _sums([*(s.amount for s in lot.drawn_from), *(s.amount for s in lot.part_of)])
    drawn = sources.get(lot.amount.dimension, Decimal())
    if sources.keys() == {lot.amount.dimension} and lot.amount.value > drawn * (1 + WEIGHING_TOLERANCE):
        yield "/quantity", "is more than what was drawn for it"


def _transfer(transfer: Transfer, at: float) -> Iterator[_Fault]:
    yield from _past("/at", transfer.at, at)


def _footprint(declared: Footprint | Content, _at: float) -> Iterator[_Fault]:
    """Periods in order; no declaration outlives its period by more than three years (accounting reference, Terms)."""
    yield from _after("/period_end", declared.start, declared.end, "period_start")
    yield from _after("/valid_to", declared.valid_from, declared.valid_to, "valid_from")
    if declared.valid_to is not None and declared.valid_to > declared.end + _VALIDITY:
        yield "/valid_to", "is more than three years after period_end"


def _content(content: Content, at: float) -> Iterator[_Fault]:
    """Shares are fractions of one mass, and they are parts of it, so together they are no more than all of it."""
    yield from _footprint(content, at)
    stated = {name: getattr(content, name) for name in _SHARES}
    shares = {name: share for name, share in stated.items() if share is not None}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            yield f"/{name}", "must lie between 0 and 1"
    if sum(shares.values(), Decimal()) > _CONTENT_LIMIT:
        yield "", "the shares sum to more than 1"


def _revocation(revocation: KeyRevocation, at: float) -> Iterator[_Fault]:
    if revocation.since is not None:
        yield from _past("/since", revocation.since, at)


def _inventory(inventory: Inventory, at: float) -> Iterator[_Fault]:
    """What was emitted in a period is known when it is over."""
    yield from _after("/period_end", inventory.start, inventory.end, "period_start")
    yield from _past("/period_end", inventory.end, at)


_RULES: dict[type, Callable[[Any, float], Iterator[_Fault]]] = {
    Process: _process,
    Lot: _lot,
    Transfer: _transfer,
    Footprint: _footprint,
    Content: _content,
    KeyRevocation: _revocation,
    Inventory: _inventory,
}
