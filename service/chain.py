"""The chain in memory: tables kept up to the ledger's head, a solved snapshot for each index that is asked for."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from graph.errors import GreenchainError
from graph.model.addresses import Addresses
from graph.model.refs import Kind
from graph.model.tables import ChainTables
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.policy import load_policy
from graph.rollup.rows import of_table
from graph.rollup.scenarios import Prepared, prepare
from graph.rollup.snapshot import ChainSnapshot, build
from graph.store.database import Database
from graph.store.documents import index_at, ledger_head
from graph.store.tables import read_newer
from service.auth.roles import Viewer
from service.visibility import Sight, disclosed_documents, sight

# Solved snapshots kept: the head under the usual policy, and a few of the past or of other policies.
KEPT = 4


class NotFound(GreenchainError):
    """There is no such lot or product, or the viewer may not see that there is."""


class AsOfUnknown(GreenchainError):
    """The ledger has no such index yet."""


@dataclass(frozen=True)
class World:
    """The chain as of one ledger index under one policy, solved, with the names that people gave things."""

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

    @cached_property
    def lot_products(self) -> dict[str, str]:
        """Product by described lot."""
        return self._column("lots", "product")

    @cached_property
    def sorted_lots(self) -> list[str]:
        """Keys of all lots that are described or named."""
        return sorted(self.snapshot.lots)

    def _column(self, table: str, column: str) -> dict[str, str]:
        rows = of_table(self.tables, table, self.snapshot.as_of)
        return dict(zip(rows.text("key"), rows.text(column), strict=True))


class Chain:
    """Answers for one process. What another process writes shows in the next answer: the head is asked each time."""

    def __init__(self, database: Database, policy: str, recognised: frozenset[str] = frozenset()) -> None:
        self._database = database
        self._recognised = recognised
        self._policy = policy
        self._lock = threading.Lock()
        self._tables = ChainTables()
        self._worlds: OrderedDict[tuple[int, str, str], World] = OrderedDict()
        self._sights: dict[str, Sight] = {}
        self._disclosed: dict[str, frozenset[int]] = {}
        self._addresses = {kind: Addresses(kind) for kind in (Kind.LOT, Kind.PRODUCT)}
        self._newest: World | None = None

    def tables(self) -> ChainTables:
        """All rows up to the ledger's head. Raises ``EngineError`` when the graph is away."""
        with self._lock:
            return self._refreshed()

    def sight(self, viewer: Viewer) -> Sight:
        """What the viewer's organization may see now."""
        with self._lock:
            tables = self._refreshed()
            found = self._sights.get(viewer.organization)
            if found is None:
                found = self._sights[viewer.organization] = sight(tables, viewer.organization)
            return found

    def disclosed(self, sees: Sight) -> frozenset[int]:
        """Ledger indexes of the documents behind what was disclosed to the viewer's organization."""
        with self._lock:
            found = self._disclosed.get(sees.organization)
            if found is None:
                found = self._disclosed[sees.organization] = disclosed_documents(self._tables, sees)
            return found

    def world(self, as_of: int | None = None, policy: str = "", gwp: str = "") -> World:
        """The chain as of an index (the head where none is given) under a named policy. Raises ``AsOfUnknown``.

        ``gwp``: a set of warming potentials in place of the policy's own.
        """
        with self._lock:
            tables = self._refreshed()
            at = tables.head if as_of is None else as_of
            if at > tables.head or at < -1:
                raise AsOfUnknown(f"the ledger's last index is {tables.head}")
            return self._solved(tables, at, policy or self._policy, gwp)

    def key(self, kind: Kind, address: str, world: World) -> str:
        """The key behind an address in a URL. Raises ``NotFound``."""
        with self._lock:
            if world is not self._newest:
                self._name(world)
                self._newest = world
            found = self._addresses[kind].find(world.tables.pool, address)
        if found is None:
            raise NotFound(f"there is no such {kind}")
        return found

    def index_at(self, moment: float) -> int:
        """The ledger index that was the head at a time (seconds since the epoch)."""
        return self._database.read(index_at, moment)

    def _refreshed(self) -> ChainTables:
        head = self._database.read(ledger_head)
        if head > self._tables.head:
            newer = read_newer(self._database, self._tables.head)
            if self._tables.head < 0:
                self._tables = newer
            else:
                self._tables.extend(newer)
            self._sights.clear()
            self._disclosed.clear()
        return self._tables

    def passing(self, as_of: int, policy: str = "", gwp: str = "") -> World:
        """As ``world``, without keeping it: for questions that look at many points of the past."""
        with self._lock:
            tables = self._refreshed()
            found = self._worlds.get((as_of, policy or self._policy, gwp))
            return found or self._world(tables, as_of, policy or self._policy, gwp)

    def _solved(self, tables: ChainTables, at: int, policy: str, gwp: str) -> World:
        found = self._worlds.get((at, policy, gwp))
        if found is None:
            found = self._worlds[(at, policy, gwp)] = self._world(tables, at, policy, gwp)
        self._worlds.move_to_end((at, policy, gwp))
        while len(self._worlds) > KEPT:
            self._worlds.popitem(last=False)
        return found

    def _world(self, tables: ChainTables, at: int, policy: str, gwp: str) -> World:
        snapshot = build(tables, at, load_policy(policy, self._recognised, gwp))
        return World(snapshot, roll_up(snapshot), tables)

    def _name(self, world: World) -> None:
        """Addresses of what has been named since the last look."""
        for kind, keys in ((Kind.LOT, world.snapshot.lots), (Kind.PRODUCT, world.snapshot.facts.products.codes)):
            self._addresses[kind].add(keys.pool, keys.codes)
