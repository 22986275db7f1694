"""Status list credentials, in whatever form they come: as ``vc+jwt`` or with an embedded proof."""

from collections.abc import Mapping
from typing import Any

from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext, Steps
from service.trust.envelopes.data_integrity import open_data_integrity
from service.trust.envelopes.signer import Signer
from service.trust.envelopes.vc_jwt import open_vc_jwt

# The largest that a list may expand to, in base64url, and what stands around it.
_LIST_BYTES = 4 * 1024 * 1024


def open_list(content: bytes, context: OpenContext, steps: Steps) -> tuple[Mapping[str, Any], Signer]:
    """The content of a status list credential and who signed it. Raises ``Refusal``; JSON begins with a brace."""
    if len(content) > _LIST_BYTES:
        raise Refusal("caps", f"is larger than {_LIST_BYTES} bytes")
    opened = open_data_integrity if content.lstrip()[:1] == b"{" else open_vc_jwt
    return opened(content, context, steps)
