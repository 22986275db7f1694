"""The version of what verdicts are found by: checks, caps and evidence policy, and its place in the ledger. Pure."""

from collections.abc import Collection
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import rfc8785

from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.checks import CHECKS
from service.trust.limits import Limits

_NAME = "policy"


def policy(limits: Limits, evidence: str, recognised: Collection[str]) -> dict[str, Any]:
    """What is checked and how: the checks, the caps, the evidence policy, and the bodies that may accredit.

    The bodies change no verdict on a document, but figures: a level of assurance stands and falls with them.
    """
    checks = [{"number": c.number, "name": c.name, "clause": c.clause, "meaning": c.meaning} for c in CHECKS]
    return {"checks": checks, "limits": asdict(limits), "evidence": evidence, "recognised_bodies": sorted(recognised)}


def policy_version(limits: Limits, evidence: str, recognised: Collection[str] = ()) -> str:
    """The version that entries name: SHA-256 over the canonical JSON (RFC 8785) of ``policy``."""
    return sha256(bytes(rfc8785.dumps(policy(limits, evidence, recognised)))).hexdigest()


def policy_record(limits: Limits, evidence: str, follows: str, recognised: Collection[str] = ()) -> bytes:
    """The record that a policy holds from now on. ``follows``: id of the record before it, empty for the first.

    So a policy that comes back is another record than it was the first time.
    """
    told = policy(limits, evidence, recognised)
    return bytes(rfc8785.dumps({"kind": _NAME, "follows": follows, "policy": told}))


def is_policy(record: bytes) -> bool:
    """Whether a record of the service is one of a policy."""
    try:
        found = parse(record)
    except StrictJsonError:
        return False
    return isinstance(found, dict) and found.get("kind") == _NAME
