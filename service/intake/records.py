"""Records of the service itself about documents: how the status of one has changed. Pure."""

from typing import Any, Final

import rfc8785

from graph.model.intake import StatusChange
from schemas.errors import StrictJsonError
from schemas.strict_json import parse

STATUS: Final = "status-change"


def status_record(change: StatusChange) -> bytes:
    """The record that the status of a document is another from now on."""
    told = {"document": change.document, "state": change.state, "detail": change.detail, "follows": change.follows}
    return bytes(rfc8785.dumps({"kind": STATUS, "check": "credential-status", **told}))


def status_change(record: bytes) -> StatusChange | None:
    """The change that a record tells of; None for a record of something else."""
    told = _members(record) if STATUS.encode() in record else {}
    if told.get("kind") != STATUS:
        return None
    return StatusChange(**{name: str(told[name]) for name in ("document", "state", "detail", "follows")})


def _members(record: bytes) -> dict[str, Any]:
    try:
        found = parse(record)
    except StrictJsonError:
        return {}
    return found if isinstance(found, dict) else {}
