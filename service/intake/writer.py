"""Group commit: one thread a process gathers what waits and writes it in one transaction.

One document a transaction gives a fraction of the throughput, and worse with more clients (bench: intake). Neighbours
in a group never harm each other: a group that fails is halved until only the bad document fails.
"""

import fcntl
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import CommitUnknown, EngineError
from graph.model.documents import StoredDocument
from graph.model.intake import IntakeQuestion
from graph.store.database import Database, Tx
from graph.store.intake import read_state, write_group
from service.intake.candidate import Candidate, question
from service.intake.judge import judge
from service.ledger.entry import Scribe

ENOUGH_DOCUMENTS = 64  # a group of so many does not wait for more
GROUP_DOCUMENTS = 500
GROUP_BYTES = 16 * 1024 * 1024  # an engine holds a request several times over while it is carried out
GROUP_SECONDS = 0.002
UNKNOWN_TRIES = 5

Answers = list[StoredDocument]


@dataclass(slots=True)
class _Waiting:
    """A candidate, and where its request's thread waits for the answer."""

    candidate: Candidate
    answer: "Future[StoredDocument]" = field(default_factory=Future)

    @property
    def size(self) -> int:
        return len(self.candidate.received.content) + sum(len(v.content) for v in self.candidate.validation)


class GroupWriter:
    """Hands candidates to the writing thread and waits for their verdicts.

    ``scribe`` writes what the ledger says of each in public. ``lock``: a file on which the writers of all processes of
    this machine take turns.
    """

    def __init__(self, database: Database, scribe: Scribe, lock: Path | None = None) -> None:
        self._database = database
        self._scribe = scribe
        self._lock = lock
        # Not a SimpleQueue: of CPython, that waits for ever once its deadline has passed before it began to wait.
        self._waiting: queue.Queue[_Waiting] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(self, candidates: list[Candidate]) -> Answers:
        """The stored documents of these candidates, in order, once their transactions are durable.

        Raises ``EngineError`` when the graph is away and ``StoreError``: then some of several candidates may have been
        written, and handing all of them in again gives those the same answer.
        """
        self._start()
        items = [_Waiting(candidate) for candidate in candidates]
        for item in items:
            self._waiting.put(item)
        return [item.answer.result() for item in items]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        first = self._waiting.get()
        while True:
            group, following = self._gather(first)
            self._write_group(group)
            first = following or self._waiting.get()

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], _Waiting | None]:
        """A group that begins with ``first``, and what was taken from the queue but no longer fits."""
        group, size, until = [first], first.size, time.monotonic() + GROUP_SECONDS
        while len(group) < GROUP_DOCUMENTS:
            patience = until - time.monotonic() if len(group) < ENOUGH_DOCUMENTS else 0.0
            try:
                item = self._waiting.get(timeout=patience) if patience > 0 else self._waiting.get_nowait()
            except queue.Empty:
                break
            if size + item.size > GROUP_BYTES:
                return group, item
            group.append(item)
            size += item.size
        return group, None

    def _write_group(self, group: list[_Waiting]) -> None:
        """Write a group; on a failure that is not the engine's absence, each half by itself."""
        try:
            answers = self._write([item.candidate for item in group])
        except EngineError as error:
            for item in group:
                item.answer.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - whatever happens, the waiting request must hear of it
            self._halve(group, error)
        else:
            for item, answer in zip(group, answers, strict=True):
                item.answer.set_result(answer)

    def _halve(self, group: list[_Waiting], error: BaseException) -> None:
        if len(group) == 1:
            group[0].answer.set_exception(error)
            return
        middle = len(group) // 2
        self._write_group(group[:middle])
        self._write_group(group[middle:])

    def _write(self, candidates: list[Candidate]) -> Answers:
        asked = question(candidates)
        for _ in range(UNKNOWN_TRIES):
            try:
                with self._turn():
                    return self._database.write(_commit, candidates, asked, self._scribe)
            except CommitUnknown:
                # Whether it was written shows on the next try: known bytes are answered, not written again.
                continue
        raise CommitUnknown("the outcome of the commit stayed unknown: hand the same bytes in again")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A turn among the processes of this machine: conflicts between them cost more than waiting does."""
        if self._lock is None:
            yield
            return
        with self._lock.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _commit(tx: Tx, candidates: list[Candidate], asked: IntakeQuestion, scribe: Scribe) -> Answers:
    state = read_state(tx, asked, uuid.uuid4().hex)
    judged = judge(candidates, state)
    write_group(tx, [scribe.entered(a) for a in judged.admissions], judged.accounts, state.accounts)
    return judged.answers
