"""Indicators as this API writes them. What is unknown is null, never 0."""

import marshmallow as ma

from graph.model.indicators import GHG_PARTS, QUALITIES


def _known(description: str = "") -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description} if description else {})


PartsView = ma.Schema.from_dict(
    {
        **{name: _known("kgCO2e per unit; null: unknown") for name in GHG_PARTS},
        "lower_bound": ma.fields.Boolean(
            required=True, metadata={"description": "Not all of it is split into parts: these are their known part"}
        ),
    },
    name="PartsView",
)


class BiogenicView(ma.Schema):
    """Biogenic carbon in the product; uptake follows from it (-44/12 C) and is never rolled up."""

    carbon = _known("kgC per unit; null: unknown")
    uptake = _known("kgCO2 per unit, <= 0")
    released = _known("kgCO2 per unit: biogenic carbon that went into its process and is not in it")
    total_including_uptake = _known("kgCO2e per unit: total + uptake")


QualityView = ma.Schema.from_dict(
    {
        **{name: ma.fields.Float(required=True, metadata={"description": "1 (best) to 5"}) for name in QUALITIES},
        "rated_share": ma.fields.Float(required=True, metadata={"description": "Share of emissions that is rated"}),
    },
    name="DataQualityView",
)


class IntervalView(ma.Schema):
    """The 95 % interval of the total, log-normal."""

    low = ma.fields.Float(required=True)
    high = ma.fields.Float(required=True)
    gsd = ma.fields.Float(required=True, metadata={"description": "Geometric standard deviation of the total"})
