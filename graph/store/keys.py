"""Registered keys. They are written by the intake, as every other thing a document brings (``graph.store.intake``)."""

from dataclasses import dataclass

from graph.model.refs import NEVER
from graph.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key: thumbprint (RFC 7638), public JWK as JSON text, owner, and the ledger indexes of its life.

    ``retires``: the moment from which it signs no more (seconds since the epoch), as ``replaced_by`` took its place.
    """

    thumbprint: str
    jwk: str
    organization: str
    registered: int
    revoked: int | None
    retires: float | None = None
    replaced_by: str | None = None


_COLUMNS = (
    "RETURN k.thumbprint AS thumbprint, k.jwk AS jwk, k.organization AS organization, "
    "k.registered AS registered, k.revoked AS revoked, "
    "k.retires AS retires, k.replaced_by AS replaced_by"
)
_ONE = f"MATCH (k:Key {{thumbprint: $thumbprint}}) {_COLUMNS}"
_SEVERAL = f"UNWIND $thumbprints AS t MATCH (k:Key {{thumbprint: t}}) {_COLUMNS}"
_OF = f"MATCH (k:Key)-[:OF]->(:Organization {{key: $organization}}) {_COLUMNS} ORDER BY k.registered"


def find_key(tx: Tx, thumbprint: str) -> StoredKey | None:
    """The key with a thumbprint, revoked or not."""
    return next((_key(r) for r in tx.run(_ONE, thumbprint=thumbprint)), None)


def find_keys(tx: Tx, thumbprints: list[str]) -> list[StoredKey]:
    """The keys with these thumbprints, revoked or not."""
    return [_key(r) for r in tx.run(_SEVERAL, thumbprints=thumbprints)] if thumbprints else []


def keys_of(tx: Tx, organization: str) -> list[StoredKey]:
    """An organization's keys in the order of registration."""
    return [_key(r) for r in tx.run(_OF, organization=organization)]


def _key(row: dict[str, object]) -> StoredKey:
    revoked = row["revoked"]
    return StoredKey(**{**row, "revoked": None if revoked == NEVER else revoked})  # type: ignore[arg-type]
