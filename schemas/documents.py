"""Documents and their verdicts as this API writes them."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from graph.model.documents import CheckResult, StoredDocument

PROOF = "Address of the proof that the document is in the ledger (C2SP tlog-proof)"


class ErrorView(ma.Schema):
    """One field at fault."""

    pointer = ma.fields.String(required=True, metadata={"description": "Place in the document (RFC 6901)"})
    detail = ma.fields.String(required=True)


class CheckView(ma.Schema):
    """One numbered check and how it ended."""

    number = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    outcome = ma.fields.String(required=True)
    detail = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(ErrorView))


class FindingView(ma.Schema):
    """Something a reader should know that refused nothing."""

    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    subjects = ma.fields.List(ma.fields.String(), required=True)


class VerdictView(ma.Schema):
    """All that was found about a document; three facts kept apart, each absent where it does not arise."""

    accepted = ma.fields.Boolean(required=True)
    signature_valid = ma.fields.Boolean()
    signer_authorised = ma.fields.Boolean()
    key_in_force = ma.fields.Boolean()
    checks = ma.fields.List(ma.fields.Nested(CheckView), required=True)
    findings = ma.fields.List(ma.fields.Nested(FindingView), required=True)


class DocumentView(ma.Schema):
    """A stored document: its id is the SHA-256 of its bytes."""

    id = ma.fields.String(required=True)
    ledger_index = ma.fields.Integer(required=True)
    ledger_proof = ma.fields.String(required=True, metadata={"description": PROOF})
    format = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    sender = ma.fields.String(required=True)
    statement_id = ma.fields.String(required=True)
    key_thumbprint = ma.fields.String()
    received_at = ma.fields.String(required=True)
    size = ma.fields.Integer(required=True)
    left_at = ma.fields.Integer(
        metadata={"description": "Ledger index of what took it out of the figures: withdrawal, key revocation, status"}
    )
    verdict = ma.fields.Nested(VerdictView, required=True)


class DocumentPage(ma.Schema):
    """One page of documents, newest first."""

    data = ma.fields.List(ma.fields.Nested(DocumentView), required=True)
    next = ma.fields.String(metadata={"description": "Cursor of the next page; absent on the last"})


class BatchItem(ma.Schema):
    """One line of a batch with the status it would have got alone; 403 lines are not stored and have no document."""

    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(metadata={"description": "Why a line was not stored"})
    id = ma.fields.String()
    ledger_index = ma.fields.Integer()
    ledger_proof = ma.fields.String(metadata={"description": PROOF})
    format = ma.fields.String()
    issuer = ma.fields.String()
    sender = ma.fields.String()
    statement_id = ma.fields.String()
    key_thumbprint = ma.fields.String()
    received_at = ma.fields.String()
    size = ma.fields.Integer()
    left_at = ma.fields.Integer()
    verdict = ma.fields.Nested(VerdictView)


class BatchView(ma.Schema):
    """One answer a document, in the order sent."""

    accepted = ma.fields.Integer(required=True)
    rejected = ma.fields.Integer(required=True)
    results = ma.fields.List(ma.fields.Nested(BatchItem), required=True)


def moment(seconds: float) -> str:
    """A time as RFC 3339 in UTC."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")


def view_document(document: StoredDocument) -> dict[str, Any]:
    """A document as JSON: what is not known is absent, never null."""
    verdict = document.verdict
    states = ("signature_valid", "signer_authorised", "key_in_force")
    shown: dict[str, Any] = {
        "id": document.id,
        "ledger_index": document.index,
        "ledger_proof": f"/ledger/proof?document={document.id}",
        "format": document.format.value,
        "issuer": document.issuer,
        "sender": document.sender,
        "statement_id": document.statement_id,
        "received_at": moment(document.received_at),
        "size": document.size,
        "verdict": {
            "accepted": verdict.accepted,
            **{name: value for name in states if (value := getattr(verdict, name)) is not None},
            "checks": [_check(c) for c in verdict.checks],
            "findings": [
                {"code": f.code, "message": f.message, "subjects": list(f.subjects)} for f in verdict.findings
            ],
        },
    }
    if document.left is not None:
        shown["left_at"] = document.left
    if document.key_thumbprint:
        shown["key_thumbprint"] = document.key_thumbprint
    return shown


def _check(check: CheckResult) -> dict[str, Any]:
    shown: dict[str, Any] = {"number": check.number, "name": check.name, "outcome": check.outcome.value}
    if check.detail:
        shown["detail"] = check.detail
    if check.errors:
        shown["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in check.errors]
    return shown
