"""Who sees what, in one place. Default: one up, one down.

A viewer's organization sees its own facts; of a lot that a supplier says it passed to it, what the supplier disclosed
(the lot, its product, the declarations about it and the verdicts on them); and aggregates of everything above without
names. More by explicit grant. What may not be seen answers like what does not exist. Judged by the present, also for
figures of the past: a grant taken back is taken back.
"""

from dataclasses import dataclass, replace

from graph.model.documents import StoredDocument
from graph.model.refs import Ref, asserted_at
from graph.model.tables import ChainTables

UNDISCLOSED = "upstream, not disclosed"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one organization may see. Keys are those of the graph (``graph.model.refs``).

    ``received``: lots whose sender says it passed them to the organization. ``counterparties``: organizations that
    made themselves known to it, as senders or by a grant: naming somebody as a source proves nothing. ``named``: what
    its own processes name as inputs.
    """

    organization: str
    received: frozenset[str]
    granted_lots: frozenset[str]
    granted_by: frozenset[str]
    evidence_by: frozenset[str]
    counterparties: frozenset[str]
    named: frozenset[str]

    def lot(self, key: str) -> bool:
        """Whether the lot and what was disclosed about it may be seen."""
        issuer = Ref.from_key(key).issuer
        return self.facts_of(issuer) or key in self.received or key in self.granted_lots

    def about(self, key: str) -> "Sight":
        """The sight on the chain of a lot or product: what one's own processes name counts in one's own chains only.

        Else one could find out what is in a supplier's lot by naming guesses as inputs.
        """
        return self if self.facts_of(Ref.from_key(key).issuer) else replace(self, named=frozenset())

    def facts_of(self, organization: str) -> bool:
        """Whether all that an organization states may be seen: its processes with their inputs, too."""
        return organization == self.organization or organization in self.granted_by

    def name_of(self, organization: str) -> bool:
        """Whether an organization may be named to the viewer as part of a chain."""
        return self.facts_of(organization) or organization in self.counterparties

    def own(self, document: StoredDocument) -> bool:
        """Whether the viewer's organization issued the document or handed it in."""
        return self.organization in (document.issuer, document.sender)

    def bytes_of(self, document: StoredDocument) -> bool:
        """Whether the bytes may be read: by who issued or handed them in, and by who was granted the evidence."""
        return self.own(document) or document.issuer in self.evidence_by

    def document(self, document: StoredDocument, disclosed: frozenset[int]) -> bool:
        """Whether a document and its verdict may be seen; ``disclosed``: indexes behind what the viewer sees."""
        return self.bytes_of(document) or self.facts_of(document.issuer) or document.index in disclosed


def sight(tables: ChainTables, organization: str) -> Sight:
    """What an organization sees at the head of the chain's tables."""
    received, senders = _received(tables, organization)
    grants = [g for g in _in_force(tables, "grants") if g["grantee"] == organization]
    inputs = _in_force(tables, "inputs", organization + "|", "process")
    return Sight(
        organization=organization,
        received=received,
        granted_lots=frozenset(str(g["lot"]) for g in grants if Ref.from_key(str(g["lot"])).issuer == g["issuer"]),
        granted_by=frozenset(str(g["issuer"]) for g in grants if not g["lot"]),
        evidence_by=frozenset(str(g["issuer"]) for g in grants if g["evidence"] and not g["lot"]),
        counterparties=frozenset(senders | {str(g["issuer"]) for g in grants}),
        named=frozenset(str(i["target"]) for i in inputs),
    )


Row = dict[str, str | float | int]


def _in_force(tables: ChainTables, table: str, prefix: str = "", column: str = "") -> list[Row]:
    """Rows in force at the head; only those whose ``column`` begins with ``prefix`` where a column is given."""
    columns = tables.rows[table]
    every = range(len(columns["fid"]))
    places = [n for n in every if str(columns[column][n]).startswith(prefix)] if column else every
    ended = tables.superseded
    return [
        {name: values[n] for name, values in columns.items()}
        for n in places
        if ended.get(int(columns["fid"][n]), tables.head + 1) > tables.head
    ]


def _received(tables: ChainTables, organization: str) -> tuple[frozenset[str], set[str]]:
    """Lots that their sender says it passed to the organization, and the senders.

    Only the word of a sender that held it discloses: otherwise anybody could look at a lot by claiming to have received
    it, or by having an accomplice claim to have sent it.
    """
    lots, senders = set(), set()
    for moved in _passed_on(_in_force(tables, "transfers")):
        if moved["receiver"] == organization:
            lots.add(str(moved["lot"]))
            senders.add(str(moved["sender"]))
    return frozenset(lots), senders


def _passed_on(transfers: list[Row]) -> list[Row]:
    """Transfers by which a holder of a lot says it passed it on: its issuer, or whom a holder passed it to."""
    stated = [t for t in transfers if t["asserted_by"] == t["sender"]]
    holding = {(str(t["lot"]), Ref.from_key(str(t["lot"])).issuer) for t in stated}
    waiting: dict[tuple[str, str], list[Row]] = {}
    for t in stated:
        waiting.setdefault((str(t["lot"]), str(t["sender"])), []).append(t)
    found: list[Row] = []
    reached = list(holding)
    for holder in reached:
        for t in waiting.get(holder, ()):
            found.append(t)
            receiver = (holder[0], str(t["receiver"]))
            if receiver not in holding:
                holding.add(receiver)
                reached.append(receiver)
    return found


def disclosed_documents(tables: ChainTables, sees: Sight) -> frozenset[int]:
    """Ledger indexes of the documents behind the facts about lots that the viewer sees: whose verdicts it may read."""
    indexes: set[int] = set()
    for table, column in (("lots", "key"), ("footprints", "subject"), ("contents", "subject")):
        columns = tables.rows[table]
        for fid, key in zip(columns["fid"], columns[column], strict=True):
            if sees.lot(str(key)):
                indexes.add(asserted_at(int(fid)))
    indexes |= _certificates(tables, sees)
    return frozenset(indexes)


def _certificates(tables: ChainTables, sees: Sight) -> set[int]:
    """Of certificates of whom the viewer sees the facts, and of those that senders of its lots hold as a whole."""
    senders = {Ref.from_key(lot).issuer for lot in sees.received | sees.granted_lots}
    columns = tables.rows["certificates"]
    every = zip(columns["fid"], columns["holder"], columns["facility"], strict=True)
    told = ((fid, sees.facts_of(holder) or (not site and holder in senders)) for fid, holder, site in every)
    return {asserted_at(int(fid)) for fid, shown in told if shown}
