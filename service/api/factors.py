"""/api/v1/factor-sets: the published factors that may stand in for unknown ones."""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from schemas.factor_sets import FactorSetsView, WholeFactorSetView
from service.api.chain import index_of
from service.api.documentation import ApiBlueprint, Form
from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.context import services

blueprint = ApiBlueprint(
    "factors",
    __name__,
    url_prefix="/api/v1",
    description="Published factors: documents that everybody may read.",
)


class FactorsQuery(Form):
    """As of what."""

    as_of = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=40),
        metadata={"description": "A ledger index, a date (2026-01-31) or a time with an offset; now where absent"},
    )


@blueprint.route("/factor-sets")
class FactorSets(MethodView):
    """The sets in force."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(FactorsQuery, location="query")
    @blueprint.response(200, FactorSetsView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The sets of published factors in force, each with the document that holds it."""
        return services.factors.all(index_of(query["as_of"], "as_of"))


@blueprint.route("/factor-sets/<string:name>")
class FactorSet(MethodView):
    """One set."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(FactorsQuery, location="query")
    @blueprint.response(200, WholeFactorSetView)
    def get(self, query: dict[str, Any], name: str) -> dict[str, Any]:
        """A set of published factors with its rows, in the version in force."""
        return services.factors.one(name, index_of(query["as_of"], "as_of"))
