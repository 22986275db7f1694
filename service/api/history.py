"""/api/v1/lots/{id}/changes and /publications: what moved a figure, and figures that are held to."""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from werkzeug.wrappers import Response

from graph.rollup.policy import policy_names
from schemas.fields import one_of_or_none
from schemas.history import ChangesView, OnePublicationView, PublicationsView
from schemas.receipts import ReceiptSchema, Subject
from service.api.accounts import Name
from service.api.chain import AskQuery, answer, ask, index_of, period_of
from service.api.documentation import ApiBlueprint, Form
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.context import services
from service.figures import Ask

blueprint = ApiBlueprint(
    "history",
    __name__,
    url_prefix="/api/v1",
    description="What moved a figure; figures published by name and date.",
)


class SinceQuery(AskQuery):
    """From when on."""

    since = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 40),
        metadata={
            "description": "A ledger index, a date (2026-01-31) or a time with an offset",
            "example": "2026-03-01",
        },
    )


class PublicationForm(Form):
    """A figure to be published: of a lot, or of a product in a period."""

    name = Name(required=True)
    lot = ma.fields.String(metadata={"description": "Address (uid) of the lot"})
    product = ma.fields.String(metadata={"description": "Address (uid) of the product"})
    period = ma.fields.String(metadata={"description": "start/end (ISO 8601), end excluded; of a product"})
    policy = ma.fields.String(load_default="", validate=one_of_or_none(policy_names()))

    @ma.validates_schema
    def _one_subject(self, data: dict[str, Any], **_: Any) -> None:
        if ("lot" in data) == ("product" in data):
            raise ma.ValidationError("must be of exactly one of lot, product")
        if ("period" in data) != ("product" in data):
            raise ma.ValidationError("goes with a product, which needs one", "period")


class EditionQuery(Form):
    """Which edition."""

    edition = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 1_000_000))


@blueprint.route("/lots/<string:lot>/changes")
class LotChanges(MethodView):
    """What changed in a lot's footprint."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(SinceQuery, location="query")
    @blueprint.response(200, ChangesView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """What changed in a lot's footprint since then, and which documents changed it."""
        since = index_of(query["since"], "since")
        return services.differences.of_lot(ask(query), lot, -1 if since is None else since)


@blueprint.route("/publications")
class Publications(MethodView):
    """Published figures."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.response(200, PublicationsView)
    def get(self) -> dict[str, Any]:
        """The figures that your organization has published."""
        return {"data": services.publications.all(current_viewer())}

    @allowed(Permission.SUBMIT_DOCUMENTS)
    @blueprint.arguments(PublicationForm)
    @blueprint.response(201, OnePublicationView)
    def post(self, form: dict[str, Any]) -> dict[str, Any]:
        """Publish a figure: frozen under a name, with its receipt, as an entry of the ledger."""
        asked = services.receipts.settled(Ask(current_viewer(), policy=form["policy"]))
        if "lot" in form:
            world, key = services.figures.lot_asked(asked, form["lot"], whole=True)
            return services.publications.publish(asked, form["name"], world, Subject("lot", key))
        start, end = period_of(form["period"])
        world, key = services.figures.product_asked(asked, form["product"], whole=True)
        return services.publications.publish(asked, form["name"], world, Subject("product", key, start, end))


@blueprint.route("/publications/<string:publication>")
class OnePublication(MethodView):
    """A published figure."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.response(200, OnePublicationView)
    def get(self, publication: str) -> dict[str, Any]:
        """A publication with all its editions, and whether its figure still is what it says."""
        return services.publications.one(current_viewer(), publication)

    @allowed(Permission.SUBMIT_DOCUMENTS)
    @blueprint.response(200, OnePublicationView)
    def post(self, publication: str) -> dict[str, Any]:
        """Restate a publication: a new edition that says what moved, where its figure has changed."""
        return services.publications.restate(Ask(current_viewer()), publication)


@blueprint.route("/publications/<string:publication>/receipt")
class PublicationReceipt(MethodView):
    """The receipt of an edition."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(EditionQuery, location="query")
    @blueprint.response(200, ReceiptSchema)
    def get(self, query: dict[str, Any], publication: str) -> Response:
        """The receipt of an edition, to be verified offline."""
        return answer(services.publications.receipt(Ask(current_viewer()), publication, query["edition"]))
