"""/api/v1/documents and /api/v1/keys: the one door, and the keys that sign what comes through it."""

import json
import re
from typing import Any

import flask
import marshmallow as ma
from flask.views import MethodView
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response

from graph.model.documents import StoredDocument
from graph.model.refs import NEVER
from schemas.documents import BatchView, DocumentPage, DocumentView, moment, view_document
from service.api.documentation import ApiBlueprint
from service.api.paging import PageQuery, decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.context import services
from service.intake.submit import NotNow, NotTaken, NotYourStatement
from service.problems import CONTENT_TYPE, Problem, problem
from service.trust.envelopes.table import ENVELOPES
from service.trust.forms import guess

blueprint = ApiBlueprint(
    "documents", __name__, url_prefix="/api/v1", description="Documents: statements in, verdicts out."
)

_STATEMENT_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Statement"}},
        "application/jose": {"schema": {"type": "string", "description": "Compact JWS over a statement"}},
        "application/vc+jwt": {"schema": {"type": "string", "description": "Verifiable credential as JWT"}},
        "application/vc": {"schema": {"type": "object", "description": "Verifiable credential, eddsa-jcs-2022"}},
        "application/sd-jwt": {"schema": {"type": "string", "description": "SD-JWT with key binding"}},
    },
}
_BATCH_BODY = {
    "required": True,
    "content": {
        "application/x-ndjson": {
            "schema": {
                "type": "string",
                "description": "One document a line: a JSON statement, a compact JWS, a vc+jwt, or an SD-JWT",
            }
        }
    },
}
_JOSE_BODY = {"required": True, "content": {"application/jose": {"schema": {"type": "string"}}}}
_REJECTED = "Rejected, and kept as evidence: the verdict names the check that failed"
_COMPACT = re.compile(rb"[{e]")
_FORMATS = {form.value: form for form in ENVELOPES}
_MEDIA_TYPES = ", ".join(_FORMATS)


class RejectedView(Problem):
    """Problem details that carry the rejected document with its verdict."""

    document = ma.fields.Nested(DocumentView)


class ChallengeView(ma.Schema):
    """What a key registration is signed over."""

    nonce = ma.fields.String(required=True)
    audience = ma.fields.String(required=True)


class KeyView(ma.Schema):
    """A registered key."""

    thumbprint = ma.fields.String(
        required=True, metadata={"description": "RFC 7638; the kid of signed documents. Of a did:web, the DID"}
    )
    jwk = ma.fields.Dict(metadata={"description": "Absent where a did:web is registered: its document names the keys"})
    organization = ma.fields.String(required=True)
    registered = ma.fields.Integer(required=True, metadata={"description": "Ledger index"})
    revoked = ma.fields.Integer(metadata={"description": "Ledger index; absent while it is not revoked"})
    retires = ma.fields.String(metadata={"description": "From then on it signs no more; absent unless replaced"})
    replaced_by = ma.fields.String(metadata={"description": "Thumbprint of the key that took its place"})


class KeyList(ma.Schema):
    """An organization's keys."""

    data = ma.fields.List(ma.fields.Nested(KeyView), required=True)


@blueprint.route("/documents")
class DocumentCollection(MethodView):
    """Documents of the viewer's organization."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, DocumentPage)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the documents that your organization issued or handed in, newest first."""
        before = int(decode_cursor(page["cursor"], int)[0]) if page["cursor"] else NEVER
        found = services.documents.own(current_viewer(), min(max(before, 0), NEVER), page["limit"] + 1)
        shown = found[: page["limit"]]
        more = {"next": encode_cursor(shown[-1].index)} if len(found) > len(shown) else {}
        return {"data": [view_document(d) for d in shown], **more}

    @allowed(Permission.SUBMIT_DOCUMENTS)
    @blueprint.doc(requestBody=_STATEMENT_BODY)
    @blueprint.response(201, DocumentView)
    @blueprint.alt_response(422, schema=RejectedView, content_type=CONTENT_TYPE, description=_REJECTED)
    def post(self) -> Any:
        """Hand in one statement: JSON of your own organization, or in any of the signed forms.

        The same bytes again get the same answer and have no second effect.
        """
        kind = _FORMATS.get(flask.request.mimetype)
        if kind is None:
            raise UnsupportedMediaType(f"a document comes as one of {_MEDIA_TYPES}")
        content = _body(services.settings.max_document_bytes)
        # A document is known by its bytes, its rejection too: what was only labelled wrongly must not be rejected.
        seems = guess(content)
        if seems is not kind and _COMPACT.fullmatch(content[:1]):
            raise UnsupportedMediaType(f"this is no {kind.value}: it looks like {seems.value}")
        return _answered(services.intake.submit([(content, kind)], current_viewer().organization)[0])


@blueprint.route("/documents:batch")
class DocumentBatch(MethodView):
    """Many documents in one request."""

    @allowed(Permission.SUBMIT_DOCUMENTS)
    @blueprint.doc(requestBody=_BATCH_BODY)
    @blueprint.response(200, BatchView)
    def post(self) -> dict[str, Any]:
        """Hand in many documents, one a line; each gets its own verdict, and one that fails harms no other."""
        if flask.request.mimetype != "application/x-ndjson":
            raise UnsupportedMediaType("a batch comes as application/x-ndjson, one document a line")
        lines = [
            line
            for line in _body(services.settings.max_batch_bytes).replace(b"\r\n", b"\n").split(b"\n")
            if line.strip()
        ]
        if len(lines) > services.settings.max_batch_documents:
            raise RequestEntityTooLarge(f"a batch holds at most {services.settings.max_batch_documents} documents")
        contents = [(line, guess(line)) for line in lines]
        found = services.intake.submit_each(contents, current_viewer().organization)
        results = [_line(answer) for answer in found]
        accepted = sum(r["status"] == 201 for r in results)
        return {"accepted": accepted, "rejected": len(found) - accepted, "results": results}


@blueprint.route("/documents/<string:document>")
class OneDocument(MethodView):
    """One document."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.response(200, DocumentView)
    def get(self, document: str) -> dict[str, Any]:
        """A document's verdict with every check's outcome."""
        return view_document(services.documents.find(current_viewer(), document))


@blueprint.route("/documents/<string:document>/content")
class DocumentContent(MethodView):
    """The bytes of a document."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
    def get(self, document: str) -> Response:
        """The document's bytes as they came."""
        found = services.documents.content(current_viewer(), document)
        return flask.Response(found.content, content_type=found.format.value)


@blueprint.route("/keys")
class Keys(MethodView):
    """Keys of the viewer's organization."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.response(200, KeyList)
    def get(self) -> dict[str, Any]:
        """List your organization's keys."""
        found = services.keys.of(current_viewer().organization)
        return {"data": [_key_view(k) for k in found]}

    @allowed(Permission.REGISTER_KEYS)
    @blueprint.doc(requestBody=_JOSE_BODY)
    @blueprint.response(201, DocumentView)
    @blueprint.alt_response(422, schema=RejectedView, content_type=CONTENT_TYPE, description=_REJECTED)
    def post(self) -> Any:
        """Register a key: a compact JWS over a challenge, signed with that key (proof of possession, RFC 7800).

        Where it names a `did` (did:web) whose document lists the key, the DID is registered in place of the key.
        """
        if flask.request.mimetype != "application/jose":
            raise UnsupportedMediaType("a key registration comes as application/jose")
        return _answered(services.keys.register(_body(16_384), current_viewer().organization))


@blueprint.route("/keys:challenge")
class KeyChallenge(MethodView):
    """Nonces for key registrations."""

    @allowed(Permission.REGISTER_KEYS)
    @blueprint.response(201, ChallengeView)
    def post(self) -> dict[str, str]:
        """A nonce for a key registration, good for ten minutes, and the audience to name."""
        return {"nonce": services.keys.challenge(current_viewer().organization), "audience": services.settings.url}


def _body(cap: int) -> bytes:
    """The body, never more than the cap, whether its length was announced or not."""
    length = flask.request.content_length
    if length is not None and length > cap:
        raise RequestEntityTooLarge(f"a body here has at most {cap} bytes")
    content = flask.request.stream.read(cap + 1)
    if len(content) > cap:
        raise RequestEntityTooLarge(f"a body here has at most {cap} bytes")
    return bytes(content)


def _answered(document: StoredDocument) -> Any:
    """201 with the document, or 422 problem details that carry it."""
    shown = view_document(document)
    failed = document.verdict.failed
    if document.verdict.accepted or failed is None:
        return shown
    errors = [{"pointer": e.pointer, "detail": e.detail} for e in failed.errors]
    detail = f"check {failed.number} ({failed.name}): {failed.detail}"
    response = problem(422, "document-rejected", "The document was rejected", detail, errors)
    body = json.loads(response.get_data()) | {"document": shown}
    response.set_data(flask.json.dumps(body))
    return response


def _line(answer: StoredDocument | NotTaken) -> dict[str, Any]:
    if isinstance(answer, NotNow):
        return {"status": 503, "detail": str(answer)}
    if isinstance(answer, NotYourStatement):
        return {"status": 403, "detail": str(answer)}
    return view_document(answer) | {"status": 201 if answer.verdict.accepted else 422}


def _key_view(key: Any) -> dict[str, Any]:
    shown = {n: getattr(key, n) for n in ("thumbprint", "organization", "registered")}
    shown |= {"jwk": json.loads(key.jwk)} if key.jwk else {}
    retires = {} if key.retires is None else {"retires": moment(key.retires), "replaced_by": key.replaced_by}
    return shown | retires | ({} if key.revoked is None else {"revoked": key.revoked})
