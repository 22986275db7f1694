"""The chain where it does not fit into memory: of what is asked about, as much as answers it, read from the graph.

Whatever it says is what the whole chain would say. It never speaks of all of it: see ``service.lazily``.
"""

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from graph.model.refs import Kind, Ref, asserted_at
from graph.model.tables import ChainTables
from graph.rollup.closure import NodeName
from graph.rollup.reach import Root
from graph.rollup.rows import Rows, every, standing
from graph.store.database import Database
from graph.store.reach import Reader
from service.lazily import FAR, BeyondMemory, Lazily, of_some
from service.visibility import Sight, granted, names_taken, passed_to, published_sets

# Rows that were read and are kept for the next question, as long as nothing came in.
KEPT_ROWS = 1_000_000
# Transfers that are looked through at once for one that a holder has stated.
_FEW = 64
# What is disclosed with a lot, by the column that names it.
_DISCLOSED = (("lots", "key"), ("footprints", "subject"), ("contents", "subject"))


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read up to one ledger index, and the sights that rest on it: for one thread at a time."""

    reader: Reader
    sights: dict[str, Sight] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Sought:
    """Reads what is asked about, as of the ledger index that it was last told (``to``)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read = _Read(Reader(database, -1))

    def to(self, head: int) -> None:
        """Speak of the chain up to a ledger index. Whoever is being answered goes on with what was read before."""
        reader = self._read.reader
        if reader.tables.head != head or len(reader) > KEPT_ROWS:
            self._read = _Read(Reader(self._database, head))

    def cut(self, roots: Sequence[Root], at: int, most: int) -> ChainTables:
        """All that can matter to some lots and products (``graph.rollup.reach``). Raises ``BeyondMemory``."""
        with (read := self._read).lock:
            found = read.reader.cut(roots, at, most)
        if found is None:
            raise BeyondMemory(FAR)
        return found.tables

    def key(self, kind: Kind, address: str) -> str | None:
        """The key behind an address, None where nothing has it."""
        with (read := self._read).lock:
            return read.reader.addressed(kind, address)

    def documents(self, indexes: Collection[int]) -> Rows:
        """The accepted documents among some ledger indexes, in their order."""
        with (read := self._read).lock:
            return read.reader.documents(indexes)

    def ended(self, indexes: Collection[int]) -> dict[int, int]:
        """As ``service.chain.Chain.ended``."""
        with (read := self._read).lock:
            return read.reader.ended(indexes)

    # Tables of their own, for whoever goes through them while others are asked.

    def stated(self, indexes: Collection[int], tables: Collection[str]) -> ChainTables:
        """What some documents state."""
        reader = self._alone()
        reader.together(lambda: reader.asserted(indexes, tables))
        return reader.tables

    def certified(self, holder: str, at: int) -> ChainTables:
        """The certificates of an organization, and what they are judged by as of a ledger index."""
        reader = self._alone()

        def read() -> None:
            held = reader.rows("certificates", "holder", [holder])
            bodies = reader.rows("accreditations", "institution", held.text("issuer"))
            reader.documents([asserted_at(fid) for fid in (*held.facts, *bodies.facts)])
            reader.last_received(at)

        reader.together(read)
        return reader.tables

    def factors(self) -> ChainTables:
        """All published factors: they are few."""
        reader = self._alone()
        reader.every("factors")
        return reader.tables

    def organization_names(self, organizations: Iterable[str], at: int) -> dict[str, str]:
        """The names of some organizations as of a ledger index."""
        with (read := self._read).lock:
            rows = standing(read.reader.tables, read.reader.rows("organizations", "key", organizations), at)
            return dict(zip(rows.text("key"), rows.text("name"), strict=True))

    def _alone(self) -> Reader:
        return Reader(self._database, self._read.reader.tables.head)

    # What a viewer sees.

    def sight(self, organization: str) -> Sight:
        """As ``service.visibility.sight``: what it depends on is looked up as it is asked."""
        with (read := self._read).lock:
            found = read.sights.get(organization)
            if found is None:
                found = read.sights[organization] = _sight(read, organization)
            return found

    def disclosed(self, sees: Sight, indexes: Collection[int]) -> frozenset[int]:
        """Of some documents those disclosed to the viewer (``service.visibility.disclosed_documents``) beside those of
        which it sees everything anyway."""
        with (read := self._read).lock:
            others = read.reader.documents(indexes)
            whole = others.which("issuer", sees.facts_of) | others.are("sender", sees.organization)
            asked = others.where(~whole).ints("index").tolist()
            read.reader.together(
                lambda: read.reader.asserted(asked, [*(table for table, _ in _DISCLOSED), "certificates"])
            )
            facts: set[int] = set()
            for table, column in _DISCLOSED:
                rows = every(read.reader.tables, table).stated_in(asked)
                of_some(sees.received, rows.distinct(column)[1])
                facts.update(rows.where(rows.which(column, sees.lot)).facts)
            rows = every(read.reader.tables, "certificates").stated_in(asked)
            told = zip(rows.facts, rows.text("holder"), rows.text("facility"), strict=True)
            facts.update(fid for fid, *of in told if _certificate_told(read.reader, sees, *of))
        return frozenset(map(asserted_at, facts))


def _certificate_told(reader: Reader, sees: Sight, holder: str, site: str) -> bool:
    """Of whom the viewer sees the facts, and what senders of its lots hold as a whole."""
    if sees.facts_of(holder) or site:
        return sees.facts_of(holder)
    granted_one = any(Ref.from_key(lot).issuer == holder for lot in sees.granted_lots)
    return granted_one or bool(of_some(sees.received, reader.reached(holder, sees.organization)))


def _sight(read: _Read, organization: str) -> Sight:
    reader = read.reader
    given = reader.rows("grants", "grantee", [organization])
    reader.every("factors")
    sees = Sight(
        organization=organization,
        received=Lazily(partial(_received, read, organization)),
        granted_lots=frozenset(),
        granted_by=frozenset(),
        evidence_by=frozenset(),
        counterparties=Lazily(partial(_senders, read, organization)),
        named=Lazily(partial(_named, read, organization)),
        published=published_sets(reader.tables),
    )
    return granted(sees, standing(reader.tables, given, reader.tables.head))


def _received(read: _Read, organization: str, lots: Collection[str]) -> set[str]:
    with read.lock:
        return {lot for lot, _ in _passed(read.reader, organization, lots)}


def _passed(reader: Reader, organization: str, lots: Collection[str]) -> set[tuple[str, str]]:
    rows = reader.rows("transfers", "lot", lots)
    return passed_to(standing(reader.tables, rows, reader.tables.head), organization)


def _senders(read: _Read, organization: str, asked: Collection[str]) -> set[str]:
    """Who of some passed a lot that it held to the organization: of each, transfers are looked through until one is
    found."""
    found: set[str] = set()
    with read.lock:
        waiting = read.reader.sent(asked, organization)
        while waiting:
            keys = [key for transfers in waiting.values() for key in transfers[:_FEW]]
            lots = set(read.reader.rows("transfers", "key", keys).text("lot"))
            found |= {sender for _, sender in _passed(read.reader, organization, lots)}
            waiting = {s: t[_FEW:] for s, t in waiting.items() if s not in found and len(t) > _FEW}
    return found


def _named(read: _Read, organization: str, names: Collection[NodeName]) -> set[NodeName]:
    """What the organization's own processes take in."""
    with read.lock:
        reader = read.reader
        keys = [name.key for name in names if name.kind in ("lot", "product")]
        rows = standing(reader.tables, reader.rows("inputs", "target", keys), reader.tables.head)
        materials = {(name.key, name.country) for name in names if name.kind == "material"}
        taken = reader.taken(organization, materials)
    own = names_taken(rows.issued("process", [organization]))
    return {*own, *(NodeName("material", material, country) for material, country in taken)}
