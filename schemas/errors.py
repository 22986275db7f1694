"""What reading a document can raise.

GreenchainError
├── StatementInvalid    the JSON is sound but is no statement
├── FactorSetInvalid    the bytes are no set of published factors
└── StrictJsonError     the bytes are not the JSON we take (``schemas.strict_json``)
"""

from graph.errors import GreenchainError
from graph.model.documents import FieldError


class _Invalid(GreenchainError):
    """``errors`` names every field at fault."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("; ".join(f"{e.pointer or '/'}: {e.detail}" for e in errors[:3]))
        self.errors = errors


class StatementInvalid(_Invalid):
    """A document does not follow the statement schema; ``errors`` names every field at fault."""


class FactorSetInvalid(_Invalid):
    """A file does not follow the schema of factor sets; ``errors`` names every field at fault."""


class StrictJsonError(GreenchainError):
    """Bytes that are not strict JSON: ``offset`` of the fault (-1 where it has no one place) and ``reason``."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason if offset < 0 else f"{reason} (at offset {offset})")
        self.offset = offset
        self.reason = reason
