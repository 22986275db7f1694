"""From the documents of a receipt to its numbers: the one way that maker and reader go. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

from graph.model.facts import Statement
from graph.rollup.errors import LotUnknown
from graph.rollup.figure import Figure, content, footprint, told
from graph.rollup.kernel import Rolled
from graph.rollup.partial import reveal
from graph.rollup.policy import Policy
from graph.rollup.product import product_footprint
from graph.rollup.resources import resources
from graph.rollup.snapshot import ChainSnapshot, build
from graph.store.tabulate import Held, tabulate
from graph.units import CANONICAL
from schemas.receipts import NUMBERS, Account, Exhibit, Receipt, Subject
from service.indicator_views import UNITS

_SCOPES = ("direct", "indirect", "undivided", "total")


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


def chain_of(said: Iterable[Said], as_of: int, policy: Policy, moment: float | None) -> ChainSnapshot:
    """The chain that the documents in hand describe. Raises ``TwiceInForce``.

    ``moment``: when the last document of the whole chain came in (seconds), by which periods are judged.
    """
    held = [_held(one, nan if moment is None else moment) for one in said]
    _check_single(held)
    return build(tabulate(held), as_of, policy)


def _held(said: Said, moment: float) -> Held:
    kept = frozenset(said.exhibit.in_force)
    facts = tuple(stated for stated in said.statement.facts if stated.position in kept)
    return Held(said.exhibit.index, said.id, said.issuer, said.signed, facts, moment)


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
    """Those of a figure's numbers that a receipt proves; what nobody states is None."""
    return as_told({name: getattr(figure, name) for name in NUMBERS}, figure.lower_bound)


def as_told(numbers: Mapping[str, float | None], gaps: bool) -> dict[str, float | None]:
    """The numbers of a figure as they are told now: what was given out before may say 0 where nobody tells.

    Numbers of which one is not there stay as they are.
    """
    scopes = {name: numbers[name] for name in _SCOPES if name in numbers}
    return dict(numbers) | (told(scopes, gaps) if len(scopes) == len(_SCOPES) else {})


def content_of(snapshot: ChainSnapshot, rolled: Rolled, subject: Subject) -> dict[str, float | None] | None:
    """The content of a lot, None for a product. Raises ``LotUnknown``, ``CycleFound``."""
    if subject.kind != "lot":
        return None
    found = content(snapshot, rolled, subject.key)
    return found.told | {"unknown": found.unknown, "coverage_mass": found.coverage_mass}


def indicators_of(snapshot: ChainSnapshot, rolled: Rolled, subject: Subject) -> dict[str, Account] | None:
    """Energy, water, waste and captured CO2 of a lot, None for a product. Raises ``LotUnknown``, ``CycleFound``."""
    if subject.kind != "lot":
        return None
    found = resources(snapshot, rolled, subject.key)
    unit = CANONICAL[found.dimension]
    return {
        group.value: Account(f"{UNITS[group]}/{unit}", told.basis.label, told.lower_bound, dict(told.values), True)
        for group, told in found.accounts.items()
    }


def unit_of(figure: Figure) -> str:
    """What its emissions are counted in."""
    return f"kgCO2e/{CANONICAL[figure.dimension]}"


@dataclass(frozen=True, slots=True)
class Again:
    """What the documents and aggregates of a receipt give."""

    figure: Figure
    content: dict[str, float | None] | None
    indicators: dict[str, Account] | None


def recomputed(receipt: Receipt, said: Iterable[Said], policy: Policy) -> Again:
    """The figures as the documents and aggregates of a receipt give them. Raises ``TwiceInForce``, ``PartUnknown``."""
    snapshot = chain_of(said, receipt.as_of, policy, receipt.moment)
    rolled = reveal(snapshot, receipt.aggregates)
    about = receipt.subject
    return Again(
        figure_of(snapshot, rolled, about), content_of(snapshot, rolled, about), indicators_of(snapshot, rolled, about)
    )
