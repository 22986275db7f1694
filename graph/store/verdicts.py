"""Verdicts as the text that is kept beside their documents."""

import json
from dataclasses import asdict
from typing import Any

from graph.model.documents import CheckResult, FieldError, Finding, Outcome, Verdict


def dump_verdict(verdict: Verdict) -> str:
    """A verdict as JSON text."""
    return json.dumps(asdict(verdict), separators=(",", ":"), ensure_ascii=False)


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
