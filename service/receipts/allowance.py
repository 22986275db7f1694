"""How many receipts a principal may ask for that add an entry to the ledger: reading must not make it grow without end.

Counted in this process, over a sliding hour: each worker counts for itself. What was asked before costs nothing.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from graph.errors import GreenchainError

WINDOW_SECONDS = 3600.0
_MOST_PRINCIPALS = 10_000  # memory is bounded; who has not asked for longest is forgotten first


class TooManyReceipts(GreenchainError):
    """The principal has asked for as many new receipts as it may; ``seconds`` until it may ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"no more new receipts for {seconds} s; those that you were given before you may ask for again"
        )
        self.seconds = seconds


class Allowance:
    """Counts new receipts by principal; at most ``most`` an hour."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._given: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, principal: str) -> None:
        """Count one more for a principal. Raises ``TooManyReceipts``."""
        now = self._clock()
        with self._lock:
            times = self._given.setdefault(principal, deque())
            self._given.move_to_end(principal)
            while times and times[0] <= now - WINDOW_SECONDS:
                times.popleft()
            if len(times) >= self._most:
                raise TooManyReceipts(int(times[0] + WINDOW_SECONDS - now) + 1)
            times.append(now)
            while len(self._given) > _MOST_PRINCIPALS:
                self._given.popitem(last=False)
