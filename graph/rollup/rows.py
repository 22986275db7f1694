"""Rows in force at a ledger index: a mask over columns, and columns read through it."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.model.columns import Array, Column, Pool, UniqueColumn
from graph.model.refs import FACTS_PER_DOCUMENT_BITS
from graph.model.tables import ChainTables
from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, first
from graph.rollup.names import Names, Texts

_MOST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Rows:
    """Some rows of one table, in the order of ``positions``; ``whole``: these are all of the first so many rows.

    What it answers may be a view of the table: it is not to be written to.
    """

    columns: Mapping[str, Column]
    positions: IntArray
    pool: Pool
    whole: bool = False

    def __len__(self) -> int:
        return len(self.positions)

    def text(self, name: str) -> list[str]:
        """A column of text, for the few rows that are put into words."""
        column = self.columns[name]
        if isinstance(column, UniqueColumn):
            return column.take(self.positions)
        return column.values(self._kept(name))

    def records(self) -> Iterator[dict[str, Any]]:
        """Every row with all its columns by name, for the few of which all is wanted."""
        columns = [column.values(self._kept(name)) for name, column in self.columns.items()]
        return (dict(zip(self.columns, values, strict=True)) for values in zip(*columns, strict=True))

    def texts(self, name: str) -> Texts:
        """A column of text as codes of the pool."""
        return Texts(self.pool, self.coded(name))

    def coded(self, name: str) -> IntArray:
        """The codes of a column of text in the pool, shape (rows,)."""
        return self._kept(name).astype(np.int64)

    def floats(self, name: str) -> FloatArray:
        """A column of numbers, nan where absent, shape (rows,)."""
        return self._kept(name).astype(np.float64, copy=False)

    def different(self, name: str) -> tuple[IntArray, FloatArray]:
        """A column of numbers as codes from 0, shape (rows,), and the different numbers that they stand for."""
        codes, values = self.columns[name].coded(self.positions)
        return codes.astype(np.int64), values.astype(np.float64, copy=False)

    def ints(self, name: str) -> IntArray:
        """A column of integers, shape (rows,)."""
        return self._kept(name).astype(np.int64, copy=False)

    def codes(self, name: str, names: Names) -> IntArray:
        """A column of text as numbers of names, absent where there is none, shape (rows,)."""
        return names.of(self._kept(name))

    def are(self, name: str, text: str) -> BoolArray:
        """Which rows hold a text in a column."""
        found: BoolArray = self._kept(name) == self.pool.find(text)
        return found

    def which(self, name: str, holds: Callable[[str], bool]) -> BoolArray:
        """Of which rows something is so that is asked of a column of text, once of each text."""
        codes, texts = self.distinct(name)
        found: BoolArray = np.fromiter(map(holds, texts), np.bool_, len(texts))[codes]
        return found

    def among(self, name: str, numbers: Container[int]) -> BoolArray:
        """Which rows hold one of some numbers in a column of integers."""
        return np.fromiter((number in numbers for number in self.ints(name).tolist()), np.bool_, len(self))

    def mapped(self, name: str, numbers: Mapping[str, int], other: int = ABSENT) -> IntArray:
        """The number of each text of a column, ``other`` where it has none."""
        codes = self._kept(name)
        table = np.full(int(codes.max(initial=0)) + 1, other, np.int64)
        for text, number in numbers.items():
            if 0 <= (code := self.pool.find(text)) < len(table):
                table[code] = number
        found: IntArray = table[codes]
        return found

    def distinct(self, name: str) -> tuple[IntArray, list[str]]:
        """A column of text as codes from 0, shape (rows,), and their texts: for what is asked once of each text."""
        used, codes = np.unique(self._kept(name), return_inverse=True)
        return codes.astype(np.int64), self.pool.texts(used)

    @property
    def documents(self) -> IntArray:
        """Ledger index of the document behind each row, shape (rows,)."""
        return self.ints("fid") >> FACTS_PER_DOCUMENT_BITS

    @property
    def facts(self) -> list[int]:
        """The fact of each row."""
        found: list[int] = self.ints("fid").tolist()
        return found

    def last_document(self, at: int) -> int:
        """The last ledger index up to ``at`` of a document behind the rows, -1 where there is none."""
        documents = self.documents
        return int(documents.max(initial=-1, where=documents <= at))

    def about(self, name: str, texts: Iterable[str]) -> "Rows":
        """The rows that hold one of some texts in a column."""
        return self.where(np.isin(self._kept(name), [self.pool.find(text) for text in texts]))

    def issued(self, name: str, organizations: Iterable[str]) -> "Rows":
        """The rows that name in a column something that one of some organizations issued."""
        wanted = [self.pool.find(organization) for organization in organizations]
        return self.where(np.isin(self.pool.issuers()[self._kept(name)], wanted))

    def agreeing(self, one: str, other: str) -> "Rows":
        """The rows that hold the same in two columns of text."""
        return self.where(self._kept(one) == self._kept(other))

    def stated_in(self, documents: Iterable[int]) -> "Rows":
        """The rows that documents with these ledger indexes asserted."""
        return self.where(np.isin(self.documents, list(documents)))

    def where(self, mask: BoolArray) -> "Rows":
        """The rows a mask of shape (rows,) keeps."""
        return self if mask.all() else Rows(self.columns, self.positions[mask], self.pool)

    def first_by(self, name: str) -> "Rows":
        """One row for each value of a text column: the earliest, which stays in force until it is superseded."""
        codes = self._kept(name)
        return self.where(first(codes, len(self.pool))[codes] == np.arange(len(codes)))

    def _kept(self, name: str) -> Array:
        column = self.columns[name]
        return column.array[: len(self.positions)] if self.whole else column.at(self.positions)


def in_force(tables: ChainTables, at: int) -> dict[str, Rows]:
    """The rows of every table that were asserted at or before index ``at`` and not superseded by then, by fid.

    ``documents`` have no fid: those up to ``at``, by index.
    """
    gone = _gone(tables, at)
    return {name: _select(columns, tables.pool, at, gone) for name, columns in tables.rows.items()}


def documents_at(tables: ChainTables, indexes: Collection[int]) -> Rows:
    """The accepted documents among some ledger indexes."""
    columns = tables.rows["documents"]
    return Rows(columns, np.flatnonzero(np.isin(columns["index"].array, list(indexes))), tables.pool)


def every(tables: ChainTables, name: str, since: int = 0) -> Rows:
    """All rows of a table but the first ``since``, in force or not, as they came in."""
    count = len(tables.rows[name]["fid" if "fid" in tables.rows[name] else "index"])
    return Rows(tables.rows[name], np.arange(since, count, dtype=np.int64), tables.pool, whole=not since)


def of_table(tables: ChainTables, name: str, at: int) -> Rows:
    """The rows in force of one table."""
    return _select(tables.rows[name], tables.pool, at, _gone(tables, at))


def standing(tables: ChainTables, rows: Rows, at: int) -> Rows:
    """Those of some rows of a table that are in force."""
    fid, gone = rows.ints("fid"), _gone(tables, at)
    return rows.where((fid >> FACTS_PER_DOCUMENT_BITS <= at) & ~np.isin(fid, gone))


def _gone(tables: ChainTables, at: int) -> IntArray:
    return np.array(sorted(fid for fid, index in tables.superseded.items() if index <= at), np.int64)


def _select(columns: Mapping[str, Column], pool: Pool, at: int, gone: IntArray) -> Rows:
    number = columns["fid" if "fid" in columns else "index"].array.astype(np.int64, copy=False)
    last = at << FACTS_PER_DOCUMENT_BITS | (1 << FACTS_PER_DOCUMENT_BITS) - 1 if "fid" in columns else at
    keep = number <= last
    if len(gone) and "fid" in columns:
        keep &= ~np.isin(number, gone)
    positions: IntArray = np.flatnonzero(keep).astype(np.int32 if len(keep) <= _MOST else np.int64)
    kept = number[positions]
    if (kept[1:] >= kept[:-1]).all():
        return Rows(columns, positions, pool, whole=len(positions) == 0 or int(positions[-1]) == len(positions) - 1)
    return Rows(columns, positions[np.argsort(kept, kind="stable")], pool)
