"""Findings: what a reader of a figure should know about it. A finding never changes a number."""

from dataclasses import dataclass


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
