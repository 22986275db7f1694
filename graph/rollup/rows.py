"""Rows in force at a ledger index: a mask over columns, and columns read through it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from graph.model.refs import FACTS_PER_DOCUMENT_BITS
from graph.model.tables import ChainTables, Column
from graph.rollup.arrays import BoolArray, FloatArray, IntArray, lookup


@dataclass(frozen=True)
class Rows:
    """Some rows of one table, in the order of ``positions``."""

    columns: Mapping[str, Column]
    positions: IntArray
    texts: dict[str, list[str]] = field(default_factory=dict, compare=False)
    coded: dict[tuple[str, int], tuple[Mapping[str, int], IntArray]] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.positions)

    def text(self, name: str) -> list[str]:
        """A column of text."""
        if name not in self.texts:
            column = cast("list[str]", self.columns[name])
            self.texts[name] = list(map(column.__getitem__, self.positions.tolist()))
        return self.texts[name]

    def floats(self, name: str) -> FloatArray:
        """A column of numbers, nan where absent, shape (rows,)."""
        return np.asarray(self.columns[name], np.float64)[self.positions]

    def ints(self, name: str) -> IntArray:
        """A column of integers, shape (rows,)."""
        return np.asarray(self.columns[name], np.int64)[self.positions]

    def codes(self, name: str, codes: Mapping[str, int]) -> IntArray:
        """A column of text as codes, absent where there is none, shape (rows,); remembered, so not to be changed."""
        memo = (name, id(codes))
        if memo not in self.coded:
            # The mapping is kept too, so that its id stays its own.
            self.coded[memo] = codes, lookup(self.text(name), codes, len(self))
        return self.coded[memo][1]

    @property
    def documents(self) -> IntArray:
        """Ledger index of the document behind each row, shape (rows,)."""
        return self.ints("fid") >> FACTS_PER_DOCUMENT_BITS

    def where(self, mask: BoolArray) -> "Rows":
        """The rows a mask of shape (rows,) keeps."""
        return self if mask.all() else Rows(self.columns, self.positions[mask])

    def first_by(self, name: str) -> "Rows":
        """One row for each value of a text column: the earliest, which stays in force until it is superseded."""
        texts = self.text(name)
        seen = {text: i for i, text in zip(range(len(texts) - 1, -1, -1), reversed(texts), strict=True)}
        return Rows(self.columns, self.positions[np.sort(np.fromiter(seen.values(), np.int64, len(seen)))])


def in_force(tables: ChainTables, at: int) -> dict[str, Rows]:
    """The rows of every table that were asserted at or before index ``at`` and not superseded by then, by fid.

    ``documents`` have no fid: those up to ``at``, by index.
    """
    gone = np.array(sorted(fid for fid, index in tables.superseded.items() if index <= at), np.int64)
    return {name: _select(columns, at, gone) for name, columns in tables.rows.items()}


def _select(columns: Mapping[str, Column], at: int, gone: IntArray) -> Rows:
    if "fid" not in columns:
        index = np.asarray(columns["index"], np.int64)
        order = np.argsort(index, kind="stable")
        return Rows(columns, order[index[order] <= at])
    fid = np.asarray(columns["fid"], np.int64)
    keep = (fid >> FACTS_PER_DOCUMENT_BITS) <= at
    if len(gone):
        keep &= ~np.isin(fid, gone)
    positions = np.flatnonzero(keep)
    return Rows(columns, positions[np.argsort(fid[positions], kind="stable")])
