"""From the documents of a receipt to its numbers: the one way that maker and reader go. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graph.model.facts import Statement
from graph.rollup.errors import LotUnknown
from graph.rollup.figure import Figure, footprint
from graph.rollup.kernel import Rolled
from graph.rollup.partial import reveal
from graph.rollup.policy import Policy
from graph.rollup.product import product_footprint
from graph.rollup.snapshot import ChainSnapshot, build
from graph.store.tabulate import Held, tabulate
from graph.units import CANONICAL
from schemas.receipts import NUMBERS, Exhibit, Receipt, Subject


class TwiceInForce(ValueError):
    """Two facts in force say something about one thing for the same issuer: one of them must have ended."""


@dataclass(frozen=True, slots=True)
class Said:
    """An exhibit that was examined: the document's id, who issued it, its statement, and whether it is signed."""

    exhibit: Exhibit
    id: str
    issuer: str
    statement: Statement
    signed: bool


def chain_of(said: Iterable[Said], as_of: int, policy: Policy) -> ChainSnapshot:
    """The chain that the documents in hand describe. Raises ``TwiceInForce``."""
    held = [_held(one) for one in said]
    _check_single(held)
    return build(tabulate(held), as_of, policy)


def _held(said: Said) -> Held:
    kept = frozenset(said.exhibit.in_force)
    facts = tuple(stated for stated in said.statement.facts if stated.position in kept)
    return Held(said.exhibit.index, said.id, said.issuer, said.signed, facts)


def _check_single(held: Sequence[Held]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for document in held:
        for stated in document.facts:
            name = (stated.fact.kind.value, stated.fact.ref.key, document.issuer)
            if name in seen:
                raise TwiceInForce(f"{name[0]} {name[1]} is stated twice")
            seen.add(name)


def figure_of(snapshot: ChainSnapshot, rolled: Rolled, subject: Subject) -> Figure:
    """The figure that a receipt is about. Raises ``LotUnknown``, ``CycleFound``."""
    if subject.kind == "lot":
        return footprint(snapshot, rolled, subject.key)
    start, end = subject.start, subject.end
    if start is None or end is None:
        raise LotUnknown(subject.key)
    return product_footprint(snapshot, rolled, subject.key, start, end)


def numbers_of(figure: Figure) -> dict[str, float | None]:
    """Those of a figure's numbers that a receipt proves."""
    return {name: getattr(figure, name) for name in NUMBERS}


def unit_of(figure: Figure) -> str:
    """What its emissions are counted in."""
    return f"kgCO2e/{CANONICAL[figure.dimension]}"


def recomputed(receipt: Receipt, said: Iterable[Said], policy: Policy) -> Figure:
    """The figure as the documents and aggregates of a receipt give it. Raises ``TwiceInForce``, ``PartUnknown``."""
    snapshot = chain_of(said, receipt.as_of, policy)
    return figure_of(snapshot, reveal(snapshot, receipt.aggregates), receipt.subject)
