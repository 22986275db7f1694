"""The facts that a statement can assert. Decimals as stated, already in canonical units (``graph.units``).

Times are seconds since the epoch, UTC. A reference may name what nobody has described yet.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from graph.model.digests import digest
from graph.model.factors import FactorSet
from graph.model.indicators import Group, Quality, Scope
from graph.model.inventories import Inventory
from graph.model.refs import Kind, Ref
from graph.model.standing import Accreditation, Assurance, Certificate, Delegation, KeyRevocation
from graph.units import Amount, Dimension


class ProcessKind(StrEnum):
    """What a process does with material."""

    TRANSFORM = "transform"
    BLEND = "blend"
    STORE = "store"
    SPLIT = "split"
    REWORK = "rework"


class Role(StrEnum):
    """What an input is for; only ``material`` counts into content (reference: physical shares, ISO 14021)."""

    MATERIAL = "material"
    FUEL = "fuel"
    AUXILIARY = "auxiliary"
    PACKAGING = "packaging"
    OWN_SCRAP = "own-scrap"


class AllocationKey(StrEnum):
    """How a process's burden is split over its outputs (ISO 14044 4.3.4.2)."""

    MASS = "mass"
    ECONOMIC = "economic"
    ENERGY = "energy"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that stays with its owner and is held to by its digest."""

    sha256: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Organization:
    """The issuer about itself."""

    ref: Ref
    name: str
    country: str
    identifiers: tuple[str, ...]
    kind: Kind = Kind.ORGANIZATION


@dataclass(frozen=True, slots=True)
class Facility:
    """A site that the issuer operates."""

    ref: Ref
    name: str
    country: str
    grid_region: str
    gln: str
    unlocode: str
    latitude: Decimal | None
    longitude: Decimal | None
    kind: Kind = Kind.FACILITY


@dataclass(frozen=True, slots=True)
class Classification:
    """A code of a classification system (HS-CN, UN CPC): never an identity."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the issuer. ``kg_per_unit``: mass per piece or density, kg per canonical unit of ``dimension``."""

    ref: Ref
    name: str
    material: str
    dimension: Dimension
    kg_per_unit: Decimal | None
    identifiers: tuple[str, ...]
    classifications: tuple[Classification, ...]
    kind: Kind = Kind.PRODUCT


@dataclass(frozen=True, slots=True)
class LotTarget:
    """An input that names a lot."""

    lot: Ref


@dataclass(frozen=True, slots=True)
class ProductTarget:
    """An input that names a supplier's product in a period (end excluded)."""

    product: Ref
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class MaterialTarget:
    """An input of which only the material and the country of origin are known."""

    material: str
    country: str


@dataclass(frozen=True, slots=True)
class Input:
    """What a process consumed. ``incorporated``: kg of it that end up in the outputs, where stated."""

    target: LotTarget | ProductTarget | MaterialTarget
    amount: Amount
    role: Role
    incorporated: Decimal | None
    origin: str


@dataclass(frozen=True, slots=True)
class Output:
    """What a process produced, with its allocation key and the key's raw value."""

    id: str
    product: Ref
    amount: Amount
    allocation: AllocationKey
    allocation_value: Decimal | None


@dataclass(frozen=True, slots=True)
class Activity:
    """One raw line of a process's own emissions: quantity x multiplier x factor x GWP(gas) = kgCO2e.

    ``multiplier`` is what was stated beside the quantity (sign, net calorific value, oxidation, biomass, carbon
    content), ``factor`` kgCO2e per what quantity x multiplier counts, None where the declarer named none. ``category``
    is one of ``graph.model.indicators.GHG_PARTS`` ("": fossil), ``fate`` that of captured CO2, ``energy`` MJ with its
    sign (bought +, sold -), None where none was stated.
    """

    name: str
    type: str
    carrier: str
    region: str
    scope: Scope
    gas: str
    amount: Amount
    multiplier: Decimal
    factor: Decimal | None
    factor_source: str
    supply_kind: str
    instrument: str
    primary: bool
    category: str = ""
    fate: str = ""
    energy: Decimal | None = None
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A transformation at a facility of the issuer in a period (end excluded).

    ``undisclosed``: how many inputs it had beside ``inputs``, which its issuer does not show. ``accounts``: the groups
    of indicators for which its activities are complete.
    """

    ref: Ref
    process_kind: ProcessKind
    facility: Ref | None
    start: float
    end: float
    boundary: str
    complete: bool
    owner: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    activities: tuple[Activity, ...]
    attachments: tuple[Attachment, ...] = ()
    undisclosed: int = 0
    accounts: tuple[Group, ...] = ()
    kind: Kind = Kind.PROCESS


@dataclass(frozen=True, slots=True)
class OutputSource:
    """A quantity drawn from an output of a process."""

    process: Ref
    output: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class LotSource:
    """A quantity taken from another lot."""

    lot: Ref
    amount: Amount


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of a product; its identity is its issuer and its id."""

    ref: Ref
    product: Ref
    amount: Amount
    produced_at: float
    drawn_from: tuple[OutputSource, ...]
    part_of: tuple[LotSource, ...]
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.LOT


@dataclass(frozen=True, slots=True)
class Leg:
    """One transport leg (ISO 14083): distance in km, intensity in kgCO2e per tonne-kilometre, well-to-wheel."""

    mode: str
    distance_km: Decimal
    intensity: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A movement of lots between organizations; the same id stated by both sides confirms it."""

    ref: Ref
    transfer_kind: str
    sender: str
    receiver: str
    title: bool
    custody: bool
    at: float
    from_facility: Ref | None
    to_facility: Ref | None
    moved: tuple[LotSource, ...]
    legs: tuple[Leg, ...]
    kind: Kind = Kind.TRANSFER


@dataclass(frozen=True, slots=True)
class LotSubject:
    """A declaration about one lot."""

    lot: Ref


@dataclass(frozen=True, slots=True)
class ProductSubject:
    """A declaration about a product, at a facility or from a country or in general."""

    product: Ref
    facility: Ref | None
    country: str


@dataclass(frozen=True, slots=True)
class Footprint:
    """A declared footprint: kgCO2e per canonical unit of ``dimension``; None where a part is not stated.

    ``indicators``: what else is stated, by name (``graph.model.indicators``; ``biogenic_carbon``: kgC in the product).
    """

    ref: Ref
    subject: LotSubject | ProductSubject
    start: float
    end: float
    valid_from: float | None
    valid_to: float | None
    direct: Decimal | None
    indirect: Decimal | None
    undivided: Decimal | None
    dimension: Dimension
    boundary: str
    gwp: str
    primary_data_share: Decimal | None
    covers_transport: bool
    pcr: str
    exempted_share: Decimal | None
    attachments: tuple[Attachment, ...] = ()
    indicators: tuple[tuple[str, Decimal], ...] = ()
    quality: Quality | None = None
    kind: Kind = Kind.FOOTPRINT


@dataclass(frozen=True, slots=True)
class Content:
    """Declared content: mass fractions 0..1; None where not stated (ISO 14021, EN 16785-1)."""

    ref: Ref
    subject: LotSubject | ProductSubject
    start: float
    end: float
    valid_from: float | None
    valid_to: float | None
    pre_consumer: Decimal | None
    post_consumer: Decimal | None
    non_grain_bio: Decimal | None
    other_bio: Decimal | None
    virgin: Decimal | None
    basis: str
    custody: str
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.CONTENT


@dataclass(frozen=True, slots=True)
class Grant:
    """The issuer lets another organization read its own facts, of one lot or all; ``evidence``: the bytes too."""

    ref: Ref
    grantee: str
    lot: Ref | None
    evidence: bool
    kind: Kind = Kind.GRANT


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The issuer takes back all facts of a document of its own."""

    ref: Ref
    document: str
    kind: Kind = Kind.WITHDRAWAL


Fact = (
    Organization
    | Facility
    | Product
    | Process
    | Lot
    | Transfer
    | Footprint
    | Content
    | Grant
    | KeyRevocation
    | Withdrawal
    | Delegation
    | Accreditation
    | Assurance
    | Certificate
    | Inventory
    | FactorSet
)


@dataclass(frozen=True)
class Stated:
    """A fact in its statement: its place, and the document whose fact it replaces."""

    position: int
    fact: Fact
    supersedes: str

    @cached_property
    def digest(self) -> str:
        """The digest of what it says."""
        return digest(self.fact)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says: issuer (organization key), the issuer's id of it, times, and its facts."""

    issuer: str
    id: str
    issued_at: float
    expires_at: float | None
    facts: tuple[Stated, ...]
