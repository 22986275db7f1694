"""Facts about who may speak and who vouches for whom: keys, delegations, accreditations, assurance, certificates.

Times are seconds since the epoch, UTC; a period's end is excluded.
"""

from dataclasses import dataclass
from typing import Final

from graph.model.refs import Kind, Ref

# Reasons of RFC 5280 5.3.1, as far as they fit a key that no authority has certified and that nobody suspends.
REVOCATION_REASONS: Final = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
COMPROMISE: Final = "keyCompromise"

# States of a document's status that take it out of the figures (W3C Bitstring Status List 1.0, 2.1: purposes).
CHANGED: Final = ("revoked", "suspended")

# What may be stated about another's things on its authority. All else is about the stating organization itself, or
# books quantities on accounts, which are kept by those whose quantities they are.
DELEGABLE: Final = (Kind.FOOTPRINT, Kind.CONTENT)
ASSURANCE_LEVELS: Final = ("limited", "reasonable")
CERTIFICATE_STATES: Final = ("in-force", "suspended", "withdrawn")


@dataclass(frozen=True, slots=True)
class KeyRevocation:
    """The issuer revokes a key of its own.

    ``since``: where it was compromised, from when on it may have been somebody else's (RFC 5280 5.3.2), in seconds.
    """

    ref: Ref
    thumbprint: str
    reason: str
    since: float | None = None
    kind: Kind = Kind.KEY_REVOCATION


@dataclass(frozen=True, slots=True)
class Delegation:
    """``delegate``, with ``key`` alone where one is named, may state facts of these kinds about the issuer's things.

    ``about``: the one thing of the issuer that this holds for, of the kind ``about_kind`` (product, facility, lot);
    all of its things where it is None.
    """

    ref: Ref
    delegate: str
    key: str
    kinds: tuple[Kind, ...]
    about_kind: str
    about: Ref | None
    start: float
    end: float
    kind: Kind = Kind.DELEGATION


@dataclass(frozen=True, slots=True)
class Accreditation:
    """A body accredits an institution for standards (``scope``) under a number (ISO/IEC 17011)."""

    ref: Ref
    institution: str
    number: str
    scope: tuple[str, ...]
    start: float
    end: float
    kind: Kind = Kind.ACCREDITATION


@dataclass(frozen=True, slots=True)
class Assurance:
    """The issuer has verified another's footprint fact as the document of this id states it (ISO 14064-3)."""

    ref: Ref
    footprint: Ref
    document: str
    level: str
    standard: str
    end: float
    kind: Kind = Kind.ASSURANCE


@dataclass(frozen=True, slots=True)
class Certificate:
    """The issuer certifies another organization, or one facility of it, under a scheme; with its present status."""

    ref: Ref
    scheme: str
    number: str
    holder: str
    facility: Ref | None
    start: float
    end: float
    status: str
    kind: Kind = Kind.CERTIFICATE
