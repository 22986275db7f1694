"""Records of the service itself that change figures: the status of a document, and published factors. Pure."""

import json
from hashlib import sha256
from typing import Any, Final

import rfc8785

from graph.model.facts import Stated, Statement
from graph.model.intake import StatusChange
from schemas.errors import StrictJsonError
from schemas.factor_sets import load_factor_set
from schemas.strict_json import parse
from service.auth.roles import OPERATOR

STATUS: Final = "status-change"
FACTORS: Final = "factor-set"


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


def factor_record(file: bytes, follows: str) -> bytes:
    """The record that a set of published factors, as a valid file says it, holds from now on.

    ``follows``: id of the record of the version that is in force until then, empty for the first.
    """
    return bytes(rfc8785.dumps({"kind": FACTORS, "follows": follows, "set": json.loads(file)}))


def factors_stated(record: bytes, sender: str, at: float) -> Statement | None:
    """What a record of factors states, in the name of the operator alone; None for a record of something else.

    ``at``: when it was received, in seconds. Raises ``FactorSetInvalid``.
    """
    told = _members(record) if FACTORS.encode() in record and sender == OPERATOR else {}
    if told.get("kind") != FACTORS:
        return None
    found = load_factor_set(told.get("set"), sender)
    stated = Stated(0, found, str(told.get("follows", "")))
    return Statement(sender, sha256(record).hexdigest(), at, None, (stated,))


def _members(record: bytes) -> dict[str, Any]:
    try:
        found = parse(record)
    except StrictJsonError:
        return {}
    return found if isinstance(found, dict) else {}
