"""Group commit: one thread a process gathers what waits and writes it in one transaction.

One document a transaction gives a fraction of the throughput, and worse with more clients (bench: intake). Neighbours in
a group never harm each other: a group that fails is halved until only the bad document fails.
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

GROUP_DOCUMENTS = 64
GROUP_SECONDS = 0.002
UNIT_DOCUMENTS = 500  # the most documents of one request that go into one transaction
UNKNOWN_TRIES = 5

Answers = list[StoredDocument]


@dataclass(slots=True)
class _Unit:
    """The documents of one request, and where its thread waits for the answers."""

    candidates: list[Candidate]
    answers: "Future[Answers]" = field(default_factory=Future)


class GroupWriter:
    """Hands candidates to the writing thread and waits for their verdicts.

    ``lock``: a file on which the writers of all processes of this machine take turns.
    """

    def __init__(self, database: Database, lock: Path | None = None) -> None:
        self._database = database
        self._lock = lock
        self._waiting: queue.SimpleQueue[_Unit] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(self, candidates: list[Candidate]) -> Answers:
        """The stored documents of these candidates, in order, once their transactions are durable.

        Raises ``EngineError`` when the graph is away (nothing of the failing part was written) and ``StoreError``.
        """
        self._start()
        units = [_Unit(candidates[n : n + UNIT_DOCUMENTS]) for n in range(0, len(candidates), UNIT_DOCUMENTS)]
        for unit in units:
            self._waiting.put(unit)
        return [answer for unit in units for answer in unit.answers.result()]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._write_units(self._gather())

    def _gather(self) -> list[_Unit]:
        units = [self._waiting.get()]
        waiting, until = len(units[0].candidates), time.monotonic() + GROUP_SECONDS
        while waiting < GROUP_DOCUMENTS:
            try:
                units.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
            waiting += len(units[-1].candidates)
        return units

    def _write_units(self, units: list[_Unit]) -> None:
        """Write units together; on a failure that is not the engine's absence, each half by itself."""
        try:
            answers = self._write([c for u in units for c in u.candidates])
        except EngineError as error:
            for unit in units:
                unit.answers.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - whatever happens, the waiting request must hear of it
            self._halve(units, error)
        else:
            for unit in units:
                unit.answers.set_result(answers[: len(unit.candidates)])
                answers = answers[len(unit.candidates) :]

    def _halve(self, units: list[_Unit], error: BaseException) -> None:
        if len(units) == 1:
            units[0].answers.set_exception(error)
            return
        middle = len(units) // 2
        self._write_units(units[:middle])
        self._write_units(units[middle:])

    def _write(self, candidates: list[Candidate]) -> Answers:
        asked = question(candidates)
        for _ in range(UNKNOWN_TRIES):
            try:
                with self._turn():
                    return self._database.write(_commit, candidates, asked)
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


def _commit(tx: Tx, candidates: list[Candidate], asked: IntakeQuestion) -> Answers:
    state = read_state(tx, asked, uuid.uuid4().hex)
    judged = judge(candidates, state)
    write_group(tx, judged.admissions, judged.accounts)
    return judged.answers
