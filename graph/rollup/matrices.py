"""Matrices of which many rows are the same, in the room of those that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.rollup.arrays import FloatArray, IntArray, narrow


@dataclass(frozen=True)
class Matrix:
    """``values``, shape (different rows, columns), and for each row of the matrix where it stands among them."""

    row: IntArray
    values: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> "Matrix":
        """A matrix of rows that are all kept."""
        return cls(np.arange(len(values), dtype=np.int64), values)

    @classmethod
    def joined(cls, parts: Sequence["Matrix"]) -> "Matrix":
        """The rows of some matrices, one after the other."""
        starts = np.cumsum([0, *(len(part.values) for part in parts)])
        rows = [part.row.astype(np.int64) + start for part, start in zip(parts, starts, strict=False)]
        return cls(np.concatenate(rows), np.concatenate([part.values for part in parts]))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.row), self.values.shape[1]

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, at: Any) -> npt.NDArray[Any]:
        """Some rows, or (rows, columns), as of an array."""
        if not isinstance(at, tuple):
            some: npt.NDArray[Any] = self.values[self.row[at]]
            return some
        rows, columns = at
        found: npt.NDArray[Any] = self.values[:, columns][self.row[rows]]
        return found

    def whole(self) -> FloatArray:
        """All rows in an array of their own."""
        return self.values[self.row]

    def take(self, order: IntArray) -> "Matrix":
        """Some rows, in their order."""
        return Matrix(self.row[order], self.values)

    def narrowed(self) -> "Matrix":
        """The same to be kept."""
        return Matrix(narrow(self.row), self.values)
