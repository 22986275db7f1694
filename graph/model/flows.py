"""What a statement adds to and takes from the books of who makes it: the accounts that balances are checked on.

A lot's account is kept per (lot, holder) by the holder's own statements: produced or received, less consumed and passed
on; an output's account: produced, less drawn into lots. A contradiction between organizations is no matter of balance
(accounting.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graph.model.facts import Fact, Lot, LotTarget, Process, Transfer
from graph.model.refs import Ref
from graph.units import Amount


@dataclass(frozen=True, slots=True)
class Flow:
    """A quantity booked on an account: credit is what is there to be used, debit what was used. Canonical units."""

    account: str
    credit: float
    debit: float
    pointer: str


def output_key(process: Ref, output: str) -> str:
    """The key of an output: its process's key and its own id (no id holds a bar)."""
    return f"{process.key}|{output}"


def _account(kind: str, key: str, holder: str, amount: Amount) -> str:
    return f"{kind} {key} {holder} {int(amount.dimension)}"


def _credit(kind: str, key: str, holder: str, amount: Amount, pointer: str) -> Flow:
    return Flow(_account(kind, key, holder, amount), float(amount.value), 0.0, pointer)


def _debit(kind: str, key: str, holder: str, amount: Amount, pointer: str) -> Flow:
    return Flow(_account(kind, key, holder, amount), 0.0, float(amount.value), pointer)


def flows(fact: Fact, holder: str, pointer: str = "") -> tuple[Flow, ...]:
    """What a fact books on the accounts of the organization that states it. ``pointer``: where the fact stands."""
    if isinstance(fact, Process):
        return tuple(_process_flows(fact, holder, pointer))
    if isinstance(fact, Lot):
        return tuple(_lot_flows(fact, holder, pointer))
    if isinstance(fact, Transfer) and (fact.title or fact.custody):
        book = _debit if fact.sender == holder else _credit
        return tuple(
            book("lot", m.lot.key, holder, m.amount, f"{pointer}/moved/{n}/quantity") for n, m in enumerate(fact.moved)
        )
    return ()


def _process_flows(fact: Process, holder: str, pointer: str) -> Iterator[Flow]:
    for n, output in enumerate(fact.outputs):
        yield _credit(
            "output", output_key(fact.ref, output.id), holder, output.amount, f"{pointer}/outputs/{n}/quantity"
        )
    for n, consumed in enumerate(fact.inputs):
        if isinstance(consumed.target, LotTarget):
            yield _debit("lot", consumed.target.lot.key, holder, consumed.amount, f"{pointer}/inputs/{n}/quantity")


def _lot_flows(fact: Lot, holder: str, pointer: str) -> Iterator[Flow]:
    yield _credit("lot", fact.ref.key, holder, fact.amount, f"{pointer}/quantity")
    for n, drawn in enumerate(fact.drawn_from):
        key = output_key(drawn.process, drawn.output)
        yield _debit("output", key, holder, drawn.amount, f"{pointer}/drawn_from/{n}/quantity")
    for n, part in enumerate(fact.part_of):
        yield _debit("lot", part.lot.key, holder, part.amount, f"{pointer}/part_of/{n}/quantity")
