"""Errors as RFC 9457 problem details, or as a page with the same words; one table says which exception is which.

A problem names field and reason. It never carries internals, secrets, or more than 200 characters of what was sent.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import flask
import marshmallow as ma
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from graph import errors as graph
from graph.rollup.errors import BeyondRange, CycleFound
from graph.store.ledger import LedgerIncomplete
from graph.store.principals import NameTaken, OrganizationTaken
from schemas.identifiers import IdentifierError
from service.auth import errors as auth
from service.chain import AsOfUnknown, NotFound
from service.documents import DocumentUnknown
from service.intake.submit import NotNow, NotYourStatement
from service.lazily import BeyondMemory
from service.ledger.errors import EntryUnknown, LedgerError
from service.publications import PublicationTaken
from service.receipts.allowance import TooManyReceipts
from service.receipts.making import ReceiptFailed

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:greenchain:problem:"
MOST_CHARACTERS, MOST_ERRORS = 200, 100
# Paths that machines call; everything else is a page.
_MACHINE_PREFIXES = ("/api/", "/auth/", "/.well-known/", "/3/", "/epcis/", "/ledger/", "/healthz", "/readyz")
_PAGES = ("/api/docs",)

log = logging.getLogger("greenchain.problems")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an exception is to the client. Without `tells` its message stays inside: the title is all that is said."""

    status: int
    slug: str
    title: str
    tells: bool = True
    retry_after: int = 0


_LEDGER_STOPPED = Kind(503, "ledger-stopped", "The ledger signs nothing until its operator has seen to it", False, 60)
# The most derived class counts. Rooms that raise more add their rows here.
KINDS: Mapping[type[BaseException], Kind] = {
    graph.EngineUnavailable: Kind(503, "engine-unavailable", "The graph engine does not answer", False, 2),
    graph.EngineRefused: Kind(503, "engine-unavailable", "The graph engine does not answer", False, 30),
    graph.TooMuchContention: Kind(503, "too-busy", "Too many writers at the same data; try again", False, 1),
    graph.CommitUnknown: Kind(
        503, "outcome-unknown", "It cannot be told whether it was stored; send it again", False, 1
    ),
    graph.KeyTaken: Kind(409, "already-exists", "Something with this identity exists already", False),
    OrganizationTaken: Kind(409, "organization-exists", "The organization takes part already", False),
    NameTaken: Kind(409, "name-taken", "Another person signs in by this name", False),
    NotFound: Kind(404, "not-found", "There is no such thing, or you may not see it"),
    DocumentUnknown: Kind(404, "not-found", "There is no such thing, or you may not see it"),
    AsOfUnknown: Kind(422, "as-of-unknown", "The ledger has not come that far"),
    BeyondMemory: Kind(422, "beyond-memory", "The chain is larger than this service keeps in memory"),
    CycleFound: Kind(409, "cycle", "The chain above this lot contains itself, so it has no figure"),
    BeyondRange: Kind(409, "beyond-range", "What stands behind this figure adds up to more than can be counted"),
    NotNow: Kind(503, "not-now", "Something that the document needs cannot be had just now; try again", True, 30),
    NotYourStatement: Kind(403, "not-your-statement", "An organization speaks only for itself"),
    EntryUnknown: Kind(404, "not-found", "The ledger has no such entry"),
    TooManyReceipts: Kind(429, "too-many-receipts", "Too many new receipts were asked for"),
    PublicationTaken: Kind(409, "name-taken", "A figure is published by this name already"),
    ReceiptFailed: Kind(409, "no-receipt", "No receipt can be given of this figure"),
    LedgerError: _LEDGER_STOPPED,
    LedgerIncomplete: _LEDGER_STOPPED,
    IdentifierError: Kind(422, "bad-identifier", "An identifier is not well-formed"),
    auth.NotAuthenticated: Kind(401, "not-authenticated", "Nobody is signed in"),
    auth.Forbidden: Kind(403, "forbidden", "Your roles do not allow this"),
    auth.FormForged: Kind(403, "form-forged", "The form was refused"),
    auth.TooManyAttempts: Kind(429, "too-many-attempts", "Too many failed attempts"),
    auth.SignInFailed: Kind(401, "sign-in-failed", "Signing in failed"),
    auth.LinkSpent: Kind(410, "link-spent", "The sign-in link is no longer good"),
    auth.WeakPassword: Kind(422, "weak-password", "The password is not accepted"),
    auth.UnknownPrincipal: Kind(404, "unknown-principal", "There is no such principal"),
    auth.UnknownOrganization: Kind(404, "unknown-organization", "There is no such organization"),
    auth.LastAdmin: Kind(409, "last-admin", "The last admin stays"),
}
UNEXPECTED = Kind(500, "internal", "Something went wrong on our side", False)


class ProblemError(ma.Schema):
    """One fault of the request: where, and why."""

    pointer = ma.fields.String(metadata={"description": "Place in the JSON body (RFC 6901)"})
    parameter = ma.fields.String(metadata={"description": "Name of the query, path or header parameter"})
    detail = ma.fields.String(required=True)


class Problem(ma.Schema):
    """Problem details (RFC 9457)."""

    type = ma.fields.String(required=True, metadata={"format": "uri"})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(ProblemError))
    request_id = ma.fields.String(required=True)


class FieldFault(graph.GreenchainError):
    """A fault of one field that no schema sees: raised by API views with the JSON pointer or parameter at fault."""

    def __init__(
        self, detail: str, *, pointer: str | None = None, parameter: str | None = None, status: int = 422
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.error = {"detail": detail} | ({"parameter": parameter} if parameter else {"pointer": pointer or ""})


def init_app(app: flask.Flask) -> None:
    """Answer every error of an app."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(FieldFault, _field)
    app.register_error_handler(Exception, _ours)


def is_machine(path: str) -> bool:
    """Tell whether a path is for programs (always JSON) rather than for people."""
    return path.startswith(_MACHINE_PREFIXES) and not path.startswith(_PAGES)


def problem(
    status: int, slug: str, title: str, detail: str = "", errors: list[dict[str, str]] | None = None
) -> Response:
    """Build the answer: problem details for programs, a page for people who did not ask for JSON."""
    body: dict[str, Any] = {"type": TYPE_PREFIX + slug, "title": title, "status": status}
    if detail and detail != title:
        body["detail"] = _cut(detail)
    if errors:
        body["errors"] = errors[:MOST_ERRORS]
    body["request_id"] = flask.g.get("request_id", "")
    if _wants_page():
        response = flask.make_response(flask.render_template("problem.html", problem=body), status)
    else:
        response = flask.make_response(flask.json.dumps(body), status)
        response.content_type = CONTENT_TYPE
    return response


def _wants_page() -> bool:
    if flask.g.get("machine", True):
        return False
    accepts = flask.request.accept_mimetypes
    return not accepts or accepts.best_match(("text/html", CONTENT_TYPE, "application/json")) == "text/html"


def _http(error: HTTPException) -> Response:
    """What Flask, Werkzeug and webargs raise."""
    original = getattr(error, "original_exception", None)
    if error.code is None or error.code < 400:
        return error.get_response()
    status = error.code
    title = HTTP_STATUS_CODES.get(status, "Error")
    errors = list(_flatten(getattr(error, "data", {}).get("messages")))
    detail = "The request is not as the description of this API says." if errors else error.description or ""
    if status >= 500:
        log.error("request %s failed", flask.g.get("request_id", ""), exc_info=original or error)
        detail = ""
    response = problem(status, _slug(status), title, detail, errors)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _field(error: FieldFault) -> Response:
    shortened = {name: _cut(text) for name, text in error.error.items()}
    title = HTTP_STATUS_CODES.get(error.status, "Error")
    return problem(error.status, _slug(error.status), title, str(error), [shortened])


def _ours(error: Exception) -> Response:
    """What Greenchain raises on purpose; anything else is a fault of ours."""
    kind = next((KINDS[c] for c in type(error).__mro__ if c in KINDS), UNEXPECTED)
    if kind is UNEXPECTED:
        log.error("request %s failed", flask.g.get("request_id", ""), exc_info=error)
    elif kind.status >= 500:
        log.warning("request %s: %s: %s", flask.g.get("request_id", ""), type(error).__name__, error)
    if isinstance(error, auth.NotAuthenticated) and _wants_page() and flask.request.method in {"GET", "HEAD"}:
        return flask.redirect("/sign-in?next=" + quote(flask.request.path, safe="/"), 303)
    response = problem(kind.status, kind.slug, kind.title, str(error) if kind.tells else "")
    response.headers.update(_headers(error, kind))
    return response


def _headers(error: Exception, kind: Kind) -> dict[str, str]:
    if isinstance(error, auth.NotAuthenticated):
        code = f', error="{error.code}"' if error.code else ""
        return {"WWW-Authenticate": f'Bearer realm="greenchain"{code}'}
    if isinstance(error, auth.TooManyAttempts | TooManyReceipts):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": str(kind.retry_after)} if kind.retry_after else {}


def _slug(status: int) -> str:
    return HTTP_STATUS_CODES.get(status, "error").lower().replace(" ", "-").replace("'", "")


def _flatten(messages: Any) -> Iterator[dict[str, str]]:
    """webargs: {location: {field: {index: [reason, ...]}}} -> one entry a reason, with where it is."""
    if not isinstance(messages, Mapping):
        return
    for location, faults in messages.items():
        for path, detail in _leaves(faults, ()):
            place = "/".join(path)
            if location == "json":
                pointer = "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in path)
                yield {"pointer": _cut(pointer), "detail": _cut(detail)}
            else:
                yield {"parameter": _cut(place), "detail": _cut(detail)}


def _leaves(faults: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(faults, Mapping):
        for name, below in faults.items():
            yield from _leaves(below, path if name == "_schema" else (*path, str(name)))
    elif isinstance(faults, list):
        for detail in faults:
            yield path, str(detail)
    else:
        yield path, str(faults)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
