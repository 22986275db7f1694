"""/api/v1/lots/.../what-if, sensitivities, recall, and /api/v1/portfolio: questions beyond a figure."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from schemas.budgets import UncertaintyView
from schemas.questions import (
    PORTFOLIO_BY,
    ComparisonView,
    PortfolioView,
    RecallView,
    SensitivitiesView,
    TargetView,
    WhatIfSchema,
    WhatIfView,
)
from service.api.chain import AskQuery, PeriodQuery, ask, dimensions, period_of
from service.api.documentation import ApiBlueprint
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.context import services
from service.portfolios import Held
from service.problems import FieldFault
from service.questions import Unresolved

blueprint = ApiBlueprint(
    "questions",
    __name__,
    url_prefix="/api/v1",
    description="What a figure would be, what it moves with, portfolios, recalls.",
)

_FIRST_YEAR, _LAST_YEAR, _MOST_YEARS = 1990, 2200, 60
# What is told of a lot that somebody else made is not where.
_OWN_ONLY = ("facility", "country")


class TopQuery(AskQuery):
    """How many."""

    top = ma.fields.Integer(load_default=10, validate=ma.validate.Range(1, 100))


class HeldQuery(AskQuery):
    """Which lots."""

    scope = ma.fields.String(
        load_default="made",
        validate=ma.validate.OneOf(("made", "received")),
        metadata={"description": "Lots made, or lots received, by the quantity received"},
    )
    organization = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=200),
        metadata={"description": "Whose lots made, of those whose facts you may see; your own where absent"},
    )
    product = ma.fields.String(
        load_default="",
        validate=ma.validate.Regexp(r"([0-9a-f]{32})?\Z", error="must be the address (uid) of a product"),
        metadata={"description": "Lots of this product only"},
    )


class PortfolioQuery(HeldQuery, PeriodQuery):
    """Lots of a period, and how they are grouped."""

    by = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=60),
        metadata={"description": f"One or two of {', '.join(PORTFOLIO_BY)}", "example": "supplier,month"},
    )


class BudgetQuery(HeldQuery, PeriodQuery, TopQuery):
    """Lots of a period, and how many rows."""


class CompareQuery(PortfolioQuery):
    """Two periods."""

    by = ma.fields.String(
        load_default="product",
        validate=ma.validate.Length(max=60),
        metadata={"description": f"What the mix is of: one or two of {', '.join(PORTFOLIO_BY)}"},
    )
    base = ma.fields.String(
        required=True,
        validate=ma.validate.Length(max=90),
        metadata={"description": "The earlier period, start/end", "example": "2024-01-01/2025-01-01"},
    )


class TargetQuery(HeldQuery):
    """A target."""

    base_year = ma.fields.Integer(required=True, validate=ma.validate.Range(_FIRST_YEAR, _LAST_YEAR))
    target_year = ma.fields.Integer(required=True, validate=ma.validate.Range(_FIRST_YEAR, _LAST_YEAR))
    reduction = ma.fields.Float(
        required=True,
        validate=ma.validate.Range(0, 100),
        metadata={"description": "Per cent less than in the base year", "example": 42},
    )


def _held(query: dict[str, Any]) -> Held:
    if query["scope"] == "received" and query["organization"] not in ("", current_viewer().organization):
        raise FieldFault("only what your own organization received can be asked about", parameter="organization")
    return Held(query["scope"], query["organization"], query["product"])


def _grouping(query: dict[str, Any]) -> tuple[str, ...]:
    return dimensions(query["by"], PORTFOLIO_BY, _OWN_ONLY if query["scope"] == "received" else ())


def _resolved(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return answer()
    except Unresolved as error:
        raise FieldFault(str(error), pointer=error.pointer) from error


@blueprint.route("/lots/<string:lot>/what-if")
class LotWhatIf(MethodView):
    """What a lot's footprint would be."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.arguments(WhatIfSchema)
    @blueprint.response(200, WhatIfView)
    def post(self, query: dict[str, Any], body: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot's footprint in up to 100 scenarios: another grid factor, supplier, material, transport.

        Nothing is stored. Evidence still counts: a signed footprint is not changed by what lies below it.
        """
        return _resolved(lambda: services.questions.what_if(ask(query), lot, body["scenarios"]))


@blueprint.route("/lots/<string:lot>/sensitivities")
class LotSensitivities(MethodView):
    """What a lot's footprint moves with."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(TopQuery, location="query")
    @blueprint.response(200, SensitivitiesView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """The factors and quantities that a lot's footprint moves with most, with derivatives and elasticities."""
        return services.questions.sensitivities(ask(query), lot, query["top"])


@blueprint.route("/lots/<string:lot>/uncertainty")
class LotUncertainty(MethodView):
    """Whom to ask first."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(TopQuery, location="query")
    @blueprint.response(200, UncertaintyView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """What of a lot's footprint is unknown, and whom to ask first: who could narrow its interval most."""
        return services.questions.uncertainty(ask(query), lot, query["top"])


@blueprint.route("/lots/<string:lot>/recall")
class LotRecall(MethodView):
    """Where a lot went."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, RecallView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """All lots made of a lot and who holds them: yours and whom you passed them to by name, the rest as counts."""
        return services.questions.recall(ask(query), lot)


@blueprint.route("/portfolio")
class Portfolio(MethodView):
    """Many lots at once."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(PortfolioQuery, location="query")
    @blueprint.response(200, PortfolioView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The emissions of all lots of a period, weighted by quantity; lots without a figure stand apart."""
        by = _grouping(query)
        return services.portfolios.totals(ask(query), _held(query), period_of(query["period"]), by)


@blueprint.route("/portfolio/compare")
class PortfolioComparison(MethodView):
    """Two periods."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(CompareQuery, location="query")
    @blueprint.response(200, ComparisonView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Why emissions changed between two periods: volume, mix and intensity, with nothing left over (LMDI-I)."""
        by, periods = _grouping(query), (period_of(query["base"], "base"), period_of(query["period"]))
        return services.portfolios.compare(ask(query), _held(query), periods, by)


@blueprint.route("/portfolio/target")
class PortfolioTarget(MethodView):
    """The way to a target."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(TargetQuery, location="query")
    @blueprint.response(200, TargetView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The linear way from a base year to a target year, beside what was emitted."""
        years = query["base_year"], query["target_year"]
        if not 0 < years[1] - years[0] <= _MOST_YEARS:
            raise FieldFault(f"must be 1 to {_MOST_YEARS} years after the base year", parameter="target_year")
        found = services.portfolios.target(ask(query), _held(query), years, query["reduction"])
        if found is None:
            raise FieldFault("no lot of that year has a figure to start from", parameter="base_year")
        return found


@blueprint.route("/portfolio/uncertainty")
class PortfolioUncertainty(MethodView):
    """Whom to ask first."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(BudgetQuery, location="query")
    @blueprint.response(200, UncertaintyView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """What of the emissions of all lots of a period is unknown, and whom to ask first, as for a lot."""
        held, span = _held(query), period_of(query["period"])
        return services.portfolios.uncertainty(ask(query), held, span, query["top"])


@blueprint.route("/portfolio/what-if")
class PortfolioWhatIf(MethodView):
    """What a portfolio's emissions would be."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(PortfolioQuery(exclude=("by",)), location="query")
    @blueprint.arguments(WhatIfSchema)
    @blueprint.response(200, WhatIfView)
    def post(self, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The emissions of all lots of a period in up to 100 scenarios."""
        held, span = _held(query), period_of(query["period"])
        return _resolved(lambda: services.portfolios.what_if(ask(query), held, span, body["scenarios"]))
