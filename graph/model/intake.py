"""What the intake knows of the graph while it judges a group of documents, and what it asks to be written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from graph.model.documents import Format, StoredDocument, ValidationDatum, Verdict
from graph.model.facts import Statement
from graph.model.refs import Kind


@dataclass(frozen=True, slots=True)
class FactInForce:
    """A fact in force: what it says (digest), which documents say it, and what it books."""

    fid: int
    kind: Kind
    key: str
    issuer: str
    digest: str
    documents: tuple[str, ...]
    flows: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class NamedStatus:
    """One place that answers for a document's status: a bit of a status list, for a purpose.

    ``issuer``: the identifier under which the document's signer issued it, which must be that of the list as well.
    """

    issuer: str
    purpose: str
    place: int
    url: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The status of an accepted document is another from now on: "revoked", "suspended", or "valid" again.

    ``follows``: id of the record of the change before, "" for the first; so no two changes are the same record.
    """

    document: str
    state: str
    detail: str
    follows: str = ""


@dataclass(frozen=True, slots=True)
class IntakeQuestion:
    """What a group of documents makes it necessary to know. ``compromised``: thumbprint and since when.

    ``changed``: documents whose status has changed.

    ``delegations``: pairs of who may have delegated and to whom; ``lots``: lots of others that are spoken about.
    """

    documents: tuple[str, ...]
    replays: tuple[str, ...]
    thumbprints: tuple[str, ...]
    facts: Mapping[Kind, tuple[str, ...]]
    withdrawn: tuple[str, ...]
    accounts: tuple[str, ...]
    compromised: Mapping[str, float] = field(default_factory=dict)
    delegations: tuple[tuple[str, str], ...] = ()
    lots: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyState:
    """Whose a registered key is, whether it has been revoked, and from when on another has replaced it (seconds)."""

    organization: str
    revoked: bool
    retires: float = inf


@dataclass(frozen=True, slots=True)
class LoggedDocument:
    """An accepted document: id, ledger index and time of receipt (seconds since the epoch)."""

    id: str
    index: int
    received_at: float


@dataclass(frozen=True, slots=True)
class DelegationInForce:
    """A delegation (``graph.model.standing.Delegation``) and the document that made it.

    ``issuer``: whose things it is about; ``about``: key of the one thing, "" for all; ``signed_with`` and
    ``logged_at``: the key that signed it and the time of its receipt.
    """

    fid: int
    issuer: str
    delegate: str
    key: str
    kinds: tuple[str, ...]
    about_kind: str
    about: str
    start: float
    end: float
    document: str
    signed_with: str
    logged_at: float


@dataclass(frozen=True, slots=True)
class Resting:
    """A document that rests on a delegation, and when that delegation was logged (seconds since the epoch)."""

    delegated_at: float
    document: LoggedDocument


@dataclass(frozen=True, slots=True)
class IntakeState:
    """The answer, read inside the writing transaction, so that nothing changes before the group is written.

    ``signed``: documents in force by the compromised key that signed them; ``resting``: those of others that rest on a
    delegation that it signed. ``lot_products``: product by lot. ``logged``: accepted documents whose status changes.
    """

    next_index: int
    known: Mapping[str, StoredDocument]
    replayed: frozenset[str]
    keys: Mapping[str, KeyState]
    in_force: tuple[FactInForce, ...]
    issuers: Mapping[str, str]
    asserted: Mapping[str, tuple[FactInForce, ...]]
    accounts: Mapping[str, tuple[float, float]]
    signed: Mapping[str, tuple[LoggedDocument, ...]] = field(default_factory=dict)
    resting: Mapping[str, tuple[Resting, ...]] = field(default_factory=dict)
    delegations: tuple[DelegationInForce, ...] = ()
    lot_products: Mapping[str, str] = field(default_factory=dict)
    logged: Mapping[str, LoggedDocument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that a registration brings: its thumbprint (RFC 7638), public JWK as JSON text, and owner.

    A did:web is registered alike: ``thumbprint`` is the DID, ``jwk`` empty, and its document says which keys speak.

    ``replaces``: the key that it takes the place of, which signs no more from ``overlap_until`` on (seconds).
    """

    thumbprint: str
    jwk: str
    organization: str
    replaces: str = ""
    overlap_until: float = inf


@dataclass(frozen=True, slots=True)
class Admission:
    """One judged document, ready to be written: what it says counts only where ``verdict.accepted``.

    ``asserts_anew``: positions of facts in force from now on; ``conflicting``: positions that are kept but never count;
    ``corroborates``: fids that the document says again; ``supersedes``: facts that cease to be in force; ``authority``:
    delegations that it speaks by. ``signed_with``: the registered key or DID that it speaks by, "" for none, as a
    certificate may vouch for a key. ``statuses``: the places that answer for its status; ``change``: of a record, what
    it changes, and ``about`` the ledger index of that document. ``validation``: what it was examined with. ``leaf``:
    what its ledger entry says in public, with its hash in the Merkle tree.
    """

    id: str
    index: int
    format: Format
    sender: str
    issuer: str
    statement_id: str
    received_at: float
    content: bytes = field(repr=False)
    verdict: Verdict
    thumbprint: str = ""
    signed_with: str = ""
    statement: Statement | None = None
    asserts_anew: tuple[int, ...] = ()
    conflicting: tuple[int, ...] = ()
    corroborates: tuple[FactInForce, ...] = ()
    supersedes: tuple[FactInForce, ...] = ()
    revokes: tuple[str, ...] = ()
    withdraws: tuple[str, ...] = ()
    authority: tuple[DelegationInForce, ...] = ()
    new_key: NewKey | None = None
    statuses: tuple[NamedStatus, ...] = ()
    change: StatusChange | None = None
    about: int = -1
    validation: tuple[ValidationDatum, ...] = ()
    leaf: bytes = field(default=b"", repr=False)
    leaf_hash: bytes = field(default=b"", repr=False)

    @property
    def replay(self) -> str:
        """The name that no second document may bear: issuer and its own id of the statement."""
        return f"{self.issuer}|{self.statement_id}"
