"""The budget of uncertainty as it is answered: whom to ask first."""

import marshmallow as ma

from schemas.figures import KNOWN_PART, NamesView, NameView, PeriodView
from schemas.indicator_views import IntervalView


def _known(description: str = "") -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description} if description else {})


class LackView(ma.Schema):
    """What one organization could tell; without ``organization`` all that may not be named together."""

    organization = ma.fields.String()
    name = ma.fields.String(required=True)
    missing = ma.fields.Nested(
        NamesView, required=True, metadata={"description": "What is unknown: without it there is no interval"}
    )
    missing_mass = _known("kg of that, as used; null where that is not known, or not disclosed to you")
    emissions_share = _known("Of the known emissions: what arises there, in absolute amounts")
    unstated_share = _known("Of the known emissions: of what no geometric standard deviation is stated")
    variance_share = _known("Of the stated variance: what would go if all of this were exact")
    without = ma.fields.Nested(
        IntervalView, required=True, allow_none=True, metadata={"description": "The interval that would be left"}
    )
    narrower = _known("By which share of its width the interval would be narrower; null where there is none")


class UncertaintyView(ma.Schema):
    """What is unknown of a figure or a portfolio, whom to ask first at the head.

    First who leaves something unknown, by its mass; then who states no width, by its emissions; then who is unsure of
    most.
    """

    subject = ma.fields.Nested(NameView)
    period = ma.fields.Nested(PeriodView)
    lots = ma.fields.Integer(metadata={"description": "Lots of a portfolio with a figure"})
    unknown_lots = ma.fields.Integer(metadata={"description": "Without a figure or quantity: in no sum"})
    undated_lots = ma.fields.Integer(metadata={"description": "Without a production date: in no period"})
    unit = ma.fields.String(required=True)
    total = _known()
    lower_bound = ma.fields.Boolean(required=True, metadata={"description": KNOWN_PART})
    interval = ma.fields.Nested(IntervalView, required=True, allow_none=True)
    interval_missing = ma.fields.String(required=True, metadata={"description": "Why there is no interval"})
    interval_share = _known(
        "Of the known emissions: of what a geometric standard deviation is stated; null: none are known"
    )
    rows = ma.fields.List(ma.fields.Nested(LackView), required=True)
    others = ma.fields.Integer(required=True, metadata={"description": "Rows that are not listed"})
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)
