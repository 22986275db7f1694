"""The marshmallow schema of each kind of fact, as it stands in a statement.

Names are the field's terms; what a number counts is said by its unit. Unknown fields are refused.
"""

import marshmallow as ma
from marshmallow.validate import ContainsNoneOf, Equal, Length, OneOf, Regexp

from graph.model.facts import AllocationKey, ProcessKind, Role
from graph.model.indicators import ACCOUNTS, FATES, FLOWS, GHG_PARTS, Scope
from graph.model.inventories import METHODS
from graph.model.refs import Kind
from graph.model.standing import ASSURANCE_LEVELS, CERTIFICATE_STATES, DELEGABLE, REVOCATION_REASONS
from schemas.fields import Amount0, Id, Number, Quantity, Quotient, Reference, Text, Time, Uri, one_of_or_none
from schemas.indicators import EnergySchema, GhgSchema, QualitySchema
from schemas.lean import Lean

BOUNDARIES = ("cradle-to-gate", "cbam-embedded", "gate-to-gate")
GWP_SETS = ("AR4", "AR5", "AR6", "commission")
ORIGINS = ("virgin", "pre-consumer", "post-consumer", "non-grain-bio", "grain-bio", "waste-bio")
GASES = ("CO2e", "CO2", "CH4", "N2O", "CF4", "C2F6", "SF6", "NF3")
SUPPLY_KINDS = ("grid", "direct-line", "own", "ppa", "certificate")
CUSTODY_MODELS = ("identity-preserved", "segregated", "controlled-blending")


def _kind(kind: Kind) -> ma.fields.String:
    return ma.fields.String(required=True, validate=Equal(kind.value))


Country = Regexp(r"[A-Z]{2}\Z", error="must be a two-letter country code (ISO 3166-1 alpha-2)")
Sha256 = Regexp(r"[0-9a-f]{64}\Z", error="must be a SHA-256 digest in lower-case hex")


class _Fact(Lean):
    """What all facts share."""

    id = Id(required=True, metadata={"description": "the issuer's own id of the thing"})
    supersedes = ma.fields.String(
        validate=Sha256, metadata={"description": "id of the document whose statement of the same thing this replaces"}
    )


class AttachmentSchema(Lean):
    """A file held to by its digest (invoice, meter reading, certificate)."""

    sha256 = ma.fields.String(required=True, validate=Sha256)
    name = Text(required=True)
    media_type = ma.fields.String(load_default="application/octet-stream", validate=Length(1, 100))


class OrganizationSchema(Lean):
    """The issuer about itself."""

    kind = _kind(Kind.ORGANIZATION)
    name = Text(required=True, validate=Length(1))
    country = ma.fields.String(required=True, validate=Country)
    identifiers = ma.fields.List(Uri(), load_default=list, validate=Length(max=20))
    supersedes = ma.fields.String(validate=Sha256)


class FacilitySchema(_Fact):
    """A site that the issuer operates."""

    kind = _kind(Kind.FACILITY)
    name = Text(required=True, validate=Length(1))
    country = ma.fields.String(required=True, validate=Country)
    grid_region = Id(load_default="", metadata={"description": "electricity grid region, such as CN or CN-North"})
    gln = ma.fields.String(load_default="", validate=Regexp(r"([0-9]{13})?\Z", error="must be 13 digits"))
    unlocode = ma.fields.String(load_default="", validate=Regexp(r"([A-Z]{2}[A-Z2-9]{3})?\Z"))
    latitude = Number(load_default=None, low="-90", high="90")
    longitude = Number(load_default=None, low="-180", high="180")


class ClassificationSchema(Lean):
    """A code in a classification system; never an identity."""

    system = ma.fields.String(required=True, validate=OneOf(("HS-CN", "UN-CPC", "PRODCOM", "other")))
    code = Id(required=True)


class ProductSchema(_Fact):
    """A product of the issuer."""

    kind = _kind(Kind.PRODUCT)
    name = Text(required=True, validate=Length(1))
    material = Id(required=True, metadata={"description": "lower case with hyphens, such as hot-rolled-steel"})
    declared_unit = ma.fields.String(required=True, metadata={"description": "unit a footprint is stated per"})
    mass_per_unit = Quotient(metadata={"description": "mass per piece or density, such as 8.6 kg/piece"})
    identifiers = ma.fields.List(Uri(), load_default=list, validate=Length(max=20))
    classifications = ma.fields.List(ma.fields.Nested(ClassificationSchema), load_default=list, validate=Length(max=20))


class InputSchema(Lean):
    """What a process consumed: exactly one of ``lot``, ``product`` (with period), ``material`` (with country)."""

    lot = Reference()
    product = Reference()
    period_start = Time()
    period_end = Time()
    material = Id()
    country = ma.fields.String(validate=Country)
    quantity = Quantity(required=True, metadata={"description": "quantity CONSUMED, losses included"})
    role = ma.fields.Enum(Role, by_value=True, load_default=Role.MATERIAL)
    incorporated = Quantity(metadata={"description": "mass of it that ends up in the outputs"})
    origin = ma.fields.String(load_default="", validate=one_of_or_none(ORIGINS))


class AllocationSchema(Lean):
    """How the burden is split, and the raw value of the key for this output."""

    key = ma.fields.Enum(AllocationKey, by_value=True, required=True)
    value = Number(low="0")


class OutputSchema(Lean):
    """What a process produced."""

    id = Id(required=True)
    product = Reference(required=True)
    quantity = Quantity(required=True, metadata={"description": "good output"})
    allocation = ma.fields.Nested(AllocationSchema)


class FactorSchema(Lean):
    """An emission factor: its source, year and region, or ``own`` for the declarer's own."""

    value = Number(required=True, low="0")
    unit = ma.fields.String(required=True)
    source = Text(load_default="")
    year = ma.fields.Integer(strict=True)
    region = Id(load_default="")
    own = ma.fields.Boolean(load_default=False)


ACTIVITY_TYPES = ("stream", "carbon", "electricity", "heat", "waste-gas", "measured", "capture", *FLOWS)


class ActivitySchema(Lean):
    """One raw line of a process's own emissions; which fields belong to which type: ``schemas.builders``."""

    name = Text(required=True, validate=Length(1, 100))
    type = ma.fields.String(required=True, validate=OneOf(ACTIVITY_TYPES))
    quantity = Quantity(required=True)
    direction = ma.fields.String(load_default="in", validate=OneOf(("in", "out")))
    carrier = Id(load_default="")
    region = Id(load_default="")
    scope = ma.fields.Enum(Scope, by_value=True)
    gas = ma.fields.String(load_default="CO2e", validate=OneOf(GASES))
    factor = ma.fields.Nested(FactorSchema)
    net_calorific_value = Quotient()
    carbon_content = Number(low="0", high="1", metadata={"description": "mass of carbon per mass"})
    oxidation = Number(low="0", high="1")
    biomass_fraction = Number(low="0", high="1")
    correction = Number(low="0", high="1", metadata={"description": "waste gas: share of the factor that counts"})
    supply_kind = ma.fields.String(load_default="", validate=one_of_or_none(SUPPLY_KINDS))
    instrument = Id(load_default="")
    primary = ma.fields.Boolean(load_default=False)
    category = ma.fields.String(load_default="", validate=one_of_or_none(GHG_PARTS[:-1]))
    fate = ma.fields.String(load_default="", validate=one_of_or_none(FATES))
    quality = ma.fields.Nested(QualitySchema)


class ProcessSchema(_Fact):
    """A transformation, blend, store, split or rework at a facility in a period (end excluded)."""

    kind = _kind(Kind.PROCESS)
    process_kind = ma.fields.Enum(ProcessKind, by_value=True, load_default=ProcessKind.TRANSFORM)
    facility = Reference(load_default=None)
    produced_from = Time(required=True)
    produced_to = Time(required=True)
    boundary = ma.fields.String(load_default="cradle-to-gate", validate=OneOf(BOUNDARIES))
    inputs_complete = ma.fields.Boolean(load_default=False)
    inputs_undisclosed = ma.fields.Integer(
        strict=True,
        load_default=0,
        validate=ma.validate.Range(0, 1_000_000),
        metadata={"description": "how many inputs are kept undisclosed; with any, the figure is the known part alone"},
    )
    accounts = ma.fields.List(
        ma.fields.String(validate=OneOf([g.value for g in ACCOUNTS])),
        load_default=list,
        validate=Length(max=10),
        metadata={"description": "indicators for which the activities are complete; of others it is the known part"},
    )
    owner = Uri(load_default="", metadata={"description": "owner of the material where it is not the operator"})
    inputs = ma.fields.List(ma.fields.Nested(InputSchema), load_default=list)
    outputs = ma.fields.List(ma.fields.Nested(OutputSchema), required=True, validate=Length(1))
    activities = ma.fields.List(ma.fields.Nested(ActivitySchema), load_default=list)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), load_default=list, validate=Length(max=50))


class OutputSourceSchema(Lean):
    """A quantity drawn from an output of the issuer's process."""

    process = Reference(required=True)
    output = Id(required=True)
    quantity = Quantity(required=True)


class LotSourceSchema(Lean):
    """A quantity of a lot."""

    lot = Reference(required=True)
    quantity = Quantity(required=True)


class LotSchema(_Fact):
    """A lot of one of the issuer's products."""

    kind = _kind(Kind.LOT)
    product = Reference(required=True)
    quantity = Quantity(required=True)
    produced_at = Time(required=True)
    drawn_from = ma.fields.List(ma.fields.Nested(OutputSourceSchema), load_default=list)
    part_of = ma.fields.List(ma.fields.Nested(LotSourceSchema), load_default=list)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), load_default=list, validate=Length(max=50))


class LegSchema(Lean):
    """One transport leg (ISO 14083)."""

    mode = ma.fields.String(
        required=True, validate=OneOf(("road", "rail", "sea", "inland-waterway", "air", "pipeline"))
    )
    distance_km = Number(required=True, low="0")
    intensity = Number(low="0", metadata={"description": "kgCO2e per tonne-kilometre, well-to-wheel"})
    source = Text(load_default="")


class TransferSchema(_Fact):
    """A movement of lots, stated by sender or receiver; the other side confirms by stating it under the same id."""

    kind = _kind(Kind.TRANSFER)
    transfer_kind = ma.fields.String(load_default="sale", validate=OneOf(("sale", "tolling", "return", "relocation")))
    sender = Uri(required=True)
    receiver = Uri(required=True)
    title = ma.fields.Boolean(load_default=True)
    custody = ma.fields.Boolean(load_default=True)
    at = Time(required=True)
    from_facility = Reference(load_default=None)
    to_facility = Reference(load_default=None)
    moved = ma.fields.List(ma.fields.Nested(LotSourceSchema), required=True, validate=Length(1))
    legs = ma.fields.List(ma.fields.Nested(LegSchema), load_default=list, validate=Length(max=50))


class _Declaration(_Fact):
    """A declaration about a lot or a product (at a facility or from a country), for a reference period."""

    lot = Reference()
    product = Reference()
    facility = Reference()
    country = ma.fields.String(validate=Country)
    period_start = Time(required=True)
    period_end = Time(required=True)
    valid_from = Time(load_default=None)
    valid_to = Time(load_default=None)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), load_default=list, validate=Length(max=50))


class FootprintSchema(_Declaration):
    """A declared footprint: kgCO2e per ``per``; ``direct`` and ``indirect``, or ``undivided`` for a mere total."""

    kind = _kind(Kind.FOOTPRINT)
    per = Quantity(required=True, metadata={"description": "declared unit and amount, such as 1 t"})
    direct = Number()
    indirect = Number(low="0")
    undivided = Number()
    boundary = ma.fields.String(required=True, validate=OneOf(BOUNDARIES))
    gwp = ma.fields.String(load_default="AR6", validate=OneOf(GWP_SETS))
    primary_data_share = Number(low="0", high="1")
    covers_transport = ma.fields.Boolean(load_default=False)
    pcr = Text(load_default="")
    exempted_share = Number(low="0", high="1")
    ghg = ma.fields.Nested(GhgSchema)
    biogenic_carbon = Number(low="0", metadata={"description": "kg of biogenic carbon in the product, per ``per``"})
    energy = ma.fields.Nested(EnergySchema)
    fresh_water = Amount0()
    solid_waste = Amount0()
    resources_recovered = Amount0()
    quality = ma.fields.Nested(QualitySchema)


class ContentSchema(_Declaration):
    """Declared content: mass fractions (ISO 14021; EN 16785-1), physical."""

    kind = _kind(Kind.CONTENT)
    pre_consumer = Number(low="0", high="1")
    post_consumer = Number(low="0", high="1")
    non_grain_bio = Number(low="0", high="1")
    other_bio = Number(low="0", high="1")
    virgin = Number(low="0", high="1")
    basis = ma.fields.String(load_default="mass", validate=OneOf(("mass",)))
    custody = ma.fields.String(load_default="segregated", validate=OneOf(CUSTODY_MODELS))


class GrantSchema(_Fact):
    """Another organization may read the issuer's own facts: of one lot or of all; with the signed bytes or without."""

    kind = _kind(Kind.GRANT)
    grantee = Uri(required=True)
    lot = Reference(load_default=None)
    evidence = ma.fields.Boolean(load_default=False)


class KeyRevocationSchema(_Fact):
    """A key of the issuer speaks no more; where it was compromised, also nothing that it signed ``since`` then."""

    kind = _kind(Kind.KEY_REVOCATION)
    thumbprint = ma.fields.String(
        required=True,
        validate=[Length(1, 400), ContainsNoneOf("|")],
        metadata={"description": "thumbprint of a key of the issuer, or a did:web registered for it"},
    )
    reason = ma.fields.String(required=True, validate=OneOf(REVOCATION_REASONS))
    since = Time(metadata={"description": "keyCompromise: what was logged from then on leaves the figures"})


class WithdrawalSchema(_Fact):
    """The issuer takes back all facts of one of its documents."""

    kind = _kind(Kind.WITHDRAWAL)
    document = ma.fields.String(required=True, validate=Sha256)


class _Dated(_Fact):
    """What holds for a period; its end is excluded."""

    valid_from = Time(required=True)
    valid_to = Time(required=True)


class DelegationSchema(_Dated):
    """``delegate`` may state these kinds of facts about the issuer's things: all, or one product, facility or lot."""

    kind = _kind(Kind.DELEGATION)
    delegate = Uri(required=True)
    key = ma.fields.String(
        load_default="",
        validate=[Length(1, 100), ContainsNoneOf("|")],
        metadata={"description": "thumbprint of the one key of the delegate that may; all of its keys where absent"},
    )
    kinds = ma.fields.List(
        ma.fields.String(validate=OneOf([k.value for k in DELEGABLE])), required=True, validate=Length(1, 10)
    )
    product = Reference()
    facility = Reference()
    lot = Reference()


class AccreditationSchema(_Dated):
    """The issuer, an accreditation body, accredits an institution for the standards in ``scope``."""

    kind = _kind(Kind.ACCREDITATION)
    institution = Uri(required=True)
    number = Text(required=True, validate=Length(1))
    scope = ma.fields.List(Text(validate=Length(1)), required=True, validate=Length(1, 50))


class AssuranceSchema(_Fact):
    """The issuer, a verifier, has looked at another's footprint as ``document`` states it."""

    kind = _kind(Kind.ASSURANCE)
    footprint = Reference(required=True)
    document = ma.fields.String(required=True, validate=Sha256)
    level = ma.fields.String(required=True, validate=OneOf(ASSURANCE_LEVELS))
    standard = Text(required=True, validate=Length(1), metadata={"description": "such as ISO 14064-3"})
    valid_to = Time(required=True)


class CertificateSchema(_Dated):
    """The issuer certifies another organization, or one facility of it."""

    kind = _kind(Kind.CERTIFICATE)
    scheme = Text(required=True, validate=Length(1), metadata={"description": "such as ISO 14064-1 or green factory"})
    number = Text(required=True, validate=Length(1))
    holder = Uri(required=True)
    facility = Reference(load_default=None)
    status = ma.fields.String(load_default="in-force", validate=OneOf(CERTIFICATE_STATES))


class InventorySchema(_Fact):
    """What was emitted at a facility of the issuer in a period (ISO 14064-1; GHG Protocol scopes 1 and 2)."""

    kind = _kind(Kind.INVENTORY)
    facility = Reference(required=True)
    period_start = Time(required=True)
    period_end = Time(required=True)
    direct = Amount0(required=True, metadata={"description": "mass of CO2e emitted there, biogenic CO2 left out"})
    indirect = Amount0(metadata={"description": "mass of CO2e of the electricity, heat and steam bought"})
    indirect_method = ma.fields.String(load_default="", validate=one_of_or_none(METHODS))
    gwp = ma.fields.String(load_default="AR6", validate=OneOf(GWP_SETS))
    boundary = Text(load_default="", metadata={"description": "what it takes in, such as operational control"})
