"""The chain in memory: tables kept up to the ledger's head, solved as a whole or as far as a question reaches."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, MutableSet
from dataclasses import dataclass
from functools import cached_property

from graph.errors import GreenchainError
from graph.model.refs import NEVER, Kind
from graph.model.tables import ChainTables
from graph.rollup.arrays import ABSENT
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.lookup import Indexed
from graph.rollup.naming import Named
from graph.rollup.policy import Policy, load_policy
from graph.rollup.reach import ROWS_A_NODE, Root, cut
from graph.rollup.rows import Rows, of_table
from graph.rollup.scenarios import Prepared, prepare
from graph.rollup.snapshot import ChainSnapshot, build
from graph.store.database import Database
from graph.store.documents import index_at, ledger_size
from graph.store.tables import read_newer
from service.auth.roles import Viewer
from service.lazily import WHOLE, BeyondMemory
from service.memory import give_back
from service.sought import Sought
from service.visibility import Sight, Watch

# Solved snapshots kept: the head under the usual policy, and a few of the past or of other policies; and of cuts.
KEPT = 4
# All of them together have no more lots and processes than this, unless there is one alone: about 0.6 kB each.
KEPT_NODES = 2_000_000
KEPT_CUTS = 16
# A question that reaches more lots and processes than this is answered from the whole chain.
MOST_NODES = 20_000
# So many may one question read from the graph at least, where the chain is not in memory.
MOST_READ = 50_000
# With fewer documents than this the whole chain is solved at once.
SMALL = 2_000
# Until the whole chain was solved once: what that takes for each row.
_SECONDS_A_ROW = 2e-6


class NotFound(GreenchainError):
    """There is no such lot or product, or the viewer may not see that there is."""


class AsOfUnknown(GreenchainError):
    """The ledger has no such index yet."""


@dataclass(frozen=True)
class World:
    """The chain as of one ledger index under one policy, solved, with the names that people gave things.

    One that was made by ``Chain.around`` may be a cut (``graph.rollup.reach``): it speaks of what it was made for, and
    of nothing else.
    """

    snapshot: ChainSnapshot
    rolled: Rolled
    tables: ChainTables

    @cached_property
    def prepared(self) -> Prepared:
        """The chain made ready for questions."""
        return prepare(self.snapshot, self.rolled)

    @cached_property
    def organization_names(self) -> dict[str, str]:
        """Name by organization."""
        return self._column("organizations", "name")

    @cached_property
    def facility_names(self) -> dict[str, str]:
        """Name by facility."""
        return self._column("facilities", "name")

    @cached_property
    def product_names(self) -> dict[str, str]:
        """Name by product."""
        return self._column("products", "name")

    @cached_property
    def product_materials(self) -> dict[str, str]:
        """Material by product."""
        return self._column("products", "material")

    def product_of(self, lot: str) -> str | None:
        """The product of a lot, "" where none is stated; None where nobody described the lot."""
        node, products = self.snapshot.lots[lot], self.snapshot.facts.products.codes
        if self.snapshot.document[node] == ABSENT:
            return None
        code = int(self.snapshot.product[node])
        return "" if code == ABSENT else products.pool[int(products.codes[code])]

    def _column(self, table: str, column: str) -> dict[str, str]:
        rows = of_table(self.tables, table, self.snapshot.as_of)
        return dict(zip(rows.text("key"), rows.text(column), strict=True))


# Ledger index, policy, and warming potentials in place of its own.
_Key = tuple[int, str, str]


class Chain:
    """Answers for one process. What another process writes shows in the next answer: the ledger's size is read for
    each question, once. ``seen`` gives what lasts as long as the question that is being answered; without it, and
    where it gives None, each look is a question of its own.

    ``small``: with fewer documents than this the whole chain is always solved. Once the chain has more rows than
    ``most_rows``, nothing of it is kept: what is asked about is read from the graph, and whatever is about the whole
    chain raises ``BeyondMemory``.
    """

    def __init__(
        self,
        database: Database,
        policy: str,
        recognised: frozenset[str] = frozenset(),
        *,
        small: int = SMALL,
        most_rows: int = NEVER,
        seen: Callable[[], MutableSet[object] | None] = lambda: None,
    ) -> None:
        self._database, self._seen = database, seen
        self._recognised = recognised
        self._policy = policy
        self._small, self._most_rows = small, most_rows
        self._lock = threading.Lock()
        self._solving = threading.Lock()
        self._sought = Sought(database)
        self._whole_seconds: float | None = None
        self._head, self._fits = -1, True
        self._forget()

    def _forget(self) -> None:
        """Begin without anything of the chain."""
        self._tables = ChainTables()
        self._lookup = Indexed(self._tables)
        self._worlds: OrderedDict[_Key, World] = OrderedDict()
        self._cuts: OrderedDict[tuple[_Key, tuple[Root, ...]], World] = OrderedDict()
        self._spent: OrderedDict[_Key, float] = OrderedDict()
        self._watches: dict[str, Watch] = {}
        self._named = Named()

    def tables(self) -> ChainTables:
        """All rows up to the ledger's head. Raises ``BeyondMemory``, and ``EngineError`` when the graph is away."""
        with self._lock:
            return self._whole()

    def at(self, as_of: int | None) -> int:
        """A ledger index that there is, the head where none is given. Raises ``AsOfUnknown``."""
        with self._lock:
            self._refreshed()
            return self._index(as_of)

    def documents(self, indexes: Collection[int]) -> Rows:
        """The accepted documents among some ledger indexes, in their order."""
        with self._lock:
            if self._refreshed():
                return self._lookup.documents(indexes)
        return self._sought.documents(indexes)

    def ended(self, documents: Collection[int]) -> Mapping[int, int]:
        """The ledger index at which each ended, of the facts that some documents stated, or of more."""
        with self._lock:
            if self._refreshed():
                return self._tables.superseded
        return self._sought.ended(documents)

    def stated(self, documents: Collection[int], tables: Collection[str]) -> ChainTables:
        """Tables that hold at least what some documents state, of some tables."""
        with self._lock:
            if self._refreshed():
                return self._tables
        return self._sought.stated(documents, tables)

    def certified(self, holder: str, at: int) -> ChainTables:
        """Tables that hold at least the certificates of an organization and what they are judged by at an index."""
        with self._lock:
            if self._refreshed():
                return self._tables
        return self._sought.certified(holder, at)

    def factors(self) -> ChainTables:
        """Tables that hold at least all published factors."""
        with self._lock:
            if self._refreshed():
                return self._tables
        return self._sought.factors()

    def sight(self, viewer: Viewer) -> Sight:
        """What the viewer's organization may see now."""
        with self._lock:
            if self._refreshed():
                return self._watch(viewer.organization).sight
        return self._sought.sight(viewer.organization)

    def disclosed(self, sees: Sight, documents: Collection[int]) -> Collection[int]:
        """Ledger indexes of some documents, or of more, that were disclosed to the viewer's organization beside those
        of which it sees everything."""
        with self._lock:
            if self._refreshed():
                return self._watch(sees.organization).disclosed
        return self._sought.disclosed(self._sought.sight(sees.organization), documents)

    def _watch(self, organization: str) -> Watch:
        tables, found = self._tables, self._watches.get(organization)
        if found is None or not found.current(tables):
            found = self._watches[organization] = Watch(tables, organization)
        return found

    def world(self, as_of: int | None = None, policy: str = "", gwp: str = "") -> World:
        """The chain as of an index (the head where none is given) under a named policy.

        Raises ``AsOfUnknown``, ``BeyondMemory``.

        ``gwp``: a set of warming potentials in place of the policy's own.
        """
        with self._lock:
            self._whole()
            key = self._index(as_of), policy or self._policy, gwp
            found = self._kept(key)
        return found or self._solved(key)

    def around(self, roots: Collection[Root], as_of: int | None = None, policy: str = "", gwp: str = "") -> World:
        """As ``world``, for questions about some lots and products alone.

        Where the whole chain is not solved as of that index it is not solved for this, but for chains that are small,
        questions that reach far, and once cuts have taken as long as that would. Where the chain is not in memory, what
        reaches far raises ``BeyondMemory``.
        """
        started, asked = time.monotonic(), tuple(sorted(set(roots)))
        with self._lock:
            here, lookup = self._refreshed(), self._lookup
            key = self._index(as_of), policy or self._policy, gwp
            found = self._kept(key) or self._kept_cut(key, asked)
            if not here and found is not None:
                return found
            small = None if found or not here or not self._worth_while(key) else cut(lookup, asked, key[0], MOST_NODES)
        if not here:
            return self._read(key, asked)
        if small is not None:
            found = self._world(small.tables, key)
        with self._lock:
            if small is not None and found is not None and lookup is self._lookup:
                self._keep_cut(key, asked, found)
            if found is None or small is not None:
                self._spend(key, time.monotonic() - started)
        return found or self._solved(key)

    def _read(self, key: _Key, asked: tuple[Root, ...]) -> World:
        """From the graph; one at a time, so that what is read for several does not add up."""
        most = max(MOST_READ, self._most_rows // (4 * ROWS_A_NODE))
        with self._solving:
            with self._lock:
                if (found := self._kept_cut(key, asked)) is not None:
                    return found
            found = self._world(self._sought.cut(asked, key[0], most), key)
            with self._lock:
                self._keep_cut(key, asked, found)
                while len(self._cuts) > 1 and sum(len(kept.snapshot.key) for kept in self._cuts.values()) > most:
                    self._cuts.popitem(last=False)
            return found

    def _kept_cut(self, key: _Key, roots: tuple[Root, ...]) -> World | None:
        found = self._cuts.get((key, roots))
        if found is not None:
            self._cuts.move_to_end((key, roots))
        return found

    def _keep_cut(self, key: _Key, roots: tuple[Root, ...], world: World) -> None:
        self._cuts[key, roots] = world
        while len(self._cuts) > KEPT_CUTS:
            self._cuts.popitem(last=False)

    def _worth_while(self, key: _Key) -> bool:
        rows = self._tables.rows
        if len(rows["documents"]["index"]) < self._small:
            return False
        estimate = _SECONDS_A_ROW * sum(len(columns["fid"]) for columns in rows.values() if "fid" in columns)
        whole = estimate if self._whole_seconds is None else self._whole_seconds
        return self._spent.get(key, 0.0) < whole

    def _spend(self, key: _Key, seconds: float) -> None:
        self._spent[key] = self._spent.get(key, 0.0) + seconds
        while len(self._spent) > 4 * KEPT_CUTS:
            self._spent.popitem(last=False)

    def key(self, kind: Kind, address: str) -> str:
        """The key behind an address in a URL. Raises ``NotFound``."""
        with self._lock:
            found = self._named.find(self._tables, kind, address) if (here := self._refreshed()) else None
        if not here:
            found = self._sought.key(kind, address)
        if found is None:
            raise NotFound(f"there is no such {kind}")
        return found

    def organization_names(self, as_of: int | None = None) -> Callable[[str], str | None]:
        """The name of an organization that has one. Raises ``AsOfUnknown``."""
        with self._lock:
            here, at = self._refreshed(), self._index(as_of)
            if not here:
                return lambda uri: self._sought.organization_names([uri], at).get(uri)
            rows = of_table(self._tables, "organizations", at)
            return dict(zip(rows.text("key"), rows.text("name"), strict=True)).get

    def index_at(self, moment: float) -> int:
        """The ledger index that was the head at a time (seconds since the epoch)."""
        return self._database.read(index_at, moment)

    def policy(self, policy: str = "", gwp: str = "") -> Policy:
        """A named policy as it counts here."""
        return load_policy(policy or self._policy, self._recognised, gwp)

    def _index(self, as_of: int | None) -> int:
        at = self._head if as_of is None else as_of
        if at > self._head or at < -1:
            raise AsOfUnknown(f"the ledger's last index is {self._head}")
        return at

    def _whole(self) -> ChainTables:
        if not self._refreshed():
            raise BeyondMemory(WHOLE)
        return self._tables

    def _refreshed(self) -> bool:
        """Catch up with the ledger. Whether the chain is in memory; where it is not, it is looked up."""
        seen = self._seen()
        if seen is None or self not in seen:
            self._fits = self._caught_up()
            if seen is not None:
                seen.add(self)
        return self._fits

    def _caught_up(self) -> bool:
        self._head, rows = self._database.read(ledger_size)
        if rows > self._most_rows:
            if self._tables.head >= 0:
                self._forget()
                give_back()
            self._sought.to(self._head)
            return False
        if self._head > self._tables.head:
            newer = read_newer(self._database, self._tables.head)
            if self._tables.head < 0:
                newer.pool.pack()
                self._tables, self._lookup = newer, Indexed(newer)
            else:
                self._tables.extend(newer)
            self._head = self._tables.head
        return True

    def _kept(self, key: _Key) -> World | None:
        found = self._worlds.get(key)
        if found is not None:
            self._worlds.move_to_end(key)
        return found

    def _solved(self, key: _Key) -> World:
        """The whole chain solved, one at a time, while others read and ask for what there is."""
        with self._solving:
            with self._lock:
                if (found := self._kept(key)) is not None:
                    return found
                tables = self._whole().standing()
                self._make_room()
            started = time.monotonic()
            world = self._world(tables, key)
            give_back()
            with self._lock:
                self._whole_seconds = time.monotonic() - started
                # Unless the chain has outgrown the process meanwhile, and nothing of it is kept.
                if self._tables.rows is tables.rows:
                    self._worlds[key] = world
            return world

    def _make_room(self) -> None:
        """Let go of what was asked for longest ago, before another as large as the largest is made."""
        sizes = [len(world.snapshot.key) for world in self._worlds.values()]
        left, most = sum(sizes), max(sizes, default=0)
        while self._worlds and (len(self._worlds) >= KEPT or left + most > KEPT_NODES):
            left -= len(self._worlds.popitem(last=False)[1].snapshot.key)

    def _world(self, tables: ChainTables, key: _Key) -> World:
        snapshot = build(tables, key[0], self.policy(*key[1:]))
        return World(snapshot, roll_up(snapshot), tables)
