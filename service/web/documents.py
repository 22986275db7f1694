"""Pages about documents: those of the viewer's organization, and one document with its verdict."""

import re
from typing import Any

import flask

from graph.model.documents import Finding, Outcome
from graph.model.refs import NEVER
from service.api.paging import decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.context import services
from service.web import words
from service.web.naming import naming
from service.web.queries import text

PAGE = 25
_DOCUMENT = re.compile(r"[0-9a-f]{64}")

blueprint = flask.Blueprint("document_pages", __name__)


@blueprint.get("/documents")
@allowed(Permission.READ_CHAIN)
def index() -> str:
    """What the viewer's organization issued or handed in, newest first."""
    viewer, cursor = current_viewer(), text("cursor", 600)
    before = int(decode_cursor(cursor, int)[0]) if cursor else NEVER
    found = services.documents.own(viewer, min(max(before, 0), NEVER), PAGE + 1)
    return flask.render_template(
        "documents.html",
        documents=found[:PAGE],
        next=encode_cursor(found[PAGE - 1].index) if len(found) > PAGE else "",
        first=not cursor,
        may_submit=viewer.may(Permission.SUBMIT_DOCUMENTS),
        name=naming().organization,
    )


@blueprint.get("/documents/<document>")
@allowed(Permission.READ_CHAIN)
def one(document: str) -> str:
    """The verdict on one document: every check, and what to do about the one that failed."""
    found = services.documents.find(current_viewer(), document)
    failed = found.verdict.failed
    return flask.render_template(
        "document.html",
        document=found,
        failed=failed,
        remedy=words.CHECKS_BY_NUMBER[failed.number].remedy if failed else "",
        checks=[(result, words.CHECKS_BY_NUMBER[result.number]) for result in found.verdict.checks],
        passed=sum(c.outcome is Outcome.PASSED for c in found.verdict.checks),
        findings=[_finding(f) for f in found.verdict.findings],
        name=naming().organization,
    )


def _finding(found: Finding) -> dict[str, Any]:
    """A finding in words, and the documents that it is about."""
    told = words.finding({"code": found.code, "message": found.message, "subjects": found.subjects})
    return told | {"documents": [one for one in found.subjects if _DOCUMENT.fullmatch(one)]}
