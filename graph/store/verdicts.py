"""Verdicts as the text that is kept beside their documents."""

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from graph.model.documents import CheckResult, FieldError, Finding, Outcome, Verdict


def dump_verdict(verdict: Verdict) -> str:
    """A verdict as JSON text."""
    return _dump(
        {
            "accepted": verdict.accepted,
            "checks": [_fields(c) for c in verdict.checks],
            "signature_valid": verdict.signature_valid,
            "signer_authorised": verdict.signer_authorised,
            "key_in_force": verdict.key_in_force,
            "findings": [asdict(f) for f in verdict.findings],
        }
    )


_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@lru_cache(maxsize=256)
def _fields(check: CheckResult) -> dict[str, Any]:
    """A check as it is kept; most documents have the same ones, so they are made once. Not to be changed."""
    return asdict(check)


def load_verdict(text: str) -> Verdict:
    """The verdict in JSON text."""
    data = json.loads(text)
    return Verdict(
        accepted=data["accepted"],
        checks=tuple(map(_check, data["checks"])),
        signature_valid=data["signature_valid"],
        signer_authorised=data["signer_authorised"],
        key_in_force=data["key_in_force"],
        findings=tuple(Finding(f["code"], f["message"], tuple(f["subjects"])) for f in data["findings"]),
    )


def _check(data: dict[str, Any]) -> CheckResult:
    errors = tuple(FieldError(e["pointer"], e["detail"]) for e in data["errors"])
    return CheckResult(data["number"], data["name"], Outcome(data["outcome"]), data["detail"], errors)
