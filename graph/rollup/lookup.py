"""Rows of a chain found by what they name, without going through the others."""

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np

from graph.model.columns import Array, Codes
from graph.model.refs import FACTS_PER_DOCUMENT_BITS
from graph.model.tables import ChainTables
from graph.rollup.arrays import BoolArray, FloatArray, IntArray, expand
from graph.rollup.plausible import stated_scopes
from graph.rollup.rows import Rows

# Of each so many sorted values one is kept in order to look into: the place of the others is enough.
_STEP = 8
# So many rows that came last are looked through as they are.
_LOOSE = 2048


class Lookup(Protocol):
    """Where rows are found. ``tables`` holds at least those that were found so far, each at its own position."""

    @property
    def tables(self) -> ChainTables:
        """The rows."""

    def find(self, table: str, column: str, keys: IntArray) -> IntArray:
        """Positions, ascending, of all rows of a table that hold one of some codes (ascending, each once)."""

    def every(self, table: str) -> IntArray:
        """Positions of all rows of a small table."""

    def stated_in(self, table: str, indexes: IntArray) -> IntArray:
        """Positions, ascending, of the rows of a small table that documents with some ledger indexes assert."""

    def alike(self, values: FloatArray) -> IntArray:
        """Positions of the footprints that state the same scopes as one of some others, shape (others, 3)."""

    def last_received(self, at: int) -> IntArray:
        """The position of the document that came in last of those up to ledger index ``at``, if there is one."""


class _Run:
    """The order of some rows by their value, beginning at row ``start``; none where they stand in it already."""

    def __init__(self, values: Array, start: int) -> None:
        self.start, self.stop = start, start + len(values)
        ascending = bool((values[1:] >= values[:-1]).all())
        self._order = None if ascending else np.argsort(values).astype(np.int32)
        # Nothing of the column itself is kept: what it grows out of could not go.
        self._steps = values[np.zeros(0, np.int64) if self._order is None else self._order[::_STEP]]

    def find(self, values: Array, keys: IntArray) -> IntArray:
        """Positions of the rows that hold one of some keys; ``values``: of the whole column."""
        here = values[self.start : self.stop]
        found = _standing(here, keys) if self._order is None else self._sorted(here, self._order, keys)
        return found.astype(np.int64) + self.start

    def _sorted(self, values: Array, order: Codes, keys: IntArray) -> IntArray:
        """Between the steps that a key may stand by all are looked at."""
        wanted = _fitting(keys, self._steps.dtype)
        low = np.maximum(np.searchsorted(self._steps, wanted) - 1, 0) * _STEP
        high = np.minimum(np.searchsorted(self._steps, wanted, "right") * _STEP, len(values))
        at: IntArray = order[expand(low, high - low)]
        found: IntArray = at[values[at] == np.repeat(wanted, high - low)]
        return found


def _standing(values: Array, keys: IntArray) -> IntArray:
    """Positions of the values, ascending, that are among some keys."""
    wanted = _fitting(keys, values.dtype)
    low = np.searchsorted(values, wanted)
    return expand(low, np.searchsorted(values, wanted, "right") - low)


def _fitting(keys: IntArray, width: np.dtype[Any]) -> IntArray:
    """The keys that numbers of some width can be, in that width: a search for wider ones would widen the column."""
    bounds = np.iinfo(width)
    return keys[(keys >= bounds.min) & (keys <= bounds.max)].astype(width)


class Index:
    """Where the values of a column that grows stand, in 5 bytes a row.

    What is appended is looked through as it is, then sorted by itself, then together with what was sorted before it:
    runs of falling length, so that a few new rows never cost the sorting of all.
    """

    def __init__(self) -> None:
        self._runs: tuple[_Run, ...] = ()

    def find(self, values: Array, keys: IntArray) -> IntArray:
        """Positions, ascending, of the rows that hold one of some keys; ``values``: the column as it is now."""
        if not len(keys):
            return np.zeros(0, np.int64)
        runs = self._sorted(values)
        stop = runs[-1].stop if runs else 0
        loose = np.flatnonzero(_among(values[stop:], keys)) + stop
        return np.sort(np.concatenate([*(run.find(values, keys) for run in runs), loose]).astype(np.int64))

    def _sorted(self, values: Array) -> tuple[_Run, ...]:
        """Threads may do this at once: each puts whole runs in place of whole ones."""
        runs = self._runs
        start, stop = runs[-1].stop if runs else 0, len(values)
        if stop - start <= _LOOSE:
            return runs
        while runs and 2 * (stop - start) >= runs[-1].stop - runs[-1].start:
            start, runs = runs[-1].start, runs[:-1]
        self._runs = runs = (*runs, _Run(values[start:stop], start))
        return runs


class Indexed:
    """The tables of a process, with an index for each column that something was looked up by.

    Whoever asks keeps others from appending rows meanwhile.
    """

    def __init__(self, tables: ChainTables) -> None:
        self.tables = tables
        self._indexes: dict[tuple[str, str], Index] = {}
        self._stated: IntArray = np.zeros(0, np.int64)
        self._newest = (0, -1, np.zeros(0, np.int64))

    def find(self, table: str, column: str, keys: IntArray) -> IntArray:
        """As ``Lookup.find``."""
        return self._index(table, column).find(self.tables.rows[table][column].array, keys)

    def documents(self, indexes: Collection[int]) -> Rows:
        """The accepted documents among some ledger indexes, in their order."""
        found = self.find("documents", "index", np.array(sorted(set(indexes)), np.int64))
        return Rows(self.tables.rows["documents"], found, self.tables.pool)

    def every(self, table: str) -> IntArray:
        """As ``Lookup.every``."""
        return np.arange(len(self.tables.rows[table]["fid"]), dtype=np.int64)

    def stated_in(self, table: str, indexes: IntArray) -> IntArray:
        """As ``Lookup.stated_in``."""
        fid: IntArray = self.tables.rows[table]["fid"].array.astype(np.int64, copy=False)
        return np.flatnonzero(np.isin(fid >> FACTS_PER_DOCUMENT_BITS, indexes))

    def alike(self, values: FloatArray) -> IntArray:
        """As ``Lookup.alike``."""
        rows = self.tables.rows["footprints"]
        fresh = np.arange(len(self._stated), len(rows["fid"]), dtype=np.int64)
        self._stated = np.append(self._stated, _digest(stated_scopes(rows, fresh)))
        found = self._index("footprints", "stated").find(self._stated, np.unique(_digest(values)))
        return found[np.isin(_written(stated_scopes(rows, found)), _written(values))]

    def last_received(self, at: int) -> IntArray:
        """As ``Lookup.last_received``; of all documents it is kept as they come in."""
        index, times = (self.tables.rows["documents"][name] for name in ("index", "received_at"))
        count, last, newest = self._newest
        if len(index) > count:
            fresh = np.arange(count, len(index), dtype=np.int64)
            both = np.concatenate([newest, fresh[latest(times.at(fresh))]])
            last, newest = max(last, int(index.at(fresh).max())), both[latest(times.at(both))]
            self._newest = len(index), last, newest
        return newest if at >= last else latest(np.where(index.array <= at, times.array, np.nan))

    def _index(self, table: str, column: str) -> Index:
        return self._indexes.setdefault((table, column), Index())


def _among(values: Array, keys: IntArray) -> BoolArray:
    """Which values are among some keys, ascending, of which there is one."""
    found: BoolArray = keys[np.minimum(np.searchsorted(keys, values), len(keys) - 1)] == values
    return found


def latest(times: FloatArray) -> IntArray:
    """The position of the latest of some times; none where no time is known."""
    known = np.flatnonzero(~np.isnan(times))
    return known[np.argmax(times[known])][None] if len(known) else known


def _digest(values: FloatArray) -> IntArray:
    """A number for each row of stated scopes; rows that state the same have the same."""
    bits = (values + 0.0).view(np.int64).reshape(values.shape)
    with np.errstate(over="ignore"):
        return bits @ np.array([0x9E3779B97F4A7C15 - 2**64, 0x2545F4914F6CDD1D, 0x27D4EB2F165667C5], np.int64)


def _written(values: FloatArray) -> Array:
    """Rows of stated scopes as their bytes."""
    return np.ascontiguousarray(values + 0.0).view(f"V{8 * values.shape[1]}").reshape(-1)
