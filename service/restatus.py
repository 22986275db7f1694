"""Looks at the status of accepted documents again: what its issuer has revoked or suspended since leaves the figures.

A change is a record in the ledger, with a verdict of its own; the verdict of then is not touched. A list that cannot be
had, or that says nothing, changes nothing: that would let whoever sits on the line take a supplier's word away.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from graph.model.intake import StatusChange
from graph.store.database import Database
from graph.store.statuses import Watched, mark_seen, read_seen, read_watched
from service.intake.submit import Intake
from service.outside import Outside
from service.trust.checks import Refusal
from service.trust.envelopes.dids import DID_WEB
from service.trust.envelopes.lists import open_list
from service.trust.envelopes.status_check import status_now, verified_list
from service.trust.status import State
from service.trust.validation import looked_up
from service.trust.wanted import Resolved, Wanted

# So many lists are held in memory at a time, 64 kB each.
_LISTS: Final = 64


@dataclass(frozen=True, slots=True)
class Changed:
    """A document whose status is another now, and the record in the ledger that says so."""

    document: str
    state: str
    detail: str
    record: str
    index: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A status list that did not answer: why, and when it last did (seconds since the epoch)."""

    url: str
    reason: str
    last_read: float | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a look at all lists brought. ``documents`` that were looked at, ``undecided`` of them without an answer."""

    documents: int = 0
    lists: int = 0
    undecided: int = 0
    changes: tuple[Changed, ...] = ()
    unread: tuple[Unread, ...] = ()

    def and_of(self, other: "Refreshed") -> "Refreshed":
        """Both together."""
        return Refreshed(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(slots=True)
class _Lists:
    """What was found: bytes, verified credentials by URL, and by name why there is none, or why it says nothing."""

    found: Resolved
    faults: dict[str, str]
    verified: dict[str, Mapping[str, object]] = field(default_factory=dict)


class Restatus:
    """Refreshes status. ``outside``: the way to the lists."""

    def __init__(self, database: Database, intake: Intake, outside: Outside) -> None:
        self._database = database
        self._intake = intake
        self._outside = outside

    def refresh(self, at: float, told: Callable[[int, int], None] = lambda _done, _of: None) -> Refreshed:
        """Fetch every list once, judge at a time (seconds since the epoch), and enter what has changed.

        ``told``: documents done, of how many. Raises ``EngineError``.
        """
        watched, whole, done = self._database.read(read_watched), Refreshed(), 0
        for part in _parts(watched):
            found = self._refreshed(part, at)
            whole = whole.and_of(found)
            done += len(part)
            told(done, len(watched))
        return whole

    def _refreshed(self, watched: list[Watched], at: float) -> Refreshed:
        lists, changes, undecided = self._lists(watched, at), list[tuple[StatusChange, frozenset[str]]](), 0
        for one in watched:
            status = status_now(one.places, lists.verified, at=at)
            if status.state is State.UNKNOWN:
                undecided += 1
                _note(lists, one, status.detail)
            elif status.state.value != one.state:
                detail = status.detail or "its issuer has lifted the suspension"
                change = StatusChange(one.document, status.state.value, detail, one.record)
                changes.append((change, frozenset(n for p in one.places for n in (p.issuer, p.url))))
        records = self._intake.change_statuses(changes, lists.found) if changes else []
        entered = (
            Changed(c.document, c.state, c.detail, r.id, r.index) for (c, _), r in zip(changes, records, strict=True)
        )
        urls = {p.url for one in watched for p in one.places}
        return Refreshed(len(watched), len(urls), undecided, tuple(entered), self._unread(lists, urls, at))

    def _lists(self, watched: list[Watched], at: float) -> _Lists:
        """Each list is fetched and verified once, however many documents name it."""
        issuers = {p.url: p.issuer for one in watched for p in one.places}
        dids = dict.fromkeys(issuer for issuer in issuers.values() if issuer.startswith(DID_WEB))
        lists = _Lists(*self._outside.attempt(Wanted(tuple(dids), tuple(issuers))))
        context = self._intake.context(at, looked_up(lists.found))
        for url in lists.found.status_lists:
            try:
                lists.verified[url] = verified_list(url, context, open_list)
            except Refusal as refusal:
                lists.faults[url] = lists.faults.get(issuers[url], refusal.detail)
        return lists

    def _unread(self, lists: _Lists, urls: set[str], at: float) -> tuple[Unread, ...]:
        before, missing = self._database.read(read_seen), sorted(urls & lists.faults.keys())
        self._database.write(mark_seen, sorted(urls - lists.faults.keys()), at)
        return tuple(Unread(url, lists.faults[url], before.get(url)) for url in missing)


def _parts(watched: tuple[Watched, ...]) -> Iterator[list[Watched]]:
    """Documents of the same lists together, and no more lists at a time than may be held in memory."""
    part, urls = list[Watched](), set[str]()
    for one in sorted(watched, key=lambda w: sorted({p.url for p in w.places})):
        named = {p.url for p in one.places}
        if len(urls | named) > _LISTS and part:
            yield part
            part, urls = [], set()
        part.append(one)
        urls |= named
    if part:
        yield part


def _note(lists: _Lists, one: Watched, detail: str) -> None:
    """A list that was verified and says nothing all the same (expired, for another purpose) is as good as not read."""
    urls = {p.url for p in one.places}
    if urls <= lists.verified.keys():
        lists.faults |= dict.fromkeys(urls, detail)
