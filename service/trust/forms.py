"""Which form bytes seem to be in, where nobody said so: a guess, which the form's own checks confirm or refuse."""

from graph.model.documents import Format
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.envelope import decode_base64url
from service.trust.envelopes.vc_jwt import VC_JWT_TYPE

_HEADER_LENGTH = 50_000


def guess(content: bytes) -> Format:
    """JSON begins with a brace, and is a credential where it holds a proof; an SD-JWT holds tildes (RFC 9901 4)."""
    if content.lstrip()[:1] == b"{":
        return Format.DATA_INTEGRITY if b'"proof"' in content and b'"@context"' in content else Format.JSON
    if b"~" in content:
        return Format.SD_JWT
    return Format.VC_JWT if _type(content) in (VC_JWT_TYPE, f"application/{VC_JWT_TYPE}") else Format.JWS


def _type(content: bytes) -> object:
    """``typ`` of a compact JWS (RFC 7515 4.1.9), or None."""
    header = decode_base64url(content[:_HEADER_LENGTH].partition(b".")[0])
    try:
        members = parse(header or b"", max_depth=8, max_items=100)
    except StrictJsonError:
        return None
    return members.get("typ") if isinstance(members, dict) else None
