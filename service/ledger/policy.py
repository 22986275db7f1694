"""The version of what verdicts are found by: checks, caps and evidence policy, as a document of its own. Pure."""

from dataclasses import asdict
from typing import Any

import rfc8785

from service.trust.checks import CHECKS
from service.trust.limits import Limits


def policy_document(limits: Limits, evidence: str) -> bytes:
    """What is checked and how, in canonical JSON. Its SHA-256 is the policy version that entries name."""
    checks: list[Any] = [{"number": c.number, "name": c.name, "clause": c.clause, "meaning": c.meaning} for c in CHECKS]
    return bytes(rfc8785.dumps({"checks": checks, "limits": asdict(limits), "evidence": evidence}))
