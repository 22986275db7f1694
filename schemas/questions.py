"""Questions as they are asked and answered: what-if scenarios, sensitivities, portfolios, recalls.

An unknown emission is null, never 0.
"""

from typing import Any

import marshmallow as ma

from schemas.fields import Id, Number, Quotient, Reference, Text, Uri
from schemas.figures import KNOWN_PART, NamesView, NameView, PeriodView

MOST_SCENARIOS, MOST_CHANGES = 100, 20
PORTFOLIO_BY = ("supplier", "facility", "country", "material", "product", "month", "year", "evidence")
BOUNDS = ("exact", "known-part", "unknown")
REASONS = ("changed", "partly", "nothing-matches", "covered-by-evidence", "withheld")


def _known(description: str = "") -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description} if description else {})


class _Strict(ma.Schema):
    """Refuses what it does not know."""

    class Meta:
        """Settings of marshmallow."""

        unknown = ma.RAISE


def _exactly_one(data: dict[str, Any], *names: str) -> None:
    if sum(name in data for name in names) != 1:
        raise ma.ValidationError(f"must have exactly one of {', '.join(names)}")


class GridChange(_Strict):
    """Electricity at another factor."""

    region = ma.fields.String(
        load_default="",
        validate=ma.validate.Regexp(r"[A-Za-z]{2}(-[A-Za-z0-9-]{1,20})?\Z|\Z", error="must be such as CN or CN-EAST"),
        metadata={"description": "A country or a region of it; everywhere where absent", "example": "CN"},
    )
    factor = Quotient(required=True, metadata={"description": "kgCO2e per energy", "example": "0.5306 kg/kWh"})


class ActivityChange(_Strict):
    """Activities at another factor, or another quantity: both multiply the same."""

    name = Text(metadata={"description": "The activity's name as stated"})
    type = Id(metadata={"description": "The activity's type, such as combustion"})
    process = Reference(metadata={"description": "A process that you may look into"})
    scale = Number(required=True, low="0", high="1000000")

    @ma.validates_schema
    def _names_something(self, data: dict[str, Any], **_: Any) -> None:
        if not {"name", "type", "process"} & set(data):
            raise ma.ValidationError("must have at least one of name, type, process")


class TransportChange(_Strict):
    """Transport at another intensity, as by another mode: the new intensity over the present one."""

    process = Reference(metadata={"description": "To this process only, one that you may look into"})
    scale = Number(required=True, low="0", high="1000000")


class ReplacedSchema(_Strict):
    """What is consumed now: a lot, all lots of a product, a material, or all that a supplier makes."""

    lot = Reference()
    product = Reference()
    material = Id()
    country = ma.fields.String(validate=ma.validate.Regexp(r"[A-Z]{2}\Z", error="must be an ISO 3166 code such as CN"))
    supplier = Uri()

    @ma.validates_schema
    def _one_thing(self, data: dict[str, Any], **_: Any) -> None:
        _exactly_one(data, "lot", "product", "material", "supplier")


class ReplacementSchema(_Strict):
    """What it would be taken from: a lot, a product, a material at its published default, or a stated footprint."""

    lot = Reference()
    product = Reference()
    material = Id()
    country = ma.fields.String(validate=ma.validate.Regexp(r"[A-Z]{2}\Z", error="must be an ISO 3166 code such as CN"))
    footprint = Quotient(metadata={"description": "kgCO2e per unit", "example": "1.2 kg/kg"})

    @ma.validates_schema
    def _one_thing(self, data: dict[str, Any], **_: Any) -> None:
        _exactly_one(data, "lot", "product", "material", "footprint")


class InputChange(_Strict):
    """Inputs from elsewhere, or in another quantity; legs of transport stay as they are: ``transport`` changes them."""

    from_ = ma.fields.Nested(ReplacedSchema, required=True, data_key="from")
    to = ma.fields.Nested(ReplacementSchema)
    scale = Number(low="0", high="1000000", metadata={"description": "What the quantity is multiplied by"})

    @ma.validates_schema
    def _changes_something(self, data: dict[str, Any], **_: Any) -> None:
        if not {"to", "scale"} & set(data):
            raise ma.ValidationError("must have to, scale, or both")


class ChangeSchema(_Strict):
    """One change: exactly one of its kinds."""

    grid = ma.fields.Nested(GridChange)
    activity = ma.fields.Nested(ActivityChange)
    transport = ma.fields.Nested(TransportChange)
    input = ma.fields.Nested(InputChange)

    @ma.validates_schema
    def _one_kind(self, data: dict[str, Any], **_: Any) -> None:
        _exactly_one(data, "grid", "activity", "transport", "input")


class ScenarioSchema(_Strict):
    """A name, and what is changed together."""

    name = Text(load_default="")
    changes = ma.fields.List(
        ma.fields.Nested(ChangeSchema), required=True, validate=ma.validate.Length(min=1, max=MOST_CHANGES)
    )


class WhatIfSchema(_Strict):
    """Scenarios; each starts from what is."""

    scenarios = ma.fields.List(
        ma.fields.Nested(ScenarioSchema), required=True, validate=ma.validate.Length(min=1, max=MOST_SCENARIOS)
    )


class AmountView(ma.Schema):
    """Emissions by scope."""

    direct = _known("null: unknown")
    indirect = _known()
    undivided = _known()
    total = _known("direct + indirect + undivided")


class BaseView(AmountView):
    """What is."""

    basis = ma.fields.String(metadata={"description": "Of one lot"})
    lower_bound = ma.fields.Boolean(
        required=True,
        metadata={"description": KNOWN_PART},
    )


class ChangeView(ma.Schema):
    """What a change did."""

    effect = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(REASONS),
        metadata={
            "description": "changed; partly: some of what it names lies below evidence that stands for it; "
            "nothing-matches; covered-by-evidence: all of it does, and a footprint is not changed by what is below it; "
            "withheld: too few organizations that are not disclosed to you take part, so theirs was left as it is; "
            "what would be is the known part, or null where nothing else changes"
        },
    )
    covered_by = ma.fields.Nested(
        NamesView, required=True, metadata={"description": "Whose footprint or default stands for what it names"}
    )


class OutcomeView(BaseView):
    """What would be."""

    name = ma.fields.String(required=True)
    difference = ma.fields.Nested(AmountView, required=True, metadata={"description": "To what is"})
    difference_bound = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(BOUNDS),
        metadata={
            "description": "known-part: something of one side is unknown, or some of the change is withheld; unknown: "
            "the unknown parts differ, or all of the change is withheld, so that no difference can be told"
        },
    )
    changes = ma.fields.List(ma.fields.Nested(ChangeView), required=True)


class WhatIfView(ma.Schema):
    """What is, and what would be in each scenario."""

    subject = ma.fields.Nested(NameView)
    period = ma.fields.Nested(PeriodView)
    lots = ma.fields.Integer(metadata={"description": "Lots of a portfolio"})
    unit = ma.fields.String(required=True)
    base = ma.fields.Nested(BaseView, required=True)
    scenarios = ma.fields.List(ma.fields.Nested(OutcomeView), required=True)
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class SensitivityView(ma.Schema):
    """One factor or quantity that a figure depends on."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("factor", "footprint", "default", "input")))
    subject = ma.fields.String(required=True, metadata={"description": "Process, lot or reference it belongs to"})
    name = ma.fields.String(metadata={"description": "The activity, or what is consumed"})
    region = ma.fields.String(metadata={"description": "Of electricity"})
    derivative = ma.fields.Float(
        required=True,
        metadata={"description": "kgCO2e per unit of the lot, by one unit more of the factor or quantity"},
    )
    elasticity = _known("Per cent that the total moves by for one per cent; null where the total is 0")


class SensitivitiesView(ma.Schema):
    """What a figure moves with, the largest first; factors and footprints together have an elasticity of 1."""

    subject = ma.fields.Nested(NameView, required=True)
    unit = ma.fields.String(required=True)
    total = _known()
    lower_bound = ma.fields.Boolean(required=True)
    factors = ma.fields.List(ma.fields.Nested(SensitivityView), required=True)
    inputs = ma.fields.List(
        ma.fields.Nested(SensitivityView),
        required=True,
        metadata={"description": "Without those of which nothing is known: what more of them would do is unknown"},
    )
    others = ma.fields.Float(required=True, metadata={"description": "Elasticity of all factors not listed"})
    undisclosed = ma.fields.Integer(required=True)
    as_of = ma.fields.Integer(required=True)


class GroupView(AmountView):
    """Lots of a portfolio, summed up: kgCO2e."""

    names = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    lots = ma.fields.Integer(required=True, metadata={"description": "With a figure: what the sums are of"})
    unknown_lots = ma.fields.Integer(required=True, metadata={"description": "Without a figure or quantity: in no sum"})
    mass = _known("kg of the lots with a figure; null where that of one is not known")
    intensity = _known("kgCO2e per kg")
    lower_bound = ma.fields.Boolean(required=True)


class PortfolioView(ma.Schema):
    """The lots of a period, weighted by quantity."""

    period = ma.fields.Nested(PeriodView, required=True)
    by = ma.fields.List(ma.fields.String(), required=True)
    unit = ma.fields.String(required=True)
    total = ma.fields.Nested(GroupView, required=True)
    groups = ma.fields.List(ma.fields.Nested(GroupView), required=True)
    without_figure = ma.fields.Nested(NamesView, required=True, metadata={"description": "Lots that are in no sum"})
    counted_twice = ma.fields.Float(
        required=True,
        metadata={"description": "kgCO2e of lots that other lots of the portfolio are made of: in the sums of both"},
    )
    undated_lots = ma.fields.Integer(required=True, metadata={"description": "Without a production date: in no period"})
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class SideView(ma.Schema):
    """One of two periods."""

    period = ma.fields.Nested(PeriodView, required=True)
    total = ma.fields.Nested(GroupView, required=True)
    unweighed_lots = ma.fields.Integer(required=True, metadata={"description": "Without a mass: not in the split"})
    unweighed_total = ma.fields.Float(required=True)


class EffectsView(ma.Schema):
    """What emissions moved by, kgCO2e: the three sum to the change; null where one of the periods is unknown."""

    volume = _known()
    mix = _known()
    intensity = _known()


class GroupChangeView(EffectsView):
    """One group: 0 where it was not made, null where nothing is known of what was."""

    names = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    mass_before = _known()
    mass_after = _known()
    before = _known()
    after = _known()
    unknown_before = ma.fields.Integer(
        required=True, metadata={"description": "Lots without a figure, quantity or mass: in no number of the group"}
    )
    unknown_after = ma.fields.Integer(required=True)
    lower_bound_before = ma.fields.Boolean(required=True, metadata={"description": KNOWN_PART})
    lower_bound_after = ma.fields.Boolean(required=True)


class ComparisonView(ma.Schema):
    """Two periods: the change of what has a figure and a mass in both, split exactly (LMDI-I)."""

    before = ma.fields.Nested(SideView, required=True)
    after = ma.fields.Nested(SideView, required=True)
    by = ma.fields.List(ma.fields.String(), required=True)
    unit = ma.fields.String(required=True)
    change = _known("Of the groups that are known in both periods; null where nothing is known of one of them")
    effects = ma.fields.Nested(EffectsView, required=True)
    groups = ma.fields.List(ma.fields.Nested(GroupChangeView), required=True)
    of_known = ma.fields.Boolean(required=True, metadata={"description": "Something is unknown in one of the periods"})
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class TargetYearView(ma.Schema):
    """One year on the way to a target, kgCO2e."""

    year = ma.fields.Integer(required=True)
    aim = ma.fields.Float(required=True)
    actual = _known()
    gap = _known("actual - aim")
    gap_bound = ma.fields.String(required=True, validate=ma.validate.OneOf(BOUNDS))
    lower_bound = ma.fields.Boolean(required=True, metadata={"description": "actual is the known part of that year"})
    unknown_lots = ma.fields.Integer(required=True)


class TargetView(ma.Schema):
    """The linear way to a target beside what was emitted."""

    base_year = ma.fields.Integer(required=True)
    target_year = ma.fields.Integer(required=True)
    reduction_percent = ma.fields.Float(required=True)
    unit = ma.fields.String(required=True)
    base_lower_bound = ma.fields.Boolean(required=True)
    years = ma.fields.List(ma.fields.Nested(TargetYearView), required=True)
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class HolderView(ma.Schema):
    """An organization that something was passed to, and how many of the lots."""

    organization = ma.fields.String(required=True)
    name = ma.fields.String()
    lots = ma.fields.Integer(required=True)


class RecalledLotView(NameView):
    """A lot made of the one in question."""

    certain = ma.fields.Boolean(
        required=True, metadata={"description": "false: somebody named a product and period that the lot is one of"}
    )
    holders = ma.fields.List(ma.fields.String(), required=True)


class UndisclosedView(ma.Schema):
    """What there is beside, without names."""

    lots = ma.fields.Integer(required=True)
    organizations = ma.fields.Integer(required=True)


class RecallView(ma.Schema):
    """Where a lot went."""

    subject = ma.fields.Nested(NameView, required=True)
    lots = ma.fields.List(ma.fields.Nested(RecalledLotView), required=True)
    holders = ma.fields.List(ma.fields.Nested(HolderView), required=True)
    undisclosed = ma.fields.Nested(UndisclosedView, required=True)
    truncated = ma.fields.Boolean(required=True)
    as_of = ma.fields.Integer(required=True)
