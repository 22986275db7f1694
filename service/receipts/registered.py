"""Which keys and DIDs the documents of a receipt were signed by, each from its registration on. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graph.model.documents import StoredDocument, ValidationDatum, ValidationKind
from graph.store.keys import StoredKey
from service.trust.keys import KnownKey, load_jwk


@dataclass(slots=True)
class Registered:
    """What was registered up to some entry of the ledger: keys by thumbprint, and organizations by did:web."""

    keys: dict[str, KnownKey] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    _behind: int = 0

    def up_to(self, index: int, registered: Sequence[StoredKey]) -> None:
        """Take in what was registered before an entry; ``registered``: all there is, by ledger index.

        What was registered later does not count: at its time the document was judged without it.
        """
        while self._behind < len(registered) and registered[self._behind].registered < index:
            found = registered[self._behind]
            if found.jwk:
                self.keys[found.thumbprint] = KnownKey(found.organization, load_jwk(found.jwk))
            else:
                self.identities[found.thumbprint] = found.organization
            self._behind += 1


def last_used(documents: Iterable[StoredDocument], kept: Mapping[int, Iterable[ValidationDatum]]) -> dict[str, int]:
    """The thumbprints and did:web DIDs by which documents are signed, with the last ledger index that needs each."""
    found: dict[str, int] = {}
    for document in documents:
        dids = (v.name for v in kept.get(document.index, ()) if v.kind is ValidationKind.DID_DOCUMENT)
        for name in filter(None, (document.key_thumbprint, *dids)):
            found[name] = max(document.index, found.get(name, -1))
    return found
