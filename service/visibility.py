"""Who sees what, in one place. Default: one up, one down.

A viewer's organization sees its own facts; of a lot that a supplier says it passed to it, what the supplier disclosed
(the lot, its product, the declarations about it and the verdicts on them); and aggregates of everything above without
names. More by explicit grant. What may not be seen answers like what does not exist. Judged by the present, also for
figures of the past: a grant taken back is taken back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from graph.model.documents import StoredDocument
from graph.model.refs import Ref, asserted_at
from graph.model.tables import ChainTables
from graph.rollup.closure import NodeName
from graph.rollup.rows import Rows, every, of_table
from service.lazily import Lazily

UNDISCLOSED = "upstream, not disclosed"
# The nodes behind a figure that rest on published factors, each with the ledger index of the record.
Published = tuple[tuple[NodeName, int], ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What one organization may see. Keys are those of the graph (``graph.model.refs``).

    ``received``: lots whose sender says it passed them to the organization. ``counterparties``: organizations that
    made themselves known to it, as senders or by a grant: naming somebody as a source proves nothing. ``named``: what
    its own processes name as inputs, with its kind: a process may bear the name of a lot. ``published``: the
    records of published factors, which everybody may read: name of the set by ledger index. Where the chain is not in
    memory, what is in ``received``, ``counterparties`` and ``named`` is looked up (``service.lazily.Lazily``).
    """

    organization: str
    received: AbstractSet[str]
    granted_lots: frozenset[str]
    granted_by: frozenset[str]
    evidence_by: frozenset[str]
    counterparties: AbstractSet[str]
    named: AbstractSet[NodeName]
    published: Mapping[int, str] = field(default_factory=dict)

    def lot(self, key: str) -> bool:
        """Whether the lot and what was disclosed about it may be seen."""
        issuer = Ref.from_key(key).issuer
        return self.facts_of(issuer) or key in self.received or key in self.granted_lots

    def about(self, key: str) -> "Sight":
        """The sight on the chain of a lot or product: what one's own processes name counts in one's own chains only.

        Else one could find out what is in a supplier's lot by naming guesses as inputs.
        """
        return self if self.facts_of(Ref.from_key(key).issuer) else self.apart()

    def apart(self) -> "Sight":
        """The sight on chains of others: without what one's own processes name."""
        return replace(self, named=frozenset())

    def facts_of(self, organization: str) -> bool:
        """Whether all that an organization states may be seen: its processes with their inputs, too."""
        return organization == self.organization or organization in self.granted_by

    def name_of(self, organization: str) -> bool:
        """Whether an organization may be named to the viewer as part of a chain."""
        return self.facts_of(organization) or organization in self.counterparties

    def names_of(self, organizations: Collection[str]) -> frozenset[str]:
        """Those of some organizations of which ``name_of`` is so."""
        if isinstance(self.counterparties, Lazily):
            self.counterparties.of(each for each in organizations if not self.facts_of(each))
        return frozenset(filter(self.name_of, organizations))

    def lots_beside(self, asked: Iterable[str]) -> AbstractSet[str]:
        """The lots that may be seen beside those of whom all may; ``asked``: those that most is asked about."""
        found = self.received | self.granted_lots
        if isinstance(found, Lazily):
            found.of(asked)
        return found

    def own(self, document: StoredDocument) -> bool:
        """Whether the viewer's organization issued the document or handed it in."""
        return self.organization in (document.issuer, document.sender)

    def bytes_of(self, document: StoredDocument) -> bool:
        """Whether the bytes may be read: by who issued or handed them in, and by who was granted the evidence."""
        return self.own(document) or self.public(document) or document.issuer in self.evidence_by

    def public(self, document: StoredDocument) -> bool:
        """Whether everybody may read it: published factors, of any time."""
        return document.index in self.published

    def document(self, document: StoredDocument, disclosed: Collection[int]) -> bool:
        """Whether a document and its verdict may be seen; ``disclosed``: indexes behind what the viewer sees."""
        known = document.index in disclosed or document.index in self.published
        return known or self.own(document) or self.facts_of(document.issuer)

    def documents(self, rows: Rows, disclosed: Collection[int]) -> Rows:
        """Those of some documents that may be seen, as ``document`` says of one."""
        seen = rows.which("issuer", self.facts_of) | rows.are("sender", self.organization)
        return rows.where(seen | rows.among("index", disclosed) | rows.among("index", self.published))


def visible(name: NodeName, sees: Sight) -> bool:
    """Whether a node of a chain may be told by its name.

    References are the words of whoever names them; a lot that the viewer's own process names, it knows already.

    How something was made is its maker's to tell: a process is never named by another.
    """
    issuer = Ref.from_key(name.key).issuer
    if name.kind == "lot":
        return sees.lot(name.key) or name in sees.named
    return sees.facts_of(issuer) or name in sees.named


def factors_withheld(sees: Sight, published: Published) -> frozenset[int]:
    """Ledger indexes of published factors that are not told as documents of a figure, though everybody may read them.

    Which grid somebody upstream takes its electricity from says where it is: a set is told where something that the
    viewer may see rests on it.
    """
    told = {sees.published.get(index) for name, index in published if visible(name, sees)}
    return frozenset(index for index, name in sees.published.items() if name not in told)


def sight(tables: ChainTables, organization: str) -> Sight:
    """What an organization sees at the head of the chain's tables."""
    received, senders = _received(tables, organization)
    given = of_table(tables, "grants", tables.head).about("grantee", [organization])
    return granted(
        Sight(
            organization=organization,
            received=received,
            granted_lots=frozenset(),
            granted_by=frozenset(),
            evidence_by=frozenset(),
            counterparties=senders,
            named=_named(tables, organization),
            published=published_sets(tables),
        ),
        given,
    )


def granted(sees: Sight, given: Rows) -> Sight:
    """A sight with the grants in force to its organization."""
    grants = list(_records(given, ("issuer", "lot"), "evidence"))
    return replace(
        sees,
        granted_lots=frozenset(lot for issuer, lot, _ in grants if Ref.from_key(lot).issuer == issuer),
        granted_by=frozenset(issuer for issuer, lot, _ in grants if not lot),
        evidence_by=frozenset(issuer for issuer, lot, evidence in grants if evidence and not lot),
        counterparties=sees.counterparties | frozenset(issuer for issuer, *_ in grants),
    )


def published_sets(tables: ChainTables) -> dict[int, str]:
    """The records of published factors: name of the set by ledger index."""
    rows = every(tables, "factors")
    return dict(zip(rows.documents.tolist(), rows.text("factor_set"), strict=True))


def _records(rows: Rows, texts: Iterable[str], *numbers: str) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples of some of their columns."""
    return zip(*(rows.text(name) for name in texts), *(rows.ints(name).tolist() for name in numbers), strict=True)


def _named(tables: ChainTables, organization: str) -> frozenset[NodeName]:
    """What the organization's own processes take in, by the names that nodes of a chain have."""
    return names_taken(of_table(tables, "inputs", tables.head).issued("process", [organization]))


def names_taken(inputs: Rows) -> frozenset[NodeName]:
    """What inputs name, by the names that nodes of a chain have."""
    return frozenset(
        NodeName(kind, target, country if kind == "material" else "")
        for kind, target, country in _records(inputs, ("kind", "target", "country"))
    )


def _received(tables: ChainTables, organization: str) -> tuple[frozenset[str], frozenset[str]]:
    """Lots that their sender says it passed to the organization, and the senders.

    Only the word of a sender that held it discloses: otherwise anybody could look at a lot by claiming to have received
    it, or by having an accomplice claim to have sent it.
    """
    stated = of_table(tables, "transfers", tables.head).agreeing("asserted_by", "sender")
    mine = set(stated.about("receiver", [organization]).text("lot"))
    found = passed_to(stated.about("lot", mine), organization)
    return frozenset(lot for lot, _ in found), frozenset(sender for _, sender in found)


def passed_to(stated: Rows, organization: str) -> set[tuple[str, str]]:
    """Lots that an organization received, each with its sender: of all transfers in force of some lots, as senders
    state them."""
    moved = list(_records(stated.agreeing("asserted_by", "sender"), ("lot", "sender", "receiver")))
    return {(lot, sender) for lot, sender, receiver in _passed_on(moved) if receiver == organization}


Moved = tuple[str, str, str]


def _passed_on(stated: list[Moved]) -> list[Moved]:
    """Of transfers of lots by senders to receivers, as the senders state them, those by which a holder of a lot passed
    it on: its issuer, or whom a holder passed it to."""
    holding = {(lot, Ref.from_key(lot).issuer) for lot, *_ in stated}
    waiting: dict[tuple[str, str], list[Moved]] = {}
    for moved in stated:
        waiting.setdefault(moved[:2], []).append(moved)
    found: list[Moved] = []
    reached = list(holding)
    for holder in reached:
        for moved in waiting.get(holder, ()):
            found.append(moved)
            receiver = (holder[0], moved[2])
            if receiver not in holding:
                holding.add(receiver)
                reached.append(receiver)
    return found


def disclosed_documents(tables: ChainTables, sees: Sight, since: Mapping[str, int] | None = None) -> frozenset[int]:
    """Ledger indexes of the documents behind the facts about lots that the viewer sees: whose verdicts it may read.

    ``since``: rows of each table that are left out, as they were looked at before.
    """
    whole, lots = (sees.organization, *sees.granted_by), sees.received | sees.granted_lots
    facts: set[int] = set()
    for table, column in (("lots", "key"), ("footprints", "subject"), ("contents", "subject")):
        rows = every(tables, table, since[table] if since else 0)
        facts.update(rows.issued(column, whole).facts, rows.about(column, lots).facts)
    return frozenset(map(asserted_at, facts)) | _certificates(tables, sees)


class Watch:
    """The sight of one organization, and the documents disclosed to it, kept up with the tables as they grow.

    Most of what comes in is others' and changes nothing here. Where facts ended, transfers were stated or access was
    granted, all is looked at again.
    """

    def __init__(self, tables: ChainTables, organization: str) -> None:
        self.sight = sight(tables, organization)
        self.disclosed = set(disclosed_documents(tables, self.sight))
        self._rows, self._ended, self._head = _sizes(tables), len(tables.superseded), tables.head

    def current(self, tables: ChainTables) -> bool:
        """Bring it up to date; False where it has to be made anew."""
        if tables.head == self._head:
            return True
        if len(tables.superseded) != self._ended or not self._holds(tables):
            return False
        inputs = every(tables, "inputs", self._rows["inputs"])
        named = names_taken(inputs.issued("process", [self.sight.organization]))
        if not named <= self.sight.named:
            self.sight = replace(self.sight, named=self.sight.named | named)
        self.disclosed |= disclosed_documents(tables, self.sight, self._rows)
        self._rows, self._head = _sizes(tables), tables.head
        return True

    def _holds(self, tables: ChainTables) -> bool:
        """Whether no new row could disclose more lots, organizations or published factors than are."""
        granted = every(tables, "grants", self._rows["grants"]).about("grantee", [self.sight.organization])
        moved = every(tables, "transfers", self._rows["transfers"]).agreeing("asserted_by", "sender")
        published = every(tables, "factors", self._rows["factors"])
        return not len(granted) and not len(moved) and not len(published)


def _sizes(tables: ChainTables) -> dict[str, int]:
    return {table: len(rows["fid"]) for table, rows in tables.rows.items() if "fid" in rows}


def _certificates(tables: ChainTables, sees: Sight) -> set[int]:
    """Of certificates of whom the viewer sees the facts, and of those that senders of its lots hold as a whole."""
    senders = {Ref.from_key(lot).issuer for lot in sees.received | sees.granted_lots}
    columns = tables.rows["certificates"]
    every = zip(columns["fid"], columns["holder"], columns["facility"], strict=True)
    told = ((fid, sees.facts_of(holder) or (not site and holder in senders)) for fid, holder, site in every)
    return {asserted_at(int(fid)) for fid, shown in told if shown}
