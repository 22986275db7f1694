"""What documents need from outside, fetched through the one guarded session."""

from collections.abc import Callable, Iterable

from connectors.did_web import resolve_did_web
from connectors.errors import Refused, Unresolvable
from connectors.guarded import GuardedSession
from connectors.status_lists import fetch_status_list
from service.intake.submit import NotNow
from service.trust.wanted import Resolved, Wanted


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
