"""Findings: what a reader of a figure should know about it. A finding never changes a number."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter


@dataclass(frozen=True, order=True)
class Finding:
    """A code, the words, the keys it is about and the ledger indices of the documents behind it.

    ``processes``: those of the keys that are of processes; a lot may have the same.
    """

    code: str
    message: str
    subjects: tuple[str, ...] = ()
    documents: tuple[int, ...] = ()
    processes: tuple[str, ...] = ()


_FIELDS = attrgetter(*(field.name for field in fields(Finding)))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in their order; there may be thousands."""
    return tuple(sorted(findings, key=_FIELDS))
