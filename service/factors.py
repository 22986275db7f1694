"""Sets of published factors: entered into the ledger as records of the service, and read by everybody."""

from dataclasses import dataclass
from typing import Any

from graph.errors import GreenchainError
from graph.model.documents import StoredDocument
from graph.model.factors import FactorSet, version_order
from graph.rollup.rows import of_table
from graph.store.database import Database
from graph.store.documents import contents_at, find_document
from graph.store.factors import StoredSet, read_factor_sets
from schemas.factor_sets import read_factor_set, shipped, view_factor_set, view_rows
from service.auth.roles import OPERATOR
from service.chain import Chain, NotFound
from service.intake.records import factor_record, factors_stated
from service.intake.submit import Intake

View = dict[str, Any]

# How often a set is tried again that another process enters a version of at the same moment.
_TRIES = 5


class NotNewer(GreenchainError):
    """A version of the set that is as new, or newer, is there already, and says something else."""


class FactorsRefused(GreenchainError):
    """The intake refused the record of a set; the message says why."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A set and the record that holds it; ``anew``: it was not there before."""

    found: FactorSet
    document: str
    anew: bool


def enter(database: Database, intake: Intake, file: bytes) -> Entered:
    """Enter a set from a file; from that entry on it counts in place of the version before. The same again is nothing.

    Raises ``FactorSetInvalid``, ``NotNewer``, ``FactorsRefused``, ``EngineError``.
    """
    found = read_factor_set(file, OPERATOR)
    for _ in range(_TRIES):
        known = [one for one in database.read(read_factor_sets) if one.name == found.ref.id]
        if (there := _there(database, found, known)) is not None:
            return there
        follows = next((one.document for one in reversed(known) if one.in_force), "")
        answer = intake.record(factor_record(file, follows))
        if answer.verdict.accepted:
            return Entered(found, answer.id, anew=True)
    failed = answer.verdict.failed
    raise FactorsRefused(f"{found.ref.id}: {failed.detail if failed else 'refused'}")


def _there(database: Database, found: FactorSet, known: list[StoredSet]) -> Entered | None:
    """The record that says the same already. Raises ``NotNewer`` where what is there leaves no room for this one."""
    if not known or version_order(known[-1].version) < found.order:
        return None
    last = known[-1]
    document = database.read(find_document, last.document)
    if last.in_force and document is not None and _set_of(document) == found:
        return Entered(found, last.document, anew=False)
    raise NotNewer(
        f"{found.ref.id}: version {last.version} is there already (document {last.document}), and what this file says "
        f"as version {found.version} is not it: another content needs a newer version"
    )


def enter_shipped(database: Database, intake: Intake) -> list[Entered]:
    """Enter the sets that come with the program, but for those of which this or a newer version was entered before."""
    known = {one.name: one for one in database.read(read_factor_sets)}
    entered = []
    for file in shipped():
        found = read_factor_set(file, OPERATOR)
        last = known.get(found.ref.id)
        if last is None or version_order(last.version) < found.order:
            entered.append(enter(database, intake, file))
    return [one for one in entered if one.anew]


def listed(database: Database) -> list[View]:
    """The sets in force at the head of the ledger, by name."""
    known = [one.document for one in database.read(read_factor_sets) if one.in_force]
    documents = [found for one in known if (found := database.read(find_document, one))]
    return _views(documents)


@dataclass(frozen=True, slots=True)
class FactorSets:
    """Reads the sets in force. They are public: whoever may ask at all sees them."""

    database: Database
    chain: Chain

    def all(self, as_of: int | None) -> View:
        """The sets in force as of a ledger index, by name. Raises ``AsOfUnknown``."""
        at, documents = self._in_force(as_of)
        return {"as_of": at, "factor_sets": _views(documents)}

    def one(self, name: str, as_of: int | None) -> View:
        """A set in force with its rows. Raises ``NotFound``, ``AsOfUnknown``."""
        for document in self._in_force(as_of)[1]:
            found = _set_of(document)
            if found.ref.id == name:
                return view_factor_set(found, document.id, document.index) | view_rows(found)
        raise NotFound("there is no such set of factors in force")

    def _in_force(self, as_of: int | None) -> tuple[int, list[StoredDocument]]:
        at, tables = self.chain.at(as_of), self.chain.factors()
        records = sorted(set(of_table(tables, "factors", at).documents.tolist()))
        return at, self.database.read(contents_at, records)


def _views(documents: list[StoredDocument]) -> list[View]:
    return sorted((view_factor_set(_set_of(d), d.id, d.index) for d in documents), key=lambda view: str(view["name"]))


def _set_of(document: StoredDocument) -> FactorSet:
    stated = factors_stated(document.content, document.sender, document.received_at)
    fact = stated.facts[0].fact if stated else None
    assert isinstance(fact, FactorSet)
    return fact
