"""What documents need from outside, fetched through the one guarded session."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from connectors.did_web import resolve_did_web
from connectors.errors import ConnectorError, Refused, Unresolvable
from connectors.guarded import GuardedSession
from connectors.status_lists import fetch_status_list
from service.intake.submit import NotNow
from service.trust.wanted import Resolved, Wanted

_AT_ONCE = 8


class Outside:
    """Finds what a document wants."""

    def __init__(self, session: GuardedSession) -> None:
        self._session = session

    def resolve(self, wanted: Wanted) -> Resolved:
        """The bytes of all that is wanted; what breaks a rule is left out, and its absence refuses the document.

        Raises ``NotNow`` where something cannot be had at the moment, which says nothing about the document.
        """
        return Resolved(_each(wanted.dids, self._document), _each(wanted.status_lists, self._list))

    def _document(self, did: str) -> bytes:
        return resolve_did_web(self._session, did)

    def _list(self, url: str) -> bytes:
        return fetch_status_list(self._session, url).content

    def attempt(self, wanted: Wanted) -> tuple[Resolved, dict[str, str]]:
        """What can be had of all that is wanted, and by name why the rest cannot. Fetched side by side."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            documents = list(pool.map(partial(_tried, self._document), wanted.dids))
            lists = list(pool.map(partial(_tried, self._list), wanted.status_lists))
        found = [{n: b for n, b, _ in tried if b is not None} for tried in (documents, lists)]
        return Resolved(*found), {name: why for name, content, why in (*documents, *lists) if content is None}


def _tried(fetch: Callable[[str], bytes], name: str) -> tuple[str, bytes | None, str]:
    try:
        return name, fetch(name), ""
    except ConnectorError as error:
        return name, None, str(error)


def _each(names: Iterable[str], fetch: Callable[[str], bytes]) -> dict[str, bytes]:
    found = {}
    for name in names:
        try:
            found[name] = fetch(name)
        except Refused:
            continue
        except Unresolvable as error:
            raise NotNow(f"{name[:200]} could not be looked up just now: {error}") from error
    return found
