"""Status list credentials as bytes. What they say is judged in ``service.trust`` (W3C Bitstring Status List 1.0)."""

from connectors.errors import Refused
from connectors.guarded import Fetched, GuardedSession

# VC-JOSE-COSE 6.1 and VC Data Model 2.0 B.1.
MEDIA_TYPES = ("application/vc+jwt", "application/vc")


def fetch_status_list(session: GuardedSession, url: str) -> Fetched:
    """The status list credential at an address, as bytes and media type.

    Raises ``Refused`` for another media type, and what the session raises. Its signature is for the caller to verify.
    """
    found = session.fetch(url, ", ".join(MEDIA_TYPES))
    if found.media_type not in MEDIA_TYPES:
        shown = found.media_type[:80] or "no media type"
        raise Refused(f"{url} answers with {shown}; a status list comes as {' or '.join(MEDIA_TYPES)}")
    return found
