"""/ledger: the transparency log, open to everybody: signed head, tiles, proofs (C2SP tlog-tiles), and a witness."""

import re
import time
from typing import Any

import flask
import marshmallow as ma
from flask.views import MethodView
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from service.api.documentation import ApiBlueprint
from service.context import services
from service.ledger.tiles import parse_path
from service.ledger.witness import MAX_REQUEST, SIZE_TYPE, WitnessRefused
from service.problems import CONTENT_TYPE, FieldFault, Problem, problem

blueprint = ApiBlueprint(
    "ledger", __name__, url_prefix="/ledger", description="The transparency log, open to everybody.", public=True
)

TEXT, BINARY = "text/plain; charset=utf-8", "application/octet-stream"
_FOREVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=3"
_TEXT_BODY = {"type": "string"}
_BYTES_BODY = {"type": "string", "format": "binary"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OPEN: dict[str, Any] = {"security": []}
_REQUEST = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}


class KeysView(ma.Schema):
    """The keys that check what this ledger signs, as verifier keys of C2SP signed-note."""

    log = ma.fields.String(required=True, metadata={"description": "Signs the checkpoints of this ledger"})
    witness = ma.fields.String(required=True, metadata={"description": "Cosigns checkpoints of other ledgers"})


class WitnessView(ma.Schema):
    """How it stands with one witness of this ledger."""

    name = ma.fields.String(required=True)
    key = ma.fields.String(required=True, metadata={"description": "Checks its cosignatures (C2SP verifier key)"})
    cosigned = ma.fields.Integer(required=True, metadata={"description": "Entries in the head it cosigned last"})
    cosigned_at = ma.fields.Integer(metadata={"description": "When, in seconds since 1970"})
    failing_since = ma.fields.Integer(metadata={"description": "It has not answered, or refused, since then"})


class WitnessesView(ma.Schema):
    """Who cosigns this ledger."""

    size = ma.fields.Integer(required=True, metadata={"description": "Entries in the head they were last asked about"})
    witnesses = ma.fields.List(ma.fields.Nested(WitnessView), required=True)


class ProofQuery(ma.Schema):
    """Which document."""

    document = ma.fields.String(required=True, metadata={"description": "SHA-256 of the document's bytes, in hex"})


@blueprint.route("/checkpoint")
class LedgerCheckpoint(MethodView):
    """The signed head."""

    @blueprint.doc(**_OPEN)
    @blueprint.response(200, _TEXT_BODY, content_type=TEXT)
    @blueprint.alt_response(503, schema=Problem, content_type=CONTENT_TYPE)
    def get(self) -> Response:
        """The signed head of the ledger (C2SP tlog-checkpoint): origin, size, root, signature, cosignatures.

        Where the ledger has witnesses, it is the head that they were last asked about, some seconds old.
        """
        return _answer(services.log.shown().note, TEXT, _SHORTLY)


@blueprint.route("/tile/<path:tile>")
class LedgerTile(MethodView):
    """Hashes and entries."""

    @blueprint.doc(**_OPEN)
    @blueprint.response(200, _BYTES_BODY, content_type=BINARY)
    @blueprint.alt_response(404, schema=Problem, content_type=CONTENT_TYPE)
    def get(self, tile: str) -> Response:
        """A tile of hashes `<L>/<N>[.p/<W>]`, or a bundle of entries `entries/<N>[.p/<W>]` (C2SP tlog-tiles)."""
        asked = parse_path(tile)
        return _answer(services.log.tile(asked), BINARY, _FOREVER if asked.full else _SHORTLY)


@blueprint.route("/proof")
class LedgerProof(MethodView):
    """Proofs of inclusion."""

    @blueprint.doc(**_OPEN)
    @blueprint.arguments(ProofQuery, location="query")
    @blueprint.response(200, _TEXT_BODY, content_type=TEXT)
    @blueprint.alt_response(404, schema=Problem, content_type=CONTENT_TYPE)
    def get(self, query: dict[str, Any]) -> Response:
        """The proof that a document is in the ledger, to be checked offline (C2SP tlog-proof; extra: the entry)."""
        if not _DIGEST.fullmatch(query["document"]):
            raise FieldFault("is no SHA-256 in hex", parameter="document")
        return _answer(services.log.proof(query["document"]), TEXT, _SHORTLY)


@blueprint.route("/keys")
class LedgerKeys(MethodView):
    """The ledger's public keys."""

    @blueprint.doc(**_OPEN)
    @blueprint.response(200, KeysView)
    def get(self) -> dict[str, str]:
        """The keys that check this ledger's signatures. Compare them with what the operator told you otherwise."""
        return {"log": services.log.vkey, "witness": services.witness.vkey}


@blueprint.route("/witnesses")
class LedgerWitnesses(MethodView):
    """The witnesses of this ledger."""

    @blueprint.doc(**_OPEN)
    @blueprint.response(200, WitnessesView)
    def get(self) -> dict[str, Any]:
        """Who is asked to cosign this ledger's heads, what each has cosigned last, and who fails to."""
        return services.log.witnessed.told()


@blueprint.route("/add-checkpoint")
class LedgerWitness(MethodView):
    """This service as a witness of other ledgers."""

    @blueprint.doc(requestBody=_REQUEST, **_OPEN)
    @blueprint.response(200, _TEXT_BODY, content_type=TEXT)
    @blueprint.alt_response(400, schema=Problem, content_type=CONTENT_TYPE)
    @blueprint.alt_response(403, schema=Problem, content_type=CONTENT_TYPE)
    @blueprint.alt_response(404, schema=Problem, content_type=CONTENT_TYPE)
    @blueprint.alt_response(409, schema=_TEXT_BODY, content_type=SIZE_TYPE, description="Size cosigned before")
    def post(self) -> Response:
        """Cosign the head of a ledger that the operator knows, if it continues the last one (C2SP tlog-witness)."""
        content = flask.request.stream.read(MAX_REQUEST + 1)
        if len(content) > MAX_REQUEST:
            raise RequestEntityTooLarge(f"a request here has at most {MAX_REQUEST} bytes")
        try:
            return _answer(services.witness.add(content, time.time()).encode(), TEXT, "no-store")
        except WitnessRefused as refused:
            return _refusal(refused)


def _refusal(refused: WitnessRefused) -> Response:
    if refused.size is not None:
        response = _answer(f"{refused.size}\n".encode(), SIZE_TYPE, "no-store")
        response.status_code = refused.status
        return response
    return problem(refused.status, "not-cosigned", "The checkpoint was not cosigned", str(refused))


def _answer(content: bytes, content_type: str, caching: str) -> Response:
    response = flask.Response(content, content_type=content_type)
    response.headers["Cache-Control"] = caching
    return response
