"""/api/v1/lots and /api/v1/products: what is in it, what was emitted to make it, who says so."""

import json
import re
from typing import Any

import marshmallow as ma
from flask.views import MethodView
from werkzeug.wrappers import Response

from graph.rollup.policy import gwp_names, policy_names
from schemas.fields import Time, one_of_or_none
from schemas.figures import (
    BREAKDOWNS,
    ChainView,
    ContentView,
    ContributionsView,
    ExplanationView,
    FootprintView,
    IndicatorsView,
    LotPage,
    LotView,
)
from schemas.receipts import Receipt, ReceiptSchema, Subject, dump_receipt
from service.api.documentation import ApiBlueprint, Form
from service.api.paging import PageQuery, decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.chain import World
from service.context import services
from service.figures import Ask
from service.problems import FieldFault

blueprint = ApiBlueprint(
    "chain",
    __name__,
    url_prefix="/api/v1",
    description="Lots and products: footprints, content, contributions, chains.",
)

_MOST_INDEX = 2**40
_INDEX = re.compile(r"-?[0-9]{1,40}")
_WHEN = "must be a ledger index, a date (2026-01-31) or a time with an offset (2026-01-31T12:00:00Z)"


class AskQuery(Form):
    """As of what, and by which policy."""

    as_of = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=40),
        metadata={"description": "A ledger index, a date (2026-01-31) or a time with an offset; now where absent"},
    )
    policy = ma.fields.String(
        load_default="", validate=one_of_or_none(policy_names()), metadata={"description": "A named policy"}
    )

    gwp = ma.fields.String(
        load_default="",
        validate=one_of_or_none(gwp_names()),
        metadata={"description": "A set of warming potentials in place of the policy's own"},
    )


class LotsQuery(PageQuery, AskQuery):
    """Which lots."""

    search = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=100),
        metadata={"description": "Text in the id, product, material or issuer"},
    )


class ContributionsQuery(AskQuery):
    """How a figure is taken apart."""

    by = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=60),
        metadata={"description": f"One or two of {', '.join(BREAKDOWNS)}; each by itself where absent"},
    )
    top = ma.fields.Integer(
        load_default=0,
        validate=ma.validate.Range(0, 1000),
        metadata={"description": "With by: so many rows, and the others as one; 0: all"},
    )


class PeriodQuery(AskQuery):
    """A period."""

    period = ma.fields.String(
        required=True,
        validate=ma.validate.Length(max=90),
        metadata={"description": "start/end (ISO 8601), end excluded", "example": "2025-01-01/2026-01-01"},
    )


def ask(query: dict[str, Any]) -> Ask:
    """Who asks and as of what. Raises ``FieldFault`` for an as_of that is neither index nor time."""
    return Ask(current_viewer(), index_of(query["as_of"], "as_of"), query["policy"], query["gwp"])


def index_of(text: str, parameter: str) -> int | None:
    """The ledger index that a parameter names, as one or as a time; None where it is empty. Raises ``FieldFault``."""
    if not text:
        return None
    if _INDEX.fullmatch(text):
        index = int(text)
        if not -1 <= index <= _MOST_INDEX:
            raise FieldFault("is no ledger index", parameter=parameter)
        return index
    return services.chain.index_at(_time(text, parameter, _WHEN))


def _time(text: str, parameter: str, otherwise: str = "") -> float:
    try:
        return Time().deserialize(text)
    except ma.ValidationError as error:
        raise FieldFault(otherwise or f"{error.messages[0]}", parameter=parameter) from error


def period_of(text: str, parameter: str = "period") -> tuple[float, float]:
    """Start and end of a period, seconds since the epoch. Raises ``FieldFault``."""
    start, slash, end = text.partition("/")
    if not slash:
        raise FieldFault("must be start/end, such as 2025-01-01/2026-01-01", parameter=parameter)
    first, last = _time(start, parameter), _time(end, parameter)
    if last <= first:
        raise FieldFault("must end after it starts (the end is excluded)", parameter=parameter)
    return first, last


def dimensions(text: str, known: tuple[str, ...], refused: tuple[str, ...] = ()) -> tuple[str, ...]:
    """One or two dimensions from a query. Raises ``FieldFault``."""
    found = tuple(text.split(",")) if text else ()
    if len(found) > 2 or len(set(found)) < len(found) or not set(found) <= set(known):
        raise FieldFault(f"must be one or two different ones of {', '.join(known)}", parameter="by")
    if set(found) & set(refused):
        raise FieldFault(f"lots received are not told apart by {' or '.join(refused)}", parameter="by")
    return found


@blueprint.route("/lots")
class Lots(MethodView):
    """Lots that the viewer may see."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(LotsQuery, location="query")
    @blueprint.response(200, LotPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the lots you may see: your own, those your suppliers passed to you, those you were granted."""
        after = str(decode_cursor(query["cursor"], str)[0]) if query["cursor"] else ""
        found = services.figures.lots(ask(query), query["search"], after, query["limit"] + 1)
        shown = found[: query["limit"]]
        more = {"next": encode_cursor(shown[-1][0])} if len(found) > len(shown) else {}
        return {"data": [view for _, view in shown], **more}


@blueprint.route("/lots/<string:lot>")
class OneLot(MethodView):
    """One lot."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, LotView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot as its issuer describes it."""
        return services.figures.lot(ask(query), lot)


@blueprint.route("/lots/<string:lot>/footprint")
class LotFootprint(MethodView):
    """A lot's footprint."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, FootprintView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot's footprint at the gate, rolled up through its chain, with what it rests on."""
        return services.figures.footprint(ask(query), lot)


@blueprint.route("/lots/<string:lot>/content")
class LotContent(MethodView):
    """A lot's content."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, ContentView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot's recycled, bio-based and virgin mass shares, physical only."""
        return services.figures.content(ask(query), lot)


@blueprint.route("/lots/<string:lot>/indicators")
class LotIndicators(MethodView):
    """A lot's indicators beside its footprint."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, IndicatorsView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """Energy by carrier, water, waste and captured CO2 of a lot, each with its own evidence."""
        return services.figures.indicators(ask(query), lot)


@blueprint.route("/lots/<string:lot>/contributions")
class LotContributions(MethodView):
    """Where a lot's footprint comes from."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(ContributionsQuery, location="query")
    @blueprint.response(200, ContributionsView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot's footprint taken apart by lot, tier, organization, facility, country, material and activity."""
        by = dimensions(query["by"], BREAKDOWNS)
        if by:
            return services.questions.contributions(ask(query), lot, by, query["top"])
        return services.figures.contributions(ask(query), lot)


@blueprint.route("/lots/<string:lot>/explanation")
class LotExplanation(MethodView):
    """How a lot's footprint comes about."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, ExplanationView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """A lot's footprint as a sum of inputs and activities, node by node, down to the signed documents."""
        return services.figures.explanation(ask(query), lot)


@blueprint.route("/lots/<string:lot>/chain")
class LotChain(MethodView):
    """The chain above a lot."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, ChainView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """The chain above a lot as nodes and edges."""
        return services.figures.chain(ask(query), lot)


@blueprint.route("/lots/<string:lot>/receipt")
class LotReceipt(MethodView):
    """A lot's footprint and content with their proof."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, ReceiptSchema)
    def get(self, query: dict[str, Any], lot: str) -> Any:
        """A lot's footprint and content as a file that anybody can verify offline with the ledger's key.

        It holds the documents that you may read; what others add above them stands as one number a process, to which
        an entry of the ledger commits the service. Asking for what nobody with your sight has asked for before adds
        that entry; asking again as long as no fact has changed answers the same. Of new ones each asker is given so
        many an hour (429). The receipt is as of the last entry that changed a fact.
        """
        asked = services.receipts.settled(ask(query))
        world, key = services.figures.lot_asked(asked, lot, whole=True)
        return _receipt(asked, world, Subject("lot", key))


@blueprint.route("/products/<string:product>/receipt")
class ProductReceipt(MethodView):
    """A product's footprint with its proof."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(PeriodQuery, location="query")
    @blueprint.response(200, ReceiptSchema)
    def get(self, query: dict[str, Any], product: str) -> Any:
        """A product's footprint over a period as a file that anybody can verify offline, as for a lot."""
        start, end = period_of(query["period"])
        asked = services.receipts.settled(ask(query))
        world, key = services.figures.product_asked(asked, product, whole=True)
        return _receipt(asked, world, Subject("product", key, start, end))


def _receipt(asked: Ask, world: World, subject: Subject) -> Response:
    return answer(services.receipts.give(asked, world, subject))


def answer(receipt: Receipt) -> Response:
    """A receipt as the file that is verified."""
    content = json.dumps(dump_receipt(receipt), sort_keys=True)
    response = Response(content + "\n", mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.route("/products/<string:product>/footprint")
class ProductFootprint(MethodView):
    """A product's footprint."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(PeriodQuery, location="query")
    @blueprint.response(200, FootprintView)
    def get(self, query: dict[str, Any], product: str) -> dict[str, Any]:
        """A product's footprint over a period: its lots, weighted by quantity."""
        start, end = period_of(query["period"])
        return services.figures.product_footprint(ask(query), product, start, end)
