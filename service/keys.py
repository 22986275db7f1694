"""An organization's signing keys: challenges, registrations, and what is registered."""

import secrets
import time
from collections.abc import Callable

from graph.model.documents import StoredDocument
from graph.store.database import Database
from graph.store.keys import StoredKey, keys_of
from service.intake.submit import Intake, Registration
from service.trust.nonce import check_nonce, make_nonce


class Keys:
    """Registers keys with proof of possession. ``audience``: this service's address, as registrations name it."""

    def __init__(
        self, database: Database, intake: Intake, secret: bytes, audience: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._intake = intake
        self._secret = secret
        self._audience = audience
        self._clock = clock

    def challenge(self, organization: str) -> str:
        """A nonce for one registration by an organization, good for ten minutes."""
        return make_nonce(self._secret, organization, self._clock(), secrets.token_bytes(16))

    def register(self, content: bytes, organization: str) -> StoredDocument:
        """Take a key registration; the answer's verdict says whether the key is registered."""
        at = self._clock()
        registration = Registration(self._audience, lambda nonce: check_nonce(self._secret, nonce, organization, at))
        return self._intake.register_key(content, organization, registration)

    def of(self, organization: str) -> list[StoredKey]:
        """An organization's keys in the order of registration."""
        return self._database.read(keys_of, organization)
