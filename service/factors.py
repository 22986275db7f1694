"""Sets of published factors: entered into the ledger as records of the service, and read by everybody."""

from dataclasses import dataclass
from typing import Any

from graph.errors import GreenchainError
from graph.model.documents import StoredDocument
from graph.model.factors import FactorSet, version_order
from graph.model.tables import ChainTables
from graph.rollup.rows import of_table
from graph.store.database import Database
from graph.store.documents import contents_at, find_document
from graph.store.factors import StoredSet, read_factor_sets
from schemas.factor_sets import read_factor_set, shipped, view_factor_set, view_rows
from service.auth.roles import OPERATOR
from service.chain import AsOfUnknown, Chain, NotFound
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


@dataclass(frozen=True, slots=True)
class FactorSets:
    """Reads the sets in force. They are public: whoever may ask at all sees them."""

    database: Database
    chain: Chain

    def all(self, as_of: int | None) -> View:
        """The sets in force as of a ledger index, by name. Raises ``AsOfUnknown``."""
        at, found = self._in_force(as_of)
        return {"as_of": at, "factor_sets": [view_factor_set(one, d.id, d.index) for one, d in found]}

    def one(self, name: str, as_of: int | None) -> View:
        """A set in force with its rows. Raises ``NotFound``, ``AsOfUnknown``."""
        _, found = self._in_force(as_of)
        for one, document in found:
            if one.ref.id == name:
                return view_factor_set(one, document.id, document.index) | view_rows(one)
        raise NotFound("there is no such set of factors in force")

    def _in_force(self, as_of: int | None) -> tuple[int, list[tuple[FactorSet, StoredDocument]]]:
        tables = self.chain.tables()
        at = tables.head if as_of is None else as_of
        if not -1 <= at <= tables.head:
            raise AsOfUnknown(f"the ledger's last index is {tables.head}")
        documents = self.database.read(contents_at, records_in_force(tables, at))
        sets = [(_set_of(document), document) for document in documents]
        return at, sorted(sets, key=lambda pair: pair[0].ref.id)


def records_in_force(tables: ChainTables, at: int) -> list[int]:
    """Ledger indexes of the records of all sets in force as of an index, ascending."""
    return sorted(set(of_table(tables, "factors", at).documents.tolist()))


def _set_of(document: StoredDocument) -> FactorSet:
    stated = factors_stated(document.content, document.sender, document.received_at)
    fact = stated.facts[0].fact if stated else None
    assert isinstance(fact, FactorSet)
    return fact
