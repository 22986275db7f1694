"""Sound facts of one organization, to be changed in one place by each test."""

from decimal import Decimal
from typing import Any

from graph.model.facts import (
    AllocationKey,
    Content,
    Facility,
    Footprint,
    Grant,
    Input,
    Lot,
    LotSource,
    LotSubject,
    LotTarget,
    Organization,
    Output,
    OutputSource,
    Process,
    ProcessKind,
    Product,
    ProductSubject,
    Role,
    Transfer,
    Withdrawal,
)
from graph.model.inventories import Inventory
from graph.model.refs import Kind, Ref
from graph.model.standing import Accreditation, Assurance, Certificate, Delegation, KeyRevocation
from graph.units import Amount, Dimension
from tests.trust.trust_kit import AT, DAY, ME, RIVAL


def kg(value: str) -> Amount:
    return Amount(Decimal(value), Dimension.MASS)


def pieces(value: str) -> Amount:
    return Amount(Decimal(value), Dimension.PIECE)


def material(amount: Amount, role: Role = Role.MATERIAL) -> Input:
    return Input(LotTarget(Ref(RIVAL, "bought")), amount, role, None, "")


def output(
    amount: Amount, key: AllocationKey = AllocationKey.MASS, value: str | None = None, name: str = "o"
) -> Output:
    return Output(name, Ref(ME, "steel"), amount, key, None if value is None else Decimal(value))


PROCESS = Process(
    Ref(ME, "heat-1"),
    ProcessKind.TRANSFORM,
    Ref(ME, "works"),
    AT - 30 * DAY,
    AT - DAY,
    "cradle-to-gate",
    False,
    "",
    (material(kg("100")),),
    (output(kg("90")),),
    (),
)
LOT = Lot(Ref(ME, "L1"), Ref(ME, "steel"), kg("10"), AT - DAY, (OutputSource(Ref(ME, "heat-1"), "o", kg("10")),), ())
TRANSFER = Transfer(
    Ref(ME, "T1"), "sale", ME, RIVAL, True, True, AT - DAY, None, None, (LotSource(Ref(ME, "L1"), kg("5")),), ()
)
_PERIOD: dict[str, Any] = {"start": AT - 365 * DAY, "end": AT - DAY, "valid_from": AT - DAY, "valid_to": AT + 365 * DAY}
FOOTPRINT = Footprint(
    ref=Ref(ME, "F1"),
    subject=LotSubject(Ref(ME, "L1")),
    direct=Decimal(1),
    indirect=None,
    undivided=None,
    dimension=Dimension.MASS,
    boundary="cradle-to-gate",
    gwp="AR6",
    primary_data_share=None,
    covers_transport=False,
    pcr="",
    exempted_share=None,
    **_PERIOD,
)
CONTENT = Content(
    ref=Ref(ME, "C1"),
    subject=ProductSubject(Ref(ME, "steel"), Ref(ME, "works"), ""),
    pre_consumer=Decimal("0.2"),
    post_consumer=Decimal("0.3"),
    non_grain_bio=None,
    other_bio=None,
    virgin=Decimal("0.5"),
    basis="mass",
    custody="segregated",
    **_PERIOD,
)
ORGANIZATION = Organization(Ref(ME), "Mill", "DE", ())
FACILITY = Facility(Ref(ME, "works"), "Works", "DE", "", "", "", None, None)
PRODUCT = Product(Ref(ME, "steel"), "Steel", "steel", Dimension.MASS, Decimal(1), (), ())
GRANT = Grant(Ref(ME, "G1"), RIVAL, None, False)
REVOCATION = KeyRevocation(Ref(ME, "K1"), "t", "cessationOfOperation")
WITHDRAWAL = Withdrawal(Ref(ME, "W1"), "0" * 64)
DELEGATION = Delegation(Ref(ME, "D1"), RIVAL, "", (Kind.FOOTPRINT,), "lot", Ref(ME, "L1"), AT - DAY, AT + DAY)
ACCREDITATION = Accreditation(Ref(ME, "A1"), RIVAL, "V-1", ("ISO 14064-3",), AT - DAY, AT + DAY)
ASSURANCE = Assurance(Ref(ME, "S1"), Ref(RIVAL, "F1"), "0" * 64, "limited", "ISO 14064-3", AT + DAY)
CERTIFICATE = Certificate(Ref(ME, "Z1"), "ISO 14064-1", "C-1", RIVAL, None, AT - DAY, AT + DAY, "in-force")
INVENTORY = Inventory(
    Ref(ME, "I1"), Ref(ME, "works"), AT - 365 * DAY, AT - DAY, Decimal(5), Decimal(0), "location-based", "AR6", ""
)
SOUND = (
    ORGANIZATION,
    FACILITY,
    PRODUCT,
    PROCESS,
    LOT,
    TRANSFER,
    FOOTPRINT,
    CONTENT,
    GRANT,
    REVOCATION,
    WITHDRAWAL,
    DELEGATION,
    ACCREDITATION,
    ASSURANCE,
    CERTIFICATE,
    INVENTORY,
)
