"""The thread that writes in groups: it closes a group in time, however late it is itself."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from service.intake import writer
from service.intake.writer import GroupWriter
from service.ledger.entry import Scribe


def test_a_group_closes_in_time_however_late_its_thread_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request alone in its group would wait for its verdict until the next one comes.

    The deadline passes anywhere between the look at the clock and the wait: deadlines of 0 to 30 microseconds meet
    each place.
    """
    first: Any = SimpleNamespace(size=1)
    scribe: Any = Scribe.__new__(Scribe)
    closed = []

    def gather() -> None:
        for hundredths in range(3_000):
            monkeypatch.setattr(writer, "GROUP_SECONDS", hundredths * 1e-8)
            closed.append(GroupWriter(None, scribe)._gather(first))  # type: ignore[arg-type]

    thread = threading.Thread(target=gather, daemon=True)
    thread.start()
    thread.join(20)
    assert closed == [([first], None)] * 3_000
