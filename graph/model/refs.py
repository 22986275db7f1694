"""How things are named: an issuer's URI and the issuer's own id, and what follows from the two."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

# The ledger index that no entry reaches: a fact that nothing has superseded is in force until then.
NEVER = 2**62

# A fact's id is its document's ledger index and its place in the document in one integer.
FACTS_PER_DOCUMENT_BITS = 20


class Kind(StrEnum):
    """What a fact states something about."""

    ORGANIZATION = "organization"
    FACILITY = "facility"
    PRODUCT = "product"
    PROCESS = "process"
    LOT = "lot"
    TRANSFER = "transfer"
    FOOTPRINT = "footprint"
    CONTENT = "content"
    GRANT = "grant"
    KEY_REVOCATION = "key-revocation"
    WITHDRAWAL = "withdrawal"
    DELEGATION = "delegation"
    ACCREDITATION = "accreditation"
    ASSURANCE = "assurance"
    CERTIFICATE = "certificate"
    INVENTORY = "inventory"
    FACTOR_SET = "factor-set"


# What the service's own records state and nobody's statement may.
RECORDED = frozenset({Kind.FACTOR_SET})


@dataclass(frozen=True, slots=True)
class Ref:
    """A name: the URI of the organization that gives it, and the id that this organization gives.

    The same id of another issuer is another thing. An organization is named by its URI alone (empty id).
    """

    issuer: str
    id: str = ""

    @property
    def key(self) -> str:
        """The one string that names the thing among its kind; the first bar ends the issuer, as no URI holds one."""
        return f"{self.issuer}|{self.id}" if self.id else self.issuer

    @classmethod
    def from_key(cls, key: str) -> "Ref":
        """The name behind a key."""
        issuer, _, own = key.partition("|")
        return cls(issuer, own)


def uid(kind: Kind, key: str) -> str:
    """The address of a thing in URLs: 128 bits of SHA-256 over kind and key, in hex; the same on every engine."""
    return hashlib.sha256(f"{kind.value}|{key}".encode()).hexdigest()[:32]


def fact_id(index: int, position: int) -> int:
    """The id of the fact at a position of the document with a ledger index."""
    return (index << FACTS_PER_DOCUMENT_BITS) | position


def asserted_at(fid: int) -> int:
    """The ledger index of the document that asserted a fact."""
    return fid >> FACTS_PER_DOCUMENT_BITS
