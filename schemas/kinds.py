"""Which schema a fact of each kind follows."""

import marshmallow as ma

from graph.model.refs import Kind
from schemas.facts import (
    AccreditationSchema,
    AssuranceSchema,
    CertificateSchema,
    ContentSchema,
    DelegationSchema,
    FacilitySchema,
    FootprintSchema,
    GrantSchema,
    InventorySchema,
    KeyRevocationSchema,
    LotSchema,
    OrganizationSchema,
    ProcessSchema,
    ProductSchema,
    TransferSchema,
    WithdrawalSchema,
)

FACT_SCHEMAS: dict[str, ma.Schema] = {
    kind.value: schema()
    for kind, schema in {
        Kind.ORGANIZATION: OrganizationSchema,
        Kind.FACILITY: FacilitySchema,
        Kind.PRODUCT: ProductSchema,
        Kind.PROCESS: ProcessSchema,
        Kind.LOT: LotSchema,
        Kind.TRANSFER: TransferSchema,
        Kind.FOOTPRINT: FootprintSchema,
        Kind.CONTENT: ContentSchema,
        Kind.GRANT: GrantSchema,
        Kind.KEY_REVOCATION: KeyRevocationSchema,
        Kind.WITHDRAWAL: WithdrawalSchema,
        Kind.DELEGATION: DelegationSchema,
        Kind.ACCREDITATION: AccreditationSchema,
        Kind.ASSURANCE: AssuranceSchema,
        Kind.CERTIFICATE: CertificateSchema,
        Kind.INVENTORY: InventorySchema,
    }.items()
}
