"""Who may do what: one table from role to permissions, and the viewer that use cases are asked by."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.auth.errors import Forbidden

# The organization that runs this service. Only its admins manage other organizations.
OPERATOR = "urn:greenchain:org:operator"


class Role(StrEnum):
    """What a principal is for its organization."""

    ADMIN = "admin"
    SUPPLIER = "supplier"
    PROCUREMENT = "procurement"
    BRAND_OWNER = "brand-owner"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a role can allow. What may be seen of others is decided by visibility on top of READ_CHAIN."""

    READ_CHAIN = "read-chain"  # lots, footprints, contents, chains, as far as visible
    READ_EVIDENCE = "read-evidence"  # the signed bytes of others, where they granted that
    SCREEN = "screen"  # compare suppliers
    SUBMIT_DOCUMENTS = "submit-documents"  # speak for the organization
    REGISTER_KEYS = "register-keys"  # register and revoke its keys
    GRANT = "grant"  # let others read its facts
    MANAGE_PRINCIPALS = "manage-principals"  # of its own organization; an operator's admin: of all, and organizations


PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset({Permission.MANAGE_PRINCIPALS, Permission.READ_CHAIN, Permission.REGISTER_KEYS}),
    Role.SUPPLIER: frozenset(
        {Permission.READ_CHAIN, Permission.SUBMIT_DOCUMENTS, Permission.REGISTER_KEYS, Permission.GRANT}
    ),
    Role.PROCUREMENT: frozenset({Permission.READ_CHAIN, Permission.SCREEN}),
    Role.BRAND_OWNER: frozenset(
        {
            Permission.READ_CHAIN,
            Permission.SCREEN,
            Permission.SUBMIT_DOCUMENTS,
            Permission.REGISTER_KEYS,
            Permission.GRANT,
        }
    ),
    Role.AUDITOR: frozenset({Permission.READ_CHAIN, Permission.READ_EVIDENCE}),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: principal id, organization key and roles. Every use case gets one."""

    principal: str
    organization: str
    roles: frozenset[Role]
    name: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether one of the roles allows it."""
        return any(permission in PERMISSIONS[role] for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless one of the roles allows it."""
        if not self.may(permission):
            raise Forbidden(f"this needs the permission {permission.value}, which your roles do not give")

    def manages(self, organization: str) -> bool:
        """Tell whether the viewer manages the principals of an organization."""
        return self.may(Permission.MANAGE_PRINCIPALS) and self.organization in (organization, OPERATOR)
