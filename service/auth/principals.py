"""Principals looked up for tokens and kept for some seconds: so long a disabled one may still get in elsewhere."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from graph.store.principals import Account

CACHE_SECONDS = 10.0
_MOST = 10_000


class PrincipalCache:
    """Remembers accounts by id. Unknown ids are not remembered: only ids of tokens that we signed are asked for."""

    def __init__(self, find: Callable[[str], Account | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Account]] = OrderedDict()

    def get(self, principal: str) -> Account | None:
        """The account with an id, at most CACHE_SECONDS old."""
        with self._lock:
            kept = self._kept.get(principal)
        if kept and self._clock() - kept[0] < CACHE_SECONDS:
            return kept[1]
        asked = self._clock()
        account = self._find(principal)
        self._keep(principal, asked, account)
        return account

    def forget(self, principal: str) -> None:
        """Ask again at the next look; what this process changed it sees at once."""
        with self._lock:
            self._kept.pop(principal, None)

    def _keep(self, principal: str, asked: float, account: Account | None) -> None:
        with self._lock:
            self._kept.pop(principal, None)
            if account is not None:
                self._kept[principal] = (asked, account)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
