"""Pages about documents: those of the viewer's organization, and one document with its verdict."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import flask

from graph.model.documents import Finding, Outcome, StoredDocument
from graph.model.refs import NEVER
from graph.rollup.errors import BeyondRange, CycleFound
from service.api.paging import decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.chain import NotFound
from service.context import services
from service.figures import Ask
from service.web import words
from service.web.naming import naming
from service.web.queries import text
from service.web.stated import TOLD, Stated, stated

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
        says=saying(found[:PAGE]),
    )


def saying(documents: Sequence[StoredDocument]) -> Callable[[StoredDocument], str]:
    """Names what each of some documents says, as far as the viewer may see it: footprint of BRACKETS-1."""
    tables = services.chain.stated([document.index for document in documents], TOLD)
    sees, name = services.chain.sight(current_viewer()), naming().organization
    return lambda document: stated(tables, sees, document, name, 1).headline


@blueprint.get("/documents/<document>")
@allowed(Permission.READ_CHAIN)
def one(document: str) -> str:
    """The verdict on one document: every check, and what to do about the one that failed."""
    viewer, name = current_viewer(), naming().organization
    found = services.documents.find(viewer, document)
    failed = found.verdict.failed
    told = stated(services.chain.stated([found.index], TOLD), services.chain.sight(viewer), found, name)
    return flask.render_template(
        "document.html",
        document=found,
        failed=failed,
        remedy=words.CHECKS_BY_NUMBER[failed.number].remedy if failed else "",
        checks=[(result, words.CHECKS_BY_NUMBER[result.number]) for result in found.verdict.checks],
        passed=sum(c.outcome is Outcome.PASSED for c in found.verdict.checks),
        findings=[_finding(f) for f in found.verdict.findings],
        name=name,
        stated=told,
        now=_now(found, told),
    )


def _now(found: StoredDocument, told: Stated) -> dict[str, Any] | None:
    """What the first lot whose footprint the viewer's organization states here shows now; None where there is none."""
    viewer = current_viewer()
    if found.left is not None or found.issuer != viewer.organization:
        return None
    lots = [fact for fact in told.facts if fact.kind == "footprint" and fact.lot]
    try:
        return services.figures.footprint(Ask(viewer), lots[0].lot) if lots else None
    except (NotFound, CycleFound, BeyondRange):  # its own page says why it has no figure
        return None


def _finding(found: Finding) -> dict[str, Any]:
    """A finding in words, and the documents that it is about."""
    told = words.finding({"code": found.code, "message": found.message, "subjects": found.subjects})
    return told | {"documents": [one for one in found.subjects if _DOCUMENT.fullmatch(one)]}
