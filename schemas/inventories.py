"""Inventories of a facility as this API writes them. kgCO2e; what is unknown is null."""

import marshmallow as ma

from graph.rollup.inventories import Outcome
from schemas.figures import NameView, PeriodView


def _number(description: str) -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description})


class GapView(ma.Schema):
    """Something that could not be compared."""

    kind = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    id = ma.fields.String(required=True)
    reason = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("activity-unknown", "gwp-differs", "nothing-stated", "lot-unknown")),
    )


class InventoryView(ma.Schema):
    """An inventory as stated, and what came of holding it against processes and lots of its period."""

    id = ma.fields.String(required=True)
    document = ma.fields.String(required=True, metadata={"description": "Id of the document that states it"})
    signed = ma.fields.Boolean(required=True)
    period = ma.fields.Nested(PeriodView, required=True)
    direct = _number("Emissions at the facility")
    indirect = _number("Of bought electricity, heat and steam; null: not stated")
    indirect_method = ma.fields.String(required=True)
    gwp = ma.fields.String(required=True)
    boundary = ma.fields.String(required=True, metadata={"description": "The issuer's note on what it takes in"})
    outcome = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf([o.value for o in Outcome]),
        metadata={"description": "undecided: what is unknown could explain any difference"},
    )
    compared = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("total", "direct")),
        metadata={"description": "direct: bought energy is not stated, or counted by another method than in processes"},
    )
    accounted_least = _number("What processes within the period state for sure")
    accounted_most = _number("The most that processes and lots of the period can hold; null: something is unknown")
    amount = _number("Allocated to nothing (unallocated), or beyond the inventory (exceeded)")
    share = _number("Amount over what was compared")
    processes = ma.fields.Integer(required=True)
    lots = ma.fields.Integer(required=True, metadata={"description": "Lots of which nobody says how they were made"})
    spanning = ma.fields.List(
        ma.fields.Nested(NameView),
        required=True,
        metadata={"description": "Processes that only overlap the period: at most all of them is in it"},
    )
    gaps = ma.fields.List(ma.fields.Nested(GapView), required=True)
    gap_count = ma.fields.Integer(required=True)


class InventoriesView(ma.Schema):
    """The inventories of a facility, in the order of the ledger."""

    subject = ma.fields.Nested(NameView, required=True)
    data = ma.fields.List(ma.fields.Nested(InventoryView), required=True)
    materiality = ma.fields.Float(required=True)
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)
