"""Failed attempts, counted in this process: guessing is slowed down without locking anybody out for long.

Each worker counts for itself, so an attacker gets at most the figures below times the number of workers. A name is
counted by the addresses that try it and, much higher, over all addresses: nobody far away shuts a client out cheaply.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from service.auth.errors import TooManyAttempts

WINDOW_SECONDS = 300.0
PER_NAME_AND_ADDRESS = 10
PER_ADDRESS = 60
PER_NAME = 200
_MOST_KEYS = 20_000  # memory is bounded; the longest unused are forgotten first


@dataclass(frozen=True, slots=True)
class _Limit:
    key: tuple[str, str]
    most: int


class Attempts:
    """Counts failures by name and address within a sliding window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def check(self, name: str, address: str) -> None:
        """Raise TooManyAttempts when this name or address has failed too often."""
        now = self._clock()
        with self._lock:
            waits = [self._wait(limit, now) for limit in _limits(name, address)]
        if wait := max(waits):
            raise TooManyAttempts(int(wait) + 1)

    def failed(self, name: str, address: str) -> None:
        """Count one failure."""
        now = self._clock()
        with self._lock:
            for limit in _limits(name, address):
                times = self._failures.setdefault(limit.key, deque(maxlen=limit.most))
                times.append(now)
                self._failures.move_to_end(limit.key)
            while len(self._failures) > _MOST_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name at an address."""
        with self._lock:
            self._failures.pop(_limits(name, address)[0].key, None)

    def _wait(self, limit: _Limit, now: float) -> float:
        """Seconds until the oldest of `most` failures leaves the window."""
        times = self._failures.get(limit.key)
        return max(0.0, times[0] + WINDOW_SECONDS - now) if times and len(times) == limit.most else 0.0


def _limits(name: str, address: str) -> tuple[_Limit, ...]:
    name = name.casefold()[:200]
    return (
        _Limit((name, address), PER_NAME_AND_ADDRESS),
        _Limit(("", address), PER_ADDRESS),
        _Limit((name, ""), PER_NAME),
    )
