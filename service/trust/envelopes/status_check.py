"""The check ``credential-status``: the status lists that a credential names, each verified as any credential is.

At logging it refuses; afterwards the same lists are looked at again (``status_now``), and what they say then is entered
as a change.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graph.model.intake import NamedStatus
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext, Steps
from service.trust.envelopes.credential import check_credential
from service.trust.envelopes.signer import Signer
from service.trust.status import Status, StatusEntry, StatusRefused, entries, status_of

# Opens the bytes of a credential in some form: its content as parsed JSON, and who signed it. Raises ``Refusal``.
OpenCredential = Callable[[bytes, OpenContext, Steps], tuple[Mapping[str, Any], Signer]]


def status_check(
    credential: Mapping[str, Any], signer: Signer, context: OpenContext, open_list: OpenCredential
) -> Callable[[], tuple[NamedStatus, ...]] | None:
    """What carries out the check for one credential, or None where it names no status (VC Data Model 2.0, 4.10)."""
    if "credentialStatus" not in credential:
        return None

    def check() -> tuple[NamedStatus, ...]:
        return _check(credential["credentialStatus"], signer, context, open_list)

    return check


def _check(stated: object, signer: Signer, context: OpenContext, open_list: OpenCredential) -> tuple[NamedStatus, ...]:
    """Fail closed: only a list that was found, verified and says valid lets the document count."""
    try:
        found = entries(stated)
    except StatusRefused as error:
        raise Refusal("credential-status", str(error)) from error
    lists = {e.url: verified_list(e.url, context, open_list) for e in found if e.url in context.status_lists}
    status = status_of(found, lists, issuer=signer.name, at=context.at)
    if not status.counts:
        raise Refusal("credential-status", f"{status.state.value}: {status.detail}")
    return tuple(NamedStatus(signer.name, e.purpose, e.index, e.url) for e in found)


def status_now(named: tuple[NamedStatus, ...], lists: Mapping[str, Mapping[str, object]], *, at: float) -> Status:
    """The status of an accepted document by the lists that it named then, verified now; ``at`` in seconds.

    Nothing else of the document is looked at again: one issuer has signed it, and must have signed the lists. What
    cannot be found out is ``UNKNOWN``, which changes nothing.
    """
    found = tuple(StatusEntry(n.purpose, n.place, n.url) for n in named)
    return status_of(found, lists, issuer=named[0].issuer, at=at)


def verified_list(url: str, context: OpenContext, open_list: OpenCredential) -> Mapping[str, Any]:
    """The status list credential at an address of ``context.status_lists``. Raises ``Refusal``.

    Bitstring Status List 1.0, 3.2 (4): the list is a credential itself, and its signature must hold.
    """
    try:
        value, list_signer = open_list(context.status_lists[url], context, Steps())
        credential = check_credential(value, list_signer)
    except Refusal as refusal:
        raise Refusal("credential-status", f"the status list {url[:200]} is refused: {refusal}") from refusal
    return credential
