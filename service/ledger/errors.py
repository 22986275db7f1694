"""What can be wrong with a ledger, its proofs and its notes."""

from graph.errors import GreenchainError


class LedgerError(GreenchainError):
    """Something about a ledger does not hold."""


class ProofRefused(LedgerError):
    """A proof, tile or bundle is malformed or does not prove what it should."""


class NoteRefused(LedgerError):
    """A note, checkpoint or key of a log is malformed, or no trusted signature on it holds."""


class LedgerForked(LedgerError):
    """The graph does not continue the head that was signed last: nothing may be signed."""


class EntryUnknown(LedgerError):
    """The ledger holds no such entry, tile or bundle."""
