"""The one place for the driver, its sessions and transactions: whole transactions, retried by ourselves."""

from __future__ import annotations

import logging
import marshal
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

import neo4j
from neo4j import exceptions as faults

from graph.errors import (
    CommitUnknown,
    EngineRefused,
    EngineUnavailable,
    GreenchainError,
    KeyTaken,
    RequestTooLarge,
    StatementFailed,
    TooMuchContention,
)

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # what it would print on stderr, we raise

P = ParamSpec("P")
T = TypeVar("T")
Row = dict[str, Any]

AWAY_SECONDS = 1.0  # how long a request looks for an engine that does not answer
ANSWER_SECONDS = 2.0  # how long a new connection may take to be made and signed in
RETRY_SECONDS = 15.0  # how long a transaction fights for its turn
RETRY_TRIES = 200
REQUEST_BYTES = 48 << 20  # ArcadeDB never answers again on a connection that exceeded its limit, so we stay below
KEY_TRIES = 20  # writers merging one key settle after a few tries; a key that is really taken never does
FIRST_PAUSE, LAST_PAUSE = 0.001, 0.020  # seconds; the driver's own retry would start at one second


@dataclass(frozen=True)
class EngineAddress:
    """Where a graph engine listens and how to sign in: a Bolt URI, user, password and database name."""

    uri: str
    user: str
    password: str = field(repr=False)
    database: str


class Tx:
    """One open transaction: what a unit of work gets to run its statements in."""

    def __init__(self, transaction: neo4j.Transaction) -> None:
        self._transaction = transaction

    def run(self, cypher: str, **params: Any) -> list[Row]:
        """Run one statement and return all its rows by column name.

        Return properties and maps, not nodes: what a node carries besides its properties differs between engines.
        Raises RequestTooLarge for parameters of more than REQUEST_BYTES.
        """
        if (size := _wire_size(params)) > REQUEST_BYTES:
            raise RequestTooLarge(f"{size} bytes of parameters for one statement, at most {REQUEST_BYTES} are taken")
        result = self._transaction.run(cypher, params)
        names = result.keys()
        return [dict(zip(names, record, strict=True)) for record in result]


Work = Callable[Concatenate[Tx, P], T]


def columns(tx: Tx, cypher: str, **params: Any) -> dict[str, list[Any]]:
    """Run a statement that returns ONE row of collected lists, and return them by column name.

    Reads five times faster than rows. Raises ValueError when there is not exactly one row.
    """
    rows = tx.run(cypher, **params)
    if len(rows) != 1:
        raise ValueError(f"a statement of collected columns returns one row, not {len(rows)}")
    return rows[0]


class Database:
    """A graph reached over Bolt; safe to share between threads and to use after a fork.

    Every call is one explicit transaction (on ArcadeDB an auto-commit statement is not atomic), run again as a
    whole when it lost to another writer: `work` must be free of effects outside its transaction.
    A read that follows a write of the same Database sees it, on a cluster too.
    """

    def __init__(self, address: EngineAddress, *, pool_size: int = 100) -> None:
        self.address = address
        self._pool_size = pool_size
        self._driver: neo4j.Driver | None = None
        self._forget()
        _open_databases.add(self)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `work(tx, *args)` run in a read transaction. Errors as for `write`, without CommitUnknown."""
        return self._attempt(neo4j.READ_ACCESS, lambda tx: work(tx, *args, **kwargs))

    def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `work(tx, *args)` once its transaction is committed; whatever it raises rolls everything back.

        Raises EngineUnavailable, EngineRefused, KeyTaken, TooMuchContention and StatementFailed when nothing was
        written, and CommitUnknown when that cannot be told.
        """
        return self._attempt(neo4j.WRITE_ACCESS, lambda tx: work(tx, *args, **kwargs))

    def verify(self) -> None:
        """Make one cheap round trip; raises EngineUnavailable or EngineRefused."""
        self.read(_ping)

    def empty(self) -> bool:
        """Tell whether the graph holds nothing: no node but the one that migrations keep their version in."""
        return self.read(_no_nodes)

    def bookmarks(self) -> frozenset[str]:
        """Return tokens of what this Database has written and seen, for `wait_for` in another process."""
        return frozenset(self._bookmark_manager.get_bookmarks())

    def wait_for(self, bookmarks: Collection[str]) -> None:
        """Let every later transaction see at least what `bookmarks` of another Database stand for."""
        self._bookmark_manager.update_bookmarks((), bookmarks)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def _forget(self) -> None:
        """Begin without a connection: in a new object, and in a forked child, which must not share its parent's."""
        self._lock = threading.Lock()
        self._driver = None
        self._bookmark_manager = neo4j.GraphDatabase.bookmark_manager()

    def _connected(self) -> neo4j.Driver:
        with self._lock:
            if self._driver is None:
                self._driver = self._connect()
            return self._driver

    def _connect(self) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(
            self.address.uri,
            auth=(self.address.user, self.address.password),
            max_connection_pool_size=self._pool_size,
            connection_timeout=ANSWER_SECONDS,
            connection_acquisition_timeout=ANSWER_SECONDS * 2,
            liveness_check_timeout=AWAY_SECONDS,  # a connection idle for longer is tried before it is trusted
            user_agent="greenchain",
            telemetry_disabled=True,
            notifications_min_severity="OFF",
        )

    def _attempt(self, access: str, work: Callable[[Tx], T]) -> T:
        retry = _Retry()
        while True:
            try:
                return self._once(access, work)
            except (faults.Neo4jError, faults.DriverError) as error:
                retry.pause_or_raise(error, unknown=access == neo4j.WRITE_ACCESS)

    def _once(self, access: str, work: Callable[[Tx], T]) -> T:
        with self._connected().session(
            database=self.address.database,
            default_access_mode=access,
            fetch_size=-1,  # rows are read at once: one round trip instead of one per thousand
            bookmark_manager=self._bookmark_manager,
        ) as session:
            with session.begin_transaction() as transaction:
                result = work(Tx(transaction))
                transaction.commit()
            return result


class _Retry:
    """The patience of one transaction: how often and how long it is run again."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._tries = 0

    def pause_or_raise(self, error: faults.Neo4jError | faults.DriverError, *, unknown: bool) -> None:
        """Sleep before the next try, or raise our own error when there is none."""
        self._tries += 1
        elapsed = time.monotonic() - self._started
        if isinstance(error, faults.IncompleteCommit) and unknown:
            raise CommitUnknown("the connection was lost during the commit") from error
        final, seconds, tries = _verdict(error)
        if elapsed >= seconds or self._tries >= tries:
            raise final from error
        pause = min(LAST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._tries, 8))
        time.sleep(random.uniform(FIRST_PAUSE, pause))  # noqa: S311  spreads writers; nothing is kept secret by it


def _verdict(error: faults.Neo4jError | faults.DriverError) -> tuple[GreenchainError, float, int]:
    """Return what `error` is to us, for how many seconds it is worth another try, and how many tries."""
    if isinstance(error, (faults.AuthError, faults.ConfigurationError)):
        return EngineRefused(_message(error)), 0, 1
    if isinstance(error, faults.ConstraintError):
        return KeyTaken(_message(error)), RETRY_SECONDS, KEY_TRIES
    if _away(error):
        return EngineUnavailable(_message(error)), AWAY_SECONDS, RETRY_TRIES
    if error.is_retryable():
        return TooMuchContention(_message(error)), RETRY_SECONDS, RETRY_TRIES
    return StatementFailed(_message(error)), 0, 1


def _message(error: faults.Neo4jError | faults.DriverError) -> str:
    text = f"{error.code}: {error.message}" if isinstance(error, faults.Neo4jError) else str(error)
    return text.partition("\n")[0]


def _away(error: faults.Neo4jError | faults.DriverError) -> bool:
    if isinstance(error, faults.Neo4jError):
        return error.code == "Neo.TransientError.Database.DatabaseUnavailable"
    return error.is_retryable() or isinstance(error, faults.ConnectionAcquisitionTimeoutError)


def _wire_size(value: Any) -> int:
    """Return about how many bytes `value` takes in a Bolt message, rather too many than too few.

    Python's own serialization takes as many, and a tenth of the time of counting by hand.
    """
    try:
        return len(marshal.dumps(value, 2))
    except ValueError:  # a type of the driver's, or a subclass of a plain one
        return _counted(value)


def _counted(value: Any) -> int:
    kind = type(value)
    if kind is bytes:
        return len(value) + 5
    if kind is str:
        return (len(value) if value.isascii() else 4 * len(value)) + 5
    if kind is dict:
        return 5 + sum(len(name) + 5 + _counted(each) for name, each in value.items())
    if kind in (list, tuple):
        return 5 + sum(map(_counted, value))
    return 9


def _ping(tx: Tx) -> None:
    tx.run("RETURN 1 AS one")


def _no_nodes(tx: Tx) -> bool:
    return not tx.run("MATCH (n) WHERE NOT n:Schema RETURN 1 AS one LIMIT 1")


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _after_fork() -> None:
    for database in list(_open_databases):
        database._forget()


os.register_at_fork(after_in_child=_after_fork)
