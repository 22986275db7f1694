"""How an answer refuses: problem details, and the check that a stored document failed."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

PROBLEM = {"type", "title", "status", "request_id"}


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The body, once it is problem details as it should be."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.data)
    assert body.keys() >= PROBLEM
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text
    return body


def rejected(answer: TestResponse, check: str) -> dict[str, str]:
    """Reason by pointer of a document that was stored as evidence and refused by a check."""
    body = problem(answer, 422)
    assert body["type"] == "urn:greenchain:problem:document-rejected"
    assert f"({check})" in body["detail"]
    verdict = body["document"]["verdict"]
    assert [c["name"] for c in verdict["checks"] if c["outcome"] == "failed"] == [check]
    assert not verdict["accepted"]
    return {error["pointer"]: error["detail"] for error in body.get("errors", [])}
