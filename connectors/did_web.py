"""did:web: the document of an issuer that names itself by a web address (W3C CCG did:web method, 2.5.2 Read)."""

import re

from connectors.addresses import target
from connectors.errors import Refused
from connectors.guarded import GuardedSession
from schemas.errors import StrictJsonError
from schemas.strict_json import parse

_ACCEPT = "application/did+json, application/did+ld+json;q=0.9, application/json;q=0.8"
_DID = re.compile(
    r"did:web:(?P<host>[A-Za-z0-9.-]+)(?:%3[Aa](?P<port>[0-9]{1,5}))?(?P<path>(?::[A-Za-z0-9._~%-]+)*)", re.ASCII
)
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+", re.ASCII)
# What a server could take for another path than the one that is written.
_MISLEADING = re.compile(r"\.{1,2}|.*%(?:2[Ee]|2[Ff]|5[Cc]|00|25).*")
_NUMERIC = re.compile(r"[0-9.]+|0[xX].*|.*\.(?:[0-9]+|0[xX][0-9A-Fa-f]*)")


def document_url(did: str) -> str:
    """Where the document of a did:web lies. Raises ``Refused`` for anything that is no plain did:web.

    ``did:web:example.com`` is at ``/.well-known/did.json``; each further part is a step of the path, and a port stands
    after ``%3A``. IP addresses are no names (method specification, 2.1).
    """
    found = _DID.fullmatch(did)
    if found is None:
        raise Refused(f"{did[:200]!r} is not a did:web without path, query or fragment behind it")
    host = found["host"].lower()
    if _NUMERIC.fullmatch(host):
        raise Refused(f"{did[:200]!r} names an IP address, which a did:web may not")
    steps = found["path"].split(":")[1:]
    if any(not _SEGMENT.fullmatch(step) or _MISLEADING.fullmatch(step) for step in steps):
        raise Refused(f"{did[:200]!r} has a step that misleads")
    place = f"https://{host}" + (f":{found['port']}" if found["port"] else "")
    url = place + ("/" + "/".join(steps) if steps else "/.well-known") + "/did.json"
    return target(url).url


def resolve_did_web(session: GuardedSession, did: str) -> bytes:
    """The bytes of a did:web's document, whose id is that DID. Raises ``Refused`` or ``Unresolvable``."""
    content = session.fetch(document_url(did), _ACCEPT).content
    try:
        document = parse(content, max_depth=32, max_items=10_000)
    except StrictJsonError as error:
        raise Refused(f"the document of {did} {error}") from error
    if not isinstance(document, dict) or document.get("id") != did:
        raise Refused(f"the document found for {did} is that of another: its id must equal the DID")
    return content
