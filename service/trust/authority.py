"""Who may say what: an organization speaks for its own things, and for another's where that one has said so.

Check 9 is in two parts. ``violations`` needs the statement alone. What a signed statement declares about another's
things is left to the writing transaction, which knows the delegations in force (``service.trust.delegation``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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
from graph.model.inventories import Inventory
from graph.model.refs import Kind, Ref
from graph.model.standing import DELEGABLE, Accreditation, Assurance, Certificate, Delegation

# A pointer within the fact, and why it is refused.
_Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """A declaration about another's thing: what a delegation by ``owner`` must cover. Keys, "" where there is none."""

    pointer: str
    kind: Kind
    owner: str
    lot: str = ""
    product: str = ""
    facility: str = ""


def needs(statement: Statement, issuer: str) -> tuple[Need, ...]:
    """What a statement of ``issuer`` declares about another's things, each of which a delegation must cover."""
    found = []
    for stated in statement.facts:
        if (need := _need(stated.fact, issuer)) is not None:
            found.append(replace(need, pointer=f"/facts/{stated.position}{need.pointer}"))
    return tuple(found)


def _need(fact: Fact, issuer: str) -> Need | None:
    """A subject whose parts are all of one other organization: nobody can speak for two others at once."""
    if fact.kind not in DELEGABLE or not isinstance(fact, Footprint | Content):
        return None
    subject = fact.subject
    if isinstance(subject, LotSubject):
        found = Need("/lot", fact.kind, subject.lot.issuer, lot=subject.lot.key)
    else:
        at = subject.facility
        if at is not None and at.issuer != subject.product.issuer:
            return None
        place = at.key if at else ""
        found = Need("/product", fact.kind, subject.product.issuer, product=subject.product.key, facility=place)
    return None if found.owner == issuer else found


def violations(statement: Statement, issuer: str, *, signed: bool = False) -> tuple[FieldError, ...]:
    """Every place where a statement speaks for somebody else than ``issuer``, whose key or account it came with.

    ``signed``: it is signed, so it may delegate, and what it ``needs`` a delegation for is left to be judged by those.
    """
    faults = [] if statement.issuer == issuer else [FieldError("/iss", f"is not {issuer}")]
    for stated in statement.facts:
        for pointer, detail in _of(stated.fact, issuer, signed):
            faults.append(FieldError(f"/facts/{stated.position}{pointer}", detail))
    return tuple(faults)


def _of(fact: Fact, issuer: str, signed: bool) -> Iterator[_Fault]:
    if not isinstance(fact, Transfer):
        yield from _own("/id", fact.ref, issuer, f"a {fact.kind.value}")
    if isinstance(fact, Delegation) and not signed:
        yield "", "is a delegation, which only a signed statement makes"
    if signed and _need(fact, issuer) is not None:
        return
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


def _delegation(fact: Delegation, issuer: str) -> Iterator[_Fault]:
    """Of its own things only: so what was delegated to somebody is not delegated on (depth 1)."""
    yield from _own(f"/{fact.about_kind}", fact.about, issuer, f"a {fact.about_kind}")
    yield from _other("/delegate", fact.delegate, issuer)


def _other(pointer: str, organization: str, issuer: str) -> Iterator[_Fault]:
    if organization == issuer:
        yield pointer, "is this organization itself: nobody vouches for himself"


def _accreditation(fact: Accreditation, issuer: str) -> Iterator[_Fault]:
    yield from _other("/institution", fact.institution, issuer)


def _assurance(fact: Assurance, issuer: str) -> Iterator[_Fault]:
    """ISO 14064-3 4.2 (independence): about another's footprint only."""
    yield from _other("/footprint", fact.footprint.issuer, issuer)


def _certificate(fact: Certificate, issuer: str) -> Iterator[_Fault]:
    yield from _other("/holder", fact.holder, issuer)


def _inventory(fact: Inventory, issuer: str) -> Iterator[_Fault]:
    yield from _own("/facility", fact.facility, issuer, "a facility")


_RULES: dict[type, Callable[[Any, str], Iterator[_Fault]]] = {
    Organization: _organization,
    Process: _process,
    Lot: _lot,
    Footprint: _declared,
    Content: _declared,
    Transfer: _transfer,
    Grant: _grant,
    Delegation: _delegation,
    Accreditation: _accreditation,
    Assurance: _assurance,
    Certificate: _certificate,
    Inventory: _inventory,
}
