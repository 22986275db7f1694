"""Figures as this API writes them. An unknown emission is null, never 0; shares are fractions of 1."""

from typing import Any

import marshmallow as ma

from graph.rollup.certificates import STATES
from schemas.indicator_views import BiogenicView, IntervalView, PartsView, QualityView


def _known(description: str = "") -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description} if description else {})


KNOWN_PART = (
    "Something above is unknown: the numbers are their known part. Of what can never be negative (biogenic_non_co2, "
    "water, waste, resources recovered, captured CO2) there is at least that; all else may also fall by what is "
    "unknown, such as removals and credits"
)


class NameView(ma.Schema):
    """Something in the chain that the viewer may be told the name of."""

    kind = ma.fields.String(required=True)
    uid = ma.fields.String(metadata={"description": "Address in URLs, for lots and products"})
    issuer = ma.fields.String()
    id = ma.fields.String(required=True)
    country = ma.fields.String()


class NamesView(ma.Schema):
    """Named as far as the viewer may see, and how many more there are."""

    named = ma.fields.List(ma.fields.Nested(NameView), required=True)
    undisclosed = ma.fields.Integer(required=True)


class FigureFindingView(ma.Schema):
    """What a reader of the figure should know; never changes a number."""

    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    subjects = ma.fields.List(ma.fields.String(), required=True)
    documents = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Ids of the documents behind it, as far as the viewer may see them"},
    )


class DocumentsView(ma.Schema):
    """The documents behind a figure: ids as far as the viewer may see them, and how many more there are."""

    ids = ma.fields.List(ma.fields.String(), required=True)
    undisclosed = ma.fields.Integer(required=True)


class ShadowView(ma.Schema):
    """A candidate that was not taken: kgCO2e per unit; null: unknown."""

    basis = ma.fields.String(required=True)
    direct = _known()
    indirect = _known()
    undivided = _known()
    total = _known()
    lower_bound = ma.fields.Boolean(required=True, metadata={"description": KNOWN_PART})
    document = ma.fields.String(metadata={"description": "Id of the document that states it, where it is one"})


class PeriodView(ma.Schema):
    """A period, end excluded."""

    start = ma.fields.String(required=True)
    end = ma.fields.String(required=True)


class FootprintView(ma.Schema):
    """A footprint with everything one should know about it."""

    subject = ma.fields.Nested(NameView, required=True)
    period = ma.fields.Nested(PeriodView, metadata={"description": "of a product's footprint"})
    unit = ma.fields.String(required=True, metadata={"example": "kgCO2e/kg"})
    direct = _known("kgCO2e per unit; null: unknown, as where a total alone is stated")
    indirect = _known()
    undivided = _known("stated as a total only")
    total = _known("direct + indirect + undivided")
    basis = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(("attested", "computed", "declared", "computed-gaps", "default", "unknown")),
    )
    assurance = ma.fields.String(
        validate=ma.validate.OneOf(("none", "limited", "reasonable")),
        metadata={"description": "Least level of the attested footprints behind it; absent where it rests on none"},
    )
    lower_bound = ma.fields.Boolean(required=True, metadata={"description": KNOWN_PART})
    boundary = ma.fields.String(required=True)
    allocation = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(("mass", "economic", "energy", "explicit"))),
        required=True,
        metadata={
            "description": "Keys by which processes behind it divide over several products; of a footprint that was "
            "taken its own word counts"
        },
    )
    gwp = ma.fields.String(required=True)
    missing = ma.fields.Nested(NamesView, required=True)
    defaulted = ma.fields.Nested(NamesView, required=True)
    coverage_mass = ma.fields.Float(
        required=True, metadata={"description": "Share of incorporated mass that is traced"}
    )
    coverage_emissions = _known("Share of emissions that verified declarations with non-default factors back")
    coverage_emissions_of = ma.fields.String(required=True, validate=ma.validate.OneOf(("all", "known")))
    default_share = _known("Share of emissions that rests on published defaults")
    default_mass_share = ma.fields.Float(required=True)
    unknown_share = ma.fields.Float(required=True, metadata={"description": "Share of mass of which nothing is known"})
    primary_data_share = _known()
    shadows = ma.fields.List(ma.fields.Nested(ShadowView), required=True)
    findings = ma.fields.List(ma.fields.Nested(FigureFindingView), required=True)
    documents = ma.fields.Nested(DocumentsView, required=True)
    parts = ma.fields.Nested(PartsView, required=True)
    biogenic = ma.fields.Nested(BiogenicView, required=True)
    data_quality = ma.fields.Nested(QualityView, required=True, allow_none=True)
    interval = ma.fields.Nested(IntervalView, required=True, allow_none=True)
    interval_missing = ma.fields.String(required=True, metadata={"description": "Why there is no interval"})
    interval_share = _known("Share of emissions whose geometric standard deviation is stated; null: none are known")
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True, metadata={"description": "Ledger index; -1: before the first entry"})


class AccountView(ma.Schema):
    """Energy by carrier, water, waste or captured CO2 of a lot, with evidence of its own."""

    unit = ma.fields.String(required=True, metadata={"example": "MJ/kg"})
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True, metadata={"description": KNOWN_PART})
    values = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Float(allow_none=True),
        required=True,
        metadata={"description": "by name; null: nothing known"},
    )
    missing = ma.fields.Nested(NamesView, required=True)
    documents = ma.fields.Nested(DocumentsView, required=True)


class IndicatorsView(ma.Schema):
    """A lot's indicators beside its footprint."""

    subject = ma.fields.Nested(NameView, required=True)
    groups = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(AccountView), required=True)
    shares = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Float(allow_none=True),
        required=True,
        metadata={
            "description": "of final energy: coal, gas, electrification, renewable; null: not all is known, or more of "
            "a carrier was sold than bought"
        },
    )
    findings = ma.fields.List(ma.fields.Nested(FigureFindingView), required=True)
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class ContentView(ma.Schema):
    """Physical content as mass fractions that sum to 1, the unknown one among them (ISO 14021, ISO 22095)."""

    subject = ma.fields.Nested(NameView, required=True)
    basis = ma.fields.String(required=True, metadata={"description": "mass: mass fractions, physical only"})
    pre_consumer = _known("null: nothing known of it, while a share is unknown")
    post_consumer = _known()
    non_grain_bio = _known()
    other_bio = _known()
    virgin = _known()
    unknown_share = ma.fields.Float(required=True)
    declared = ma.fields.Boolean(required=True)
    coverage_mass = ma.fields.Float(required=True)
    findings = ma.fields.List(ma.fields.Nested(FigureFindingView), required=True)
    documents = ma.fields.Nested(DocumentsView, required=True)
    as_of = ma.fields.Integer(required=True)


class ContributionView(ma.Schema):
    """One part of a total: kgCO2e per unit of the lot, and its share of the total."""

    name = ma.fields.String(required=True)
    direct = _known("kgCO2e per unit of the lot; null: unknown")
    indirect = _known()
    undivided = _known()
    total = _known()
    share = _known("of the total; null where that is 0 or the part is unknown")
    names = ma.fields.List(ma.fields.String(), metadata={"description": "What the name is made of, where by= is given"})
    others = ma.fields.Integer(metadata={"description": "How many smaller rows this one stands for"})


BREAKDOWNS = ("lot", "process", "tier", "organization", "facility", "country", "material", "activity", "evidence")


class ContributionsView(ma.Schema):
    """A figure taken apart; every breakdown adds up to the same total, what may not be named in one row of its own."""

    subject = ma.fields.Nested(NameView, required=True)
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)
    boundary = ma.fields.String(required=True)
    gwp = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)
    total = ma.fields.Nested(ContributionView, required=True)
    by = ma.fields.Dict(
        keys=ma.fields.String(metadata={"description": "What was asked for, or each of: " + ", ".join(BREAKDOWNS)}),
        values=ma.fields.List(ma.fields.Nested(ContributionView)),
        required=True,
    )
    documents = ma.fields.Nested(DocumentsView, required=True)
    as_of = ma.fields.Integer(required=True)


class ChainNodeView(ma.Schema):
    """A lot or reference of the chain."""

    number = ma.fields.Integer(required=True)
    name = ma.fields.Nested(NameView)
    organization = ma.fields.String(metadata={"description": "Absent where it is not disclosed"})
    country = ma.fields.String()
    material = ma.fields.String()
    tier = ma.fields.Integer(required=True, metadata={"description": "Organization boundaries crossed"})
    basis = ma.fields.String()
    total = ma.fields.Float(allow_none=True)
    unit = ma.fields.String()
    lots = ma.fields.Integer(metadata={"description": "Undisclosed nodes that this one stands for"})


class ChainEdgeView(ma.Schema):
    """What goes into what; amounts only between nodes that are disclosed."""

    source = ma.fields.Integer(required=True)
    target = ma.fields.Integer(required=True)
    amount = ma.fields.Float()


class ChainView(ma.Schema):
    """The chain above a lot as nodes and edges."""

    subject = ma.fields.Nested(NameView, required=True)
    nodes = ma.fields.List(ma.fields.Nested(ChainNodeView), required=True)
    edges = ma.fields.List(ma.fields.Nested(ChainEdgeView), required=True)
    truncated = ma.fields.Boolean(required=True)
    as_of = ma.fields.Integer(required=True)


class TermView(ma.Schema):
    """So much of one node in another."""

    source = ma.fields.Integer(required=True, metadata={"description": "Number of the node"})
    amount = ma.fields.Float(required=True, metadata={"description": "What its total is multiplied by"})


class EmittedView(ma.Schema):
    """An activity of a process."""

    name = ma.fields.String(required=True)
    value = ma.fields.Float(required=True, metadata={"description": "kgCO2e over the whole process"})
    default = ma.fields.Boolean(required=True, metadata={"description": "By a published factor"})


class ExplainedView(ma.Schema):
    """A node: total = sum(amount x total of source) + sum(emitted), where it is not stated and nothing is hidden."""

    number = ma.fields.Integer(required=True)
    name = ma.fields.Nested(NameView, required=True)
    basis = ma.fields.String(required=True)
    total = _known("per unit, but for processes, which hold the whole; null: unknown")
    unit = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)
    stated = ma.fields.Boolean(required=True, metadata={"description": "A footprint's or default's; nothing is summed"})
    terms = ma.fields.List(ma.fields.Nested(TermView), required=True)
    emitted = ma.fields.List(ma.fields.Nested(EmittedView), required=True)
    undisclosed = ma.fields.Integer(required=True, metadata={"description": "Terms that are not shown"})
    documents = ma.fields.Nested(DocumentsView, required=True)


class ExplanationView(ma.Schema):
    """What a lot's number is the sum of, the lot first; each node stands once, however often it is used."""

    subject = ma.fields.Nested(NameView, required=True)
    nodes = ma.fields.List(ma.fields.Nested(ExplainedView), required=True)
    truncated = ma.fields.Boolean(required=True)
    policy = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True)


class LotView(ma.Schema):
    """A lot as its issuer describes it."""

    uid = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    id = ma.fields.String(required=True)
    described = ma.fields.Boolean(required=True, metadata={"description": "false: only named so far"})
    product = ma.fields.Nested(NameView)
    product_name = ma.fields.String()
    material = ma.fields.String()
    quantity = ma.fields.Float()
    unit = ma.fields.String()
    produced_at = ma.fields.String()
    as_of = ma.fields.Integer()


class CertificateView(ma.Schema):
    """A certificate of an organization, or of one facility of it, and how it stands."""

    scheme = ma.fields.String(required=True)
    number = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    holder = ma.fields.String(required=True)
    facility = ma.fields.Nested(NameView, metadata={"description": "Absent where it is for the whole organization"})
    valid_from = ma.fields.String(required=True)
    valid_to = ma.fields.String(required=True, metadata={"description": "End of the period, excluded"})
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(STATES))
    document = ma.fields.String(metadata={"description": "Id of the document that states it, where you may see it"})


class CertificatesView(ma.Schema):
    """Certificates in the order of the ledger."""

    data = ma.fields.List(ma.fields.Nested(CertificateView), required=True)
    as_of = ma.fields.Integer(required=True)
    judged_at = ma.fields.String(
        metadata={"description": "Present time, or where the past is asked for that of its last document"}
    )
    next = ma.fields.String(metadata={"description": "Cursor of the next page; absent on the last"})


class LotPage(ma.Schema):
    """One page of lots, by issuer and id."""

    data = ma.fields.List(ma.fields.Nested(LotView), required=True)
    next = ma.fields.String(metadata={"description": "Cursor of the next page; absent on the last"})


def strip(view: dict[str, Any]) -> dict[str, Any]:
    """Without members that are empty text."""
    return {name: value for name, value in view.items() if value != ""}
