"""Who may say what: an organization speaks only for its own things (design: One door in)."""

from collections.abc import Callable, Iterator
from typing import Any

from graph.model.documents import FieldError
from graph.model.facts import (
    Content,
    Fact,
    Footprint,
    Grant,
    Lot,
    LotSubject,
    Organization,
    Process,
    Statement,
    Transfer,
)
from graph.model.refs import Ref

# A pointer within the fact, and why it is refused.
_Fault = tuple[str, str]


def violations(statement: Statement, issuer: str) -> tuple[FieldError, ...]:
    """Every place where a statement speaks for somebody else than ``issuer``, whose key or account it came with."""
    faults = [] if statement.issuer == issuer else [FieldError("/iss", f"is not {issuer}")]
    for stated in statement.facts:
        for pointer, detail in _of(stated.fact, issuer):
            faults.append(FieldError(f"/facts/{stated.position}{pointer}", detail))
    return tuple(faults)


def _of(fact: Fact, issuer: str) -> Iterator[_Fault]:
    if not isinstance(fact, Transfer):
        yield from _own("/id", fact.ref, issuer, f"a {fact.kind.value}")
    rules = _RULES.get(type(fact))
    if rules is not None:
        yield from rules(fact, issuer)


def _own(pointer: str, ref: Ref | None, issuer: str, what: str) -> Iterator[_Fault]:
    if ref is not None and ref.issuer != issuer:
        yield pointer, f"is {what} of {ref.issuer}, for which this organization may not speak"


def _organization(fact: Organization, _issuer: str) -> Iterator[_Fault]:
    """The issuer about itself: the name is its URI alone."""
    if fact.ref.id:
        yield "/id", "an organization states facts about itself only"


def _process(fact: Process, issuer: str) -> Iterator[_Fault]:
    """Inputs may be anybody's; the site and what comes out are the issuer's."""
    yield from _own("/facility", fact.facility, issuer, "a facility")
    for n, output in enumerate(fact.outputs):
        yield from _own(f"/outputs/{n}/product", output.product, issuer, "a product")


def _lot(fact: Lot, issuer: str) -> Iterator[_Fault]:
    """A lot is drawn from the issuer's own process, or is part of any lot (what was bought is packed anew).

    Without a part, its product is the issuer's own: else it would take over what another has attested for a product.
    """
    if not fact.part_of:
        yield from _own("/product", fact.product, issuer, "a product")
    for n, source in enumerate(fact.drawn_from):
        yield from _own(f"/drawn_from/{n}/process", source.process, issuer, "a process")


def _declared(fact: Footprint | Content, issuer: str) -> Iterator[_Fault]:
    subject = fact.subject
    if isinstance(subject, LotSubject):
        yield from _own("/lot", subject.lot, issuer, "a lot")
        return
    yield from _own("/product", subject.product, issuer, "a product")
    yield from _own("/facility", subject.facility, issuer, "a facility")


def _grant(fact: Grant, issuer: str) -> Iterator[_Fault]:
    """Nobody opens what belongs to another."""
    yield from _own("/lot", fact.lot, issuer, "a lot")


def _transfer(fact: Transfer, issuer: str) -> Iterator[_Fault]:
    """Either side may state a transfer. Its id is the sender's, so that both sides name the same one and confirm it."""
    if fact.sender == fact.receiver:
        yield "/receiver", "is the sender"
    if issuer not in (fact.sender, fact.receiver):
        yield "/sender", "neither sender nor receiver is this organization"
    if fact.ref.issuer != fact.sender:
        yield "/id", "a transfer is named by its sender"


_RULES: dict[type, Callable[[Any, str], Iterator[_Fault]]] = {
    Organization: _organization,
    Process: _process,
    Lot: _lot,
    Footprint: _declared,
    Content: _declared,
    Transfer: _transfer,
    Grant: _grant,
}
