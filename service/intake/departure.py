"""What a withdrawal, a compromised key or a status that changed takes out of the figures. Pure."""

from graph.model.documents import Finding
from graph.model.intake import FactInForce, LoggedDocument, StatusChange
from graph.model.refs import asserted_at
from graph.model.standing import CHANGED, COMPROMISE, KeyRevocation
from service.intake.books import Books, Change
from service.intake.candidate import Candidate

# So many documents are named one by one in a verdict; the graph holds on to all of them.
_NAMED = 1000


def departed(candidate: Candidate, books: Books, change: Change) -> None:
    """Add to ``change`` the facts that end with the documents that a statement withdraws or whose key it calls stolen.

    A withdrawn fact that another document says as well stays in force on that one's word. What a compromised key said
    first, or a document that its issuer revoked or suspended, ends in any case: its evidence would be that document.
    """
    told = candidate.change
    change.leaves = _no_longer_valid(told, books) if told else _compromised(candidate, books)
    leaving = {d.id for d in change.leaves}
    ending = leaving | set(candidate.withdraws())
    indexes = {d.index for d in change.leaves}
    for fact in _said_by(ending, books):
        if asserted_at(fact.fid) in indexes:
            change.compromised.append(fact)
        elif not set(fact.documents) <= ending:
            continue
        elif set(fact.documents) & leaving:
            change.compromised.append(fact)
        change.supersedes.append(fact)
    if told:
        change.findings.append(Finding(f"status-{told.state}", told.detail, (told.document,)))
    elif change.leaves:
        change.findings.append(_finding(change.leaves))


def _no_longer_valid(told: StatusChange, books: Books) -> tuple[LoggedDocument, ...]:
    """The document whose issuer has revoked or suspended it."""
    return (books.logged[told.document],) if told.state in CHANGED else ()


def _compromised(candidate: Candidate, books: Books) -> tuple[LoggedDocument, ...]:
    """Documents signed with a key that the statement calls compromised, and logged at or after that moment.

    RFC 5280 5.3.2 (invalidity date): it is the holder's word since when the key may have been somebody else's.
    """
    found: dict[str, LoggedDocument] = {}
    for stated in candidate.statement.facts if candidate.statement else ():
        fact = stated.fact
        if isinstance(fact, KeyRevocation) and fact.reason == COMPROMISE and fact.since is not None:
            found |= {d.id: d for d in books.signed_since(fact.thumbprint, fact.since)}
    return tuple(sorted(found.values(), key=lambda d: d.index))


def _said_by(documents: set[str], books: Books) -> list[FactInForce]:
    found = {fact.fid: fact for document in documents for fact in books.said_by(document)}
    return [found[fid] for fid in sorted(found)]


def _finding(leaves: tuple[LoggedDocument, ...]) -> Finding:
    count = "1 document" if len(leaves) == 1 else f"{len(leaves)} documents"
    message = f"{count} signed with the compromised key left the figures; what they say may be handed in again"
    return Finding("evidence-compromised", message, tuple(d.id for d in leaves[:_NAMED]))
