"""Who signed, whatever named the key."""

from collections.abc import Callable
from dataclasses import dataclass

from graph.model.documents import ValidationDatum
from service.trust.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the organization that it speaks for.

    ``name``: the identifier under which the document must name its issuer where that is not the organization's URI (a
    DID). ``vouched``: what vouches for the key where it is not a registered one. ``state``: whether it is in force, as
    far as documents say (a revocation list); raises ``Refusal`` of the check ``key-state``.
    ``rests_on``: what of the operator's anchors it was found with.
    """

    organization: str
    key: PublicKey
    name: str = ""
    vouched: str = ""
    state: Callable[[], None] | None = None
    rests_on: tuple[ValidationDatum, ...] = ()
